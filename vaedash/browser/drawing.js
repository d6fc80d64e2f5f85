// A picture that somebody draws, and beside it what models redraw of it, stroke by stroke. Nothing of it leaves the page.
// `drawing(root, data, tell)` may be called again with other models:
// the drawing stays, and so it does on a way to other pages and back. `tell("shuffled", yes)` is all that is ever told.
const drawing = (() => {
  const { rgb, hex, plain, copied, resized, line, fill, cropped, numbers, amount, spoken } = raster;
  const SIZES = { fine: 1, medium: 3, broad: 6 }; // of a brush, in pixels of a picture that has 32
  const UNDONE = 200; // steps, at most
  const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const HTML = () => `
<p class="flaw" hidden></p>
<div class="desk">
  <div class="easel">
    <div class="sheet">
      <canvas class="paper" tabindex="0" role="application" aria-label="${said("Your picture")}" aria-describedby="drawing-keys"></canvas>
      <i class="cursor" hidden></i>
      <b class="hint" aria-hidden="true">${said("Draw here")}</b>
      <video muted playsinline hidden aria-label="${said("What the camera sees")}"></video>
      <button type="button" name="freeze" hidden>${said("Take it")}</button>
    </div>
    <fieldset class="colours" aria-label="${said("Colour")}"></fieldset>
    <fieldset class="tools" aria-label="${said("Tool")}"></fieldset>
    <p class="aside" id="drawing-keys">${said("Arrow keys move, space paints, with Shift the arrows paint along; Ctrl+Z takes back.")}</p>
  </div>
  <div>
    <p class="told" hidden></p>
    <div class="figures"></div>
  </div>
</div>
<div class="actions">
  <button type="button" name="undo">${said("Undo")}</button>
  <button type="button" name="clear">${said("Clear")}</button>
  <button type="button" name="another">${said("A new picture")}</button>
  <button type="button" name="open" title="${said("A file; a picture can also be dropped or pasted here")}">${said("Open a picture")}</button>
  <button type="button" name="camera">${said("Camera")}</button>
  <button type="button" name="save">${said("Save")}</button>
  <button type="button" name="saveAll">${said("Save all")}</button>
  <label class="switch"><input type="checkbox" role="switch" name="shuffled"><i></i>${said("Shuffle its pixels")}</label>
  <input type="file" accept="image/*" hidden>
</div>
<p class="sorry" role="alert"></p>
<p class="aside" role="status"></p>`;

  function option(parent, group, value, words, chosen, choose) {
    const label = element(parent, "label");
    const input = element(label, "input", { type: "radio", name: group, value, checked: chosen });
    element(label, "span", { textContent: words });
    input.onchange = () => choose(value);
    return { label, input };
  }

  function unpacked({ side, pixels }) {
    return { side, pixels: Uint8ClampedArray.from(atob(pixels), (letter) => letter.charCodeAt(0)) };
  }

  // What a person has made: one drawing for all of a tab.
  const kept = (globalThis.vaedashDrawing ??= { picture: null, past: [], paper: "#ffffff", colour: "", tool: "medium", size: "medium", next: 0 });

  class Drawing {
    constructor(root) {
      this.root = root;
      root.classList.add("drawing");
      root.innerHTML = HTML();
      this.at = (selector) => root.querySelector(selector);
      this.button = (name) => this.at(`[name=${name}]`);
      this.paper = this.at(".paper");
      this.answers = new Answers(root, (words) => this.complain(words), (words) => this.say(words));
      this.redraw = newest(() => this.answers.redraw(this.seen ?? copied(kept.picture), kept.shuffled));
      const [see, turn, complain] = ["see", "film", "complain"].map((name) => (told) => this[name](told));
      this.camera = new Camera(this.at("video"), { see, turn, complain });
      this.cursor = [0, 0];
      this.buildTools();
      this.listen();
    }

    // ---- what is there to choose from ----

    buildTools() {
      const tools = this.at(".tools");
      this.tools = {};
      for (const tool of [...Object.keys(SIZES), "fill", "eraser"]) {
        const words = { fill: said("Fill"), eraser: said("Eraser") }[tool] ?? "";
        this.tools[tool] = option(tools, "tool", tool, words, tool === kept.tool, (value) => this.take(value)).input;
        if (!words) this.tools[tool].ariaLabel = { fine: said("fine brush"), medium: said("medium brush"), broad: said("broad brush") }[tool];
      }
      const label = element(tools, "label", { className: "paper-colour", textContent: said("Paper") });
      this.ground = element(label, "input", { type: "color", value: kept.paper, ariaLabel: said("Colour of the paper") });
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
      const label = element(colours, "label", { className: "any", title: said("any colour") });
      const any = element(label, "input", { type: "color", ariaLabel: said("Any colour"), value: kept.colour });
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
      this.refuse = () => this.show(this.data, this.tell);
      this.pasted = (event) => {
        const file = [...event.clipboardData.files].find(({ type }) => type.startsWith("image/"));
        if (file) this.open(file);
      };
      const file = this.at("[type=file]");
      file.onchange = () => {
        if (file.files.length) this.open(file.files[0]);
        file.value = ""; // so that the same may be opened again
      };
      const pressed = { undo: () => this.undo(), clear: () => this.clear(), another: () => this.another(), open: () => file.click(),
        camera: () => (this.camera.stream ? this.camera.stop() : this.startCamera()), freeze: () => this.freeze(),
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
      this.say(said("row {row}, column {column}: {colour}", { row: y + 1, column: x + 1, colour: spoken(hex(kept.picture.pixels.slice(at, at + 3))) }));
    }

    async open(file) {
      try {
        const picture = await createImageBitmap(file);
        this.camera.stop();
        this.replace(cropped(picture, picture.width, picture.height, kept.picture.side, { under: kept.paper }));
        picture.close();
      } catch {
        this.complain(said("This file cannot be read as a picture. One as JPEG, PNG or WebP will do."));
      }
    }

    startCamera() {
      this.complain("");
      const button = this.button("camera");
      button.disabled = true; // until somebody has said yes or no
      this.camera.start(() => (button.disabled = false));
    }

    // While the camera runs, models redraw what it sees.
    see(video) {
      this.seen = cropped(video, video.videoWidth, video.videoHeight, kept.picture.side, { mirrored: true });
      this.redraw();
    }

    film(on) {
      this.at("video").hidden = this.button("freeze").hidden = !on;
      this.button("camera").textContent = on ? said("Stop the camera") : said("Camera");
      if (on) return;
      this.seen = null;
      this.redraw();
    }

    freeze() {
      const { seen } = this;
      this.camera.stop();
      if (seen) this.replace(seen);
      this.paper.focus();
    }

    complain(words) {
      this.at(".sorry").textContent = words;
    }

    say(words) {
      this.at("[role=status]").textContent = words;
    }

    show(data, tell) {
      Object.assign(this, { data, tell });
      this.at(".flaw").textContent = studio.flaw;
      this.at(".flaw").hidden = !studio.flaw;
      this.sets = data.sets.map(unpacked);
      kept.picture ??= plain(data.side, kept.paper);
      // Of a finer drawing nothing is lost when all models that are chosen now have fewer pixels.
      if (kept.picture.side < data.side) kept.picture = resized(kept.picture, data.side);
      kept.shuffled ??= data.shuffled;
      this.button("shuffled").checked = kept.shuffled;
      this.button("another").hidden = !this.sets.length;
      this.at(".hint").hidden = kept.past.length > 0;
      this.buildColours(data.palette);
      this.answers.show(data, this.sets);
      this.changed();
    }

    // ---- to take home ----

    async save(all) {
      const able = all ? this.answers.able : [];
      const [edge, gap, foot] = [512, 16, able.length ? 40 : 0];
      const sheet = Object.assign(document.createElement("canvas"), { width: (able.length + 1) * (edge + gap) - gap, height: edge + foot });
      const brush = sheet.getContext("2d");
      Object.assign(brush, { fillStyle: "#ffffff", imageSmoothingEnabled: false });
      brush.fillRect(0, 0, sheet.width, sheet.height);
      Object.assign(brush, { fillStyle: "#14141a", font: "24px sans-serif", textBaseline: "bottom" });
      const parts = [[this.paper, said("yours")], ...able.map(({ canvases, model, error }) => [canvases[1], said("{name}: wrong by {amount}", { name: model.name, amount: amount(error) })])];
      parts.forEach(([canvas, words], at) => {
        brush.drawImage(canvas, at * (edge + gap), 0, edge, edge);
        if (foot) brush.fillText(words, at * (edge + gap), edge + foot - 4, edge);
      });
      const address = URL.createObjectURL(await new Promise((resolve) => sheet.toBlob(resolve)));
      Object.assign(document.createElement("a"), { href: address, download: all ? "drawing-and-redrawn.png" : "drawing.png" }).click();
      setTimeout(() => URL.revokeObjectURL(address), 10_000);
    }
  }

  // Answers a function for the end of it, when another page is shown.
  return (root, data, tell) => {
    const made = (root.drawing ??= new Drawing(root));
    document.addEventListener("paste", made.pasted);
    studio.heed(root, made.refuse);
    made.show(data, tell);
    return () => document.removeEventListener("paste", made.pasted);
  };
})();