// Twin of agent/models/recall and agent/kernels/recall.py: an n-tuple classifier confirmed by deformable matching.
"use strict";
const PREFIX_REACH = 20, MIN_PREFIX = 8, SIGNATURE_REACH = 18, MIN_SIGNATURE = 32, SKETCH_REACH = 16, MIN_SKETCH = 500;
const MAX_AWAY = 600, N_NEAREST = 12, N_LEAST_STRANGE = 6, QUARTERS_WEIGHT = 50, HALVES_WEIGHT = 25;
const SCALE = 1000, BUDGET_SHARES = [16, 3.2, 1], LABELS_COMPARED = 8, MAX_RARITY = 1, RARITY_HALF = 20;
const NEAR_PREFIX = 3, AGREEMENT_K = 30, DOUBTFUL_LEAD = 150, REASONS_BUDGET = [90, 30, 6], PLAIN_STRANGENESS = 14000;
const NEARER_BACKGROUND = 130, NEAR_BACKGROUND = 180, BESIDE_BACKGROUND = 1.25, DIGITS = [..."0123456789"];
const N_TYPICAL = 32, MIN_TYPICAL = 8, N_REASONS = 3, EXACT_MATCH_RESPONSE = 2 * SCALE, LABELS_PER_TABLE = 16;
const PREFIX_SIZE = 12, SUFFIX_SIZE = 32; // words of 32 bits: every fourth word of 64 bits, and the others
const PREFIX_WORDS = [], SUFFIX_WORDS = [];
for (let w = 0; w < SIGNATURE_WORDS; w++) (w % 8 < 2 ? PREFIX_WORDS : SUFFIX_WORDS).push(w);
const TALL = 2.2, FLAT = 0.8, USUAL_PX = [24, 15], NEARER_SCALED = 0.82, NEARER_TURNED = 0.75, FAR_DIFFERENCE = 9;
const SQUEEZED = scaling_field(0, 1 / 4); // to four fifths across
const TURNED = [0.2, -0.2, 0.42, -0.42].map(turning_field); // sines of the angles by which a drawing far from all lessons is turned

/** The field that samples a drawing so much farther from its middle. */
function scaling_field(down, across) {
  const field = new Float32Array(2 * FRAME * FRAME), middle = (FRAME - 1) / 2;
  for (let p = 0; p < FRAME * FRAME; p++) {
    field[p] = (Math.trunc(p / FRAME) - middle) * down;
    field[FRAME * FRAME + p] = ((p % FRAME) - middle) * across;
  }
  return field;
}

/** The field that gives a drawing usual proportions, where it is very narrow or flat; else null. */
function proportion_field(thumbnail) {
  const [top, bottom, left, right] = ink_box(thumbnail, SIDE, SIDE, 0), height = bottom - top, width = right - left;
  const is_usual = FLAT * width <= height && height <= TALL * width;
  return is_usual ? null : scaling_field(height / USUAL_PX[0] - 1, width / USUAL_PX[1] - 1);
}

/** The field that turns a drawing by an angle of this sine. */
function turning_field(sine) {
  const field = new Float32Array(2 * FRAME * FRAME), f32 = Math.fround, s = f32(sine), less = f32(Math.sqrt(1 - sine * sine) - 1);
  for (let y = 0, p = 0; y < FRAME; y++) {
    for (let x = 0; x < FRAME; x++, p++) {
      const below = y - (FRAME - 1) / 2, beyond = x - (FRAME - 1) / 2;
      field[p] = f32(below * less) + f32(beyond * s);
      field[FRAME * FRAME + p] = f32(beyond * less) - f32(below * s);
    }
  }
  return field;
}

const equal = (one, other) => one.every((value, at) => value === other[at]);
const two_largest = (values) => [0, 0, ...values].sort((a, b) => b - a);
const by_code_point = (one, other) => {
  const a = [...one].map((char) => char.codePointAt(0)), b = [...other].map((char) => char.codePointAt(0));
  const at = a.findIndex((value, place) => value !== b[place]);
  return at < 0 ? a.length - b.length : at >= b.length ? 1 : a[at] - b[at];
};

// ---------------------------------------------------------------- encoding

const maps = new Float32Array(8 * PIXELS), across = new Float32Array(PIXELS), down = new Float32Array(PIXELS);
const drawn = new Uint8Array(PIXELS), bent = new Uint8Array(FRAME * FRAME), marked = new Int32Array(SIGNATURE_WORDS);

