// Pictures out of random numbers: each run of `data` draws the same ones, as near to the average as a slider says, and dice throw others.
// Throws are numbered, and their numbers come from whoever has the generator, some throws ahead; `tell` hears which one lies there.
// Where nobody has (`alone`), the browser throws whatever did not come.
const THROWS = () => `
  <div class="controls">
    <button type="button">${said("New dice")}</button>
    <label><span>${said("Temperature")}</span><input type="range" min="0" max="2" step="any"></label>
    <output></output>
  </div>
  <div class="grids"></div>`;
const MOST_THROWS = 2 ** 31;
const COLUMN = 250; // pixels that pictures of a run have beside others, if they need so many
const TENTHS = { ArrowLeft: -0.1, ArrowDown: -0.1, ArrowRight: 0.1, ArrowUp: 0.1 };

function throws(root, data, tell) {
  if (refused(root, data.runs.length)) return;
  if (!root.querySelector(".grids")) root.innerHTML = THROWS();
  root.classList.add("throws");
  const [button, slider, reading] = ["button", "input", "output"].map((each) => root.querySelector(each));
  const lying = (root.lying ??= { seed: data.seed, temperature: data.temperature, told: [] });
  const back = lying.told.lastIndexOf(data.seed);
  if (back < 0) lying.seed = data.seed; // somebody typed it; what was told comes back late, if nothing else was told after it
  lying.told = lying.told.slice(back + 1);

  // Those of the throw that lies there, as they came.
  const came = (size, seed = lying.seed) => data.throws[size][(seed - data.seed + MOST_THROWS) % MOST_THROWS];
  const next = () => (lying.seed + 1) % MOST_THROWS;
  // Whether the next throw is here; or else the dice wait for it.
  const ready = () => data.alone || data.runs.every(({ size }) => came(size, next()));

  // Runs of one size get the same, and once thrown they stay as they are.
  function own(size) {
    if (lying.ownSeed !== lying.seed) Object.assign(lying, { ownSeed: lying.seed, own: {} });
    return (lying.own[size] ??= Float32Array.from({ length: data.count * size }, normal));
  }

  // The numbers of the throw that lies there, times the temperature; nothing while they are on their way.
  function numbers(size) {
    const packed = came(size);
    if (!packed && !data.alone) return undefined;
    const thrown = packed ? new Float32Array(fromBase64(packed)) : own(size);
    return thrown.map((number) => lying.temperature * number);
  }

  function grid({ name, rest, hue, part, side, size }) {
    const { box, picture } = roomFor(name, rest, hue, data.columns, data.count, side);
    const brush = picture.getContext("2d");
    const spot = (at) => tileAt(at, data.columns, side);
    const show = newest(async () => {
      const z = numbers(size);
      if (z) await draw(brush, part, side, z, data.count, spot);
    });
    return { box, picture, name, show };
  }

  function show() {
    const mine = data.alone && !came(data.runs[0].size);
    const temperature = written(lying.temperature, 1);
    const words = mine
      ? said("thrown just now, temperature {temperature}", { temperature })
      : said("draw {seed}, temperature {temperature}", { seed: lying.seed, temperature });
    button.ariaDisabled = !ready();
    slider.value = lying.temperature;
    slider.ariaValueText = temperature;
    reading.value = words;
    return Promise.all(
      grids.map(({ picture, name, show }) => {
        picture.ariaLabel = said("{name}: {count} made up pictures, {words}", { name, count: data.count, words });
        return show();
      }),
    );
  }

  const report = () => {
    lying.told.push(lying.seed);
    tell("lying", { seed: lying.seed, temperature: Number(lying.temperature.toFixed(1)) });
  };
  // What is let go stands at a tenth, so that it can be said, and drawn again by who is told.
  const settle = () => {
    lying.temperature = Math.round(10 * lying.temperature) / 10;
    show();
    report();
  };
  button.onclick = () => {
    if (!ready()) return;
    lying.seed = next();
    settle();
  };
  slider.oninput = () => {
    lying.temperature = Number(slider.value);
    show();
  };
  slider.onchange = settle;
  slider.onkeydown = (event) => {
    if (!(event.key in TENTHS)) return;
    lying.temperature = Math.min(2, Math.max(0, lying.temperature + TENTHS[event.key]));
    show();
    event.preventDefault();
  };
  slider.onkeyup = (event) => event.key in TENTHS && settle();

  const grids = data.runs.map(grid);
  const widest = Math.max(COLUMN / 2, ...grids.map(({ picture }) => picture.width));
  root.style.setProperty("--column", `${Math.min(COLUMN, 1.1 * widest)}px`); // of few pictures two stand side by side on a phone
  const before = data.real ? [real(data.real)] : [];
  // What lies there stays until the same is drawn anew: a projector shows each blink.
  const lain = root.querySelector(".grids");
  const lay = () => root.turn === turn && lain.replaceChildren(...before, ...grids.map(({ box }) => box));
  const turn = (root.turn = {});
  if (lain.childElementCount !== before.length + grids.length) lay();
  show().then(lay);
}

// Real pictures, as large as those that are made up.
function real({ name, frames, count, columns }) {
  const { side, paint } = painter(frames, count);
  const { box, picture } = roomFor(name, "", "transparent", columns, count, side);
  box.className = "real";
  for (let at = 0; at < count; at++) paint(picture.getContext("2d"), at, ...tileAt(at, columns, side));
  picture.ariaLabel = name;
  return box;
}

const tileAt = (at, columns, side) => [(at % columns) * (side + 1), Math.floor(at / columns) * (side + 1)];

// A figure with room for so many tiles of `side` pixels, one pixel apart.
function roomFor(name, rest, hue, columns, count, side) {
  const box = document.createElement("figure");
  const words = box.appendChild(document.createElement("figcaption"));
  words.style.setProperty("--hue", hue);
  words.append(Object.assign(document.createElement("b"), { textContent: name }), ` ${rest}`);
  const picture = canvas(box, columns * (side + 1) - 1);
  picture.height = Math.ceil(count / columns) * (side + 1) - 1;
  picture.style.setProperty("--least", `${picture.width}px`);
  picture.style.setProperty("--whole", `${picture.width / devicePixelRatio}px`);
  return { box, picture };
}
