// A picture on its way through models, side by side: what each layer makes of it, the cloud of z that it becomes, and back.
const flow = (() => {
  const { clamp, wayOf, strongest, isMaps, looks, count, wordsOf, MEANT } = layers;
  const { rampOf, paint, paintPicture, paintMaps, paintUnits, paintClouds, paintBar, faceOf, layMarks, mark, placesOf, point } = faces;
  const LAP = 3200; // milliseconds from the first block to the last
  const REST = 1600; // before the next picture comes, where it plays
  const STRIDE = 110; // from one place of the window to the next
  const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const STATES = { untrained: () => said("untrained"), trained: () => said("trained") };
  const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

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
      studio.heed(root, () => this.refuse());
      if (studio.flaw) return this.refuse();
      this.addControls();
      const lanes = element(root, "div", { className: "lanes" });
      this.lanes = data.runs.map((run) => this.addLane(lanes, run));
      this.addDialog();
      root.onkeydown = (event) => {
        if (this.dialog.open) this.onKey(event);
      };
      this.compute = newest((from) => this.renew(from));
      this.compute(0);
    }

    refuse() {
      this.root.replaceChildren(Object.assign(document.createElement("p"), { role: "status", textContent: studio.flaw }));
    }

    end() {
      clearTimeout(this.waiting);
      cancelAnimationFrame(this.sliding);
      this.stop();
    }

    // ---- what one can choose

    addControls() {
      const controls = element(this.root, "div", { className: "controls" });
      const choice = element(controls, "div", { className: "pictures", role: "group", ariaLabel: said("Which picture") });
      this.choices = this.pictures.map((picture, at) => {
        const button = element(choice, "button", { type: "button", ariaLabel: said("Picture {number}", { number: at + 1 }), onclick: () => this.choose(at) });
        paintPicture(element(button, "canvas"), { side: this.data.side, numbers: picture });
        return button;
      });
      this.play = element(controls, "button", { type: "button", className: "play", hidden: calm(), onclick: () => this.toggle() });
      element(controls, "button", { type: "button", textContent: said("Resample"), title: said("Draws other numbers from the clouds: one of many"), onclick: () => this.resample() });
      const states = element(controls, "div", { className: "states", role: "group", ariaLabel: said("Before or after learning"), hidden: !this.data.runs.every((run) => run.untrained) });
      this.states = Object.keys(STATES).map((state) => element(states, "button", { type: "button", textContent: STATES[state](), onclick: () => this.turn(state) }));
      this.say();
    }

    say() {
      this.choices.forEach((button, at) => button.setAttribute("aria-pressed", at === this.chosen));
      this.states.forEach((button) => button.setAttribute("aria-pressed", button.textContent === STATES[this.state]()));
      const playing = this.looping || this.moving.some((motion) => motion.playState === "running");
      this.play.textContent = playing ? `❚❚ ${said("Pause")}` : `▶ ${said("Play")}`;
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
      if (state === "untrained") this.tell("untrained", true);
      for (const lane of this.lanes) lane.section.setAttribute("aria-busy", "true");
      this.compute(0);
    }

    // ---- a run's way

    addLane(lanes, run) {
      const section = element(lanes, "section", { ariaLabel: run.name });
      section.style.setProperty("--hue", /^#[0-9a-f]{6}$/i.test(run.hue) ? run.hue : "#808080");
      element(section, "b", { className: "name", textContent: run.name });
      const lane = { run, section, ramp: rampOf(run.hue), noise: [], parts: [] };
      lane.draw = (at) => (lane.noise[at] ??= normal());
      lane.row = element(section, "ol");
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
        const item = element(lane.row, "li");
        item.className = ["code", "z"].includes(block.kind) ? "wide" : block.length ? "units" : "";
        const button = element(item, "button", { type: "button", ariaLabel: said("{name}, {full}: enlarge", { name: lane.run.name, full }), ariaHasPopup: "dialog" });
        const part = { ...faceOf(button, item.className === "wide" ? "svg" : "canvas"), item, button };
        element(button, "small", { textContent: short });
        if (block.kind === "code") part.bar = element(element(button, "span", { className: "bar", title: said("How much it notes down of this picture") }), "span");
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
      this.dialog = element(this.root, "dialog");
      const head = element(this.dialog, "header");
      this.title = element(head, "b", { className: "name" });
      element(head, "button", { type: "button", textContent: "✕", ariaLabel: said("Close"), onclick: () => this.dialog.close() });
      this.meant = element(this.dialog, "p");
      this.large = element(this.dialog, "div", { className: "large" });
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
      else if (block.length) paintUnits(this.figure("units", said("{n} numbers, a cell each", { n: count(block.length) })).drawn, block, lane.ramp, 32, 9);
      else this.enlargePictures(lane, block);
      if (!this.dialog.open) this.dialog.showModal();
    }

    figure(className, words, tag = "canvas") {
      const figure = element(this.large, "figure", { className });
      const part = faceOf(figure, tag);
      part.drawn.setAttribute("role", "img");
      part.drawn.setAttribute("aria-label", words);
      part.drawn.removeAttribute("aria-hidden");
      element(figure, "figcaption", { textContent: words });
      return part;
    }

    enlargePictures(lane, block) {
      const first = this.figure("picture", said("the picture"));
      paintPicture(first.drawn, lane.way[0]);
      if (block !== lane.way[0]) paintPicture(this.figure("picture", wordsOf(block)[1]).drawn, block);
    }

    allMaps(block, ramp) {
      const across = 2 ** Math.ceil(Math.log2(Math.sqrt(2 * block.channels)));
      const part = this.figure("maps", said("all {channels} maps, the strongest first", block));
      paintMaps(part.drawn, block, strongest(block), Math.min(across, block.channels), ramp);
    }

    // What comes before, with the window on it; what it sees there; and all maps.
    enlargeMaps(block, ramp) {
      const one = (which) => {
        const words = which === block ? said("what it makes of it") : said("what comes before");
        const part = this.figure("picture", which.picture ? words : said("{words}: the strongest map", { words }));
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
      const words = block.kind === "z" ? said("z: a value for each of {used} numbers in use", { used: block.used.length }) : said("{used} of {all} numbers are in use, the one that says most first", { used: block.used.length, all: code.mu.length });
      paintClouds(this.figure("clouds", words, "svg").drawn, code, block.used, block.kind === "z" ? block.numbers : null, [Math.max(200, 14 * block.used.length), 200]);
      if (block.kind === "z") return;
      const figure = element(this.large, "figure", { className: "clouds" });
      paintBar(element(element(figure, "span", { className: "bar" }), "span"), code, 1);
      const first = Math.max(...block.used.map((at) => code.kl[at]), 0);
      element(figure, "figcaption", { textContent: said("KL of this picture: {total} nats in all, {first} in the number that says most", { total: written(code.total, 1), first: written(first, 1) }) });
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
  // `pictures` of `side` pixels, interleaved bytes in base64. It tells `untrained` once somebody wants to see that: what it needs may be on its way still when they have turned back.
  return (root, data, tell) => {
    const shown = JSON.stringify(data);
    if (root.shown === shown) return;
    root.shown = shown;
    root.flow = new Flow(root, data, tell);
  };
})();