/** Encode a drawing, or its copy that a field warps, as row `row` of `out`: addresses, code, sketch, signature. */
function encode(thumbnail, field, fixed, out, row) {
  if (field) {
    warp(thumbnail, field, bent);
    canonical(bent, FRAME, drawn);
  } else canonical(thumbnail, SIDE, drawn);
  edge_maps(drawn, maps);
  gradients(drawn, across, down);
  const codes = out.codes.subarray(row * CODE_SIZE, (row + 1) * CODE_SIZE);
  code(across, down, codes);
  sketch(codes, out.sketches.subarray(row * SKETCH_SIZE, (row + 1) * SKETCH_SIZE));
  signature(across, down, marked);
  PREFIX_WORDS.forEach((w, at) => { out.prefixes[row * PREFIX_SIZE + at] = marked[w]; });
  SUFFIX_WORDS.forEach((w, at) => { out.suffixes[row * SUFFIX_SIZE + at] = marked[w]; });
  addresses(maps, fixed.compared, fixed.tuple_size, out.addresses, row * fixed.n_nodes);
}

/** Make room for so many rows of what `encode` gives. */
function encoded_rows(n, fixed) {
  return {
    addresses: new Uint16Array(n * fixed.n_nodes), codes: new Uint8Array(n * CODE_SIZE),
    sketches: new Uint8Array(n * SKETCH_SIZE), prefixes: new Int32Array(n * PREFIX_SIZE),
    suffixes: new Int32Array(n * SUFFIX_SIZE),
  };
}

/** Encode copies start … stop - 1 of a drawing as rows of `out`; copy 0 is the drawing itself. */
function encode_copies({ drawing, start, stop, row }, fixed, out) {
  const size = 2 * FRAME * FRAME;
  for (let copy = start; copy < stop; copy++, row++) {
    encode(drawing, copy && fixed.fields.subarray((copy - 1) * size, copy * size), fixed, out, row);
  }
}

/** Encode one drawing to be asked about: what `encode` gives, of a single row. */
function query_of(thumbnail, field, fixed) {
  const query = encoded_rows(1, fixed);
  encode(thumbnail, field, fixed, query, 0);
  return query;
}

// ---------------------------------------------------------------- row_store.py

const ROW = {
  lesson_ids: [Int32Array, 1], copies: [Uint8Array, 1], label_ids: [Uint8Array, 1], addresses: [Uint16Array, 0],
  codes: [Uint8Array, CODE_SIZE], sketches: [Uint8Array, SKETCH_SIZE],
  prefixes: [Int32Array, PREFIX_SIZE], suffixes: [Int32Array, SUFFIX_SIZE],
};

/** Lessons, their rows, and the RAM tables the rows are written into. */
class RowStore {
  constructor(fixed) {
    this.fixed = fixed;
    this.n = 0; // rows
    this.lessons = []; // { drawing, label_id, hash: hexadecimal, share: the hash as a number from 0 to 1, n_copies }
    for (const name in ROW) this[name] = new ROW[name][0](0);
    this.tables = []; // one for each sixteen labels: a location is a word, one bit a label
    this.fit(1);
    this.changed();
  }

  changed() {
    this.indexes = new Map();
    this.inks = new Map();
  }

  size_of(name) {
    return ROW[name][1] || this.fixed.n_nodes;
  }

  /** Add lessons; yields jobs for `encode_copies`, to be done before it goes on. */
  * learn(drawings, label_ids, hashes = drawings.map(drawing_hash)) {
    if (!drawings.length) return;
    this.changed();
    drawings.forEach((drawing, at) => {
      const hash = hashes[at], share = (hash[0] * 2 ** 32 + hash[1]) / 2 ** 64;
      const text = hash.map((half) => half.toString(16).padStart(8, "0")).join("");
      this.lessons.push({ drawing, label_id: label_ids[at], hash: text, share, n_copies: -1 });
    });
    yield* this.balance_copies();
  }

  /** Remove a lesson and its rows; later lessons move up. */
  forget(lesson) {
    this.changed();
    this.drop((row) => this.lesson_ids[row] === lesson);
    for (let row = 0; row < this.n; row++) if (this.lesson_ids[row] > lesson) this.lesson_ids[row] -= 1;
    this.lessons.splice(lesson, 1);
    this.carry_out(this.balance_copies());
  }

  /** Do all jobs at once. */
  carry_out(steps) {
    for (const jobs of steps) for (const job of jobs) encode_copies(job, this.fixed, this);
  }

  /** Lower by one the label ids above that of a label without lessons. */
  drop_label(label_id) {
    this.changed();
    for (const lesson of this.lessons) if (lesson.label_id > label_id) lesson.label_id -= 1;
    for (let row = 0; row < this.n; row++) if (this.label_ids[row] > label_id) this.label_ids[row] -= 1;
    for (const table of this.tables) table.fill(0);
    this.write(0, this.n);
  }

  /** Make room for so many labels in the tables. */
  fit(n_labels) {
    const n_locations = this.fixed.n_nodes << this.fixed.tuple_size;
    while (this.tables.length * LABELS_PER_TABLE < n_labels) this.tables.push(new Uint16Array(n_locations));
  }

