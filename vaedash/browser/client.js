// Models on a page: their parts by name, computed by one worker for all of the page.
// `SOURCE` is the worker's text and `KERNEL` the compiled kernel in base64; both stand before this.
class Refused extends Error {} // no picture: why is said where it would have been

class Studio {
  constructor() {
    this.answers = new Map();
    this.jobs = 0;
    this.doors = new Map(); // by name: a promise that the part is there, and what keeps it
    this.slots = new Map(); // names of a part that learns on, the newest last
    this.heeding = new Map(); // by element: what it does once nothing can be drawn any more
    this.flaw = "";
    const kernel = fromBase64(KERNEL);
    try {
      new WebAssembly.Module(kernel); // says no without SIMD
      this.worker = new Worker(URL.createObjectURL(new Blob([SOURCE], { type: "text/javascript" })));
    } catch {
      this.flaw = said("This browser is too old to draw by itself; any of the last three years can.");
      return;
    }
    this.worker.onerror = this.worker.onmessageerror = () => this.fail(said("What draws on this page has stopped; load the page anew."));
    this.worker.onmessage = ({ data: { job, found, flaw } }) => {
      if (!this.answers.has(job)) return; // nobody waits any more: see `fail`
      const { resolve, reject } = this.answers.get(job);
      this.answers.delete(job);
      if (!flaw) return resolve(found);
      reject(new Refused(flaw));
      this.fail(said("This browser could not draw that, for want of memory or because it came broken; load the page anew."));
    };
    this.ask({ kind: "open", bytes: kernel }).catch(() => {}); // said already
  }

  ask(question) {
    return new Promise((resolve, reject) => {
      if (this.flaw) return reject(new Refused(this.flaw));
      this.answers.set(++this.jobs, { resolve, reject });
      this.worker.postMessage({ ...question, job: this.jobs });
    });
  }

  // Nothing is drawn any more, and all that waits is told.
  fail(flaw) {
    if (this.flaw) return;
    this.flaw = flaw;
    for (const waiting of [...this.answers.values(), ...this.doors.values()]) waiting.reject(new Refused(flaw));
    this.answers.clear();
    for (const [root, act] of this.heeding) if (root.isConnected) act();
    this.heeding.clear();
  }

  // Has an element of the page, or what it holds, hear of it when nothing can be drawn any more; one that has left the page is forgotten.
  heed(root, act) {
    for (const other of this.heeding.keys()) if (!other.isConnected) this.heeding.delete(other);
    this.heeding.set(root, act);
  }

  door(name) {
    if (!this.doors.has(name)) {
      const door = {};
      door.open = new Promise((resolve, reject) => Object.assign(door, { resolve, reject }));
      door.open.catch(() => {}); // whoever waits hears of it
      if (this.flaw) door.reject(new Refused(this.flaw));
      this.doors.set(name, door);
    }
    return this.doors.get(name);
  }

  // Whether a part is there, or on its way, or of no use here.
  has(name) {
    return Boolean(this.flaw || this.doors.get(name)?.there);
  }

  // Brings a part, an ArrayBuffer that `packing.pack` wrote; a second time nothing happens.
  load(bytes) {
    const length = new DataView(bytes).getUint32(0, true);
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, length)));
    const door = this.door(header.name);
    if (this.flaw || door.there) return;
    door.there = true;
    this.forget(header);
    this.ask({ kind: "load", header, start: 4 + length, bytes }).then(door.resolve, door.reject);
  }

  // Of a part that is brought again as it has learned further, this and the one before are kept: somebody may be drawing by that.
  forget({ slot, name }) {
    const names = [...(this.slots.get(slot) ?? []), name];
    this.slots.set(slot, names.slice(-2));
    for (const old of names.slice(0, -2)) {
      this.doors.delete(old);
      this.ask({ kind: "forget", name: old }).catch(() => {});
    }
  }

  // `count` inputs in a Float32Array to what the part of that name makes of them, as soon as it is there.
  async run(name, inputs, count) {
    await this.door(name).open;
    return this.ask({ kind: "run", name, inputs, count });
  }

  // One input, and what comes out of each layer of that part: see `trace` of worker.js.
  async trace(name, inputs) {
    await this.door(name).open;
    return this.ask({ kind: "trace", name, inputs });
  }
}

function fromBase64(text) {
  const bytes = Uint8Array.fromBase64?.(text) ?? Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)); // the first is faster and newer
  return bytes.buffer;
}

const studio = (globalThis.vaedashStudio ??= new Studio());

// A point between two points `from` and `to`, Float32Arrays, `part` of the way; as `latent.path` of vaedash/models/latent.py.
function between(from, to, part, way) {
  const straight = from.map((start, at) => (1 - part) * start + part * to[at]);
  if (way !== "slerp") return straight;
  const [length, other] = [from, to].map((point) => Math.hypot(...point));
  const cosine = from.reduce((sum, start, at) => sum + start * to[at], 0) / (length * other);
  const angle = Math.acos(Math.min(1, Math.max(-1, cosine)));
  if (!(Math.sin(angle) >= 1e-6)) return straight; // no circle is the shortest, or there is no direction to turn from
  const [a, b] = [Math.sin((1 - part) * angle) / length, Math.sin(part * angle) / other];
  const scale = ((1 - part) * length + part * other) / Math.sin(angle);
  return from.map((start, at) => scale * (a * start + b * to[at]));
}

// `work` for the newest of what it is asked: what comes meanwhile replaces what waits.
function newest(work) {
  let [busy, next] = [false, null];
  return async (...asked) => {
    next = asked;
    if (busy) return;
    busy = true;
    try {
      while (next) {
        const now = next;
        next = null;
        await work(...now);
      }
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    } finally {
      busy = false; // also where the work went wrong, or nothing would ever follow
    }
  };
}

// Numbers in [0, 1] of an image, interleaved, as the levels of a canvas.
function levels(image, data = new ImageData(Math.sqrt(image.length / 3), Math.sqrt(image.length / 3))) {
  for (let pixel = 0, at = 0; at < image.length; pixel += 4) {
    for (let channel = 0; channel < 3; channel++) data.data[pixel + channel] = 255 * image[at++]; // rounds, and stays within
    data.data[pixel + 3] = 255;
  }
  return data;
}
