// Encoders and decoders in a thread of their own, so that the page never waits. Images are interleaved, `(count, side, side, 3)`.
"use strict";
const AT_ONCE = 16; // inputs that are computed together; more come in turns
const MOST = 12; // parts of models that are kept ready; the one that was used longest ago goes first
let compiled;
const packed = new Map(); // bytes and what they are, by name
const parts = new Map();

// Half precision to single, by a table of all 65,536 numbers that there are.
let halves;
function unhalve() {
  halves = new Float32Array(65536);
  for (let bits = 0; bits < 65536; bits++) {
    const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
    halves[bits] = sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * (fraction / 1024));
  }
}

// An encoder or a decoder, from the bytes that `packing.py` describes.
class Part {
  constructor({ header, start, bytes }) {
    this.bytes = bytes;
    this.start = start;
    this.layers = header.layers.map((layer) => ({ ...layer }));
    this.width = header.width; // numbers that go in, for each input
    this.made = header.made; // and that come out
    this.order = header.order === null ? null : new Uint16Array(bytes, this.start + header.order, header.pixels);
    this.draws = header.draws;
    const { exports } = new WebAssembly.Instance(compiled);
    this.multiply = exports.multiply;
    this.memory = exports.memory;
    this.end = 0;
    for (const layer of this.layers) this.place(layer);
    const widest = Math.max(this.width, ...this.layers.map((layer) => layer.width));
    const patches = Math.max(0, ...this.layers.map((layer) => layer.patches));
    [this.here, this.there, this.patches] = [widest, widest, patches].map((most) => this.reserve(AT_ONCE * most));
    this.numbers = new Float32Array(this.memory.buffer);
    this.bytes = null;
  }

