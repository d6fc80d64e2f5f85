// The plane through a latent space on which pictures lie: wherever a finger or a key is on it, a decoder of this browser draws what
// that place stands for. `tell` hears which picture was clicked. Of the chosen picture come `photo` and `redrawn`; or else `tiles` are of
// all pictures, and what is redrawn is drawn here, from the `mu` of each.
const PLANE = () => `
  <div class="map"><div class="handle" role="slider" tabindex="0" aria-roledescription="${said("place on the map")}"></div></div>
  <div class="shown"></div>`;
const DRAWN = 880; // pixels of the map's canvas to a side
const DOT = { plain: [6, 0.45], coloured: [9, 0.9] }; // of a picture for which there is no room: radius, and how opaque
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const STEP = 1 / 60; // of the map's width
const STILL = 4; // pixels that a finger may move and still have clicked

function plane(root, data, tell) {
  if (!root.querySelector(".map")) root.innerHTML = PLANE();
  root.classList.add("plane");
  const [frame, handle, shown] = [".map", ".handle", ".shown"].map((each) => root.querySelector(each));
  const able = Boolean(data.part) && !studio.flaw;
  const chosen = `${data.number} ${data.part}`;
  const at = data.numbers.indexOf(data.number);
  const start = data.place ?? data.points[at]; // where the chosen picture lies
  // Under a finger that is on it already, the map stays where it is.
  if (root.chosen !== chosen) Object.assign(root, { chosen, place: root.held ? root.place : [...start] });
  const axes = [data.centre, ...data.axes].map((row) => Float32Array.from(row));

  function z([across, down]) {
    const [right, up] = [data.left + across * data.span, data.top - down * data.span];
    return axes[0].map((start, at) => start + right * axes[1][at] + up * axes[2][at]);
  }

  // What lies there: the nearest picture that a click there means, or nothing.
  function under([across, down]) {
    const distance = (at) => Math.max(Math.abs(data.points[at][0] - across), Math.abs(data.points[at][1] - down));
    const pictured = data.pictured.find((at) => distance(at) < data.tile / 2);
    if (pictured !== undefined) return pictured;
    const near = data.points.map((_, at) => at).filter((at) => distance(at) < data.tile / 4);
    return near.sort((one, other) => distance(one) - distance(other))[0];
  }

  function picture(caption, name, { side, paint }) {
    const box = document.createElement("figure");
    const drawn = canvas(box, side);
    drawn.ariaLabel = name;
    paint(drawn.getContext("2d"));
    element(box, "figcaption", { textContent: caption });
    return box;
  }

  const still = (frames, count = 1, frame = 0) => {
    const { side, paint } = painter(frames, count);
    return { side, paint: (brush) => paint(brush, frame) };
  };
  const photo = () => (data.photo ? still(data.photo) : still(data.tiles, data.points.length, at));

  // What the model makes of the chosen picture.
  function redrawn() {
    if (data.redrawn) return picture(said("redrawn (loss {loss})", data), said("picture {number} by {name}, loss {loss}", data), still(data.redrawn));
    const width = axes[0].length;
    const mu = new Float32Array(fromBase64(data.mu)).slice(at * width, (at + 1) * width);
    return picture(said("redrawn"), said("picture {number} by {name}", data), { side: data.side, paint: (brush) => draw(brush, data.part, data.side, mu) });
  }

  const live = document.createElement("figure");
  live.className = "live";
  const drawn = canvas(live, data.side);
  const brush = drawn.getContext("2d");
  const words = live.appendChild(document.createElement("figcaption"));
  if (!able) painter(data.flattened, 1).paint(brush, 0);
  const redraw = newest((place) => draw(brush, data.part, data.side, z(place)));

  function show() {
    const [across, down] = root.place;
    const where = said("{across} across, {up} up", { across: written(data.left + across * data.span, 1), up: written(data.top - down * data.span, 1) });
    const home = across === start[0] && down === start[1];
    words.textContent = home ? said("from the map alone") : said("made up at {where}", { where });
    drawn.ariaLabel = home ? said("{name}: picture {number} from its place on the map", data) : `${data.name}: ${words.textContent}`;
    handle.style.setProperty("--x", `${100 * across}%`);
    handle.style.setProperty("--y", `${100 * down}%`);
    handle.ariaValueText = where;
    handle.ariaValueNow = Math.round(100 * across);
    if (able) redraw([...root.place]);
    if (studio.flaw) words.textContent = studio.flaw;
  }

  const within = (part) => Math.min(1, Math.max(0, part));
  function move(across, down) {
    root.place = [within(across), within(down)];
    show();
  }

  const spot = ({ clientX, clientY }) => {
    const area = frame.getBoundingClientRect();
    return [(clientX - area.x) / area.width, (clientY - area.y) / area.height];
  };
  frame.onpointerdown = (event) => {
    root.held = [event.clientX, event.clientY];
    frame.setPointerCapture(event.pointerId);
    handle.focus({ preventScroll: true });
    if (able) move(...spot(event));
    event.preventDefault();
  };
  frame.onpointermove = (event) => able && root.held && move(...spot(event));
  frame.onpointercancel = () => (root.held = undefined);
  frame.onpointerup = (event) => {
    const came = root.held; // where the finger came down
    const still = came && Math.hypot(event.clientX - came[0], event.clientY - came[1]) < STILL;
    root.held = undefined;
    const at = still ? under(spot(event)) : undefined;
    if (at !== undefined) tell("picked", data.numbers[at]);
  };
  handle.onkeydown = (event) => {
    if (event.key === "Enter") {
      const at = under(root.place);
      if (at !== undefined) tell("picked", data.numbers[at]);
    } else if (event.key === "Home") move(...start);
    else if (able && event.key in MOVES) move(...root.place.map((part, axis) => part + STEP * MOVES[event.key][axis]));
    else return;
    event.preventDefault();
  };

  studio.heed(root, show);
  frame.querySelector("canvas")?.remove();
  const map = canvas(frame, DRAWN);
  map.ariaLabel = data.alt;
  lay(map.getContext("2d"), data);
  handle.ariaLabel = said("{name}: where on the map", data);
  root.style.setProperty("--hue", data.hue);
  shown.replaceChildren(
    live,
    picture(said("picture {number}", data), said("new picture {number}", data), photo()),
    redrawn(),
  );
  show();
}

