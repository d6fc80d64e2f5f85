// What widgets build with: elements, and pictures on canvases, which a decoder of this browser draws, or what came drawn.

function element(parent, kind, settings = {}) {
  const made = Object.assign(document.createElement(kind), settings);
  parent.append(made);
  return made;
}

function canvas(parent, side) {
  return element(parent, "canvas", { width: side, height: side, role: "img" });
}

// How many pixels a side so many frames have, as planar RGB bytes in base64; and a function that puts one of them onto a canvas.
function painter(frames, count) {
  const bytes = atob(frames);
  const side = Math.sqrt(bytes.length / 3 / count);
  const pixels = side * side;
  const image = new ImageData(side, side);
  image.data.fill(255);
  const paint = (brush, frame, x = 0, y = 0) => {
    for (let channel = 0; channel < 3; channel++)
      for (let pixel = 0, from = (3 * frame + channel) * pixels; pixel < pixels; pixel++)
        image.data[4 * pixel + channel] = bytes.charCodeAt(from + pixel);
    brush.putImageData(image, x, y);
  };
  return { side, paint };
}

// Draws `count` z, one behind the other in a Float32Array, by the decoder of that name; and puts each where `place(number)` says.
async function draw(brush, part, side, z, count = 1, place = () => [0, 0]) {
  const drawn = await studio.run(part, z, count);
  const image = new ImageData(side, side);
  const size = 3 * side * side;
  for (let number = 0; number < count; number++)
    brush.putImageData(levels(drawn.subarray(number * size, (number + 1) * size), image), ...place(number));
}

// A number thrown from a normal distribution (Box & Muller 1958).
function normal() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}

// Says why this browser cannot draw, instead of all that is in `root`; nothing where it can, or nothing of it is needed.
function refused(root, needed) {
  if (!needed) return false;
  // Or later, when it cannot any more.
  studio.heed(root, () => refused(root, true));
  if (!studio.flaw) return false;
  const words = Object.assign(document.createElement("p"), { role: "status", textContent: studio.flaw });
  root.replaceChildren(words);
  return true;
}