  // Room for so many numbers; where it begins, in numbers.
  reserve(count) {
    const start = this.end;
    this.end += Math.ceil(count / 4) * 4;
    const missing = 4 * this.end - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / 65536));
    return start;
  }

  place(layer) {
    layer.patches = layer.kind === "conv" || layer.kind === "deconv" ? layer.places * Math.max(layer.k, layer.n) : 0;
    if (layer.kind === "activation") return;
    const total = layer.kernels * layer.k * layer.n;
    layer.weights = this.reserve(total);
    const bias = new Float32Array(this.bytes, this.start + layer.bias, layer.biases);
    const spread = layer.kind === "deconv" ? layer.width : layer.biases; // there it is for each place that comes out
    layer.bias = this.reserve(spread);
    layer.zero = layer.kind === "deconv" ? this.reserve(layer.n) : 0;
    const numbers = new Float32Array(this.memory.buffer);
    for (let at = 0; at < spread; at += layer.biases) numbers.set(bias, layer.bias + at);
    const at = this.start + layer.at;
    if (layer.scales === null) {
      const packed = new Uint16Array(this.bytes, at, total);
      for (let i = 0; i < total; i++) numbers[layer.weights + i] = halves[packed[i]];
      return;
    }
    const packed = new Int8Array(this.bytes, at, total);
    const scales = new Float32Array(this.bytes, this.start + layer.scales, layer.kernels * layer.n);
    for (let i = 0; i < total; i++) {
      const panel = Math.floor(i / (8 * layer.k));
      numbers[layer.weights + i] = packed[i] * scales[8 * panel + (i & 7)];
    }
  }

  // `count` inputs to as many outputs, of all layers one after the other.
  run(inputs, count) {
    const outputs = new Float32Array(count * this.made);
    for (let from = 0; from < count; from += AT_ONCE) {
      const some = Math.min(AT_ONCE, count - from);
      this.numbers.set(inputs.subarray(from * this.width, (from + some) * this.width), this.here);
      if (this.order && !this.draws) this.seen(some);
      for (const layer of this.layers) this[layer.kind](layer, some);
      const last = this.layers.at(-1).width;
      for (let i = 0; i < some; i++) {
        const one = this.numbers.subarray(this.here + i * last, this.here + i * last + this.made);
        if (this.order && this.draws) this.drawn(one, outputs.subarray((from + i) * this.made, (from + i + 1) * this.made));
        else outputs.set(one, (from + i) * this.made);
      }
    }
    return outputs;
  }

  // Of one input, what comes out of layer after layer: a vector, or maps `(side, side, stride)`, of whose numbers at a place the first
  // `channels` are meant and the others fill up. The input is the first; where pixels are shuffled, what that makes is a step too.
  trace(input) {
    const { numbers, layers } = this;
    numbers.set(input, this.here);
    const picture = { side: Math.sqrt((this.draws ? this.made : this.width) / 3), channels: 3, stride: 3 };
    let shape = this.draws ? { length: this.width } : picture;
    const steps = [{ kind: "input", ...shape, numbers: input }];
    const step = (kind, kernels) => {
      const count = shape.length ?? shape.side ** 2 * shape.stride;
      steps.push({ kind, kernels, ...shape, numbers: numbers.slice(this.here, this.here + count) });
    };
    if (this.order && !this.draws) {
      this.seen(1);
      step("order", 0);
    }
    layers.forEach((layer, at) => {
      const next = layers.slice(at + 1).find(({ kind }) => kind !== "activation");
      this[layer.kind](layer, 1);
      shape = shapeOf(layer, next, this.draws ? picture : null) ?? shape;
      step(layer.kind, layer.kernels ?? 0);
    });
    if (this.order && this.draws) {
      const drawn = new Float32Array(this.made);
      this.drawn(steps.at(-1).numbers, drawn);
      steps.push({ kind: "order", kernels: 0, ...picture, numbers: drawn });
    }
    return steps;
  }

  seen(count) {
    const { numbers, order, here, width } = this;
    for (let i = 0, at = here; i < count; i++, at += width) {
      const image = numbers.slice(at, at + width);
      for (let pixel = 0; pixel < order.length; pixel++)
        for (let channel = 0; channel < 3; channel++) numbers[at + 3 * pixel + channel] = image[3 * order[pixel] + channel];
    }
  }

  drawn(from, to) {
    for (let pixel = 0; pixel < this.order.length; pixel++)
      for (let channel = 0; channel < 3; channel++) to[3 * this.order[pixel] + channel] = from[3 * pixel + channel];
  }

  turn() {
    [this.here, this.there] = [this.there, this.here];
  }

  activation({ what, width }, count) {
    const { numbers, here } = this;
    const end = here + count * width;
    if (what === "relu") for (let i = here; i < end; i++) numbers[i] = numbers[i] > 0 ? numbers[i] : 0;
    else if (what === "silu") for (let i = here; i < end; i++) numbers[i] /= 1 + Math.exp(-numbers[i]);
    else for (let i = here; i < end; i++) numbers[i] = 1 / (1 + Math.exp(-numbers[i]));
  }

  linear({ k, n, weights, bias, seen }, count) {
    this.multiply(count, k, n, 4 * this.here, 4 * seen, 4 * weights, 4 * this.there, 4 * n, 4 * bias);
    this.turn();
  }

  // Patches of 4 by 4, with stride 2 and a border of zeros, times a kernel: the same at every place, or one for each.
  conv({ side, channels, places, kernels, k, n, weights, bias, seen }, count) {
    const { numbers, here, there, patches } = this;
    const out = side / 2;
    numbers.fill(0, patches, patches + count * places * k);
    for (let i = 0, to = patches; i < count; i++)
      for (let y = 0; y < out; y++)
        for (let x = 0; x < out; x++)
          for (let row = 2 * y - 1; row < 2 * y + 3; row++, to += 4 * channels) {
            if (row < 0 || row >= side) continue;
            const [first, last] = [Math.max(0, 2 * x - 1), Math.min(side, 2 * x + 3)];
            const from = here + i * seen + (row * side + first) * channels;
            numbers.copyWithin(to + (first - 2 * x + 1) * channels, from, from + (last - first) * channels);
          }
    if (kernels === 1) this.multiply(count * places, k, n, 4 * patches, 4 * k, 4 * weights, 4 * there, 4 * n, 4 * bias);
    else
      for (let place = 0; place < places; place++)
        this.multiply(count, k, n, 4 * (patches + place * k), 4 * places * k, 4 * (weights + place * k * n),
          4 * (there + place * n), 4 * places * n, 4 * (bias + place * n));
    this.turn();
  }

  // The transpose: each place draws a patch of 4 by 4, and what lies over one another adds up.
  deconv({ side, channels, places, kernels, k, n, weights, bias, zero, seen, width }, count) {
    const { numbers, here, there, patches } = this;
    const out = 2 * side;
    if (kernels === 1) this.multiply(count * places, k, n, 4 * here, 4 * k, 4 * weights, 4 * patches, 4 * n, 4 * zero);
    else
      for (let place = 0; place < places; place++)
        this.multiply(count, k, n, 4 * (here + place * k), 4 * seen, 4 * (weights + place * k * n),
          4 * (patches + place * n), 4 * places * n, 4 * zero);
    for (let i = 0; i < count; i++) numbers.copyWithin(there + i * width, bias, bias + width);
    for (let i = 0, from = patches; i < count; i++)
      for (let y = 0; y < side; y++)
        for (let x = 0; x < side; x++)
          for (let row = 2 * y - 1; row < 2 * y + 3; row++, from += 4 * channels) {
            if (row < 0 || row >= out) continue;
            const [first, last] = [Math.max(0, 2 * x - 1), Math.min(out, 2 * x + 3)];
            let to = there + i * width + (row * out + first) * channels;
            const end = to + (last - first) * channels;
            for (let part = from + (first - 2 * x + 1) * channels; to < end; to++, part++) numbers[to] += numbers[part];
          }
    this.turn();
  }
}

// What comes out of a layer, before a `next` one that is no activation, or as the `last` thing there is; null where it stays what it was.
function shapeOf({ kind, side, channels, columns, n }, next, last) {
  if (kind === "conv") return { side: side / 2, channels: columns, stride: n };
  if (kind === "deconv") return { side: 2 * side, channels, stride: channels };
  if (kind !== "linear") return null;
  if (!next) return last ?? { length: columns };
  return next.kind === "deconv" ? { side: next.side, channels: next.k, stride: next.k } : { length: columns };
}

// The part of that name, made ready where it is not; null where nobody brought it.
function ready(name) {
  const part = parts.get(name) ?? (packed.has(name) ? new Part(packed.get(name)) : null);
  parts.delete(name);
  if (part) parts.set(name, part); // as the one used last
  if (parts.size > MOST) parts.delete(parts.keys().next().value);
  return part;
}

function answer({ kind, name, inputs, count, ...brought }) {
  if (kind === "run") return ready(name)?.run(inputs, count) ?? null;
  if (kind === "trace") return ready(name)?.trace(inputs) ?? null;
  if (kind === "load") {
    packed.set(brought.header.name, brought);
    return null;
  }
  if (kind === "forget") {
    packed.delete(name);
    parts.delete(name);
    return null;
  }
  compiled = new WebAssembly.Module(brought.bytes);
  unhalve();
  return null;
}

onmessage = ({ data: { job, ...asked } }) => {
  try {
    const found = answer(asked);
    postMessage({ job, found }, found?.buffer ? [found.buffer] : []);
  } catch (error) {
    postMessage({ job, flaw: String(error) });
  }
};
