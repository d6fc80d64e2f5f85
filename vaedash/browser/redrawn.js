// A picture of the visitor's own as models redraw it; it stays in the browser. `data`: `runs`, each with its `name`, `hue`, `encoder`,
// decoder `part`, `side` and `width`, how many numbers it keeps. `tell("redrawn", true)` once one is drawn.
function redrawn(root, data, tell) {
  const LARGEST = 2048; // pixels to a side: phones draw nothing on a canvas that is too large
  const made = (tag, parent, more = {}) => parent.appendChild(Object.assign(document.createElement(tag), more));
  root.replaceChildren();
  root.classList.add("redrawn-own");
  if (studio.flaw) return made("p", root, { textContent: studio.flaw });

  const label = made("label", root, { textContent: "A picture of your own" });
  const chooser = made("input", label, { type: "file", accept: "image/*" });
  const note = made("p", root, { role: "status", textContent: "It does not leave this page: your browser does all of it." });
  const stage = made("div", root, { className: "redrawn-stage", hidden: true });

  function shown(image, name, hue) {
    const figure = made("figure", stage);
    figure.style.setProperty("--hue", hue);
    const { width } = image;
    const canvas = made("canvas", figure, { width, height: width, role: "img", ariaLabel: name });
    canvas.getContext("2d").putImageData(image, 0, 0);
    made("figcaption", figure, { textContent: name });
  }

  // The square in the middle with so many pixels a side: its levels, and as numbers.
  function small(bitmap, side) {
    const most = Math.min(bitmap.width, bitmap.height);
    const first = Math.min(most, LARGEST);
    let from = new OffscreenCanvas(first, first);
    const [x, y] = [(bitmap.width - most) / 2, (bitmap.height - most) / 2];
    Object.assign(from.getContext("2d"), { imageSmoothingQuality: "high" }).drawImage(bitmap, x, y, most, most, 0, 0, first, first);
    for (let size = first; size > side; ) {
      size = Math.max(side, Math.ceil(size / 2)); // by halves, so that every pixel counts
      const to = new OffscreenCanvas(size, size);
      Object.assign(to.getContext("2d"), { imageSmoothingQuality: "high" }).drawImage(from, 0, 0, size, size);
      from = to;
    }
    const last = new OffscreenCanvas(side, side);
    const brush = last.getContext("2d");
    brush.fillStyle = "white"; // behind what is clear
    brush.fillRect(0, 0, side, side);
    brush.drawImage(from, 0, 0, side, side);
    const image = brush.getImageData(0, 0, side, side);
    return { image, numbers: Float32Array.from(image.data.filter((_, at) => at % 4 < 3), (level) => level / 255) };
  }

  chooser.onchange = async () => {
    const [file] = chooser.files;
    if (!file) return;
    let bitmap;
    try {
      bitmap = await createImageBitmap(file);
    } catch {
      note.textContent = "That is no picture that this browser can read: choose a JPEG, PNG or WebP file.";
      return;
    }
    stage.replaceChildren();
    const original = small(bitmap, Math.max(...data.runs.map(({ side }) => side)));
    shown(original.image, "yours, as the models see it", "transparent");
    for (const { name, hue, encoder, part, side, width } of data.runs) {
      const mu = (await studio.run(encoder, small(bitmap, side).numbers, 1)).slice(0, width);
      shown(levels(await studio.run(part, mu, 1)), name, hue);
    }
    stage.hidden = false;
    note.textContent = "Nothing was sent anywhere: your browser squeezed it into numbers and drew it again from them.";
    tell("redrawn", true);
  };
}
