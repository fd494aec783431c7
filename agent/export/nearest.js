// Twin of agent/models/nearest.py: 1-nearest-neighbour classification by Hamming distance of canonical drawings.
"use strict";

class Nearest {
  constructor(config) {
    this.config = config;
    this.lessons = []; // { drawing, label, bits }, the oldest first
  }

  get labels() {
    return [...new Set(this.lessons.map(({ label }) => label))].sort(by_code_point);
  }

  learn_one(drawing, label) {
    this.lessons.push({ drawing, label, bits: this.bits(drawing) });
  }

  /** Forget the newest lesson with this drawing and label; false when there is none. */
  forget_one(drawing, label) {
    const at = this.lessons.findLastIndex((lesson) => lesson.label === label && equal(lesson.drawing, drawing));
    if (at >= 0) this.lessons.splice(at, 1);
    return at >= 0;
  }

  predict_one(thumbnail) {
    const { labels } = this, responses = labels.map(() => 0);
    if (!thumbnail.some(Boolean)) return guess_of(labels, responses);
    const bits = this.bits(thumbnail), places = new Map(labels.map((label, at) => [label, at]));
    let newest = null; // of contradicting lessons the newest counts
    for (const lesson of this.lessons) {
      const distance = hamming_distance(bits, lesson.bits, 0), at = places.get(lesson.label);
      responses[at] = Math.max(responses[at], PIXELS - distance);
      if (distance === 0 && equal(lesson.drawing, thumbnail)) newest = at;
    }
    if (newest !== null) responses[newest] = PIXELS + 1;
    return { ...guess_of(labels, responses), bits };
  }

  /** Drawings of the nearest lessons of the label of a guess. */
  because({ label, bits }) {
    const of_label = this.lessons.filter((lesson) => bits && lesson.label === label);
    const ranked = of_label.map((lesson) => [hamming_distance(bits, lesson.bits, 0), lesson.drawing]);
    return ranked.sort((one, other) => one[0] - other[0]).slice(0, this.config.n_reasons).map(([, drawing]) => drawing);
  }

  imagine(label) {
    const of_label = this.lessons.filter((lesson) => lesson.label === label), total = new Float64Array(PIXELS);
    for (const { drawing } of of_label) {
      canonical(drawing, SIDE, drawn);
      drawn.forEach((value, p) => { total[p] += value; });
    }
    return Uint8Array.from(total, (sum) => round_half_even(sum / of_label.length));
  }

  /** One bit a pixel of a canonical drawing. */
  bits(thumbnail) {
    const bits = new Int32Array(Math.ceil(PIXELS / 32));
    canonical(thumbnail, SIDE, drawn);
    drawn.forEach((value, p) => { bits[p >> 5] |= Number(value > this.config.threshold) << (p & 31); });
    return bits;
  }
}
