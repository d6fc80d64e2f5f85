// The numbers that a model uses, a bar each: pull one, and a decoder of this browser draws what it changes, all others staying as they are.
const NUMBERS = () => `
  <figure><figcaption></figcaption></figure>
  <div class="rows"></div>
  <div class="controls"><button type="button" class="back">${said("Back")}</button><button type="button" class="more"></button></div>`;
const FAR = 3; // under the prior, 997 of 1,000 numbers lie within

function numbers(root, data) {
  if (refused(root, true)) return;
  if (!root.querySelector(".rows")) root.innerHTML = NUMBERS();
  root.classList.add("numbers");
  root.style.setProperty("--hue", data.hue);
  const [box, words, lines, back, more] = ["figure", "figcaption", ".rows", ".back", ".more"].map((each) => root.querySelector(each));
  const start = Float32Array.from(data.z);
  const began = `${data.part} ${start}`;
  if (root.began !== began) Object.assign(root, { began, z: start.slice() }); // or what was pulled stays
  const { z } = root;

  box.querySelector("canvas")?.remove();
  const picture = canvas(box, data.side);
  box.prepend(picture);
  const brush = picture.getContext("2d");
  const redraw = newest(() => draw(brush, data.part, data.side, z.slice()));

  function show() {
    const pulled = data.used.filter((at) => z[at] !== start[at]);
    words.textContent = pulled.length ? said("{pulled} of {used} pulled", { pulled: pulled.length, used: data.used.length }) : data.start;
    picture.ariaLabel = `${data.name}: ${words.textContent}`;
    back.disabled = !pulled.length;
    for (const [at, bar] of made) {
      bar.value = z[at];
      bar.ariaValueText = written(z[at], 1);
      bar.style.setProperty("--at", `${Math.min(100, Math.max(0, (100 * (z[at] + FAR)) / (2 * FAR)))}%`);
    }
    redraw();
  }

  function row(at) {
    const line = document.createElement("label");
    line.append(Object.assign(document.createElement("span"), { textContent: at + 1 }));
    const bar = Object.assign(document.createElement("input"), { type: "range", min: -FAR, max: FAR, step: 0.05 });
    bar.ariaLabel = said("{name}, number {number}", { name: data.name, number: at + 1 });
    bar.oninput = () => {
      z[at] = Number(bar.value);
      show();
    };
    line.append(bar);
    return [at, bar, line];
  }

  const rows = data.used.map(row);
  const made = rows.map(([at, bar]) => [at, bar]);
  const held = [...lines.querySelectorAll("input")].indexOf(root.getRootNode().activeElement);
  lines.replaceChildren(...rows.map(([, , line]) => line));
  rows[held]?.[1].focus(); // whoever pulls one by keys goes on
  const rest = data.used.length - data.first;
  const fold = () => {
    rows.forEach(([, , line], place) => (line.hidden = place >= data.first && !root.unfolded));
    more.hidden = rest <= 0;
    more.textContent = root.unfolded ? said("Fewer") : said("{rest} more", { rest });
    more.ariaExpanded = Boolean(root.unfolded);
  };
  more.onclick = () => {
    root.unfolded = !root.unfolded;
    fold();
  };
  back.onclick = () => {
    z.set(start);
    show();
  };
  fold();
  show();
}
