// Pictures that models make up from numbers thrown like dice. `data`: `runs`, each with its `name`, `hue`, decoder `part`, `side` and `z`,
// numbers for each picture of the first throw, which is the same for everybody. `tell("thrown", { wild })` after each later throw.
function dice(root, data, tell) {
  const COLUMNS = 4;
  const came = JSON.stringify(data.runs.map(({ part, z }) => [part, z]));
  if (root.came !== came) Object.assign(root, { thrown: data.runs.map(({ z }) => z), wild: 1, anew: false });
  root.came = came;
  const made = (tag, parent, more = {}) => parent.appendChild(Object.assign(document.createElement(tag), more));
  root.replaceChildren();
  root.classList.add("dice");
  if (studio.flaw) return made("p", root, { textContent: studio.flaw });

  const stage = made("div", root, { className: "dice-stage" });
  const brushes = data.runs.map(({ name, hue, side, z }) => {
    const figure = made("figure", stage);
    figure.style.setProperty("--hue", hue);
    const rows = Math.ceil(z.length / COLUMNS);
    const canvas = made("canvas", figure, { width: COLUMNS * (side + 1) - 1, height: rows * (side + 1) - 1, role: "img" });
    canvas.ariaLabel = `${name}: ${z.length} pictures that it made up`;
    made("figcaption", figure, { textContent: name });
    return canvas.getContext("2d");
  });
  const controls = made("div", root, { className: "dice-controls" });
  const button = made("button", controls, { type: "button", textContent: "New dice" });
  const label = made("label", controls, { textContent: "How wild" });
  const slider = made("input", label, { type: "range", min: 0, max: 2, step: 0.05, value: root.wild });
  const note = made("p", root, { className: "dice-note", role: "status" });

  const draw = newest(async () => {
    for (const [place, { part, side, z: { length: count } }] of data.runs.entries()) {
      const numbers = Float32Array.from(root.thrown[place].flat(), (number) => root.wild * number);
      const drawn = await studio.run(part, numbers, count);
      const size = drawn.length / count;
      for (let i = 0; i < count; i++)
        brushes[place].putImageData(levels(drawn.subarray(i * size, (i + 1) * size)), (i % COLUMNS) * (side + 1), Math.floor(i / COLUMNS) * (side + 1));
    }
  });

  // A normally distributed number (Box & Muller 1958).
  const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  function show() {
    slider.ariaValueText = `${slider.value} times as far as usual`;
    note.textContent = root.anew
      ? "Thrown by your browser just now: nobody has seen these before."
      : "This first throw is the same for everybody.";
    return draw();
  }

  button.onclick = () => {
    // Models with equally many numbers get the same ones.
    const by = new Map();
    root.thrown = data.runs.map(({ z }) => {
      const width = z[0].length;
      if (!by.has(width)) by.set(width, z.map(() => Array.from({ length: width }, normal)));
      return by.get(width);
    });
    root.anew = true;
    show();
    tell("thrown", { wild: root.wild });
  };
  slider.oninput = () => {
    root.wild = Number(slider.value);
    show();
  };
  slider.onchange = () => tell("thrown", { wild: root.wild });
  show();
}
