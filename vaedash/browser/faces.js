// How a block on a picture's way is drawn: as a picture, as maps, as units, as clouds; and the window that slides over it.
const faces = (() => {
  const { clamp, strongest } = layers;
  const KEPT = 12; // latents that are drawn of those in use, until somebody asks for all
  const ROWS = 32; // units in a column
  const SVG = "http://www.w3.org/2000/svg";

  function shape(parent, tag, attributes) {
    const made = parent.appendChild(document.createElementNS(SVG, tag));
    for (const name in attributes) made.setAttribute(name, attributes[name]);
    return made;
  }

  // 511 colours from -1 over black at 0 to 1, where what is strong is as bright as white: in a hue, and below 0 in the opposite one.
  function rampOf(hue) {
    const rgb = /^#[0-9a-f]{6}$/i.test(hue) ? [1, 3, 5].map((at) => parseInt(hue.slice(at, at + 2), 16)) : [128, 128, 128];
    const ramp = new Uint8ClampedArray(3 * 511);
    for (let level = 0; level < 511; level++) {
      const strength = (Math.abs(level - 255) / 255) ** 0.5; // or the weak ones could not be seen beside the strongest
      for (let channel = 0; channel < 3; channel++) {
        const full = level < 255 ? 255 - rgb[channel] : rgb[channel];
        ramp[3 * level + channel] = strength < 0.6 ? (full * strength) / 0.6 : full + ((255 - full) * (strength - 0.6)) / 0.4;
      }
    }
    return ramp;
  }

  function sized(canvas, width, height) {
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    return canvas.getContext("2d");
  }

  function paintPicture(canvas, { side, numbers }) {
    sized(canvas, side, side).putImageData(levels(numbers), 0, 0);
    return { across: 1, tiles: 1, side };
  }

  const mostOf = (numbers) => numbers.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);

  // Maps beside each other, so many `across`, with a line of nothing between two.
  function paintMaps(canvas, { side, stride, numbers }, maps, across, ramp) {
    const width = across * (side + 1) - 1;
    const height = Math.ceil(maps.length / across) * (side + 1) - 1;
    const image = new ImageData(width, height);
    const scale = 255 / mostOf(numbers);
    maps.forEach((channel, tile) => {
      const [left, top] = [(tile % across) * (side + 1), Math.floor(tile / across) * (side + 1)];
      for (let place = 0; place < side * side; place++) {
        const level = 255 + Math.round(scale * numbers[place * stride + channel]);
        const at = 4 * ((top + Math.floor(place / side)) * width + left + (place % side));
        image.data.set([ramp[3 * level], ramp[3 * level + 1], ramp[3 * level + 2], 255], at);
      }
    });
    sized(canvas, width, height).putImageData(image, 0, 0);
    return { across, tiles: maps.length, side };
  }

  // Units as cells, column by column; or row by row where there are so many `across`, each so many pixels with a line around it.
  function paintUnits(canvas, { length, numbers }, ramp, across = 0, cell = 1) {
    const columns = across || Math.ceil(length / ROWS);
    const rows = across ? Math.ceil(length / across) : Math.min(ROWS, length);
    const brush = sized(canvas, columns * cell, rows * cell);
    const scale = 255 / mostOf(numbers);
    brush.clearRect(0, 0, canvas.width, canvas.height);
    for (let unit = 0; unit < length; unit++) {
      const level = 3 * (255 + Math.round(scale * numbers[unit]));
      const [x, y] = across ? [unit % across, Math.floor(unit / across)] : [Math.floor(unit / rows), unit % rows];
      brush.fillStyle = `rgb(${ramp[level]}, ${ramp[level + 1]}, ${ramp[level + 2]})`;
      brush.fillRect(x * cell, y * cell, Math.max(1, cell - 1), Math.max(1, cell - 1));
    }
  }

  // Latents beside each other as clouds around their mu, sigma high; of z, where it was drawn in them.
  function paintClouds(svg, { mu, sigma }, latents, z, [width, height]) {
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.replaceChildren();
    const reach = latents.reduce((most, at) => Math.max(most, Math.abs(mu[at]) + 2 * sigma[at]), 3);
    const y = (value) => height / 2 - (clamp(value, -reach, reach) / reach) * 0.44 * height;
    const step = width / Math.max(1, latents.length);
    shape(svg, "path", { d: `M0 ${height / 2}H${width}`, class: "zero" });
    latents.forEach((latent, place) => {
      const cx = (place + 0.5) * step;
      for (const part of [2, 1.3, 0.7])
        shape(svg, "ellipse", { cx, cy: y(mu[latent]), rx: 0.44 * step, ry: Math.max(1, (0.44 * height * part * sigma[latent]) / reach), class: z ? "faint" : "cloud" });
      shape(svg, "circle", { cx, cy: y(z ? z[latent] : mu[latent]), r: clamp(0.24 * step, 1.2, 5), class: z ? "drawn" : "likely" });
    });
  }

  // The KL of a picture as a bar, a part for each latent, the largest first; as long as this share of its place.
  function paintBar(bar, { kl, total, used }, share) {
    bar.style.width = `${100 * share}%`;
    bar.replaceChildren();
    const parts = used.map((at) => kl[at]).sort((a, b) => b - a);
    parts.push(Math.max(0, total - parts.reduce((sum, one) => sum + one, 0))); // of those that are not in use
    for (const part of parts) element(bar, "i").style.flexGrow = part / (total || 1);
  }

  const acrossAtRest = ({ side }) => (side >= 16 ? 2 : side >= 8 ? 3 : 4);

  function faceOf(parent, tag = "canvas") {
    const face = element(parent, "span", { className: "face" });
    const drawn = tag === "svg" ? shape(face, "svg", { "aria-hidden": "true" }) : element(face, "canvas");
    return { face, drawn, marks: element(face, "span", { className: "marks" }) };
  }

  // A block that has a window, or a place in it, shows these on every map; `layout` says where the maps lie.
  function layMarks(part, layout) {
    part.layout = layout;
    if (!layout) return;
    const { across, tiles, side } = layout;
    const [width, height] = [across * (side + 1) - 1, Math.ceil(tiles / across) * (side + 1) - 1];
    part.marks.style.cssText = `--side:${side + 1};--across:${width};--down:${height}`;
    while (part.marks.children.length > tiles) part.marks.lastChild.remove();
    while (part.marks.children.length < tiles) element(part.marks, "i");
    [...part.marks.children].forEach((mark, tile) => {
      mark.style.setProperty("--column", tile % across);
      mark.style.setProperty("--row", Math.floor(tile / across));
    });
  }

  function mark({ marks }, rect) {
    marks.classList.toggle("shown", Boolean(rect));
    if (rect) ["--x", "--y", "--w", "--h"].forEach((name, at) => marks.style.setProperty(name, rect[at]));
  }

  function windowAt(x, y, side) {
    const [left, top] = [Math.max(0, 2 * x - 1), Math.max(0, 2 * y - 1)];
    return [left, top, Math.min(side, 2 * x + 3) - left, Math.min(side, 2 * y + 3) - top];
  }

  // How many places a side the window of a block has: where it looks from, or where it paints from.
  const placesOf = (block) => (block.kind === "conv" ? block.side : block.from.side);

  // Where a block looks, in what comes before it and in itself, for one place of its window.
  function point(before, after, block, x, y) {
    const wide = block.kind === "conv";
    mark(before, wide ? windowAt(x, y, block.from.side) : [x, y, 1, 1]);
    mark(after, wide ? [x, y, 1, 1] : windowAt(x, y, block.side));
  }

  function paint(part, block, ramp) {
    if (block.kind === "code") paintClouds(part.drawn, block, block.used.slice(0, KEPT), null, [120, 100]);
    else if (block.kind === "z") paintClouds(part.drawn, block.code, block.used.slice(0, KEPT), block.numbers, [120, 100]);
    else if (block.picture) layMarks(part, paintPicture(part.drawn, block));
    else if (block.length) paintUnits(part.drawn, block, ramp);
    else {
      const across = Math.min(acrossAtRest(block), Math.ceil(Math.sqrt(block.channels)));
      layMarks(part, paintMaps(part.drawn, block, strongest(block).slice(0, across * across), across, ramp));
    }
  }

  return { rampOf, paint, paintPicture, paintMaps, paintUnits, paintClouds, paintBar, faceOf, layMarks, mark, placesOf, point };
})();
