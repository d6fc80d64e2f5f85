// A picture's numbers as bars to pull, and what a model draws from them. `data`: the model's `name`, `hue`, decoder `part` and `side`;
// `z`, the numbers; `order`, the places of those that are shown; `reach`, how far a bar goes up and down; `about`, what they are called.
// `tell("z", numbers)` once a bar is let go.
function bars(root, data, tell) {
  const came = JSON.stringify([data.part, data.z, data.order]);
  if (root.came !== came) root.z = Float32Array.from(data.z);
  root.came = came;
  root.at ??= 0;
  const made = (tag, parent, more = {}) => parent.appendChild(Object.assign(document.createElement(tag), more));
  root.replaceChildren();
  root.classList.add("bars");
  root.style.setProperty("--hue", data.hue);
  if (studio.flaw) return made("p", root, { textContent: studio.flaw });

  const box = made("div", root, { className: "bars-box" });
  const figure = made("figure", box);
  const canvas = made("canvas", figure, { width: data.side, height: data.side, role: "img" });
  made("figcaption", figure, { textContent: data.name });
  const desk = made("div", box, { className: "bars-desk", role: "group", ariaLabel: data.about });
  const draw = newest(async () => {
    const image = await studio.run(data.part, root.z, 1);
    canvas.getContext("2d").putImageData(levels(image), 0, 0);
  });
  const columns = data.order.map((_, number) => {
    const bar = made("div", desk, { className: "bars-bar", role: "slider", tabIndex: number === root.at ? 0 : -1 });
    Object.assign(bar, { ariaOrientation: "vertical", ariaValueMin: -data.reach, ariaValueMax: data.reach });
    bar.ariaLabel = `number ${number + 1} of ${data.order.length}`;
    made("i", bar);
    return bar;
  });

  function show() {
    columns.forEach((bar, number) => {
      const value = root.z[data.order[number]];
      const height = Math.min(1, Math.abs(value) / data.reach) / 2;
      bar.firstChild.style.cssText = `top: ${100 * (value > 0 ? 0.5 - height : 0.5)}%; height: ${100 * height}%`;
      bar.ariaValueNow = value.toFixed(1);
      bar.ariaValueText = value.toFixed(1);
    });
    canvas.ariaLabel = `what ${data.name} draws from the numbers as they stand`;
    return draw();
  }

  function set(number, value) {
    root.z[data.order[number]] = Math.min(data.reach, Math.max(-data.reach, value));
    show();
  }

  function focus(number) {
    columns[root.at].tabIndex = -1;
    root.at = number;
    columns[number].tabIndex = 0;
  }

  // A finger or a pointer sets each bar that it passes.
  desk.onpointerdown = desk.onpointermove = (event) => {
    if (event.type === "pointermove" && !event.buttons) return;
    if (event.type === "pointerdown") desk.setPointerCapture(event.pointerId);
    const area = desk.getBoundingClientRect();
    const number = Math.floor(((event.clientX - area.x) / area.width) * columns.length);
    if (!columns[number]) return;
    focus(number);
    set(number, data.reach * (1 - (2 * (event.clientY - area.y)) / area.height));
  };
  const report = () => tell("z", Array.from(root.z));
  desk.onpointerup = report;
  desk.onkeydown = (event) => {
    const sideways = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const steps = { ArrowUp: 0.1, ArrowDown: -0.1, PageUp: 1, PageDown: -1, Home: -Infinity, End: Infinity }[event.key];
    if (!sideways && !steps) return;
    event.preventDefault();
    if (sideways) focus(Math.min(columns.length - 1, Math.max(0, root.at + sideways)));
    else set(root.at, root.z[data.order[root.at]] + steps);
    columns[root.at].focus();
  };
  desk.onkeyup = (event) => /^(Arrow(Up|Down)|Page|Home|End)/.test(event.key) && report();

  made("button", root, { type: "button", textContent: "As it was" }).onclick = () => {
    root.z = Float32Array.from(data.z);
    show();
    report();
  };
  show();
}
