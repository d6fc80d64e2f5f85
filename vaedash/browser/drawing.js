// A picture that somebody draws, and beside it what models redraw of it, stroke by stroke. Nothing of it leaves the page.
// `studio`, `newest` and `levels` of client.js stand before this. `drawing(root, data, tell)` may be called again with other models:
// the drawing stays, and so it does on a way to other pages and back. `tell("shuffled", yes)` is all that is ever told.
const drawing = (() => {
  const SIZES = { fine: 1, medium: 3, broad: 6 }; // of a brush, in pixels of a picture that has 32
  const UNDONE = 200; // steps, at most
  const SETTLED = 900; // milliseconds after which it is said aloud how wrong each is
  const REACH = 3; // of the bars: few numbers that a model keeps lie beyond
  const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const NO_CAMERA = {
    NotAllowedError: "This browser may not use the camera here: it can be allowed beside the address.",
    NotFoundError: "There is no camera here.",
    NotReadableError: "The camera cannot be used: another program may be using it.",
    insecure: "A browser lends its camera only to a page whose address begins with https, or with localhost on this machine. "
      + "A file can be opened everywhere.",
  };
  const NO_PICTURE = "This file cannot be read as a picture. One as JPEG, PNG or WebP will do.";
  const HTML = `
<p class="flaw" hidden></p>
<div class="desk">
  <div class="easel">
    <div class="sheet">
      <canvas class="paper" tabindex="0" role="application" aria-label="Your picture" aria-describedby="drawing-keys"></canvas>
      <i class="cursor" hidden></i>
      <b class="hint" aria-hidden="true">Draw here</b>
      <video muted playsinline hidden aria-label="What the camera sees"></video>
      <button type="button" name="freeze" hidden>Take it</button>
    </div>
    <fieldset class="colours" aria-label="Colour"></fieldset>
    <fieldset class="tools" aria-label="Tool"></fieldset>
    <p class="aside" id="drawing-keys">Arrow keys move, space paints, with Shift the arrows paint along; Ctrl+Z takes back.</p>
  </div>
  <div>
    <p class="told" hidden></p>
    <div class="figures"></div>
  </div>
</div>
<div class="actions">
  <button type="button" name="undo">Undo</button>
  <button type="button" name="clear">Clear</button>
  <button type="button" name="another">A new picture</button>
  <button type="button" name="open" title="A file; a picture can also be dropped or pasted here">Open a picture</button>
  <button type="button" name="camera">Camera</button>
  <button type="button" name="save">Save</button>
  <button type="button" name="saveAll">Save all</button>
  <label class="switch"><input type="checkbox" role="switch" name="shuffled"><i></i>Shuffle its pixels</label>
  <input type="file" accept="image/*" hidden>
</div>
<p class="sorry" role="alert"></p>
<p class="aside" role="status"></p>`;

  // ---- pictures: `side` pixels a side, in `pixels` red, green and blue of each, 0 to 255 ----

  const rgb = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  const hex = (values) => `#${[...values].map((value) => value.toString(16).padStart(2, "0")).join("")}`;

  function plain(side, colour) {
    const pixels = new Uint8ClampedArray(3 * side * side);
    const values = rgb(colour);
    for (let at = 0; at < pixels.length; at++) pixels[at] = values[at % 3];
    return { side, pixels };
  }

  const copied = ({ side, pixels }) => ({ side, pixels: pixels.slice() });

  // With another number of pixels a side: averaged, or each of them repeated.
  function resized({ side, pixels }, wanted) {
    const made = new Uint8ClampedArray(3 * wanted * wanted);
    const step = side / wanted;
    const width = Math.max(1, Math.round(step));
    for (let y = 0; y < wanted; y++)
      for (let x = 0; x < wanted; x++)
        for (let channel = 0; channel < 3; channel++) {
          let sum = 0;
          for (let row = 0; row < width; row++)
            for (let column = 0; column < width; column++)
              sum += pixels[3 * ((Math.floor(y * step) + row) * side + Math.floor(x * step) + column) + channel];
          made[3 * (y * wanted + x) + channel] = sum / width ** 2;
        }
    return { side: wanted, pixels: made };
  }

  // Numbers by pixel in the fixed order, as `images.shuffled` of vaedash/images.py has them; and back.
  const shuffled = (numbers, order) => numbers.map((_, at) => numbers[3 * order[Math.floor(at / 3)] + (at % 3)]);
  function inOrder(numbers, order) {
    const made = numbers.slice();
    numbers.forEach((number, at) => (made[3 * order[Math.floor(at / 3)] + (at % 3)] = number));
    return made;
  }

  // A round dot of so many pixels across around a point; even ones lie between pixels.
  function dot({ side, pixels }, x, y, across, values) {
    const [cx, cy] = [x, y].map((at) => (across % 2 ? Math.floor(at) + 0.5 : Math.round(at)));
    for (let row = 0; row < side; row++)
      for (let column = 0; column < side; column++)
        if ((row + 0.5 - cy) ** 2 + (column + 0.5 - cx) ** 2 <= (across / 2) ** 2) pixels.set(values, 3 * (row * side + column));
  }

  function line(picture, from, to, across, values) {
    const steps = Math.max(1, Math.ceil(2 * Math.max(Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1]))));
    for (let step = 0; step <= steps; step++) {
      const [x, y] = [0, 1].map((axis) => from[axis] + ((to[axis] - from[axis]) * step) / steps);
      dot(picture, x, y, across, values);
    }
  }

  // Everything of one colour that touches a pixel.
  function fill({ side, pixels }, x, y, values) {
    const is = (at, wanted) => wanted.every((value, channel) => pixels[3 * at + channel] === value);
    const start = y * side + x;
    const old = [...pixels.slice(3 * start, 3 * start + 3)];
    if (is(start, values)) return;
    for (const waiting = [start]; waiting.length; ) {
      const at = waiting.pop();
      if (!is(at, old)) continue;
      pixels.set(values, 3 * at);
      if (at % side > 0) waiting.push(at - 1);
      if (at % side < side - 1) waiting.push(at + 1);
      if (at >= side) waiting.push(at - side);
      if (at < side * (side - 1)) waiting.push(at + side);
    }
  }

  // The square middle of whatever can be drawn, with `side` pixels: each the average of those that it covers.
  function cropped(source, width, height, side, { mirrored = false, under = "#ffffff" } = {}) {
    const large = 8 * side;
    const brush = new OffscreenCanvas(large, large).getContext("2d", { willReadFrequently: true });
    const edge = Math.min(width, height);
    Object.assign(brush, { fillStyle: under, imageSmoothingQuality: "high" });
    brush.fillRect(0, 0, large, large);
    if (mirrored) brush.setTransform(-1, 0, 0, 1, large, 0);
    brush.drawImage(source, (width - edge) / 2, (height - edge) / 2, edge, edge, 0, 0, large, large);
    const { data } = brush.getImageData(0, 0, large, large);
    return resized({ side: large, pixels: data.filter((_, at) => at % 4 < 3) }, side);
  }

  const numbers = (pixels) => Float32Array.from(pixels, (level) => level / 255);
  const wrong = (image, other) => image.reduce((sum, value, at) => sum + (value - other[at]) ** 2, 0);
  const amount = (error) => (error < 9.95 ? error.toFixed(1) : Math.round(error).toLocaleString("en"));

  // How wrong one flat colour would be, the best that there is.
  function flatWrong(image) {
    const sums = [0, 1, 2].map((channel) => image.reduce((sum, value, at) => (at % 3 === channel ? sum + value : sum), 0));
    return wrong(image, image.map((_, at) => (3 * sums[at % 3]) / image.length));
  }

  // A colour in words, for who does not see it.
  function spoken(colour) {
    const [red, green, blue] = rgb(colour).map((value) => value / 255);
    const [most, least] = [Math.max(red, green, blue), Math.min(red, green, blue)];
    const light = (most + least) / 2;
    const tone = light < 0.3 ? "dark " : light > 0.75 ? "light " : "";
    if (most - least < 0.12) return light > 0.95 ? "white" : light < 0.08 ? "black" : `${tone}grey`;
    const turn = { [red]: ((green - blue) / (most - least) + 6) % 6, [green]: (blue - red) / (most - least) + 2, [blue]: (red - green) / (most - least) + 4 };
    const hue = (most === red ? turn[red] : most === green ? turn[green] : turn[blue]) * 60;
    const names = [[15, "red"], [45, "orange"], [70, "yellow"], [165, "green"], [200, "turquoise"], [255, "blue"], [290, "violet"], [345, "pink"], [361, "red"]];
    return tone + names.find(([until]) => hue < until)[1];
  }

  function element(parent, kind, values = {}, words = "") {
    const made = Object.assign(document.createElement(kind), values);
    made.textContent = words;
    parent.append(made);
    return made;
  }

  function option(parent, group, value, words, chosen, choose) {
    const label = element(parent, "label");
    const input = element(label, "input", { type: "radio", name: group, value, checked: chosen });
    element(label, "span", {}, words);
    input.onchange = () => choose(value);
    return { label, input };
  }

  // ---- what a model makes of pictures ----

  async function redrawn({ encoder, decoder, latents }, images, count) {
    const coded = await studio.run(encoder, images, count);
    const mu = new Float32Array(count * latents);
    for (let at = 0; at < count; at++) mu.set(coded.subarray(2 * at * latents, (2 * at + 1) * latents), at * latents);
    return { mu, images: await studio.run(decoder, mu.slice(), count) };
  }

  const yards = new Map(); // by encoder: how wrong its run is about a new picture, on average; a promise

  function yard(model, set) {
    if (!yards.has(model.encoder)) yards.set(model.encoder, measured(model, set));
    return yards.get(model.encoder);
  }

  async function measured(model, set) {
    const each = 3 * set.side ** 2;
    const images = numbers(set.pixels);
    const made = await redrawn(model, images, images.length / each);
    return (wrong(images, made.images) * each) / images.length;
  }

  function unpacked({ side, pixels }) {
    return { side, pixels: Uint8ClampedArray.from(atob(pixels), (letter) => letter.charCodeAt(0)) };
  }

  // ---- on a page ----

  // What a person has made: one drawing for all of a tab.
  const kept = (globalThis.vaedashDrawing ??= { picture: null, past: [], paper: "#ffffff", colour: "", tool: "medium", size: "medium", next: 0 });

  class Drawing {
    constructor(root) {
      this.root = root;
      root.innerHTML = HTML;
      this.at = (selector) => root.querySelector(selector);
      this.button = (name) => this.at(`[name=${name}]`);
      this.paper = this.at(".paper");
      this.redraw = newest(() => this.redrawn());
      this.cursor = [0, 0];
      this.buildTools();
      this.listen();
    }

    // ---- what is there to choose from ----

    buildTools() {
      const tools = this.at(".tools");
      this.tools = {};
      for (const tool of [...Object.keys(SIZES), "fill", "eraser"]) {
        const words = SIZES[tool] ? "" : tool[0].toUpperCase() + tool.slice(1);
        this.tools[tool] = option(tools, "tool", tool, words, tool === kept.tool, (value) => this.take(value)).input;
        if (!words) this.tools[tool].ariaLabel = `${tool} brush`;
      }
      const label = element(tools, "label", { className: "paper-colour" }, "Paper");
      this.ground = element(label, "input", { type: "color", value: kept.paper, ariaLabel: "Colour of the paper" });
      this.ground.onchange = () => this.recover(this.ground.value);
    }

    take(tool) {
      kept.tool = tool;
      if (SIZES[tool]) kept.size = tool; // which the eraser has too
      this.tools[tool].checked = true;
    }

    buildColours(palette) {
      if (this.palette === String(palette)) return;
      this.palette = String(palette);
      const colours = this.at(".colours");
      colours.replaceChildren();
      kept.colour ||= palette.at(-1);
      const choose = (colour) => {
        kept.colour = colour;
        if (kept.tool === "eraser") this.take(kept.size);
      };
      for (const colour of palette) {
        const { label, input } = option(colours, "colour", colour, "", colour === kept.colour, choose);
        label.style.setProperty("--colour", colour);
        input.ariaLabel = label.title = spoken(colour);
      }
      const label = element(colours, "label", { className: "any", title: "any colour" });
      const any = element(label, "input", { type: "color", ariaLabel: "Any colour", value: kept.colour });
      any.oninput = () => {
        choose(any.value);
        label.style.setProperty("--colour", any.value);
        colours.querySelectorAll("[type=radio]").forEach((radio) => (radio.checked = false));
        label.classList.add("chosen");
      };
      colours.onchange = ({ target }) => target !== any && label.classList.remove("chosen");
    }

    // ---- changing the picture ----

    remember() {
      kept.past.push({ ...copied(kept.picture), paper: kept.paper });
      if (kept.past.length > UNDONE) kept.past.shift();
      this.at(".hint").hidden = true;
      this.complain("");
    }

    undo() {
      const { paper, ...picture } = kept.past.pop() ?? {};
      if (!paper) return;
      Object.assign(kept, { picture, paper });
      this.ground.value = paper;
      this.changed();
    }

    replace(picture) {
      this.remember();
      kept.picture = picture;
      this.changed();
    }

    clear() {
      this.replace(plain(this.data.side, kept.paper));
    }

    // The paper in another colour, wherever it can still be seen.
    recover(colour) {
      this.remember();
      const { pixels } = kept.picture;
      const [before, after] = [rgb(kept.paper), rgb(colour)];
      for (let at = 0; at < pixels.length; at += 3)
        if (before.every((value, channel) => pixels[at + channel] === value)) pixels.set(after, at);
      kept.paper = colour;
      this.changed();
    }

    another() {
      const offered = this.sets.flatMap(({ side, pixels }) =>
        Array.from({ length: pixels.length / (3 * side ** 2) }, (_, at) => ({ side, pixels: pixels.subarray(3 * at * side ** 2, 3 * (at + 1) * side ** 2) })));
      this.replace(resized(offered[kept.next++ % offered.length], kept.picture.side));
    }

    // A stroke, or a part of one, between two points of the canvas in its pixels; or what is filled from there.
    paint(from, to) {
      const { side } = kept.picture;
      const [x, y] = to.map((at) => Math.min(side - 1, Math.max(0, Math.floor(at))));
      const across = Math.round((SIZES[kept.size] * side) / 32);
      if (kept.tool === "fill") fill(kept.picture, x, y, rgb(kept.colour));
      else line(kept.picture, from, to, across, rgb(kept.tool === "eraser" ? kept.paper : kept.colour));
      this.changed();
    }

    changed() {
      const { side, pixels } = kept.picture;
      if (this.paper.width !== side) Object.assign(this.paper, { width: side, height: side });
      this.root.style.setProperty("--side", side);
      this.paper.getContext("2d").putImageData(levels(numbers(pixels)), 0, 0);
      this.button("undo").disabled = !kept.past.length;
      this.redraw();
    }

    // ---- by mouse, finger and keyboard; files; the camera ----

    listen() {
      const { paper, root } = this;
      const place = ({ clientX, clientY }) => {
        const area = paper.getBoundingClientRect();
        return [((clientX - area.x) / area.width) * paper.width, ((clientY - area.y) / area.height) * paper.height];
      };
      paper.onpointerdown = (event) => {
        if (!event.isPrimary || event.button) return;
        paper.setPointerCapture(event.pointerId);
        this.at(".cursor").hidden = true;
        this.remember();
        this.last = place(event);
        this.paint(this.last, this.last);
      };
      paper.onpointermove = (event) => {
        if (!this.last || !event.isPrimary || kept.tool === "fill") return;
        for (const part of event.getCoalescedEvents?.() ?? [event]) {
          const here = place(part);
          this.paint(this.last, here);
          this.last = here;
        }
      };
      paper.onpointerup = paper.onpointercancel = (event) => event.isPrimary && (this.last = null);
      paper.onkeydown = (event) => this.key(event);
      paper.onblur = () => (this.at(".cursor").hidden = true);
      root.onkeydown = (event) => {
        if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
        event.preventDefault();
        this.undo();
      };
      root.ondragover = (event) => event.preventDefault();
      root.ondrop = (event) => {
        event.preventDefault();
        if (event.dataTransfer.files.length) this.open(event.dataTransfer.files[0]);
      };
      this.pasted = (event) => {
        if (!root.isConnected) return document.removeEventListener("paste", this.pasted); // another page is shown
        const file = [...event.clipboardData.files].find(({ type }) => type.startsWith("image/"));
        if (file) this.open(file);
      };
      document.addEventListener("paste", this.pasted);
      const file = this.at("[type=file]");
      file.onchange = () => {
        if (file.files.length) this.open(file.files[0]);
        file.value = ""; // so that the same may be opened again
      };
      const pressed = { undo: () => this.undo(), clear: () => this.clear(), another: () => this.another(), open: () => file.click(),
        camera: () => (this.stream ? this.stopCamera() : this.startCamera()), freeze: () => this.freeze(),
        save: () => this.save(false), saveAll: () => this.save(true) };
      for (const name in pressed) this.button(name).onclick = pressed[name];
      this.button("shuffled").onchange = ({ target }) => {
        kept.shuffled = target.checked;
        this.tell("shuffled", target.checked);
        this.redraw();
      };
    }

    key(event) {
      const step = STEPS[event.key];
      if (event.ctrlKey || event.metaKey || event.altKey || (!step && event.key !== " ")) return;
      event.preventDefault();
      const { side } = kept.picture;
      const before = this.cursor.map((at) => at + 0.5);
      if (step) this.cursor = this.cursor.map((at, axis) => Math.min(side - 1, Math.max(0, at + step[axis])));
      const [x, y] = this.cursor;
      if (event.key === " " || event.shiftKey) {
        this.remember();
        this.paint(event.shiftKey ? before : [x + 0.5, y + 0.5], [x + 0.5, y + 0.5]);
      }
      const cursor = this.at(".cursor");
      cursor.hidden = false;
      cursor.style.cssText = `left: ${(100 * x) / side}%; top: ${(100 * y) / side}%; width: ${100 / side}%; height: ${100 / side}%`;
      const at = 3 * (y * side + x);
      this.say(`row ${y + 1}, column ${x + 1}: ${spoken(hex(kept.picture.pixels.slice(at, at + 3)))}`);
    }

    async open(file) {
      try {
        const picture = await createImageBitmap(file);
        this.stopCamera();
        this.replace(cropped(picture, picture.width, picture.height, kept.picture.side, { under: kept.paper }));
        picture.close();
      } catch {
        this.complain(NO_PICTURE);
      }
    }

    async startCamera() {
      this.complain("");
      if (!navigator.mediaDevices?.getUserMedia) return this.complain(NO_CAMERA.insecure);
      this.button("camera").disabled = true; // until somebody has said yes or no
      try {
        this.stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "user", width: { ideal: 640 } } });
      } catch ({ name, message }) {
        return this.complain(NO_CAMERA[name] ?? `The camera cannot be used: ${message}`);
      } finally {
        this.button("camera").disabled = false;
      }
      this.stream.getTracks().forEach((track) => (track.onended = () => this.stopCamera())); // pulled out
      this.video = this.at("video");
      this.video.srcObject = this.stream;
      this.film(true);
      await this.video.play().catch(() => {}); // stopped meanwhile
      this.watch();
    }

    // While the camera runs, models redraw what it sees.
    watch() {
      if (!this.stream) return;
      if (!this.root.isConnected) return this.stopCamera(); // another page is shown
      const { videoWidth: width, videoHeight: height } = this.video;
      if (width) {
        this.seen = cropped(this.video, width, height, kept.picture.side, { mirrored: true });
        this.redraw();
      }
      requestAnimationFrame(() => this.watch());
    }

    film(on) {
      this.at("video").hidden = this.button("freeze").hidden = !on;
      this.button("camera").textContent = on ? "Stop the camera" : "Camera";
    }

    freeze() {
      const { seen } = this;
      this.stopCamera();
      if (seen) this.replace(seen);
      this.paper.focus();
    }

    stopCamera() {
      if (!this.stream) return;
      this.stream.getTracks().forEach((track) => track.stop());
      this.stream = this.seen = this.video.srcObject = null;
      this.film(false);
      this.redraw();
    }

    complain(words) {
      this.at(".sorry").textContent = words;
    }

    say(words) {
      this.at("[role=status]").textContent = words;
    }

    // ---- what models make of it ----

    show(data, tell) {
      Object.assign(this, { data, tell });
      this.at(".flaw").textContent = studio.flaw;
      this.at(".flaw").hidden = !studio.flaw;
      this.at(".figures").hidden = Boolean(studio.flaw);
      this.sets = data.sets.map(unpacked);
      kept.picture ??= plain(data.side, kept.paper);
      // Of a finer drawing nothing is lost when all models that are chosen now have fewer pixels.
      if (kept.picture.side < data.side) kept.picture = resized(kept.picture, data.side);
      kept.shuffled ??= data.shuffled;
      this.button("shuffled").checked = kept.shuffled;
      this.button("another").hidden = !this.sets.length;
      this.at(".hint").hidden = kept.past.length > 0;
      this.buildColours(data.palette);
      this.views = data.models.map((model) => this.figure(model));
      this.shown = this.shownFigure();
      this.at(".figures").replaceChildren(this.shown.box, ...this.views.map(({ box }) => box));
      this.changed();
    }

    shownFigure() {
      const box = Object.assign(document.createElement("figure"), { className: "shown" });
      element(element(box, "figcaption"), "b", {}, "what they see");
      const { side } = this.data;
      const pair = element(box, "div", { className: "pair" });
      return { box, canvas: element(pair, "canvas", { width: side, height: side, role: "img", ariaLabel: "your picture, its pixels shuffled" }) };
    }

    figure(model) {
      const box = document.createElement("figure");
      box.style.setProperty("--hue", model.hue);
      const caption = element(box, "figcaption");
      element(caption, "b", {}, model.name);
      const mark = element(caption, "span", { className: "mark" });
      if (!model.encoder || !model.decoder) {
        element(box, "p", { className: "lacking" }, "It has layers that a browser does not know. What it redraws stands in the Gallery.");
        return { model, box, mark, lacking: true };
      }
      const pair = element(box, "div", { className: "pair" });
      const canvases = ["as it draws it", "put back in order"].map((words) => {
        const canvas = element(pair, "canvas", { width: model.side, height: model.side, role: "img", ariaLabel: `${model.name}, ${words}` });
        element(pair, "small", {}, words);
        return canvas;
      });
      const brushes = canvases.map((canvas) => canvas.getContext("2d"));
      const reading = element(box, "p", { className: "wrong" });
      const bars = element(box, "div", { className: "bars", role: "img", ariaLabel: `what ${model.name} keeps of it` });
      return { model, box, mark, canvases, brushes, reading, bars: model.used.map(() => element(bars, "i")), bed: bars };
    }

    async redrawn() {
      if (studio.flaw) return;
      const { views, data, shown, seen } = this;
      this.at(".figures").ariaBusy = "true";
      const picture = seen ?? copied(kept.picture);
      const mixed = kept.shuffled;
      this.root.classList.toggle("mixed", mixed);
      try {
        await Promise.all(views.filter(({ lacking }) => !lacking).map((view) => this.look(view, picture, mixed)));
      } catch (error) {
        this.complain(`The models cannot draw: ${error.message}`);
      }
      if (views !== this.views) return; // others were chosen meanwhile, and are being redrawn
      if (mixed) {
        const { pixels } = resized(picture, data.side);
        shown.canvas.getContext("2d").putImageData(levels(shuffled(numbers(pixels), data.orders[data.side])), 0, 0);
      }
      this.judge(views, mixed);
      this.at(".figures").ariaBusy = "false";
    }

    async look(view, picture, mixed) {
      const { model } = view;
      const order = this.data.orders[model.side];
      const image = numbers(resized(picture, model.side).pixels);
      // What has learned from shuffled pixels shuffles what it is shown by itself, and puts back in order what it draws.
      const foreign = mixed && !model.shuffled;
      const asked = foreign ? shuffled(image, order) : image;
      const made = await redrawn(model, asked.slice(), 1);
      view.error = wrong(asked, made.images);
      view.before = foreign ? wrong(image, (await redrawn(model, image, 1)).images) : view.error;
      view.flat = flatWrong(image);
      const restored = foreign ? inOrder(made.images, order) : made.images;
      view.brushes[1].putImageData(levels(restored), 0, 0);
      if (mixed) view.brushes[0].putImageData(levels(shuffled(restored, order)), 0, 0);
      this.raise(view, made.mu);
      const set = this.sets[model.set];
      if (set && view.yard === undefined) view.yard = await yard(model, set);
      this.read(view, mixed);
    }

    raise({ model, bars, bed }, mu) {
      const most = Math.max(REACH, ...mu.map(Math.abs));
      model.used.forEach((latent, at) => bars[at].style.setProperty("--part", (mu[latent] / most).toFixed(3)));
      bed.ariaLabel = `what ${model.name} keeps of it: ${bars.length === 1 ? "1 number" : `${bars.length} numbers`}`;
    }

    read(view, mixed) {
      const { model, reading, canvases, error, before, yard } = view;
      const beside = mixed && !model.shuffled ? `in order by ${amount(before)}` : yard === undefined ? "" : `a new picture by ${amount(yard)}`;
      reading.replaceChildren();
      reading.append("wrong by ");
      element(reading, "b", {}, amount(error));
      if (beside) reading.append(`; ${beside}`);
      canvases[1].ariaLabel = `${model.name} redraws it${mixed ? ", put back in order" : ""}: wrong by ${amount(error)}`;
      canvases[0].ariaLabel = `what ${model.name} draws, its pixels shuffled`;
    }

    judge(views, mixed) {
      const able = views.filter(({ lacking }) => !lacking);
      const alike = able.length > 1 && new Set(able.map(({ model }) => model.side)).size === 1;
      const best = Math.min(...able.map(({ error }) => error));
      const first = able.filter(({ error }) => amount(error) === amount(best));
      for (const view of able) view.mark.textContent = alike && !mixed && first.length === 1 && view === first[0] ? (able.length > 2 ? "least wrong" : "less wrong") : "";
      this.at(".told").hidden = !mixed;
      this.at(".told").textContent = this.lesson(able);
      clearTimeout(this.saying);
      this.saying = setTimeout(() => this.say(able.map(({ model, error, mark }) => `${model.name}: wrong by ${amount(error)}${mark.textContent ? `, ${mark.textContent}` : ""}.`).join(" ")), SETTLED);
    }

    // What shuffling did to those that learned from pictures in order, in a sentence or two.
    lesson(views) {
      const natural = views.filter(({ model }) => !model.shuffled);
      const trained = natural.length < views.length ? " What has learned from shuffled pixels does not mind: it is shown nothing else." : "";
      if (!natural.length) return trained.trim();
      if (natural.every(({ flat }) => flat < 1)) return "All its pixels are alike: there is nothing to shuffle. Draw something first.";
      const [least, most] = [Math.min, Math.max].map((of) => of(...natural.map(({ error, flat }) => error / flat)));
      const flat = `one flat colour instead would be wrong by ${[...new Set(natural.map((view) => amount(view.flat)))].join(" or ")}`;
      const who = natural.length > 1 ? "each of them" : "it";
      const outcome = least > 0.9 ? `and ${who} is lost: ${flat}` : most < 0.9 ? `and something of it is kept: ${flat}` : `and not each of them is lost: ${flat}`;
      return `The same pixels, but neighbours are no neighbours any more, ${outcome}.${trained}`;
    }

    // ---- to take home ----

    async save(all) {
      const able = all ? this.views.filter(({ lacking }) => !lacking) : [];
      const [edge, gap, foot] = [512, 16, able.length ? 40 : 0];
      const sheet = Object.assign(document.createElement("canvas"), { width: (able.length + 1) * (edge + gap) - gap, height: edge + foot });
      const brush = sheet.getContext("2d");
      Object.assign(brush, { fillStyle: "#ffffff", imageSmoothingEnabled: false });
      brush.fillRect(0, 0, sheet.width, sheet.height);
      Object.assign(brush, { fillStyle: "#14141a", font: "24px sans-serif", textBaseline: "bottom" });
      const parts = [[this.paper, "yours"], ...able.map(({ canvases, model, error }) => [canvases[1], `${model.name}: wrong by ${amount(error)}`])];
      parts.forEach(([canvas, words], at) => {
        brush.drawImage(canvas, at * (edge + gap), 0, edge, edge);
        if (foot) brush.fillText(words, at * (edge + gap), edge + foot - 4, edge);
      });
      const address = URL.createObjectURL(await new Promise((resolve) => sheet.toBlob(resolve)));
      Object.assign(document.createElement("a"), { href: address, download: all ? "drawing-and-redrawn.png" : "drawing.png" }).click();
      setTimeout(() => URL.revokeObjectURL(address), 10_000);
    }
  }

  return (root, data, tell) => (root.drawing ??= new Drawing(root)).show(data, tell);
})();
