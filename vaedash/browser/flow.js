// A picture on its way through models, side by side: what each layer makes of it, the cloud of z that it becomes, and back.
const flow = (() => {
  const LAP = 3200; // milliseconds from the first block to the last
  const REST = 1600; // before the next picture comes, where it plays
  const STRIDE = 110; // from one place of the window to the next
  const KEPT = 12; // latents that are drawn of those in use, until somebody asks for all
  const ROWS = 32; // units in a column
  const LOGVAR = [-30, 20]; // as LOGVAR_RANGE of vaedash/models/vae.py
  const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const STATES = { untrained: "untrained", trained: "trained" };
  const SVG = "http://www.w3.org/2000/svg";
  const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
  const clamp = (value, least, most) => Math.min(most, Math.max(least, value));

  function made(parent, tag, settings = {}) {
    const element = Object.assign(document.createElement(tag), settings);
    parent.append(element);
    return element;
  }

  function shape(parent, tag, attributes) {
    const element = parent.appendChild(document.createElementNS(SVG, tag));
    for (const name in attributes) element.setAttribute(name, attributes[name]);
    return element;
  }

  // ---- what there is on the way ------------------------------------------------------------------------------------

  // An activation belongs to the layer before it.
  function blocksOf(steps) {
    const blocks = [];
    for (const step of steps) {
      if (step.kind === "activation") blocks.at(-1).numbers = step.numbers;
      else blocks.push({ ...step });
    }
    return blocks;
  }

  // mu and the logarithm of sigma squared of each latent, and how much that says, as `kl_per_latent` of vaedash/models/losses.py.
  function codeOf(numbers, used) {
    const size = numbers.length / 2;
    const mu = numbers.slice(0, size);
    const logvar = numbers.slice(size).map((value) => clamp(value, ...LOGVAR));
    const kl = mu.map((value, at) => 0.5 * (value ** 2 + Math.exp(logvar[at]) - 1 - logvar[at]));
    return { kind: "code", mu, sigma: logvar.map((value) => Math.exp(value / 2)), kl, total: kl.reduce((sum, one) => sum + one, 0), used };
  }

  function normal() {
    return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  }

  // Every block from picture to picture, for one draw of z.
  async function wayOf(run, names, picture, noise) {
    const seen = blocksOf(await studio.trace(names.encoder, picture));
    const code = codeOf(seen.pop().numbers, run.used);
    const drawn = code.mu.map((value, at) => value + code.sigma[at] * noise(at));
    const painted = blocksOf(await studio.trace(names.decoder, drawn)).slice(1);
    const way = [...seen, code, { kind: "z", length: drawn.length, numbers: drawn, code, used: run.used }, ...painted];
    for (const block of [seen[0], painted.at(-1), ...way.filter(({ kind }) => kind === "order")]) block.picture = true;
    if (painted.at(-1).kind === "order") painted.at(-2).picture = true;
    way.forEach((block, at) => (block.from = way[at - 1]));
    return way;
  }

  // Which maps of a block to draw, the strongest first.
  function strongest({ channels, stride, numbers }) {
    const strength = new Float32Array(channels);
    for (let at = 0; at < numbers.length; at += stride)
      for (let channel = 0; channel < channels; channel++) strength[channel] += Math.abs(numbers[at + channel]);
    return [...strength.keys()].sort((a, b) => strength[b] - strength[a]);
  }

  const isMaps = (block) => Boolean(block.side) && !block.picture;
  const looks = (block) => block.kind === "conv" || block.kind === "deconv";
  const count = (number) => number.toLocaleString("en");
  const sizeOf = ({ side, channels, length }) => count(length ?? side * side * channels);

  // What a block is called below it, and in full.
  function wordsOf(block) {
    if (block.kind === "code") return ["μ, σ", `${block.used.length} numbers in use, each with how sure it is`];
    if (block.kind === "z") return ["z", "z, drawn from them"];
    if (block.kind === "input") return ["in", "the picture"];
    if (block.kind === "order") return ["shuffled", "its pixels in another order"];
    if (block.picture) return ["out", "the picture as it is drawn again"];
    if (block.length) return [count(block.length), `${count(block.length)} numbers`];
    return [`${block.side}×${block.side}`, `${block.channels} maps of ${block.side}×${block.side}`];
  }

  const MEANT = {
    input: () => "A picture is numbers: three for each pixel, how much red, green and blue.",
    code: () => "Each cloud is one number: the dot is its likely value, the height of the cloud is how unsure it is.",
    z: () => "One value out of each cloud, one of many: Resample draws others, and the picture changes a little.",
    order: () => "Nothing is lost, but neighbours are no neighbours here.",
    conv: (block) =>
      `Each number looks at 4×4 places of what comes before, through a window that slides: ${block.kernels === 1 ? "one detector a map, the same at every place" : "a detector of its own at each place"}.`,
    deconv: (block) =>
      `Each place of what comes before paints 4×4 places here, ${block.kernels === 1 ? "everywhere with the same brush" : "each with a brush of its own"}; where they overlap, they add up.`,
    linear: (block) => `Each number looks at all ${sizeOf(block.from)} of what comes before at once, and does not know which ones were neighbours.`,
  };

  // ---- how it is drawn ---------------------------------------------------------------------------------------------

  // 511 colours from -1 over black at 0 to 1, where what is strong is as bright as white: in a hue, and below 0 in the opposite one.
  function rampOf(hue) {
    const rgb = /^#[0-9a-f]{6}$/i.test(hue) ? [1, 3, 5].map((at) => parseInt(hue.slice(at, at + 2), 16)) : [128, 128, 128];
    const ramp = new Uint8ClampedArray(3 * 511);
    for (let level = 0; level < 511; level++) {
      const strength = (Math.abs(level - 255) / 255) ** 0.5; // or the weak ones could not be seen beside the strongest
      for (let channel = 0; channel < 3; channel++) {
        const full = level < 255 ? 255 - rgb[channel] : rgb[channel];
        ramp[3 * level + channel] = strength < 0.6 ? (full * strength) / 0.6 : full + ((255 - full) * (strength - 0.6)) / 0.4;
      }
    }
    return ramp;
  }

  function sized(canvas, width, height) {
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    return canvas.getContext("2d");
  }

  function paintPicture(canvas, { side, numbers }) {
    sized(canvas, side, side).putImageData(levels(numbers), 0, 0);
    return { across: 1, tiles: 1, side };
  }

  const mostOf = (numbers) => numbers.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);

  // Maps beside each other, so many `across`, with a line of nothing between two.
  function paintMaps(canvas, { side, stride, numbers }, maps, across, ramp) {
    const width = across * (side + 1) - 1;
    const height = Math.ceil(maps.length / across) * (side + 1) - 1;
    const image = new ImageData(width, height);
    const scale = 255 / mostOf(numbers);
    maps.forEach((channel, tile) => {
      const [left, top] = [(tile % across) * (side + 1), Math.floor(tile / across) * (side + 1)];
      for (let place = 0; place < side * side; place++) {
        const level = 255 + Math.round(scale * numbers[place * stride + channel]);
        const at = 4 * ((top + Math.floor(place / side)) * width + left + (place % side));
        image.data.set([ramp[3 * level], ramp[3 * level + 1], ramp[3 * level + 2], 255], at);
      }
    });
    sized(canvas, width, height).putImageData(image, 0, 0);
    return { across, tiles: maps.length, side };
  }

  // Units as cells, column by column; or row by row where there are so many `across`, each so many pixels with a line around it.
  function paintUnits(canvas, { length, numbers }, ramp, across = 0, cell = 1) {
    const columns = across || Math.ceil(length / ROWS);
    const rows = across ? Math.ceil(length / across) : Math.min(ROWS, length);
    const brush = sized(canvas, columns * cell, rows * cell);
    const scale = 255 / mostOf(numbers);
    brush.clearRect(0, 0, canvas.width, canvas.height);
    for (let unit = 0; unit < length; unit++) {
      const level = 3 * (255 + Math.round(scale * numbers[unit]));
      const [x, y] = across ? [unit % across, Math.floor(unit / across)] : [Math.floor(unit / rows), unit % rows];
      brush.fillStyle = `rgb(${ramp[level]}, ${ramp[level + 1]}, ${ramp[level + 2]})`;
      brush.fillRect(x * cell, y * cell, Math.max(1, cell - 1), Math.max(1, cell - 1));
    }
  }

  // Latents beside each other as clouds around their mu, sigma high; of z, where it was drawn in them.
  function paintClouds(svg, { mu, sigma }, latents, z, [width, height]) {
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.replaceChildren();
    const reach = latents.reduce((most, at) => Math.max(most, Math.abs(mu[at]) + 2 * sigma[at]), 3);
    const y = (value) => height / 2 - (clamp(value, -reach, reach) / reach) * 0.44 * height;
    const step = width / Math.max(1, latents.length);
    shape(svg, "path", { d: `M0 ${height / 2}H${width}`, class: "zero" });
    latents.forEach((latent, place) => {
      const cx = (place + 0.5) * step;
      for (const part of [2, 1.3, 0.7])
        shape(svg, "ellipse", { cx, cy: y(mu[latent]), rx: 0.44 * step, ry: Math.max(1, (0.44 * height * part * sigma[latent]) / reach), class: z ? "faint" : "cloud" });
      shape(svg, "circle", { cx, cy: y(z ? z[latent] : mu[latent]), r: clamp(0.24 * step, 1.2, 5), class: z ? "drawn" : "likely" });
    });
  }

  // The KL of a picture as a bar, a part for each latent, the largest first; as long as this share of its place.
  function paintBar(bar, { kl, total, used }, share) {
    bar.style.width = `${100 * share}%`;
    bar.replaceChildren();
    const parts = used.map((at) => kl[at]).sort((a, b) => b - a);
    parts.push(Math.max(0, total - parts.reduce((sum, one) => sum + one, 0))); // of those that are not in use
    for (const part of parts) made(bar, "i").style.flexGrow = part / (total || 1);
  }

  // ---- a block -----------------------------------------------------------------------------------------------------

  const acrossAtRest = ({ side }) => (side >= 16 ? 2 : side >= 8 ? 3 : 4);

  function faceOf(parent, tag = "canvas") {
    const face = made(parent, "span", { className: "face" });
    const drawn = tag === "svg" ? shape(face, "svg", { "aria-hidden": "true" }) : made(face, "canvas");
    return { face, drawn, marks: made(face, "span", { className: "marks" }) };
  }

  // A block that has a window, or a place in it, shows these on every map; `layout` says where the maps lie.
  function layMarks(part, layout) {
    part.layout = layout;
    if (!layout) return;
    const { across, tiles, side } = layout;
    const [width, height] = [across * (side + 1) - 1, Math.ceil(tiles / across) * (side + 1) - 1];
    part.marks.style.cssText = `--side:${side + 1};--across:${width};--down:${height}`;
    while (part.marks.children.length > tiles) part.marks.lastChild.remove();
    while (part.marks.children.length < tiles) made(part.marks, "i");
    [...part.marks.children].forEach((mark, tile) => {
      mark.style.setProperty("--column", tile % across);
      mark.style.setProperty("--row", Math.floor(tile / across));
    });
  }

  function mark({ marks }, rect) {
    marks.classList.toggle("shown", Boolean(rect));
    if (rect) ["--x", "--y", "--w", "--h"].forEach((name, at) => marks.style.setProperty(name, rect[at]));
  }

  function windowAt(x, y, side) {
    const [left, top] = [Math.max(0, 2 * x - 1), Math.max(0, 2 * y - 1)];
    return [left, top, Math.min(side, 2 * x + 3) - left, Math.min(side, 2 * y + 3) - top];
  }

  // How many places a side the window of a block has: where it looks from, or where it paints from.
  const placesOf = (block) => (block.kind === "conv" ? block.side : block.from.side);

  // Where a block looks, in what comes before it and in itself, for one place of its window.
  function point(before, after, block, x, y) {
    const wide = block.kind === "conv";
    mark(before, wide ? windowAt(x, y, block.from.side) : [x, y, 1, 1]);
    mark(after, wide ? [x, y, 1, 1] : windowAt(x, y, block.side));
  }

  function paint(part, block, ramp) {
    if (block.kind === "code") paintClouds(part.drawn, block, block.used.slice(0, KEPT), null, [120, 100]);
    else if (block.kind === "z") paintClouds(part.drawn, block.code, block.used.slice(0, KEPT), block.numbers, [120, 100]);
    else if (block.picture) layMarks(part, paintPicture(part.drawn, block));
    else if (block.length) paintUnits(part.drawn, block, ramp);
    else {
      const across = Math.min(acrossAtRest(block), Math.ceil(Math.sqrt(block.channels)));
      layMarks(part, paintMaps(part.drawn, block, strongest(block).slice(0, across * across), across, ramp));
    }
  }

  // ---- all of it ---------------------------------------------------------------------------------------------------

  class Flow {
    constructor(root, data, tell) {
      Object.assign(this, { root, data, tell });
      const before = root.flow;
      before?.end();
      const bytes = new Uint8Array(fromBase64(data.pictures));
      const size = 3 * data.side ** 2;
      this.pictures = Array.from({ length: bytes.length / size }, (_, at) => Float32Array.from(bytes.subarray(at * size, (at + 1) * size), (level) => level / 255));
      this.chosen = Math.min(before?.chosen ?? 0, this.pictures.length - 1);
      this.state = before?.state ?? "trained";
      this.moving = [];
      this.most = before?.most ?? 1e-6;
      root.replaceChildren();
      root.classList.add("flow");
      if (studio.flaw) {
        made(root, "p", { textContent: studio.flaw });
        return;
      }
      this.addControls();
      const lanes = made(root, "div", { className: "lanes" });
      this.lanes = data.runs.map((run) => this.addLane(lanes, run));
      this.addDialog();
      root.onkeydown = (event) => {
        if (this.dialog.open) this.onKey(event);
      };
      this.compute = newest((from) => this.renew(from));
      this.compute(0);
    }

    end() {
      clearTimeout(this.waiting);
      cancelAnimationFrame(this.sliding);
      this.stop();
    }

    // ---- what one can choose

    addControls() {
      const controls = made(this.root, "div", { className: "controls" });
      const choice = made(controls, "div", { className: "pictures", role: "group", ariaLabel: "Which picture" });
      this.choices = this.pictures.map((picture, at) => {
        const button = made(choice, "button", { type: "button", ariaLabel: `Picture ${at + 1}`, onclick: () => this.choose(at) });
        paintPicture(made(button, "canvas"), { side: this.data.side, numbers: picture });
        return button;
      });
      this.play = made(controls, "button", { type: "button", className: "play", hidden: calm(), onclick: () => this.toggle() });
      made(controls, "button", { type: "button", textContent: "Resample", title: "Draws other numbers from the clouds: one of many", onclick: () => this.resample() });
      const states = made(controls, "div", { className: "states", role: "group", ariaLabel: "Before or after learning", hidden: !this.data.runs.every((run) => run.untrained) });
      this.states = Object.keys(STATES).map((state) => made(states, "button", { type: "button", textContent: STATES[state], onclick: () => this.turn(state) }));
      this.say();
    }

    say() {
      this.choices.forEach((button, at) => button.setAttribute("aria-pressed", at === this.chosen));
      this.states.forEach((button) => button.setAttribute("aria-pressed", button.textContent === STATES[this.state]));
      const playing = this.looping || this.moving.some((motion) => motion.playState === "running");
      this.play.textContent = playing ? "❚❚ Pause" : "▶ Play";
    }

    choose(at) {
      this.chosen = at;
      this.compute(0);
    }

    resample() {
      for (const lane of this.lanes) lane.noise = [];
      this.looping = false;
      this.compute(1);
    }

    turn(state) {
      this.state = state;
      this.say();
      this.tell("state", state);
      for (const lane of this.lanes) lane.section.setAttribute("aria-busy", "true");
      this.compute(0);
    }

    // ---- a run's way

    addLane(lanes, run) {
      const section = made(lanes, "section", { ariaLabel: run.name });
      section.style.setProperty("--hue", /^#[0-9a-f]{6}$/i.test(run.hue) ? run.hue : "#808080");
      made(section, "b", { className: "name", textContent: run.name });
      const lane = { run, section, ramp: rampOf(run.hue), noise: [], parts: [] };
      lane.draw = (at) => (lane.noise[at] ??= normal());
      lane.row = made(section, "ol");
      section.setAttribute("aria-busy", "true");
      return lane;
    }

    // Computes all of it for the chosen picture, and lets it flow from the beginning, or with 1 from z on.
    async renew(from) {
      const [picture, state] = [this.pictures[this.chosen], this.state];
      const ways = await Promise.all(this.lanes.map(({ run, draw }) => wayOf(run, run[state], picture, draw)));
      if (state !== this.state) return;
      // One scale for all bars there have been, before and after learning.
      this.most = Math.max(this.most, ...ways.map((way) => way.find(({ kind }) => kind === "code").total));
      this.lanes.forEach((lane, at) => this.show(lane, ways[at]));
      if (this.dialog.open) this.enlarge(this.opened.lane, this.opened.at);
      this.start(from);
      this.root.dataset.there = `${state}-${this.chosen}`;
    }

    show(lane, way) {
      lane.section.removeAttribute("aria-busy");
      lane.way = way;
      if (lane.parts.length !== way.length) this.addBlocks(lane);
      lane.parts.forEach((part, at) => {
        paint(part, way[at], lane.ramp);
        if (part.bar) paintBar(part.bar, way[at], way[at].total / this.most);
      });
    }

    addBlocks(lane) {
      lane.row.replaceChildren();
      lane.parts = lane.way.map((block, at) => {
        const [short, full] = wordsOf(block);
        const item = made(lane.row, "li");
        item.className = ["code", "z"].includes(block.kind) ? "wide" : block.length ? "units" : "";
        const button = made(item, "button", { type: "button", ariaLabel: `${lane.run.name}, ${full}: enlarge`, ariaHasPopup: "dialog" });
        const part = { ...faceOf(button, item.className === "wide" ? "svg" : "canvas"), item, button };
        made(button, "small", { textContent: short });
        if (block.kind === "code") part.bar = made(made(button, "span", { className: "bar", title: "How much it notes down of this picture" }), "span");
        button.onclick = () => this.enlarge(lane, at);
        button.onpointerenter = button.onfocus = () => this.point(lane, at);
        button.onpointerleave = button.onblur = () => this.point(null);
        return part;
      });
    }

    // ---- the window

    point(lane, at) {
      if (this.dialog.open) return; // its own window slides
      cancelAnimationFrame(this.sliding);
      for (const { parts } of this.lanes) parts.forEach((part) => mark(part, null));
      const block = lane?.way[at];
      if (block && looks(block)) this.slide(lane.parts[at - 1], lane.parts[at], () => lane.way[at]);
    }

    // Slides the window of a block on, from wherever it is.
    slide(before, after, blockOf) {
      cancelAnimationFrame(this.sliding);
      const side = placesOf(blockOf());
      const began = performance.now();
      const tick = (now) => {
        if (!this.root.isConnected) return;
        const place = calm() ? (side * side + side) / 2 : Math.max(0, Math.floor((now - began) / STRIDE)) % side ** 2;
        point(before, after, blockOf(), Math.floor(place % side), Math.floor(place / side));
        this.place = [Math.floor(place % side), Math.floor(place / side)];
        if (!calm()) this.sliding = requestAnimationFrame(tick);
      };
      this.sliding = requestAnimationFrame(tick);
    }

    // ---- a block, enlarged

    addDialog() {
      this.dialog = made(this.root, "dialog");
      const head = made(this.dialog, "header");
      this.title = made(head, "b", { className: "name" });
      made(head, "button", { type: "button", textContent: "✕", ariaLabel: "Close", onclick: () => this.dialog.close() });
      this.meant = made(this.dialog, "p");
      this.large = made(this.dialog, "div", { className: "large" });
      this.dialog.onclick = ({ target }) => {
        if (target === this.dialog) this.dialog.close(); // beside it
      };
      this.dialog.onclose = () => this.point(null);
    }

    enlarge(lane, at) {
      const block = lane.way[at];
      this.opened = { lane, at };
      this.dialog.style.setProperty("--hue", lane.section.style.getPropertyValue("--hue"));
      this.title.textContent = this.dialog.ariaLabel = `${lane.run.name}: ${wordsOf(block)[1]}`;
      this.meant.textContent = MEANT[block.kind](block);
      this.large.replaceChildren();
      this.point(null);
      this.window = null;
      if (block.kind === "code" || block.kind === "z") this.enlargeClouds(block);
      else if (looks(block)) this.enlargeMaps(block, lane.ramp);
      else if (isMaps(block)) this.allMaps(block, lane.ramp);
      else if (block.length) paintUnits(this.figure("units", `${count(block.length)} numbers, a cell each`).drawn, block, lane.ramp, 32, 9);
      else this.enlargePictures(lane, block);
      if (!this.dialog.open) this.dialog.showModal();
    }

    figure(className, words, tag = "canvas") {
      const figure = made(this.large, "figure", { className });
      const part = faceOf(figure, tag);
      part.drawn.setAttribute("role", "img");
      part.drawn.setAttribute("aria-label", words);
      part.drawn.removeAttribute("aria-hidden");
      made(figure, "figcaption", { textContent: words });
      return part;
    }

    enlargePictures(lane, block) {
      const first = this.figure("picture", "the picture");
      paintPicture(first.drawn, lane.way[0]);
      if (block !== lane.way[0]) paintPicture(this.figure("picture", wordsOf(block)[1]).drawn, block);
    }

    allMaps(block, ramp) {
      const across = 2 ** Math.ceil(Math.log2(Math.sqrt(2 * block.channels)));
      const part = this.figure("maps", `all ${block.channels} maps, the strongest first`);
      paintMaps(part.drawn, block, strongest(block), Math.min(across, block.channels), ramp);
    }

    // What comes before, with the window on it; what it sees there; and all maps.
    enlargeMaps(block, ramp) {
      const one = (which) => {
        const words = which === block ? "what it makes of it" : "what comes before";
        const part = this.figure("picture", which.picture ? words : `${words}: the strongest map`);
        layMarks(part, which.picture ? paintPicture(part.drawn, which) : paintMaps(part.drawn, which, strongest(which).slice(0, 1), 1, ramp));
        return part;
      };
      const [before, after] = [one(block.from), one(block)];
      this.window = { before, after, block };
      this.slide(before, after, () => block);
      const hand = block.kind === "conv" ? after : before; // the one that has the window's places
      hand.face.classList.add("hand");
      hand.face.onpointerdown = hand.face.onpointermove = (event) => this.onPoint(event, hand.face);
      if (isMaps(block)) this.allMaps(block, ramp);
    }

    enlargeClouds(block) {
      const code = block.code ?? block;
      const words = block.kind === "z" ? `z: a value for each of ${block.used.length} numbers in use` : `${block.used.length} of ${code.mu.length} numbers are in use, the one that says most first`;
      paintClouds(this.figure("clouds", words, "svg").drawn, code, block.used, block.kind === "z" ? block.numbers : null, [Math.max(200, 14 * block.used.length), 200]);
      if (block.kind === "z") return;
      const figure = made(this.large, "figure", { className: "clouds" });
      paintBar(made(made(figure, "span", { className: "bar" }), "span"), code, 1);
      const first = Math.max(...block.used.map((at) => code.kl[at]), 0);
      made(figure, "figcaption", { textContent: `KL of this picture: ${code.total.toFixed(1)} nats in all, ${first.toFixed(1)} in the number that says most` });
    }

    onPoint(event, face) {
      const area = face.getBoundingClientRect();
      const side = placesOf(this.window.block);
      const place = (at) => clamp(Math.floor(at * side), 0, side - 1);
      this.put(place((event.clientX - area.x) / area.width), place((event.clientY - area.y) / area.height));
    }

    put(x, y) {
      const { before, after, block } = this.window;
      cancelAnimationFrame(this.sliding);
      this.place = [x, y];
      point(before, after, block, x, y);
    }

    // Keys are for what is enlarged, not for the page below; Escape closes it, as the browser does.
    onKey(event) {
      event.stopPropagation();
      const move = MOVES[event.key];
      if (!move || !this.window) return;
      event.preventDefault();
      const side = placesOf(this.window.block);
      this.put(...this.place.map((at, axis) => clamp(at + move[axis], 0, side - 1)));
    }

    // ---- motion

    start(from) {
      this.stop();
      if (!calm()) this.moving = this.lanes.flatMap((lane) => this.motions(lane, from));
      Promise.all(this.moving.map((motion) => motion.finished)).then(
        () => this.rest(),
        () => {}, // another one has begun
      );
      this.say();
    }

    motions({ way, parts }, from) {
      const first = from ? way.findIndex(({ kind }) => kind === "z") : 0;
      return parts.slice(first).map(({ item }, at) =>
        item.animate(
          [{ opacity: 0.12 }, { opacity: 1 }],
          { duration: 500, delay: (LAP * (first + at) / way.length) - (LAP * first) / way.length, fill: "backwards", easing: "ease-out" },
        ),
      );
    }

    stop() {
      for (const motion of this.moving) motion.cancel();
      this.moving = [];
      clearTimeout(this.waiting);
    }

    rest() {
      this.say();
      if (!this.looping) return;
      this.waiting = setTimeout(() => {
        if (!this.root.isConnected) return; // another page is shown
        this.choose((this.chosen + 1) % this.pictures.length);
      }, REST);
    }

    toggle() {
      const running = this.moving.filter((motion) => motion.playState === "running");
      if (this.looping || running.length) {
        this.looping = false;
        clearTimeout(this.waiting);
        for (const motion of running) motion.pause();
      } else {
        this.looping = true;
        const held = this.moving.filter((motion) => motion.playState === "paused");
        for (const motion of held) motion.play();
        if (!held.length) this.compute(0);
      }
      this.say();
    }
  }

  // `data`: `runs` with their `name`, `hue`, latents in use (`used`) and the names of their `trained` and `untrained` parts;
  // `pictures` of `side` pixels, interleaved bytes in base64. It tells `state`, "trained" or "untrained", once somebody chooses it.
  return (root, data, tell) => {
    const shown = JSON.stringify(data);
    if (root.shown === shown) return;
    root.shown = shown;
    root.flow = new Flow(root, data, tell);
  };
})();