  /** Add and remove rows until every lesson has the copies that are due. */
  * balance_copies() {
    const due = this.n_copies_due(), groups = new Map();
    this.drop((row) => this.copies[row] > due[this.lesson_ids[row]]);
    this.lessons.forEach(({ n_copies }, at) => {
      const key = (n_copies + 1) * 1000 + due[at];
      if (n_copies < due[at]) groups.set(key, groups.get(key) ?? []).get(key).push(at);
    });
    for (const key of [...groups.keys()].sort((a, b) => a - b)) {
      yield* this.encode(groups.get(key), Math.trunc(key / 1000), (key % 1000) + 1);
    }
    this.lessons.forEach((lesson, at) => { lesson.n_copies = due[at]; });
  }

  /** Let copies start … stop - 1 of some lessons be encoded as new rows. */
  * encode(lesson_ids, start, stop) {
    const first = this.n;
    this.make_room(first + lesson_ids.length * (stop - start));
    yield lesson_ids.map((lesson_id) => {
      const { drawing, label_id } = this.lessons[lesson_id], row = this.n;
      for (let copy = start; copy < stop; copy++, this.n++) {
        [this.lesson_ids[this.n], this.copies[this.n], this.label_ids[this.n]] = [lesson_id, copy, label_id];
      }
      return { drawing, start, stop, row };
    });
    this.write(first, this.n);
  }

  /** Reserve at least `n` rows. */
  make_room(n) {
    if (this.lesson_ids.length >= n) return;
    const room = Math.max(n, Math.min(2 * this.lesson_ids.length, this.lesson_ids.length + 4000));
    for (const name in ROW) {
      const old = this[name];
      this[name] = new ROW[name][0](room * this.size_of(name));
      this[name].set(old);
    }
  }

  /** Copies due to each lesson: together they fill `n_rows` rows, and fewer once lessons are many. */
  n_copies_due() {
    const n = this.lessons.length, { n_rows, n_warps } = this.fixed;
    const rows = Math.min(n * n_warps, n_rows, Math.max(0, 2 * (n_rows - n)));
    return this.lessons.map((lesson) => Math.trunc(lesson.share + rows / Math.max(1, n)));
  }

  /** Write rows into the tables: all, or those of some labels. */
  write(first, last, label_ids = null) {
    const { n_nodes, tuple_size } = this.fixed;
    for (let row = first; row < last; row++) {
      const label_id = this.label_ids[row];
      if (label_ids && !label_ids.has(label_id)) continue;
      const table = this.tables[label_id >> 4], bit = 1 << (label_id & 15);
      for (let m = 0, at = row * n_nodes; m < n_nodes; m++, at++) table[(m << tuple_size) | this.addresses[at]] |= bit;
    }
  }

  /** Remove rows: the last ones fill their places; the bits of their labels are written again. */
  drop(is_dropped) {
    const rows = [], label_ids = new Set();
    for (let row = 0; row < this.n; row++) if (is_dropped(row)) rows.push(row) && label_ids.add(this.label_ids[row]);
    if (!rows.length) return;
    const left = this.n - rows.length, holes = rows.filter((row) => row < left), gone = new Set(rows);
    let mover = left;
    for (const hole of holes) {
      while (gone.has(mover)) mover += 1;
      for (const name in ROW) {
        const size = this.size_of(name);
        this[name].copyWithin(hole * size, mover * size, (mover + 1) * size);
      }
      mover += 1;
    }
    this.n = left;
    for (const label_id of label_ids) {
      const table = this.tables[label_id >> 4], others = ~(1 << (label_id & 15));
      for (let at = 0; at < table.length; at++) table[at] &= others;
    }
    this.write(0, left, label_ids);
  }

  // ------------------------------------------------------------ finding

  /** Count the lessons of each label. */
  counts(n_labels) {
    const counts = new Array(n_labels).fill(0);
    for (const { label_id } of this.lessons) counts[label_id] += 1;
    return counts;
  }

  /** Sum of the canonical drawings of a label, and their number. */
  ink(label_id) {
    if (!this.inks.has(label_id)) {
      const total = new Float64Array(PIXELS), of_label = this.lessons.filter((lesson) => lesson.label_id === label_id);
      for (const { drawing } of of_label) {
        canonical(drawing, SIDE, drawn);
        for (let p = 0; p < PIXELS; p++) total[p] += drawn[p];
      }
      this.inks.set(label_id, [total, of_label.length]);
    }
    return this.inks.get(label_id);
  }

  /** The newest lesson with exactly this drawing and label; -1 without any. */
  lesson_of(drawing, label_id) {
    return this.lessons.findLastIndex((lesson) => lesson.label_id === label_id && equal(lesson.drawing, drawing));
  }

  /** Rows grouped by label, and where those of each label begin; without `copies`, only drawings themselves. */
  rows(copies = true) {
    if (!this.indexes.has(copies)) {
      const begins = new Int32Array(257), by_label = [];
      const groups = Array.from({ length: 256 }, () => []);
      for (let row = 0; row < this.n; row++) if (copies || !this.copies[row]) groups[this.label_ids[row]].push(row);
      groups.forEach((group, label_id) => {
        for (const row of group) by_label.push(row);
        begins[label_id + 1] = by_label.length;
      });
      this.indexes.set(copies, { by_label: Int32Array.from(by_label), begins });
    }
    return this.indexes.get(copies);
  }
}

