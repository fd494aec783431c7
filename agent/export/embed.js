// Speaks with the page that this one is embedded in: see README.md. Whoever speaks sees the agent as it was exported.
"use strict";
const MIN_SIDE = 8, MAX_SIDE = 2048;
const shown = (value) => (Object(value) === value ? typeof value : String(value)).slice(0, 40);

/** The thumbnail of a drawing as other pages send it: { width, height, ink }. */
function read_drawing(drawing) {
  const { width, height, ink } = Object(drawing);
  if (![width, height].every((side) => Number.isInteger(side) && MIN_SIDE <= side && side <= MAX_SIDE)) {
    throw new Error(`expected width and height from ${MIN_SIDE} to ${MAX_SIDE}, got ${shown(width)} and ${shown(height)}.`);
  }
  const is_byte = (value) => Number.isInteger(value) && 0 <= value && value <= 255;
  if (!(Array.isArray(ink) || ArrayBuffer.isView(ink)) || ink.length !== width * height || !ink.every(is_byte)) {
    throw new Error(`expected ink as ${width * height} whole numbers from 0 to 255, got ${shown(ink?.length ?? ink)}.`);
  }
  return to_thumbnail(Uint8Array.from(ink), height, width);
}

const ANSWERS = {
  labels: () => ({ name: page.saved.name, labels: page.pupil.labels, n_lessons: page.pupil.n_lessons }),

  guess({ drawing }) {
    const { label, confidence, unsure, unfamiliar, responses } = page.pupil.model.predict_one(read_drawing(drawing));
    const by_label = Object.fromEntries(page.pupil.labels.map((name, at) => [name, responses[at]]));
    return { label, confidence, unsure, unfamiliar, responses: by_label };
  },

  async teach({ drawing, label }) {
    const thumbnail = read_drawing(drawing), name = typeof label === "string" ? clean_label(label) : null;
    if (name === null) throw new Error(`expected a label of 1 to ${MAX_LABEL_CHARS} visible characters, got ${shown(label)}.`);
    if (!thumbnail.some(Boolean)) throw new Error("expected a drawing with ink, got a blank one.");
    if (!await page.pupil.learn_one(thumbnail, name)) {
      throw new Error(`expected at most ${page.pupil.labels.length} labels, got one more.`);
    }
    page.changed();
    return { label: name, n_lessons: page.pupil.n_lessons };
  },
};

/** Answer a request; the first one that comes begins with the agent as exported, whatever was taught in this browser. */
async function answer(request) {
  await opened;
  if (!page.pupil) throw new Error("expected an agent that can be opened, got a damaged page.");
  if (!page.is_spoken_to && page.pupil.since_export.length) page.pupil = await Pupil.open(page.saved);
  page.is_spoken_to = true;
  if (typeof request.pupil !== "string" || !Object.hasOwn(ANSWERS, request.pupil)) {
    throw new Error(`expected one of ${Object.keys(ANSWERS).join(", ")}, got ${shown(request.pupil)}.`);
  }
  return ANSWERS[request.pupil](request);
}

globalThis.window?.addEventListener("message", ({ source, origin, data }) => {
  if (window.parent === window || source !== window.parent || !Object.hasOwn(Object(data), "pupil")) return;
  const send = (content) => source.postMessage({ pupil: data.pupil, id: data.id, ...content }, origin === "null" ? "*" : origin);
  page.after(() => answer(data).then(send, (error) => send({ error: error.message })));
});
