// What there is on a picture's way through a model: a block for each layer, with its numbers and with words.
const layers = (() => {
  const LOGVAR = [-30, 20]; // as LOGVAR_RANGE of vaedash/models/vae.py
  const clamp = (value, least, most) => Math.min(most, Math.max(least, value));

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
  const count = (number) => written(number);
  const sizeOf = ({ side, channels, length }) => count(length ?? side * side * channels);

  // What a block is called below it, and in full.
  function wordsOf(block) {
    if (block.kind === "code") return ["μ, σ", said("{n} numbers in use, each with how sure it is", { n: block.used.length })];
    if (block.kind === "z") return ["z", said("z, drawn from them")];
    if (block.kind === "input") return [said("in"), said("the picture")];
    if (block.kind === "order") return [said("shuffled"), said("its pixels in another order")];
    if (block.picture) return [said("out"), said("the picture as it is drawn again")];
    if (block.length) return [count(block.length), said("{n} numbers", { n: count(block.length) })];
    return [`${block.side}×${block.side}`, said("{channels} maps of {side}×{side}", block)];
  }

  const MEANT = {
    input: () => said("A picture is numbers: three for each pixel, how much red, green and blue."),
    code: () => said("Each cloud is one number: the dot is its likely value, the height of the cloud is how unsure it is."),
    z: () => said("One value out of each cloud, one of many: Resample draws others, and the picture changes a little."),
    order: () => said("Nothing is lost, but neighbours are no neighbours here."),
    conv: (block) =>
      block.kernels === 1
        ? said("Each number looks at 4×4 places of what comes before, through a window that slides: one detector a map, the same at every place.")
        : said("Each number looks at 4×4 places of what comes before, through a window that slides: a detector of its own at each place."),
    deconv: (block) =>
      block.kernels === 1
        ? said("Each place of what comes before paints 4×4 places here, everywhere with the same brush; where they overlap, they add up.")
        : said("Each place of what comes before paints 4×4 places here, each with a brush of its own; where they overlap, they add up."),
    linear: (block) => said("Each number looks at all {n} of what comes before at once, and does not know which ones were neighbours.", { n: sizeOf(block.from) }),
  };

  return { clamp, wayOf, strongest, isMaps, looks, count, wordsOf, MEANT };
})();