// All pictures where they lie: dots, and as many as there is room for as they are, in frames of what they are known to be.
function lay(brush, { points, hues, marks, pictured, tiles, tile, coloured, mu }) {
  const [radius, opaque] = coloured ? DOT.coloured : DOT.plain;
  const small = new Set(pictured);
  const path = (x, y, mark) => {
    brush.beginPath();
    if (mark === "circle") brush.arc(x, y, radius, 0, 2 * Math.PI);
    else for (const [right, down] of [[0, -1], [1, 0], [0, 1], [-1, 0]]) brush.lineTo(x + 1.3 * radius * right, y + 1.3 * radius * down);
    brush.closePath();
  };
  brush.globalAlpha = opaque;
  points.forEach(([x, y], at) => {
    if (small.has(at)) return;
    brush.fillStyle = hues[at];
    path(DRAWN * x, DRAWN * y, marks[at]);
    brush.fill();
  });
  brush.globalAlpha = 1;
  brush.imageSmoothingEnabled = false;
  const { side, paint } = painter(tiles, mu ? points.length : pictured.length);
  const one = Object.assign(document.createElement("canvas"), { width: side, height: side });
  pictured.forEach((at, number) => {
    paint(one.getContext("2d"), mu ? at : number);
    const [x, y, size] = [DRAWN * (points[at][0] - tile / 2), DRAWN * (points[at][1] - tile / 2), DRAWN * tile];
    brush.drawImage(one, x, y, size, size);
    if (!coloured) return;
    brush.lineWidth = size / 11;
    const inset = brush.lineWidth / 2;
    const around = (colour, dashes) => {
      brush.strokeStyle = colour;
      brush.setLineDash(dashes);
      brush.strokeRect(x + inset, y + inset, size - 2 * inset, size - 2 * inset);
    };
    around(hues[at], []);
    if (marks[at] !== "circle") around("white", [size / 8, size / 8]); // striped: another word of the same hue
  });
}
