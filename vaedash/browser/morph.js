// A way between two ends, or a field between four: wherever the control is, decoders of this browser draw what lies there.
// `tell` hears of the new place once finger or key is up.
const GREETING = 9000; // milliseconds there and back
const STEPS = { ArrowLeft: ["x", -1], ArrowRight: ["x", 1], ArrowUp: ["y", -1], ArrowDown: ["y", 1] };

const MORPH = () => `
  <div class="figures"></div>
  <div class="controls">
    <button type="button">${said("Play")}</button>
    <label><b>A</b><i>&rarr;</i><input type="range" name="x" step="any" value="0"><b>B</b></label>
    <label class="down"><i>&darr;</i><input type="range" name="y" step="any" value="0"></label>
    <output></output>
  </div>`;

// What a run draws at a place between its ends: by its decoder here, every place exactly; or the nearest of the frames that came drawn.
function drawnBetween({ part, side, z, frames }, { columns, rows, way }) {
  if (!part) {
    const { side, paint } = painter(frames, columns * rows);
    const frame = ({ x, y }) => Math.round(y * (rows - 1)) * columns + Math.round(x * (columns - 1));
    return { side, paint: (brush, places, spot = () => [0, 0]) => places.forEach((place, at) => paint(brush, frame(place), ...spot(at))) };
  }
  const [a, b, c, d] = z.map((end) => Float32Array.from(end));
  const point = ({ x, y }) => (c ? between(between(a, c, y, way), between(b, d, y, way), x, way) : between(a, b, x, way));
  const paint = (brush, places, spot) => {
    const points = new Float32Array(places.length * a.length);
    places.forEach((place, at) => points.set(point(place), at * a.length));
    return draw(brush, part, side, points, places.length, spot);
  };
  return { side, paint };
}

