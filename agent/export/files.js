// Twin of agent/lessons.py and agent/storage/serialization.py: the log and the files of an agent; hashes and packing.
"use strict";
const PACKED_BYTES = PIXELS / 2, FORMAT = 1, MAX_LABEL_CHARS = 8, MAX_LABELS = 62;
const BASE85 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";

// ---------------------------------------------------------------- hashes

const BLAKE_IV = Uint32Array.of( // low and high halves of words of 64 bits
  0xf3bcc908, 0x6a09e667, 0x84caa73b, 0xbb67ae85, 0xfe94f82b, 0x3c6ef372, 0x5f1d36f1, 0xa54ff53a,
  0xade682d1, 0x510e527f, 0x2b3e6c1f, 0x9b05688c, 0xfb41bd6b, 0x1f83d9ab, 0x137e2179, 0x5be0cd19,
);
const SIGMA = [
  "0123456789abcdef", "ea489fd61c02b753", "b8c052fdae367194", "7931dcbe265a40f8", "905724afe1bc683d", "2c6a0b834d75fe19",
  "c51fed4a0763928b", "db7ec13950f4862a", "6fe9b308c2d714a5", "a2847615fb9e3cd0", "0123456789abcdef", "ea489fd61c02b753",
].map((row) => [...row].map((digit) => 2 * parseInt(digit, 16)));
const MIXED = ["048c", "159d", "26ae", "37bf", "05af", "16bc", "278d", "349e"]
  .map((row) => [...row].map((digit) => 2 * parseInt(digit, 16)));
const state = new Uint32Array(32);

/** Add a word of 64 bits, and another one, to one of the state. */
function add(at, low, high) {
  const sum = state[at] + low;
  state[at] = sum;
  state[at + 1] += high + Number(sum >= 2 ** 32);
}

/** Replace a word of the state by its XOR with another one, rotated right. */
function xor_rotate(at, other, n_bits) {
  let low = state[at] ^ state[other], high = state[at + 1] ^ state[other + 1];
  if (n_bits >= 32) {
    [low, high] = [high, low];
    n_bits -= 32;
  }
  state[at] = n_bits ? (low >>> n_bits) | (high << (32 - n_bits)) : low;
  state[at + 1] = n_bits ? (high >>> n_bits) | (low << (32 - n_bits)) : high;
}

/** Half a step of BLAKE2b: mix a word of the message, its low and high half, into a column or diagonal of the state. */
function mix(a, b, c, d, low, high, n_bits, n_other_bits) {
  add(a, state[b], state[b + 1]);
  add(a, low, high);
  xor_rotate(d, a, n_bits);
  add(c, state[d], state[d + 1]);
  xor_rotate(b, c, n_other_bits);
}

/** BLAKE2b of 8 bytes, as [high, low] half of a little-endian word of 64 bits. */
function drawing_hash(drawing) {
  const n_blocks = Math.max(1, Math.ceil(drawing.length / 128)), bytes = new Uint8Array(128 * n_blocks);
  bytes.set(drawing);
  const words = new Uint32Array(bytes.buffer), hash = BLAKE_IV.slice();
  hash[0] ^= 0x01010008;
  for (let block = 0; block < n_blocks; block++) {
    const message = words.subarray(32 * block, 32 * (block + 1)), is_last = block === n_blocks - 1;
    state.set(hash);
    state.set(BLAKE_IV, 16);
    state[24] ^= is_last ? drawing.length : 128 * (block + 1);
    if (is_last) [state[28], state[29]] = [~state[28], ~state[29]];
    for (const order of SIGMA) {
      for (let column = 0; column < 8; column++) {
        const [a, b, c, d] = MIXED[column], one = order[2 * column], other = order[2 * column + 1];
        mix(a, b, c, d, message[one], message[one + 1], 32, 24);
        mix(a, b, c, d, message[other], message[other + 1], 16, 63);
      }
    }
    for (let at = 0; at < 16; at++) hash[at] ^= state[at] ^ state[at + 16];
  }
  return [hash[1], hash[0]];
}

const primes = [];
for (let n = 2; primes.length < 64; n++) if (primes.every((prime) => n % prime)) primes.push(n);
const fraction = (value) => Math.floor((value - Math.floor(value)) * 2 ** 32);
const SHA_K = primes.map((prime) => fraction(Math.cbrt(prime)));
const SHA_IV = primes.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));