// ---------------------------------------------------------------- kernels/recall.py and decision.py

/** Matches of a drawing among the stored rows of some labels: prefiltered when made, then ranked by `compare`. */
class RowMatches {
  constructor(stores, query, labels_mask, leader, copies = true) {
    [this.stores, this.query, this.labels_mask] = [stores, query, labels_mask];
    this.indexes = stores.map((store) => store.rows(copies));
    this.distances = labels_mask.map(() => [[], []]); // of each label: of user rows, of bulk rows
    let rival = NO_ROW;
    this.least = NO_ROW;
    labels_mask.forEach((is_searched, label_id) => {
      if (!is_searched) return;
      this.distances[label_id] = this.indexes.map(({ by_label, begins }, s) => {
        const distances = new Int16Array(begins[label_id + 1] - begins[label_id]);
        for (let i = 0; i < distances.length; i++) {
          const row = by_label[begins[label_id] + i];
          distances[i] = hamming_distance(query.prefixes, stores[s].prefixes, row);
          if (distances[i] < this.least) this.least = distances[i];
          if (label_id !== leader && distances[i] < rival) rival = distances[i];
        }
        return distances;
      });
    });
    this.n_agreeing = 0;
    for (const pair of this.distances) {
      for (const part of pair) for (const distance of part) this.n_agreeing += Number(distance < rival);
    }
  }

  /** Rank the rows of each label in stages of growing cost: by prefix, by signature, by sketch, by code.
   *
   * Rows of lessons whose drawing has the hash `but` are ranked, but left out in the end. */
  compare(budget, but = null) {
    const n_labels = this.labels_mask.length, nearest = new Array(n_labels).fill(FAR);
    const listed = this.list_rows(budget, nearest), of_sketch = listed.map(() => []);
    const one = padded(this.query.sketches, SKETCH_PAD, SKETCH_UNPACKED), other = one.slice();
    listed.forEach((rows, label_id) => {
      if (nearest[label_id] === FAR) return;
      of_sketch[label_id] = rows.map(([store, row]) => {
        other.set(store.sketches.subarray(row * SKETCH_SIZE, (row + 1) * SKETCH_SIZE), SKETCH_PAD);
        return sketch_difference(one, other);
      });
      nearest[label_id] = Math.min(FAR, ...of_sketch[label_id]);
    });
    leave_out(nearest, SKETCH_REACH, MIN_SKETCH);
    const query = padded(this.query.codes, PAD, UNPACKED), stored = query.slice(), quarters = new Int32Array(4);
    this.rows = []; // [store, row, difference]
    this.nearest = listed.map(() => [FAR, FAR, FAR]);
    this.parts = listed.map(() => new Array(8).fill(FAR));
    listed.forEach((rows, label_id) => {
      if (nearest[label_id] === FAR) return;
      const bound = smallest_bound(of_sketch[label_id], budget[2]);
      rows.forEach(([store, row], i) => {
        if (of_sketch[label_id][i] > bound || store.lessons[store.lesson_ids[row]].hash === but) return;
        stored.set(store.codes.subarray(row * CODE_SIZE, (row + 1) * CODE_SIZE), PAD);
        difference(query, stored, quarters);
        const total = quarters[0] + quarters[1] + quarters[2] + quarters[3];
        this.rows.push([store, row, total]);
        note_nearest(total, quarters, this.nearest[label_id], this.parts[label_id]);
      });
    });
    return this;
  }

  /** First stages of `compare`: the rows of each label that are nearest by signature. */
  list_rows(budget, nearest) {
    this.distances.forEach((pair, label_id) => {
      for (const part of pair) for (const distance of part) nearest[label_id] = Math.min(nearest[label_id], distance);
    });
    leave_out(nearest, PREFIX_REACH, MIN_PREFIX);
    const listed = this.distances.map(([users, bulk], label_id) => {
      if (nearest[label_id] === FAR) return [];
      const of_label = new Int16Array(users.length + bulk.length);
      of_label.set(users);
      of_label.set(bulk, users.length);
      nearest[label_id] = FAR;
      const places = closest(of_label, budget[0], Math.max(1, budget[0]));
      const rows = places.map((place) => {
        const s = Number(place >= users.length), { by_label, begins } = this.indexes[s];
        return [this.stores[s], by_label[begins[label_id] + place - (s ? users.length : 0)]];
      });
      const of_signature = rows.map(([store, row], i) => {
        const distance = of_label[places[i]] + hamming_distance(this.query.suffixes, store.suffixes, row);
        nearest[label_id] = Math.min(nearest[label_id], distance);
        return distance;
      });
      return closest(of_signature, budget[1], Math.max(1, budget[1])).map((ranked) => rows[ranked]);
    });
    leave_out(nearest, SIGNATURE_REACH, MIN_SIGNATURE);
    return listed;
  }

