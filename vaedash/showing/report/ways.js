// What lies between pictures: a way between two, and a map between four, drawn by the models themselves; without these, the way is
// frames that lie side by side in one picture, and moving the control copies one of them onto each canvas.
"use strict";
const COLUMNS = 8; // of the picture that holds the frames
const TILES = 7; // to a side of a map, which shows what lies there
const FINE = 200; // places of a slider whose pictures are computed

function framed(canvas, last) {
  const brush = canvas.getContext("2d");
  const size = canvas.width;
  return (place) => {
    const frame = Math.round(place * last);
    const [x, y] = [frame % COLUMNS, Math.floor(frame / COLUMNS)].map((at) => at * size);
    brush.drawImage(canvas.nextElementSibling, x, y, size, size, 0, 0, size, size);
  };
}

function decoded(canvas, { part, ends }, way) {
  const brush = canvas.getContext("2d");
  const [from, to] = ends.map((end) => Float32Array.from(end));
  return newest(async (place) => brush.putImageData(levels(await studio.run(part, between(from, to, place, way), 1)), 0, 0));
}

function animate(morph) {
  const live = morph.querySelector("script");
  const data = live && !studio.flaw ? JSON.parse(live.textContent) : null;
  const canvases = [...morph.querySelectorAll("canvas")];
  const slider = morph.querySelector("input");
  const [play, reading] = [morph.querySelector("button"), morph.querySelector("output")];
  const frames = Number(slider.max);
  if (data) slider.max = FINE;
  const last = Number(slider.max);
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const lap = calm ? 20_000 : 5000; // milliseconds there and back
  const painters = canvases.map((canvas, at) => (data?.runs[at] ? decoded(canvas, data.runs[at], data.way) : framed(canvas, frames)));
  let [place, playing] = [0, 0];

  function show() {
    const words = "plain" in morph.dataset ? `${Math.round(100 * place)}% of the way` : `alpha ${place.toFixed(2)}`;
    canvases.forEach((canvas, at) => {
      painters[at](place);
      canvas.ariaLabel = `${canvas.dataset.name}, ${words}`;
    });
    slider.value = place * last;
    slider.ariaValueText = words;
    reading.value = words;
  }

  function pause() {
    cancelAnimationFrame(playing);
    playing = 0;
    play.textContent = "▶ Play";
  }

  function start() {
    const began = performance.now() - (place / 2) * lap; // from where the control stands
    const tick = (now) => {
      const swing = 1 - Math.abs(1 - 2 * ((Math.max(0, now - began) / lap) % 1));
      place = calm ? Math.round(swing * 9) / 9 : swing; // without motion, the study's ten steps
      show();
      playing = requestAnimationFrame(tick);
    };
    play.textContent = "❚❚ Pause";
    playing = requestAnimationFrame(tick);
  }

  play.onclick = () => (playing ? pause() : start());
  slider.oninput = () => {
    pause();
    place = slider.value / last;
    show();
  };
  morph.hidden = false;
  show();
}

// The map between four pictures, one at each corner: `data` has `runs`, each with `name`, `hue`, `part`, `side` and `ends`, the numbers
// of top left, top right, bottom left and bottom right; and the `way` from one to another.
function corners(root, data) {
  const made = (tag, parent, more = {}) => parent.appendChild(Object.assign(document.createElement(tag), more));
  root.replaceChildren();
  const place = { x: 0.5, y: 0.5 };
  const at = (ends, x, y) => {
    const [left, right] = [0, 1].map((edge) => between(ends[edge], ends[2 + edge], y, data.way));
    return between(left, right, x, data.way);
  };

  const stage = made("div", root, { className: "maps" });
  const figures = data.runs.map(({ name, hue, part, side, ends }) => {
    const box = made("figure", stage);
    box.style.setProperty("--hue", hue);
    const frame = made("div", box, { className: "map" });
    const map = made("canvas", frame, { width: TILES * side, height: TILES * side, role: "img" });
    map.ariaLabel = `${name}: ${TILES} by ${TILES} pictures between four corners`;
    const ring = made("i", frame);
    const here = made("canvas", box, { width: side, height: side, role: "img" });
    made("figcaption", box, { textContent: name });
    const four = ends.map((end) => Float32Array.from(end));
    fill(map.getContext("2d"), part, side, four);
    map.onpointerdown = map.onpointermove = (event) => {
      if (event.type === "pointermove" && !event.buttons) return;
      if (event.type === "pointerdown") map.setPointerCapture(event.pointerId);
      const area = map.getBoundingClientRect();
      const within = (share) => Math.min(1, Math.max(0, (share * TILES - 0.5) / (TILES - 1)));
      move(within((event.clientX - area.x) / area.width), within((event.clientY - area.y) / area.height));
    };
    const draw = newest(async (x, y) => here.getContext("2d").putImageData(levels(await studio.run(part, at(four, x, y), 1)), 0, 0));
    return { name, ring, here, draw };
  });

  async function fill(brush, part, side, ends) {
    for (let y = 0; y < TILES; y++) {
      const row = Array.from({ length: TILES }, (_, x) => [...at(ends, x / (TILES - 1), y / (TILES - 1))]);
      const drawn = await studio.run(part, Float32Array.from(row.flat()), TILES);
      const size = drawn.length / TILES;
      for (let x = 0; x < TILES; x++) brush.putImageData(levels(drawn.subarray(x * size, (x + 1) * size)), x * side, y * side);
    }
  }

  const controls = made("div", root, { className: "controls" });
  const sliders = Object.fromEntries([["x", "across"], ["y", "down"]].map(([axis, word]) => {
    const label = made("label", controls, { textContent: word });
    return [axis, made("input", label, { type: "range", min: 0, max: FINE, value: FINE / 2 })];
  }));
  const follow = () => move(sliders.x.value / FINE, sliders.y.value / FINE);
  sliders.x.oninput = sliders.y.oninput = follow;

  function move(x, y) {
    Object.assign(place, { x, y });
    const words = `${place.x.toFixed(2)} across, ${place.y.toFixed(2)} down`;
    for (const { name, ring, here, draw } of figures) {
      draw(x, y);
      here.ariaLabel = `${name}, ${words}`;
      ring.style.setProperty("--x", x);
      ring.style.setProperty("--y", y);
    }
    for (const axis in sliders) {
      sliders[axis].value = place[axis] * FINE;
      sliders[axis].ariaValueText = words;
    }
  }
  move(0.5, 0.5);
}