/** SHA-256 of bytes: 32 bytes. Browsers lend theirs to pages of safe origins alone. */
function sha256(bytes) {
  const size = (Math.floor((bytes.length + 8) / 64) + 1) * 64, view = new DataView(new ArrayBuffer(size));
  new Uint8Array(view.buffer).set(bytes);
  view.setUint8(bytes.length, 0x80);
  view.setUint32(size - 8, Math.floor(bytes.length / 2 ** 29));
  view.setUint32(size - 4, bytes.length * 8);
  const rotate = (word, n) => (word >>> n) | (word << (32 - n));
  const hash = Uint32Array.from(SHA_IV), words = new Uint32Array(64);
  for (let start = 0; start < size; start += 64) {
    for (let i = 0; i < 64; i++) {
      if (i < 16) words[i] = view.getUint32(start + 4 * i);
      else {
        const near = words[i - 2], far = words[i - 15];
        words[i] = words[i - 16] + words[i - 7] + (rotate(far, 7) ^ rotate(far, 18) ^ (far >>> 3))
          + (rotate(near, 17) ^ rotate(near, 19) ^ (near >>> 10));
      }
    }
    let [a, b, c, d, e, g, h, k] = hash;
    for (let i = 0; i < 64; i++) {
      const one = (k + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & g) ^ (~e & h)) + SHA_K[i] + words[i]) | 0;
      const two = ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [k, h, g, e, d, c, b, a] = [h, g, e, (d + one) | 0, c, b, a, (one + two) | 0];
    }
    [a, b, c, d, e, g, h, k].forEach((value, i) => { hash[i] += value; });
  }
  const out = new DataView(new ArrayBuffer(32));
  hash.forEach((word, i) => out.setUint32(4 * i, word));
  return new Uint8Array(out.buffer);
}

const hexadecimal = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n;
});
const crc32 = (bytes) => ~bytes.reduce((crc, byte) => CRC[(crc ^ byte) & 255] ^ (crc >>> 8), -1) >>> 0;

// ---------------------------------------------------------------- packing

const utf8 = (text) => new TextEncoder().encode(text);

/** Bytes of many parts: arrays of bytes, or [value, n] for a little-endian number of n bytes. */
function joined(...parts) {
  const number = ([value, n]) => Uint8Array.from({ length: n }, (_, i) => value / 2 ** (8 * i));
  const all = parts.map((part) => (Array.isArray(part) ? number(part) : part));
  const out = new Uint8Array(all.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of all) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Run bytes through a stream of the browser that deflates or inflates. */
async function through(stream, bytes) {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());
}
const deflated = (bytes) => through(new CompressionStream("deflate"), bytes);
const inflated = (bytes) => through(new DecompressionStream("deflate"), bytes);

function from_base64(text) {
  const chars = atob(text), bytes = new Uint8Array(chars.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = chars.charCodeAt(i);
  return bytes;
}

/** Pack a thumbnail into four bits a pixel. */
function packed(thumbnail) {
  const level = (p) => thumbnail[p] / LEVEL_STEP;
  return Uint8Array.from({ length: PACKED_BYTES }, (_, i) => (level(2 * i) << 4) | level(2 * i + 1));
}

function unpacked(bytes) {
  const thumbnail = new Uint8Array(PIXELS);
  for (let i = 0; i < PACKED_BYTES; i++) {
    thumbnail[2 * i] = LEVEL_STEP * (bytes[i] >> 4);
    thumbnail[2 * i + 1] = LEVEL_STEP * (bytes[i] & 15);
  }
  return thumbnail;
}

const KIND_WEIGHTS = [81, 27, 9, 3, 1];

function thumbnails_of(bytes) {
  const n = bytes.length / PACKED_BYTES;
  return Array.from({ length: n }, (_, at) => unpacked(bytes.subarray(at * PACKED_BYTES, (at + 1) * PACKED_BYTES)));
}

/** Packed thumbnails from the parts that agent/export makes of them. */
function put_together({ boxes: { bytes: boxes }, greys: { bytes: greys }, kinds: { bytes: kinds } }) {
  const n = boxes.length / 4, out = new Uint8Array(n * PACKED_BYTES);
  let at = 0, n_greys = 0;
  for (let drawing = 0; drawing < n; drawing++) {
    const [top, bottom, left, right] = [0, 1, 2, 3].map((side) => boxes[side * n + drawing]);
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++, at++) {
        const kind = Math.trunc(kinds[Math.trunc(at / 5)] / KIND_WEIGHTS[at % 5]) % 3, p = y * SIDE + x;
        const level = kind === 1 ? greys[n_greys++] : kind && LEVELS;
        out[drawing * PACKED_BYTES + (p >> 1)] |= level << (p & 1 ? 0 : 4);
      }
    }
  }
  return { dtype: "U8", shape: [n, PACKED_BYTES], bytes: out };
}