function morph(root, data, tell) {
  if (refused(root, data.runs.some(({ part }) => part))) return;
  if (!root.querySelector(".figures")) root.innerHTML = MORPH();
  root.classList.add("morph");
  const [play, reading] = [root.querySelector("button"), root.querySelector("output")];
  const sliders = { x: root.querySelector("[name=x]"), y: root.querySelector("[name=y]") };
  const last = { x: data.columns - 1, y: data.rows - 1 };
  const flat = last.y === 0;
  const tiles = (data.columns + 1) / 2; // a map shows every second frame of a lattice, in both directions
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const greeted = root.greeting;
  const wasPlaying = root.pause?.(); // this function runs again whenever data change; the place stays
  const greets = greeted || (!root.place && data.greet && !calm); // one slow sweep for who has just come
  const lap = greets ? GREETING : calm ? 20_000 : data.playing ? 9000 : 5000; // milliseconds there and back, or once round
  root.place ??= flat ? { x: data.start, y: 0 } : { x: 0.5, y: 0.5 };
  const place = root.place;

  function figure(run) {
    const box = document.createElement("figure");
    box.style.setProperty("--hue", run.hue);
    box.appendChild(document.createElement("figcaption")).textContent = run.name;
    const made = { name: run.name, ...drawnBetween(run, data) };
    if (!flat) addMap(box, made);
    made.canvas = canvas(box, made.side);
    const brush = made.canvas.getContext("2d");
    made.show = newest((place) => made.paint(brush, [place]));
    if (flat) addDrag(made.canvas);
    return { box, ...made };
  }

  function addDrag(picture) {
    picture.onpointerdown = picture.onpointermove = (event) => {
      if (!event.buttons) return;
      picture.setPointerCapture(event.pointerId);
      const area = picture.getBoundingClientRect();
      move(Math.min(1, Math.max(0, (event.clientX - area.x) / area.width)), 0);
    };
    picture.onpointerup = picture.onpointercancel = () => report();
  }

  function addMap(box, made) {
    const frame = box.appendChild(Object.assign(document.createElement("div"), { className: "map" }));
    const map = canvas(frame, tiles * made.side);
    map.ariaLabel = said("{name}: {tiles} by {tiles} pictures between four corners", { name: made.name, tiles });
    const corner = (at) => [at % tiles, Math.floor(at / tiles)];
    const places = Array.from({ length: tiles * tiles }, (_, at) => corner(at).map((part) => part / (tiles - 1)));
    made.paint(map.getContext("2d"), places.map(([x, y]) => ({ x, y })), (at) => corner(at).map((part) => part * made.side));
    made.ring = frame.appendChild(document.createElement("i"));
    map.onpointerdown = map.onpointermove = (event) => {
      if (!event.buttons) return;
      map.setPointerCapture(event.pointerId);
      const area = map.getBoundingClientRect();
      const part = (at) => Math.min(1, Math.max(0, (at * tiles - 0.5) / (tiles - 1)));
      move(part((event.clientX - area.x) / area.width), part((event.clientY - area.y) / area.height));
    };
  }

  function inWords() {
    if (!flat) return said("{x} across, {y} down", { x: written(place.x, 2), y: written(place.y, 2) });
    if (!data.reach) return said("{percent}% of the way", { percent: Math.round(100 * place.x) });
    const steps = data.reach * (2 * place.x - 1);
    if (Math.abs(steps) < 0.05) return said("as it is redrawn");
    const length = { steps: written(Math.abs(steps), 1) };
    return steps > 0 ? said("{steps} steps more", length) : said("{steps} steps less", length);
  }

  function show() {
    const words = inWords();
    for (const { name, show, canvas, ring } of figures) {
      show({ ...place });
      canvas.ariaLabel = `${name}, ${words}`;
      ring?.style.setProperty("--x", place.x);
      ring?.style.setProperty("--y", place.y);
    }
    for (const axis in sliders) {
      sliders[axis].value = place[axis] * last[axis];
      sliders[axis].ariaValueText = words;
    }
    reading.value = words;
  }

  function move(x, y) {
    root.pause();
    Object.assign(place, { x, y });
    show();
  }

  function start() {
    // From where the control stands: there and back along a path, round and round among four corners.
    const began = performance.now() - (flat ? (place.x / 2) * lap : 0);
    const tick = (now) => {
      if (!root.isConnected) return; // another page is shown
      const turn = Math.max(0, now - began) / lap;
      if (greets && root.greeting && turn >= 1) return move(data.start, 0);
      const swing = 1 - Math.abs(1 - 2 * (turn % 1));
      if (flat) place.x = calm ? Math.round(swing * 9) / 9 : swing; // without motion, the study's ten steps
      else Object.assign(place, { x: 0.5 + Math.sin(2 * Math.PI * turn) / 2, y: 0.5 - Math.cos(2 * Math.PI * turn) / 2 });
      show();
      root.playing = requestAnimationFrame(tick);
    };
    play.textContent = `❚❚ ${said("Pause")}`;
    root.playing = requestAnimationFrame(tick);
  }

  root.pause = () => {
    root.greeting = false;
    const played = Boolean(root.playing);
    cancelAnimationFrame(root.playing);
    root.playing = 0;
    play.textContent = `▶ ${said("Play")}`;
    return played;
  };
  // The real picture at an end of a path, as large as what is drawn between.
  function realEnd(pixels, letter) {
    const box = Object.assign(document.createElement("figure"), { className: "end" });
    box.appendChild(document.createElement("figcaption")).textContent = letter;
    const { side, paint } = painter(pixels, 1);
    const picture = canvas(box, side);
    picture.ariaLabel = data.captions ? letter : said("the picture at {letter}", { letter });
    paint(picture.getContext("2d"), 0);
    return box;
  }

  const report = () => flat && tell("alpha", Number(place.x.toFixed(4)));
  const toggle = () => (root.pause() ? report() : start());

  play.onclick = toggle;
  for (const axis in sliders) {
    sliders[axis].max = last[axis];
    sliders[axis].ariaLabel = data.labels[axis];
    sliders[axis].oninput = () => move(sliders.x.value / last.x, flat ? 0 : sliders.y.value / last.y);
    sliders[axis].onchange = report;
  }
  root.onkeydown = (event) => {
    let [axis, step] = STEPS[event.key] ?? { Home: ["x", -Infinity], End: ["x", Infinity] }[event.key] ?? [];
    if (flat && axis === "y") [axis, step] = ["x", -step]; // as on any slider, up is more
    const next = (which) => (which === axis ? Math.min(1, Math.max(0, place[axis] + step / last[axis])) : place[which]);
    if (axis) move(next("x"), next("y"));
    else if (event.key === " " && !event.repeat) toggle();
    else if (event.key !== " ") return;
    event.preventDefault();
  };
  root.onkeyup = (event) => {
    if (event.key === " ") event.preventDefault(); // or the button under the focus would be pressed once more
    else if (event.key in STEPS || event.key === "Home" || event.key === "End") report();
  };

  const letters = data.letters ?? ["A", "B"];
  const captions = data.captions ?? letters;
  root.querySelectorAll("label b").forEach((box, at) => (box.textContent = letters[at]));
  const figures = data.runs.map(figure);
  const [before, after] = captions.map((caption, at) => (data.ends[at] ? [realEnd(data.ends[at], caption)] : []));
  root.querySelector(".figures").replaceChildren(...before, ...figures.map(({ box }) => box), ...after);
  root.classList.toggle("flat", flat);
  // All equally wide, by whole pixels of the finest.
  root.style.setProperty("--side", Math.max(...figures.map(({ side }) => side)));
  show();
  if (greets || (wasPlaying ?? (data.playing && !calm))) start();
  else root.pause();
  root.greeting = greets;
}