  get compared() {
    return this.nearest.map(([smallest]) => smallest < FAR);
  }

  /** Combine matches, those of the squeezed drawing if any, and votes: 0 … SCALE for each label. */
  responses(votes, params, squeezed = this) {
    const lost = away(this), lost_second = away(squeezed), leader_votes = Math.max(...votes);
    return votes.map((of_label, label) => {
      const total = Math.floor((lost[label] + lost_second[label]) / 2)
        + Math.floor((params.votes_weight * (leader_votes - of_label)) / params.all_votes);
      return Math.max(0, SCALE - total);
    });
  }

  /** Difference of the nearest row, as a share of what the drawing's own gradients amount to. */
  get least_difference() {
    return Math.min(...this.nearest.map(([smallest]) => smallest)) / Math.max(1, sum_of_squares(this.query.codes));
  }

  /** Label id of the newest lesson with exactly this drawing, the user's before bulk ones; null without any. */
  exact_label(thumbnail) {
    const [user] = this.stores;
    let newest = null;
    for (const [store, row, difference] of this.rows) {
      const id = store.lesson_ids[row], is_user = store === user;
      if (difference !== 0 || !equal(store.lessons[id].drawing, thumbnail)) continue;
      if (!newest || (is_user === newest.is_user ? id > newest.id : is_user)) newest = { is_user, id, store };
    }
    return newest && newest.store.lessons[newest.id].label_id;
  }

  /** Matches among the rows of the background, where some signature prefix is about as near as any here; else null. */
  near_background(background) {
    const matches = new RowMatches(background, this.query, [true], 0);
    return 100 * matches.least <= NEAR_BACKGROUND * this.least ? matches : null;
  }

  /** Whether the background is about as near as the label, and no lesson of the user is what is nearest. */
  is_background(label_id, background) {
    const [smallest] = this.nearest[label_id], [users] = this.stores;
    const is_own = this.rows.some(([store, , difference]) => store === users && difference === smallest);
    return !is_own && 100 * background.nearest[0][0] < NEARER_BACKGROUND * smallest;
  }

  /** Whether some row's signature prefix is so near that nothing about the drawing can be strange. */
  get is_plain() {
    const n_bits = this.query.prefixes.reduce((n, word) => n + popcount(word), 0);
    return this.least < NO_ROW && 10 * this.least <= NEAR_PREFIX * n_bits;
  }

  /** How strange the drawing is to a label, seen from its rows; -1 without rows. */
  strangeness(label_id) {
    const rows = this.rows.filter(([store, row]) => store.label_ids[row] === label_id);
    if (!rows.length) return -1;
    const nearest = smallest_bound(rows.map(([, , difference]) => difference), N_NEAREST);
    const query = padded(this.query.codes, PAD, UNPACKED), stored = query.slice(), quarters = new Int32Array(4);
    const far = rows.filter(([, , difference]) => difference <= nearest).map(([store, row]) => {
      stored.set(store.codes.subarray(row * CODE_SIZE, (row + 1) * CODE_SIZE), PAD);
      return Math.floor((difference(stored, query, quarters) * 1000) / Math.max(1, sum_of_squares(stored)));
    });
    const lowest = smallest_bound(far, N_LEAST_STRANGE), few = far.filter((share) => share <= lowest);
    return Math.floor(few.reduce((total, share) => total + share, 0) / few.length);
  }

  /** Drawings of the nearest lessons of a label, each once. */
  lessons(label_id, limit) {
    const nearest = new Set();
    for (const [store, row] of [...this.rows].sort((a, b) => a[2] - b[2])) {
      const lesson = store.lessons[store.lesson_ids[row]];
      if (lesson.label_id === label_id && nearest.size < limit) nearest.add(lesson);
    }
    return [...nearest].map((lesson) => lesson.drawing);
  }
}

/** Leave out labels whose nearest row is farther than `reach` tenths of the nearest of all. */
function leave_out(nearest, reach, at_least) {
  const bound = Math.trunc((Math.max(Math.min(FAR, ...nearest), at_least) * reach) / 10);
  nearest.forEach((distance, label_id) => { if (distance > bound) nearest[label_id] = FAR; });
}

/** Insert a row's difference into the three smallest of its label, and its parts into the smallest parts. */
function note_nearest(difference, q, nearest, parts) {
  nearest.push(difference);
  nearest.sort((a, b) => a - b).pop();
  [q[0], q[1], q[2], q[3], q[0] + q[1], q[2] + q[3], q[0] + q[2], q[1] + q[3]].forEach((value, part) => {
    parts[part] = Math.min(parts[part], value);
  });
}