function base85(bytes) {
  const whole = joined(bytes, new Uint8Array((4 - (bytes.length % 4)) % 4)), view = new DataView(whole.buffer);
  let text = "";
  for (let at = 0; at < whole.length; at += 4) {
    const word = view.getUint32(at);
    for (let power = 85 ** 4; power >= 1; power /= 85) text += BASE85[Math.floor(word / power) % 85];
  }
  return text.slice(0, text.length - (whole.length - bytes.length));
}

function from_base85(text) {
  const n_missing = (5 - (text.length % 5)) % 5, whole = text + "~".repeat(n_missing);
  const view = new DataView(new ArrayBuffer((whole.length / 5) * 4));
  for (let at = 0; at < whole.length; at += 5) {
    view.setUint32((at / 5) * 4, [...whole.slice(at, at + 5)].reduce((word, char) => word * 85 + BASE85.indexOf(char), 0));
  }
  return new Uint8Array(view.buffer, 0, view.byteLength - n_missing);
}

/** JSON as Python writes it: ASCII alone. */
function ascii_json(value) {
  const escaped = (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(value).replace(/[^\x20-\x7e]/g, escaped);
}

/** Check a label as Python does: 1 to 8 characters that people see; null for any other. */
function clean_label(text) {
  const label = text.normalize("NFC").trim(), chars = [...label];
  const emoji = /(?<=[\u2190-\u2bff\u{1f000}-\u{1faff}])(\ufe0f?\u200d(?=[\u2190-\u2bff\u{1f000}-\u{1faff}])|\ufe0f)/gu;
  const unseen = /[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\u{1d159}\u{e0000}-\u{e0fff}]/u;
  const rest = label.replace(emoji, ""), marks = /^[\p{Mn}\p{Me}]|[\p{Mn}\p{Me}]{3}/u;
  const is_visible = !/[\p{C}\p{Z}]/u.test(rest.replaceAll(" ", "")) && !unseen.test(rest) && !marks.test(rest);
  return chars.length >= 1 && chars.length <= MAX_LABEL_CHARS && is_visible ? label : null;
}

// ---------------------------------------------------------------- safetensors, .zip, .png

/** Arrays of a safetensors file, in its order: name -> { dtype, shape, bytes }. */
function read_tensors(content) {
  const size = new DataView(content.buffer, content.byteOffset).getUint32(0, true), start = 8 + size;
  const header = JSON.parse(new TextDecoder().decode(content.subarray(8, start)));
  return new Map(Object.entries(header).map(([name, { dtype, shape, data_offsets: [from, to] }]) => {
    return [name, { dtype, shape, bytes: content.slice(start + from, start + to) }];
  }));
}

function write_tensors(tensors) {
  const header = {}, parts = [...tensors.values()].map(({ bytes }) => bytes);
  let end = 0;
  for (const [name, { dtype, shape, bytes }] of tensors) {
    header[name] = { dtype, shape, data_offsets: [end, end + bytes.length] };
    end += bytes.length;
  }
  const text = JSON.stringify(header), aligned = text.padEnd(Math.ceil(text.length / 8) * 8);
  return joined([aligned.length, 8], utf8(aligned), ...parts);
}

/** Pack files into a .zip as they are, without dates. */
function zipped(files) {
  const locals = [], list = [];
  let at = 0;
  for (const [name, content] of Object.entries(files)) {
    const sizes = [[content.length, 4], [content.length, 4], [name.length, 2], [0, 2]];
    const about = [[20, 2], [0, 4], [0, 2], [0x21, 2], [crc32(content), 4], ...sizes];
    locals.push(joined([0x04034b50, 4], ...about, utf8(name), content));
    list.push(joined([0x02014b50, 4], [20, 2], ...about, [0, 2], [0, 2], [0, 2], [0, 4], [at, 4], utf8(name)));
    at += locals.at(-1).length;
  }
  const listed = joined(...list), n = list.length;
  return joined(...locals, listed, [0x06054b50, 4], [0, 2], [0, 2], [n, 2], [n, 2], [listed.length, 4], [at, 4], [0, 2]);
}

/** A grey picture as a .png. */
async function png(pixels, width, height) {
  const big = (value) => joined([value, 4]).reverse();
  const chunk = (name, content) => joined(big(content.length), utf8(name), content, big(crc32(joined(utf8(name), content))));
  const lines = Array.from({ length: height }, (_, y) => joined([0, 1], pixels.subarray(y * width, (y + 1) * width)));
  const head = joined(big(width), big(height), Uint8Array.of(8, 0, 0, 0, 0));
  const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10);
  const data = await deflated(joined(...lines));
  return joined(signature, chunk("IHDR", head), chunk("IDAT", data), chunk("IEND", new Uint8Array()));
}

