// What models make of a picture that somebody draws: each redraws it, with its numbers as bars, and how wrong that is.
const Answers = (() => {
  const { resized, shuffled, inOrder, numbers, wrong, amount, flatWrong } = raster;
  const SETTLED = 900; // milliseconds after which it is said aloud how wrong each is
  const REACH = 3; // of the bars: few numbers that a model keeps lie beyond

  // Whether there is nothing on the page: all pixels are alike. Then nobody is said to be wrong about it.
  const empty = ({ flat }) => flat < 1e-6;
  const NO_FIGURE = "\u2013";

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

  return class {
    // Within `root`; `complain` and `say` tell a person, aloud or only to who listens.
    constructor(root, complain, say) {
      Object.assign(this, { root, complain, say, place: root.querySelector(".figures"), told: root.querySelector(".told") });
    }

    // `sets` are pictures that models are tried with, as `raster` has them.
    show(data, sets) {
      Object.assign(this, { data, sets });
      this.place.hidden = Boolean(studio.flaw);
      this.views = data.models.map((model) => this.figure(model));
      this.shown = this.shownFigure();
      this.place.replaceChildren(this.shown.box, ...this.views.map(({ box }) => box));
    }

    // Those that can be asked.
    get able() {
      return this.views.filter(({ lacking }) => !lacking);
    }

    shownFigure() {
      const box = Object.assign(document.createElement("figure"), { className: "shown" });
      element(element(box, "figcaption"), "b", { textContent: said("what they see") });
      const { side } = this.data;
      const pair = element(box, "div", { className: "pair" });
      return { box, canvas: element(pair, "canvas", { width: side, height: side, role: "img", ariaLabel: said("your picture, its pixels shuffled") }) };
    }

    figure(model) {
      const box = document.createElement("figure");
      box.style.setProperty("--hue", model.hue);
      const caption = element(box, "figcaption");
      element(caption, "b", { textContent: model.name });
      const mark = element(caption, "span", { className: "mark" });
      if (!model.encoder || !model.decoder) {
        element(box, "p", { className: "lacking", textContent: said("It has layers that a browser does not know, and cannot redraw this here. What it makes of new pictures stands in the Gallery.") });
        return { model, box, mark, lacking: true };
      }
      const pair = element(box, "div", { className: "pair" });
      const canvases = [said("as it draws it"), said("put back in order")].map((words) => {
        const canvas = element(pair, "canvas", { width: model.side, height: model.side, role: "img", ariaLabel: `${model.name}, ${words}` });
        element(pair, "small", { textContent: words });
        return canvas;
      });
      const brushes = canvases.map((canvas) => canvas.getContext("2d"));
      const reading = element(box, "p", { className: "wrong" });
      const bars = element(box, "div", { className: "bars", role: "img", ariaLabel: said("what {name} keeps of it", model) });
      return { model, box, mark, canvases, brushes, reading, bars: model.used.map(() => element(bars, "i")), bed: bars };
    }

    async redraw(picture, mixed) {
      if (studio.flaw) return;
      const { views, data, shown } = this;
      this.place.ariaBusy = "true";
      this.root.classList.toggle("mixed", mixed);
      try {
        await Promise.all(this.able.map((view) => this.look(view, picture, mixed)));
      } catch (error) {
        if (!studio.flaw) this.complain(said("The models cannot draw: {why}", { why: error.message }));
      }
      if (views !== this.views) return; // others were chosen meanwhile, and are being redrawn
      if (mixed) {
        const { pixels } = resized(picture, data.side);
        shown.canvas.getContext("2d").putImageData(levels(shuffled(numbers(pixels), data.orders[data.side])), 0, 0);
      }
      this.judge(mixed);
      this.place.ariaBusy = "false";
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
      bed.ariaLabel = bars.length === 1
        ? said("what {name} keeps of it: 1 number", model)
        : said("what {name} keeps of it: {n} numbers", { name: model.name, n: bars.length });
    }

    read(view, mixed) {
      const { model, reading, canvases, error, before, yard } = view;
      const figure = (value) => (empty(view) ? NO_FIGURE : amount(value));
      const beside = mixed && !model.shuffled
        ? said("in order by {amount}", { amount: figure(before) })
        : yard === undefined ? "" : said("a new picture by {amount}", { amount: amount(yard) });
      reading.replaceChildren();
      canvases[0].ariaLabel = said("what {name} draws, its pixels shuffled", model);
      const [first, last] = said("wrong by {amount}").split("{amount}");
      reading.append(first);
      element(reading, "b", { textContent: figure(error), className: empty(view) ? "none" : "" });
      reading.append(last);
      if (beside) reading.append(`; ${beside}`);
      const told = { name: model.name, amount: amount(error) };
      let redrawing = said("{name} redraws it: wrong by {amount}", told);
      if (mixed) redrawing = said("{name} redraws it, put back in order: wrong by {amount}", told);
      if (empty(view)) redrawing = said("what {name} makes of a page in one colour", model);
      canvases[1].ariaLabel = redrawing;
    }

    judge(mixed) {
      const { able } = this;
      const alike = able.length > 1 && !mixed && new Set(able.map(({ model }) => model.side)).size === 1;
      const words = able.length > 2 ? said("least wrong") : said("less wrong");
      const best = Math.min(...able.map(({ error }) => error));
      const first = able.filter(({ error }) => amount(error) === amount(best));
      for (const view of able) {
        // All have room for the words, or those of the leader would push down what is below them.
        view.ahead = alike && first.length === 1 && view === first[0] && !empty(view);
        view.mark.textContent = alike ? words : "";
        view.mark.classList.toggle("ahead", view.ahead);
      }
      this.told.hidden = !mixed;
      this.told.textContent = this.lesson(able);
      clearTimeout(this.saying);
      const drawn = able.filter((view) => !empty(view));
      this.saying = setTimeout(() => this.say(drawn.map(({ model, error, ahead }) => `${said("{name}: wrong by {amount}", { name: model.name, amount: amount(error) })}${ahead ? `, ${words}` : ""}.`).join(" ")), SETTLED);
    }

    // What shuffling did to those that learned from pictures in order, in a sentence or two.
    lesson(views) {
      const natural = views.filter(({ model }) => !model.shuffled);
      const trained = natural.length < views.length ? ` ${said("What has learned from shuffled pixels does not mind: it is shown nothing else.")}` : "";
      if (!natural.length) return trained.trim();
      if (natural.every(empty)) return said("All its pixels are alike: there is nothing to shuffle. Draw something first.");
      const [least, most] = [Math.min, Math.max].map((of) => of(...natural.map(({ error, flat }) => error / flat)));
      const flat = { amount: [...new Set(natural.map((view) => amount(view.flat)))].join(said(" or ")) };
      const many = natural.length > 1;
      let outcome = said("The same pixels, but neighbours are no neighbours any more, and not each of them is lost: one flat colour instead would be wrong by {amount}.", flat);
      if (most < 0.9) outcome = said("The same pixels, but neighbours are no neighbours any more, and something of it is kept: one flat colour instead would be wrong by {amount}.", flat);
      if (least > 0.9)
        outcome = many
          ? said("The same pixels, but neighbours are no neighbours any more, and each of them is lost: one flat colour instead would be wrong by {amount}.", flat)
          : said("The same pixels, but neighbours are no neighbours any more, and it is lost: one flat colour instead would be wrong by {amount}.", flat);
      return `${outcome}${trained}`;
    }
  };
})();