/** How much farther the rows of each label are than those of the nearest one, as a share times SCALE. */
function away({ nearest, parts }) {
  const sum = (values) => values.reduce((total, value) => total + value, 0), out = nearest.map(() => 0);
  const wholes = nearest.map((differences) => {
    const found = differences.filter((difference) => difference < FAR), n = found.length;
    return n === 0 ? FAR : n === 3 ? 2 * sum(found) : Math.floor((Math.floor((sum(found) * 6) / n) * 115) / 100);
  });
  const quarters = parts.map((of_label) => sum(of_label.slice(0, 4))), halves = parts.map((of_label) => sum(of_label.slice(4)));
  for (const [measure, weight] of [[wholes, 100], [quarters, QUARTERS_WEIGHT], [halves, HALVES_WEIGHT]]) {
    const smallest = Math.max(1, Math.min(FAR * 8, ...measure));
    measure.forEach((value, label) => {
      const farther = Math.min(MAX_AWAY, Math.floor((value * 1000) / smallest) - 1000);
      out[label] += Math.floor((farther * weight * SCALE) / 100000);
    });
  }
  return out;
}

/** Decision parameters of a model with these labels, in the order of their ids, and these lessons. */
function decision_params(config, label_list, stores) {
  const n_lessons = stores[0].lessons.length + stores[1].lessons.length, all_votes = config.n_nodes;
  const [user, bulk] = stores.map((store) => store.counts(label_list.length));
  const counts = user.map((n, label_id) => n + bulk[label_id]), mean = n_lessons / counts.length;
  const labels = [...label_list].sort(by_code_point);
  return {
    labels,
    order: labels.map((label) => label_list.indexOf(label)),
    all_votes,
    rarity_prior: counts.map((n) => {
      const halvings = Math.min(MAX_RARITY, Math.max(-MAX_RARITY, Math.log2(mean / n)));
      return Math.trunc((((halvings * RARITY_HALF) / (RARITY_HALF + mean)) * config.rare_bonus * all_votes) / SCALE);
    }),
    clear_lead: config.clear_lead * all_votes,
    unconfirmed_lead: config.plausible_lag * all_votes,
    votes_weight: Math.trunc(config.votes_weight * (config.votes_half / (config.votes_half + n_lessons))),
    budget: BUDGET_SHARES.map((share) => Math.trunc(Math.max(3, Math.trunc(config.n_candidates / LABELS_COMPARED)) * share)),
  };
}

/** Lead in votes at which no matching is needed: the smaller, the more of the nearest rows agree. */
function lead_needed(params, n_agreeing) {
  const doubt = 1 - Math.min(n_agreeing, AGREEMENT_K) / AGREEMENT_K;
  return params.clear_lead + Math.max(0, params.unconfirmed_lead - params.clear_lead) * doubt;
}

/** A guess from responses; a tie is reported, never broken. */
function guess_of(labels, responses) {
  const [best, second] = two_largest(responses);
  if (best === second) return { label: null, confidence: 0, responses, unsure: true, unfamiliar: false };
  const label = labels[responses.indexOf(best)];
  return { label, confidence: (best - second) / best, responses, unsure: false, unfamiliar: false };
}

// ---------------------------------------------------------------- model.py

/** N-tuple classifier with deformable nearest neighbours. */
class Recall {
  /** config: settings as numbers; reads: the bits of all nodes; warps: control points; weights of `warp_fields`. */
  constructor(config, reads, warps, weights) {
    this.config = config;
    this.made_of = [config, reads, warps, weights];
    const { n_nodes, tuple_size, n_warps, n_rows } = config;
    const fields = warp_fields(warps, weights), compared = compared_values(reads);
    this.fixed = { n_nodes, tuple_size, n_warps, n_rows, fields, compared };
    this.label_list = []; // the label of each label id, a bit of a location
    [this.user, this.bulk] = this.stores = [new RowStore(this.fixed), new RowStore(this.fixed)];
    this.changed();
  }

  changed() {
    this.params = this.typical = null;
  }

  get labels() {
    return [...this.label_list].sort(by_code_point);
  }

  /** All lessons as files hold them, bulk ones first: { drawing, label, own }. */
  get lessons() {
    const of_store = (store) => store.lessons.map(({ drawing, label_id }) => {
      return { drawing, label: this.label_list[label_id], own: store === this.user };
    });
    return [...of_store(this.bulk), ...of_store(this.user)];
  }

  // ------------------------------------------------------------ learning and forgetting

  /** Learn lessons; yields as `RowStore.learn`. */
  * learn(store, drawings, labels, hashes) {
    this.changed();
    for (const label of labels) if (!this.label_list.includes(label)) this.label_list.push(label);
    for (const each of this.stores) each.fit(this.label_list.length);
    yield* store.learn(drawings, labels.map((label) => this.label_list.indexOf(label)), hashes);
  }

  learn_one(drawing, label) {
    this.user.carry_out(this.learn(this.user, [drawing], [label]));
  }

