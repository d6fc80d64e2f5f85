// Pictures as they are drawn: `side` pixels a side, in `pixels` red, green and blue of each, 0 to 255. And how wrong one is about another.
const raster = (() => {
  const rgb = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  const hex = (values) => `#${[...values].map((value) => value.toString(16).padStart(2, "0")).join("")}`;

  function plain(side, colour) {
    const pixels = new Uint8ClampedArray(3 * side * side);
    const values = rgb(colour);
    for (let at = 0; at < pixels.length; at++) pixels[at] = values[at % 3];
    return { side, pixels };
  }

  const copied = ({ side, pixels }) => ({ side, pixels: pixels.slice() });

  // With another number of pixels a side: averaged, or each of them repeated.
  function resized({ side, pixels }, wanted) {
    const made = new Uint8ClampedArray(3 * wanted * wanted);
    const step = side / wanted;
    const width = Math.max(1, Math.round(step));
    for (let y = 0; y < wanted; y++)
      for (let x = 0; x < wanted; x++)
        for (let channel = 0; channel < 3; channel++) {
          let sum = 0;
          for (let row = 0; row < width; row++)
            for (let column = 0; column < width; column++)
              sum += pixels[3 * ((Math.floor(y * step) + row) * side + Math.floor(x * step) + column) + channel];
          made[3 * (y * wanted + x) + channel] = sum / width ** 2;
        }
    return { side: wanted, pixels: made };
  }

  // Numbers by pixel in the fixed order, as `images.shuffled` of vaedash/images.py has them; and back.
  const shuffled = (numbers, order) => numbers.map((_, at) => numbers[3 * order[Math.floor(at / 3)] + (at % 3)]);
  function inOrder(numbers, order) {
    const made = numbers.slice();
    numbers.forEach((number, at) => (made[3 * order[Math.floor(at / 3)] + (at % 3)] = number));
    return made;
  }

  // A round dot of so many pixels across around a point; even ones lie between pixels.
  function dot({ side, pixels }, x, y, across, values) {
    const [cx, cy] = [x, y].map((at) => (across % 2 ? Math.floor(at) + 0.5 : Math.round(at)));
    for (let row = 0; row < side; row++)
      for (let column = 0; column < side; column++)
        if ((row + 0.5 - cy) ** 2 + (column + 0.5 - cx) ** 2 <= (across / 2) ** 2) pixels.set(values, 3 * (row * side + column));
  }

  function line(picture, from, to, across, values) {
    const steps = Math.max(1, Math.ceil(2 * Math.max(Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1]))));
    for (let step = 0; step <= steps; step++) {
      const [x, y] = [0, 1].map((axis) => from[axis] + ((to[axis] - from[axis]) * step) / steps);
      dot(picture, x, y, across, values);
    }
  }

  // Everything of one colour that touches a pixel.
  function fill({ side, pixels }, x, y, values) {
    const is = (at, wanted) => wanted.every((value, channel) => pixels[3 * at + channel] === value);
    const start = y * side + x;
    const old = [...pixels.slice(3 * start, 3 * start + 3)];
    if (is(start, values)) return;
    for (const waiting = [start]; waiting.length; ) {
      const at = waiting.pop();
      if (!is(at, old)) continue;
      pixels.set(values, 3 * at);
      if (at % side > 0) waiting.push(at - 1);
      if (at % side < side - 1) waiting.push(at + 1);
      if (at >= side) waiting.push(at - side);
      if (at < side * (side - 1)) waiting.push(at + side);
    }
  }

  // The square middle of whatever can be drawn, with `side` pixels: each the average of those that it covers.
  function cropped(source, width, height, side, { mirrored = false, under = "#ffffff" } = {}) {
    const large = 8 * side;
    const brush = new OffscreenCanvas(large, large).getContext("2d", { willReadFrequently: true });
    const edge = Math.min(width, height);
    Object.assign(brush, { fillStyle: under, imageSmoothingQuality: "high" });
    brush.fillRect(0, 0, large, large);
    if (mirrored) brush.setTransform(-1, 0, 0, 1, large, 0);
    brush.drawImage(source, (width - edge) / 2, (height - edge) / 2, edge, edge, 0, 0, large, large);
    const { data } = brush.getImageData(0, 0, large, large);
    return resized({ side: large, pixels: data.filter((_, at) => at % 4 < 3) }, side);
  }

  const numbers = (pixels) => Float32Array.from(pixels, (level) => level / 255);
  const wrong = (image, other) => image.reduce((sum, value, at) => sum + (value - other[at]) ** 2, 0);
  const amount = (error) => (error < 9.95 ? written(error, 1) : written(Math.round(error)));

  // How wrong one flat colour would be, the best that there is.
  function flatWrong(image) {
    const sums = [0, 1, 2].map((channel) => image.reduce((sum, value, at) => (at % 3 === channel ? sum + value : sum), 0));
    return wrong(image, image.map((_, at) => (3 * sums[at % 3]) / image.length));
  }

  // A colour in words, for who does not see it.
  function spoken(colour) {
    const [red, green, blue] = rgb(colour).map((value) => value / 255);
    const [most, least] = [Math.max(red, green, blue), Math.min(red, green, blue)];
    const light = (most + least) / 2;
    const shade = light < 0.3 ? 0 : light > 0.75 ? 2 : 1;
    if (most - least < 0.12) return light > 0.95 ? said("white") : light < 0.08 ? said("black") : [said("dark grey"), said("grey"), said("light grey")][shade];
    const turn = { [red]: ((green - blue) / (most - least) + 6) % 6, [green]: (blue - red) / (most - least) + 2, [blue]: (red - green) / (most - least) + 4 };
    const hue = (most === red ? turn[red] : most === green ? turn[green] : turn[blue]) * 60;
    const names = [
      [15, [said("dark red"), said("red"), said("light red")]],
      [45, [said("dark orange"), said("orange"), said("light orange")]],
      [70, [said("dark yellow"), said("yellow"), said("light yellow")]],
      [165, [said("dark green"), said("green"), said("light green")]],
      [200, [said("dark turquoise"), said("turquoise"), said("light turquoise")]],
      [255, [said("dark blue"), said("blue"), said("light blue")]],
      [290, [said("dark violet"), said("violet"), said("light violet")]],
      [345, [said("dark pink"), said("pink"), said("light pink")]],
      [361, [said("dark red"), said("red"), said("light red")]],
    ];
    return names.find(([until]) => hue < until)[1][shade];
  }

  return { rgb, hex, plain, copied, resized, shuffled, inOrder, line, fill, cropped, numbers, wrong, amount, flatWrong, spoken };
})();