// ---------------------------------------------------------------- the agent: agent/agents/pupil.py

/** An agent that learns drawings: its model, and the log of its lessons. */
class Pupil {
  /** Build an agent from what agent/export wrote; `progress` is told how many lessons have been encoded, of how many. */
  static async open(saved, progress = () => {}) {
    const pupil = new Pupil();
    pupil.n_given = 0;
    pupil.saved = saved;
    pupil.lines = saved.log.split("\n").slice(0, -1);
    pupil.n_lessons = saved.n_lessons;
    pupil.n_exported = pupil.lines.length;
    pupil.user_lessons = new Map(); // number -> label, those that stand
    pupil.lines.forEach((line) => pupil.note(JSON.parse(line)));
    pupil.tensors = read_tensors(await inflated(from_base64(saved.tensors)));
    const { pixels, planes, warps, ...parts } = Object.fromEntries(pupil.tensors);
    const { bytes } = put_together(parts), n = parts.taught.shape[0], end = n * PACKED_BYTES;
    pupil.tensors.set("drawings", { dtype: "U8", shape: [n, PACKED_BYTES], bytes: bytes.subarray(0, end) });
    for (const name of ["boxes", "greys", "kinds"]) pupil.tensors.delete(name);
    if (saved.kind === "nearest") {
      pupil.model = new Nearest(saved.config);
      pupil.thumbnails().forEach((drawing, at) => pupil.model.learn_one(drawing, saved.labels[parts.taught.bytes[at]]));
      return pupil;
    }
    const reads = Uint32Array.from(new Int32Array(pixels.bytes.buffer), (pixel, i) => planes.bytes[i] * PIXELS + pixel);
    pupil.model = new Recall(saved.config, reads, new Int16Array(warps.bytes.buffer), saved.weights);
    pupil.model.no_digits = saved.background && { ...saved.background, drawings: thumbnails_of(bytes.subarray(end)) };
    await pupil.restore(progress);
    return pupil;
  }

  /** The lessons' drawings in the file. */
  thumbnails() {
    return thumbnails_of(this.tensors.get("drawings").bytes);
  }

  /** Teach the model the lessons of the file; workers encode them. */
  async restore(progress) {
    const { taught, own } = Object.fromEntries(this.tensors), n = taught.bytes.length;
    const all = this.thumbnails(), crew = new Crew(this.model, n);
    let n_before = 0;
    for (const [is_user, store] of [[0, this.model.bulk], [1, this.model.user]]) {
      const lessons = [...own.bytes.keys()].filter((at) => own.bytes[at] === is_user);
      const thumbnails = lessons.map((at) => all[at]);
      const labels = lessons.map((at) => this.saved.labels[taught.bytes[at]]), hashes = await crew.hash(thumbnails);
      for (const jobs of this.model.learn(store, thumbnails, labels, hashes)) {
        await crew.encode(jobs, store, (share) => progress(n_before + Math.round(share * lessons.length), n));
      }
      n_before += lessons.length;
    }
    crew.end();
  }

  get labels() {
    return this.model.labels;
  }

  // ------------------------------------------------------------ the log

  /** Bring the standing lessons of people up to date with an event of the log. */
  note({ event, number, label, drawing }) {
    if (event === "lesson" && drawing) this.user_lessons.set(number, label);
    if (event === "forget") this.user_lessons.delete(number);
    if (event === "relabel" && this.user_lessons.has(number)) this.user_lessons.set(number, label);
    if (event !== "forget" && event !== "relabel") this.n_given = number + 1;
  }