  /** Forget the newest lesson with this drawing and label, the user's before bulk ones; false when there is none. */
  forget_one(drawing, label) {
    const label_id = this.label_list.indexOf(label);
    const store = this.stores.find((each) => each.lesson_of(drawing, label_id) >= 0);
    if (!store) return false;
    this.changed();
    store.forget(store.lesson_of(drawing, label_id));
    if (!this.stores.some((each) => each.lessons.some((lesson) => lesson.label_id === label_id))) {
      this.label_list.splice(label_id, 1);
      for (const each of this.stores) each.drop_label(label_id);
    }
    return true;
  }

  // ------------------------------------------------------------ answering

  /** Guess a drawing: by votes alone where they are clear, else by votes and matches. */
  predict_one(thumbnail) {
    const params = this.decision_params(), none = params.labels.map(() => 0);
    if (!params.labels.length || !thumbnail.some(Boolean)) return guess_of(params.labels, none);
    const evidence = this.gather(thumbnail), { votes, matches } = evidence;
    if (Math.max(...evidence.counted) <= 0) return guess_of(params.labels, none);
    let responses;
    if (matches === null) {
      const most = Math.max(0, ...votes);
      responses = votes.map((n) => Math.max(0, SCALE - Math.floor(((most - n) * 3 * SCALE) / params.all_votes)));
    } else {
      responses = matches.responses(votes, params);
      const exact = matches.exact_label(thumbnail), [best, second] = two_largest(responses);
      if (exact !== null) responses[exact] = EXACT_MATCH_RESPONSE;
      else if (best - second < DOUBTFUL_LEAD) {
        responses = matches.responses(votes, params, this.match_warped(thumbnail, SQUEEZED, matches.compared));
      }
    }
    const guess = () => ({ ...guess_of(params.labels, params.order.map((label_id) => responses[label_id])), evidence });
    const most = Math.max(...responses);
    if (guess().label === null || most === EXACT_MATCH_RESPONSE) return guess();
    const strangeness = this.unfamiliarity(evidence, responses.indexOf(most));
    const nearer = matches && this.nearer_copy(thumbnail, matches);
    if (nearer) responses = nearer.responses(votes.map(() => 0), params);
    return strangeness ? { ...guess(), unsure: true, unfamiliar: true } : guess();
  }

  /** Match copies of usual proportions and turned ones; the nearest, if far nearer than the drawing, else null. */
  nearer_copy(thumbnail, { least_difference: as_drawn, labels_mask }) {
    const scaled = proportion_field(thumbnail), fields = scaled ? [[scaled, NEARER_SCALED]] : [];
    if (as_drawn > FAR_DIFFERENCE) for (const turned of TURNED) fields.push([turned, NEARER_TURNED]);
    let nearest = null;
    for (const [field, share] of fields) {
      const copy = this.match_warped(thumbnail, field, labels_mask);
      const is_nearer = copy.least_difference < share * as_drawn;
      if (is_nearer && (!nearest || copy.least_difference < nearest.least_difference)) nearest = copy;
    }
    return nearest;
  }

  /** Strangeness of a drawing that is much stranger to a label than lessons are to their own labels; else 0.
   *
   * So is a drawing that is about as near to the background of digits as to the digit. */
  unfamiliarity(evidence, label_id) {
    const { query, params } = evidence, of_digits = DIGITS.includes(this.label_list[label_id]) ? this.background() : null;
    let { matches, is_plain } = evidence;
    if (is_plain && of_digits === null) return 0;
    if (matches === null) {
      matches = this.matches_of(query, label_id);
      is_plain ||= matches.is_plain;
    }
    const background = of_digits && matches.near_background(of_digits);
    if (is_plain && background === null) return 0;
    if (evidence.matches === null) matches.compare(params.budget);
    const strangeness = matches.strangeness(label_id);
    if (background && matches.is_background(label_id, background.compare(params.budget))) return Math.max(0, strangeness);
    if (is_plain || strangeness <= PLAIN_STRANGENESS) return 0;
    const bound = this.typical_strangeness() * this.config.unfamiliar * (this.background() ? BESIDE_BACKGROUND : 1);
    return 0 < bound && bound < strangeness ? strangeness : 0;
  }

  /** Stores as of a model whose bulk lessons are what is no digit, but for what has been taught; null without such. */
  background() {
    const { no_digits, params } = this;
    if (params.background !== undefined) return params.background;
    params.background = null;
    if (no_digits && this.bulk.lessons.some(({ hash }) => hash === no_digits.mark)) {
      const kept = no_digits.drawings.filter((_, at) => !this.label_list.includes(no_digits.names[at]));
      if (no_digits.kept?.length !== kept.length || !equal(kept, no_digits.kept)) {
        no_digits.kept = kept;
        no_digits.stores = [0, 1].map(() => new RowStore({ ...this.fixed, n_rows: 0 }));
        no_digits.stores[1].carry_out(no_digits.stores[1].learn(kept, kept.map(() => 0)));
      }
      params.background = no_digits.stores;
    }
    return params.background;
  }

