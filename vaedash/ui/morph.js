// Every frame is here from the start: moving a control copies one of them onto each canvas and asks nobody.
// Python hears of the new place once finger or key is up.
const GREETING = 9000; // milliseconds there and back
const STEPS = { ArrowLeft: ["x", -1], ArrowRight: ["x", 1], ArrowUp: ["y", -1], ArrowDown: ["y", 1] };

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

function canvas(parent, side) {
  const made = Object.assign(document.createElement("canvas"), { width: side, height: side, role: "img" });
  parent.append(made);
  return made;
}

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".morph");
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

  function figure({ name, hue, frames }) {
    const box = document.createElement("figure");
    box.style.setProperty("--hue", hue);
    box.appendChild(document.createElement("figcaption")).textContent = name;
    const made = { name, ...painter(frames, data.columns * data.rows) };
    if (!flat) addMap(box, made);
    made.canvas = canvas(box, made.side);
    made.brush = made.canvas.getContext("2d");
    return { box, ...made };
  }

  function addMap(box, made) {
    const frame = box.appendChild(Object.assign(document.createElement("div"), { className: "map" }));
    const map = canvas(frame, tiles * made.side);
    map.ariaLabel = `${made.name}: ${tiles} by ${tiles} images between four corners`;
    for (let y = 0; y < tiles; y++)
      for (let x = 0; x < tiles; x++)
        made.paint(map.getContext("2d"), 2 * y * data.columns + 2 * x, x * made.side, y * made.side);
    made.ring = frame.appendChild(document.createElement("i"));
    map.onpointerdown = map.onpointermove = (event) => {
      if (!event.buttons) return;
      map.setPointerCapture(event.pointerId);
      const area = map.getBoundingClientRect();
      const part = (at) => Math.min(1, Math.max(0, (at * tiles - 0.5) / (tiles - 1)));
      move(part((event.clientX - area.x) / area.width), part((event.clientY - area.y) / area.height));
    };
  }

  function show() {
    const at = { x: Math.round(place.x * last.x), y: Math.round(place.y * last.y) };
    const words = data.words ? data.words[at.x] : flat ? `${Math.round(100 * place.x)}% of the way` : `${place.x.toFixed(2)} across, ${place.y.toFixed(2)} down`;
    for (const { name, paint, canvas, brush, ring } of figures) {
      paint(brush, at.y * data.columns + at.x);
      canvas.ariaLabel = `${name}, ${words}`;
      ring?.style.setProperty("--x", place.x);
      ring?.style.setProperty("--y", place.y);
    }
    for (const axis in sliders) {
      sliders[axis].value = at[axis];
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
    play.textContent = "❚❚ Pause";
    root.playing = requestAnimationFrame(tick);
  }

  root.pause = () => {
    root.greeting = false;
    const played = Boolean(root.playing);
    cancelAnimationFrame(root.playing);
    root.playing = 0;
    play.textContent = "▶ Play";
    return played;
  };
  // The real picture at an end of a path, as large as what is drawn between.
  function realEnd(pixels, letter) {
    const box = Object.assign(document.createElement("figure"), { className: "end" });
    box.appendChild(document.createElement("figcaption")).textContent = letter;
    const { side, paint } = painter(pixels, 1);
    const picture = canvas(box, side);
    picture.ariaLabel = data.captions ? letter : `the picture at ${letter}`;
    paint(picture.getContext("2d"), 0);
    return box;
  }

  const report = () => flat && setStateValue("alpha", Number(place.x.toFixed(4)));
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