  append(event) {
    this.lines.push(ascii_json(event));
    this.note(event);
  }

  /** Learn one lesson: a thumbnail with ink and a label that `clean_label` gave. */
  async learn_one(thumbnail, label, when = Date.now() / 1000) {
    if (!this.labels.includes(label) && this.labels.length >= Math.min(MAX_LABELS, this.saved.max_labels)) return false;
    const guessed = this.model.predict_one(thumbnail).label, drawing = base85(await deflated(packed(thumbnail)));
    this.model.learn_one(thumbnail, label);
    this.append({ event: "lesson", number: this.n_given, label, drawing, when: Math.round(when * 1000) / 1000, guessed });
    this.n_lessons += 1;
    return true;
  }

  /** Forget the last lesson that a person taught, and give its label; null where there is none. */
  async undo() {
    const number = Math.max(-1, ...this.user_lessons.keys()), label = this.user_lessons.get(number) ?? null;
    if (label !== null) await this.forget(number);
    return label;
  }

  async forget(number) {
    const is_lesson = (line) => line.startsWith('{"event":"lesson"') && JSON.parse(line).number === number;
    const place = this.lines.findIndex(is_lesson), { drawing, ...wiped } = JSON.parse(this.lines[place]);
    this.model.forget_one(unpacked(await inflated(from_base85(drawing))), this.user_lessons.get(number));
    this.lines[place] = ascii_json(wiped);
    this.append({ event: "forget", number });
    this.n_lessons -= 1;
  }

  /** What has been taught since the export, for the browser to keep: lines of the log. */
  get since_export() {
    return this.lines.slice(this.n_exported);
  }

  /** Teach again what the browser kept. */
  async resume(lines) {
    const events = lines.map((line) => JSON.parse(line)), n_before = this.n_given;
    for (const event of events) {
      if (event.event === "forget" && event.number < n_before) {
        await this.forget(event.number);
        continue;
      }
      if (event.drawing) { // it has been wiped where the lesson was forgotten
        this.model.learn_one(unpacked(await inflated(from_base85(event.drawing))), event.label);
        this.n_lessons += 1;
      }
      this.append(event);
    }
  }

  // ------------------------------------------------------------ the files

  /** Its arrays: those that were exported, with the lessons of now. */
  arrays() {
    const { labels, lessons } = this.model, n = lessons.length;
    const changed = {
      drawings: { dtype: "U8", shape: [n, PACKED_BYTES], bytes: joined(...lessons.map(({ drawing }) => packed(drawing))) },
      taught: { dtype: "U8", shape: [n], bytes: Uint8Array.from(lessons, ({ label }) => labels.indexOf(label)) },
      own: { dtype: "U8", shape: [n], bytes: Uint8Array.from(lessons, ({ own }) => Number(own)) },
    };
    return new Map([...this.tensors].map(([name, array]) => [name, changed[name] ?? array]));
  }

  /** Its .zip, as Python loads it. */
  async to_zip() {
    const { saved, labels } = this, tensors = write_tensors(this.arrays());
    const log = utf8(this.lines.map((line) => `${line}\n`).join(""));
    const about = `["${saved.kind}", ${saved.settings}, [${labels.map(ascii_json).join(", ")}]]`;
    const digest = hexadecimal(sha256(joined(...[utf8(about), tensors, log].map(sha256))));
    const config = `{"format": ${FORMAT}, "kind": "${saved.kind}", "name": ${ascii_json(saved.name)}, "settings": ${saved.settings},`
      + ` "labels": ${ascii_json(labels)}, "n_lessons": ${this.n_lessons}, "lineage": ${saved.lineage}, "digest": "${digest}"}\n`;
    const strip = new Uint8Array(Math.max(1, 32 * labels.length - 4) * SIDE), width = strip.length / SIDE;
    labels.map((label) => this.model.imagine(label)).forEach((image, at) => {
      for (let y = 0; y < SIDE; y++) strip.set(image.subarray(y * SIDE, (y + 1) * SIDE), y * width + 32 * at);
    });
    return zipped({
      "config.json": utf8(config), "agent.safetensors": tensors, "lessons.jsonl": log,
      "README.md": utf8("An agent of Pupil, saved by its page: `agent.load` reads this file.\n"),
      "labels.png": await png(strip, width, SIDE),
    });
  }
}