  matches_of(query, label_id, copies = true) {
    return new RowMatches(this.stores, query, this.label_list.map((_, id) => id === label_id), label_id, copies);
  }

  /** Median strangeness of some lessons to the other lessons of their labels; 0 where too few have others. */
  typical_strangeness() {
    if (this.typical === null) {
      const values = this.lessons_of_lowest_hashes().map(({ drawing, label_id, hash }) => {
        const same = this.stores.flatMap((store) => store.lessons.filter((lesson) => lesson.hash === hash));
        const n_own = same.reduce((n, lesson) => n + lesson.n_copies + 1, 0);
        const of_label = this.matches_of(query_of(drawing, null, this.fixed), label_id);
        return of_label.compare(this.params.budget.map((n) => n + n_own), hash).strangeness(label_id);
      });
      const known = values.filter((value) => value > 0).sort((a, b) => a - b);
      this.typical = known.length >= MIN_TYPICAL ? known[known.length >> 1] : 0;
    }
    return this.typical;
  }

  /** N_TYPICAL lessons, each drawing once, whatever order they came in. */
  lessons_of_lowest_hashes() {
    const unique = new Map(), hashes = this.stores.flatMap((store) => store.lessons.map((lesson) => lesson.hash));
    const lowest = [...new Set(hashes)].sort().slice(0, N_TYPICAL).at(-1);
    for (const lesson of this.stores.flatMap((store) => store.lessons)) {
      if (lesson.hash > lowest) continue;
      const known = unique.get(lesson.hash);
      const comes_first = (one, other) => by_code_point(this.label_list[one], this.label_list[other]) < 0;
      if (!known || comes_first(lesson.label_id, known.label_id)) unique.set(lesson.hash, lesson);
    }
    return [...unique.keys()].sort().slice(0, N_TYPICAL).map((hash) => unique.get(hash));
  }

  /** Encode a drawing, let the nodes vote, and match stored rows unless one label leads clearly. */
  gather(thumbnail) {
    const params = this.decision_params(), query = query_of(thumbnail, null, this.fixed);
    const counted = this.vote(query), votes = counted.map((n, label_id) => n + params.rarity_prior[label_id]);
    const [best, second] = two_largest(votes), evidence = { params, query, counted, votes, matches: null, is_plain: false };
    const contested = votes.some((n, label_id) => counted[label_id] === params.all_votes && n < best);
    if (!contested && best - second > lead_needed(params, 0)) return evidence;
    const matches = new RowMatches(this.stores, query, votes.map(() => true), votes.indexOf(Math.max(...votes)));
    if (!contested && best - second > lead_needed(params, matches.n_agreeing)) {
      return { ...evidence, is_plain: matches.is_plain };
    }
    return { ...evidence, matches: matches.compare(params.budget) };
  }

  /** For each label, how many nodes have seen it at their address. */
  vote(query) {
    const { n_nodes, tuple_size } = this.fixed, votes = this.label_list.map(() => 0);
    this.user.tables.forEach((user, part) => {
      const bulk = this.bulk.tables[part];
      for (let m = 0; m < n_nodes; m++) {
        const at = (m << tuple_size) | query.addresses[m];
        for (let word = user[at] | bulk[at]; word; word &= word - 1) {
          votes[part * LABELS_PER_TABLE + 31 - Math.clz32(word & -word)] += 1;
        }
      }
    });
    return votes;
  }

  /** Match a copy of a drawing that a field warps. Squeezed, long hooks, flags and bars get shorter. */
  match_warped(thumbnail, field, labels_mask) {
    const query = query_of(thumbnail, field, this.fixed);
    return new RowMatches(this.stores, query, labels_mask, 0).compare(this.decision_params().budget);
  }

  decision_params() {
    this.params ??= decision_params(this.config, this.label_list, this.stores);
    return this.params;
  }

  // ------------------------------------------------------------ explaining, imagining

  /** Drawings of the nearest lessons of the label of a guess. */
  because({ label, evidence }) {
    if (label === null || !evidence) return [];
    const label_id = this.label_list.indexOf(label), { matches, query, params } = evidence;
    const lessons = matches === null ? [] : matches.lessons(label_id, N_REASONS);
    if (lessons.length >= N_REASONS) return lessons;
    const of_label = this.matches_of(query, label_id, matches !== null);
    return of_label.compare(matches === null ? REASONS_BUDGET : params.budget).lessons(label_id, N_REASONS);
  }

  /** Mental image of a label: (28, 28) uint8. */
  imagine(label) {
    const [[user, n_user], [bulk, n_bulk]] = this.stores.map((store) => store.ink(this.label_list.indexOf(label)));
    const n = n_user + n_bulk;
    return Uint8Array.from(user, (of_user, p) => Math.floor((of_user + bulk[p] + Math.floor(n / 2)) / n));
  }
}
