// The page: a pad, a guess at each stroke, its reasons, and teaching. What strangers wrote is only ever shown as text.
"use strict";
const by_id = (id) => document.getElementById(id);
const PAD_PX = 280, BRUSH_PX = 14, EDGE_PX = 4, SQUARES = 28, MAX_BARS = 5;

class Page {
  constructor() {
    this.texts = JSON.parse(by_id("texts").textContent);
    this.saved = JSON.parse(by_id("agent").textContent);
    this.key = `pupil-${this.saved.digest}`;
    this.pad = by_id("pad").getContext("2d", { willReadFrequently: true });
    this.is_open = false; // until the agent is opened, the pad takes ink, which is answered then
    this.is_taught = false; // the drawing on the pad is a lesson: the next stroke begins a new one
    this.busy = Promise.resolve(); // lessons come one after another
  }

  text(name, values = {}) {
    return this.texts[name].replace(/\{(\w+)\}/g, (_, value) => values[value]);
  }

  say(name, values) {
    by_id("status").textContent = this.text(name, values);
  }

  // ------------------------------------------------------------ opening and keeping

  async open() {
    document.title = by_id("name").textContent = this.saved.name;
    for (const place of document.querySelectorAll("[data-text]")) place.textContent = this.text(place.dataset.text);
    for (const [id, name] of [["clear", "CLEAR"], ["undo", "UNDO"], ["save", "SAVE"], ["restart", "RESTART"]]) {
      by_id(id).textContent = this.text(name);
    }
    by_id("pad").ariaLabel = `${this.text("PAD")}. ${this.text("PAD_HINT")}`;
    by_id("own").placeholder = by_id("own").ariaLabel = this.text("OWN");
    by_id("label").textContent = this.text("DRAW");
    this.clear();
    this.let_teach(false);
    this.listen();
    this.busy = this.wake();
    await this.busy;
  }

  /** Open the agent while the pad takes ink already. */
  async wake() {
    try {
      this.pupil = await Pupil.open(this.saved, (done, total) => {
        by_id("about").textContent = this.text("OPENING", { done, total });
      });
    } catch (error) {
      this.say("BROKEN", { reason: error.message });
      return;
    }
    await this.resume();
    this.is_open = true;
    this.let_teach(true);
    this.show_labels();
    if (!this.is_down) this.guess();
    document.body.dataset.ready = "yes";
  }

  let_teach(may) {
    for (const id of ["other", "undo", "save", "restart"]) by_id(id).inert = !may;
  }

  /** Teach again what this browser kept of an earlier visit. */
  async resume() {
    try {
      await this.pupil.resume(JSON.parse(localStorage.getItem(this.key) ?? "[]"));
    } catch {
      this.pupil = await Pupil.open(this.saved);
      this.say("NOT_KEPT");
    }
  }

  keep() {
    if (this.is_spoken_to) return; // what other pages teach is not kept here: agent/export/embed.js
    try {
      localStorage.setItem(this.key, JSON.stringify(this.pupil.since_export));
    } catch {
      this.say("NOT_KEPT");
    }
  }

  /** Do one thing after the other: a lesson is packed while the next is drawn. */
  after(does) {
    this.busy = this.busy.then(does).catch((error) => this.say("BROKEN", { reason: error.message }));
    return this.busy;
  }

  // ------------------------------------------------------------ drawing

  clear() {
    this.pad.fillStyle = "#000";
    this.pad.fillRect(0, 0, PAD_PX, PAD_PX);
    this.is_taught = false;
  }

  /** Draw from the last point to the next, off the outermost pixels: these are paper. */
  stroke(x, y) {
    const [from_x, from_y] = this.at ?? [x, y];
    this.pad.save();
    this.pad.beginPath();
    this.pad.rect(EDGE_PX, EDGE_PX, PAD_PX - 2 * EDGE_PX, PAD_PX - 2 * EDGE_PX);
    this.pad.clip();
    [this.pad.strokeStyle, this.pad.lineWidth, this.pad.lineCap] = ["#fff", BRUSH_PX, "round"];
    this.pad.beginPath();
    this.pad.moveTo(from_x, from_y);
    this.pad.lineTo(x, y + (from_x === x && from_y === y ? 0.01 : 0));
    this.pad.stroke();
    this.pad.restore();
    this.at = [x, y];
  }

  begin_stroke(x, y) {
    if (this.is_taught) this.clear();
    this.at = null;
    this.is_down = true;
    this.stroke(x, y);
  }

  end_stroke() {
    if (!this.is_down) return;
    this.is_down = false;
    this.guess();
  }

  get thumbnail() {
    const { data } = this.pad.getImageData(0, 0, PAD_PX, PAD_PX);
    const grey = new Uint8Array(PAD_PX * PAD_PX);
    for (let p = 0; p < grey.length; p++) grey[p] = data[4 * p];
    return to_thumbnail(grey, PAD_PX, PAD_PX);
  }

  // ------------------------------------------------------------ answering

  guess() {
    if (!this.is_open) return;
    const thumbnail = this.thumbnail, has_ink = thumbnail.some(Boolean), { model, labels } = this.pupil;
    const guess = model.predict_one(thumbnail), label = guess.label ?? this.text("UNKNOWN");
    const share = new Intl.NumberFormat(document.documentElement.lang, { style: "percent" }).format(guess.confidence);
    const how = guess.unfamiliar ? "UNFAMILIAR" : guess.unsure ? "UNSURE" : "SURE";
    by_id("guess").className = guess.unsure ? "unsure" : "";
    by_id("label").textContent = has_ink && labels.length ? label : this.text("DRAW");
    by_id("sure").textContent = !labels.length ? this.text("NOTHING_KNOWN") : has_ink ? this.text(how, { share }) : "";
    const [nearest] = has_ink ? model.because(guess) : [];
    by_id("reason").hidden = !nearest;
    if (nearest) {
      show_drawing(by_id("reason").firstChild, nearest, guess.label);
      by_id("reason").lastChild.textContent = this.text(guess.unfamiliar ? "NEAREST" : "BECAUSE", { label: guess.label });
    }
    const ranked = labels.map((name, at) => [name, guess.responses[at]]).sort((a, b) => b[1] - a[1]);
    by_id("bars").replaceChildren(...(has_ink ? ranked : []).slice(0, MAX_BARS).map(([name, response]) => {
      const bar = element("b");
      bar.style.width = `${(100 * response) / Math.max(1, ranked[0][1])}%`;
      return element("li", element("span", name), element("i", bar), element("span", String(response)));
    }));
    for (const button of by_id("labels").children) button.classList.toggle("guessed", button.value === guess.label);
  }

  show_labels() {
    const { labels, model, n_lessons } = this.pupil;
    by_id("about").textContent = labels.length
      ? this.text("ABOUT", { lessons: n_lessons.toLocaleString(document.documentElement.lang), labels: labels.join(" ") })
      : this.text("NOTHING_KNOWN");
    by_id("labels").replaceChildren(...labels.map((label) => {
      const button = element("button", label);
      [button.type, button.value] = ["button", label];
      button.addEventListener("click", () => this.teach(label));
      return button;
    }));
    by_id("images").replaceChildren(...labels.map((label) => {
      const canvas = element("canvas");
      show_drawing(canvas, model.imagine(label), label);
      return element("figure", canvas, element("figcaption", label));
    }));
    by_id("knows").hidden = !labels.length;
    by_id("undo").disabled = !this.pupil.user_lessons.size;
    by_id("restart").disabled = !this.pupil.since_export.length;
  }

  // ------------------------------------------------------------ teaching

  teach(text) {
    const label = clean_label(text), thumbnail = this.thumbnail;
    if (label === null) return this.say("BAD_LABEL");
    if (this.is_taught || !thumbnail.some(Boolean)) return this.say("BLANK");
    return this.after(async () => {
      if (!await this.pupil.learn_one(thumbnail, label)) return this.say("TOO_MANY");
      this.is_taught = true;
      this.say("LEARNED", { label });
      this.changed();
    });
  }

  undo() {
    return this.after(async () => {
      const label = await this.pupil.undo();
      if (label === null) return this.say("NOTHING_TO_FORGET");
      this.say("FORGOTTEN", { label });
      this.changed();
    });
  }

  changed() {
    this.keep();
    this.show_labels();
    this.guess();
  }

  save() {
    return this.after(async () => {
      const link = element("a"), content = new Blob([await this.pupil.to_zip()], { type: "application/zip" });
      link.href = URL.createObjectURL(content);
      link.download = `${this.saved.name.replace(/[^\p{L}\p{N} _-]/gu, "_")}.zip`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    });
  }

  restart() {
    if (!window.confirm(this.text("RESTART_SURE"))) return;
    localStorage.removeItem(this.key);
    window.location.reload();
  }

  // ------------------------------------------------------------ hands and keys

  listen() {
    const pad = by_id("pad");
    const point = (event) => {
      const box = pad.getBoundingClientRect();
      return [((event.clientX - box.left) * PAD_PX) / box.width, ((event.clientY - box.top) * PAD_PX) / box.height];
    };
    pad.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !event.isPrimary) return;
      pad.setPointerCapture(event.pointerId);
      this.begin_stroke(...point(event));
    });
    pad.addEventListener("pointermove", (event) => {
      if (!this.is_down || !event.isPrimary) return;
      const passed = event.getCoalescedEvents?.() ?? [];
      for (const each of passed.length ? passed : [event]) this.stroke(...point(each));
    });
    for (const name of ["pointerup", "pointercancel"]) pad.addEventListener(name, () => this.end_stroke());
    pad.addEventListener("keydown", (event) => this.move_pen(event));
    pad.addEventListener("focus", () => this.show_pen());
    pad.addEventListener("blur", () => {
      this.end_stroke();
      by_id("pen").hidden = true;
    });
    by_id("clear").addEventListener("click", () => {
      this.clear();
      this.guess();
    });
    by_id("undo").addEventListener("click", () => this.undo());
    by_id("save").addEventListener("click", () => this.save());
    by_id("restart").addEventListener("click", () => this.restart());
    by_id("other").addEventListener("submit", (event) => {
      event.preventDefault();
      this.teach(by_id("own").value);
      by_id("own").value = "";
    });
    document.addEventListener("keydown", (event) => {
      if (!this.is_open || event.target === by_id("own") || event.altKey || event.repeat) return;
      if ((event.ctrlKey || event.metaKey) && event.key === "z") this.undo();
      else if (event.ctrlKey || event.metaKey) return;
      else if ([...event.key].length === 1 && this.pupil.labels.includes(event.key)) this.teach(event.key);
    });
  }

  /** Arrows move a pen over the pad's squares, with Shift four at once; Space puts it down and lifts it. */
  move_pen(event) {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey || (!step && event.key !== " ")) return;
    event.preventDefault();
    this.pen ??= [SQUARES / 2, SQUARES / 2];
    if (step) {
      this.pen = this.pen.map((at, axis) => Math.min(SQUARES - 1, Math.max(0, at + step[axis] * (event.shiftKey ? 4 : 1))));
    }
    const [x, y] = this.pen.map((at) => ((at + 0.5) * PAD_PX) / SQUARES);
    if (step && this.is_down) this.stroke(x, y);
    else if (!step && !event.repeat) this.is_down ? this.end_stroke() : this.begin_stroke(x, y);
    this.show_pen();
    this.say(this.is_down ? "PEN_DOWN" : "PEN_UP", { x: this.pen[0] + 1, y: this.pen[1] + 1 });
  }

  show_pen() {
    const pen = by_id("pen"), [x, y] = this.pen ?? [SQUARES / 2, SQUARES / 2];
    pen.hidden = !by_id("pad").matches(":focus-visible");
    [pen.style.left, pen.style.top] = [x, y].map((at) => `${((at + 0.5) / SQUARES) * 100}%`);
    pen.classList.toggle("down", Boolean(this.is_down));
  }
}

/** An element with children; what is text stays text. */
function element(name, ...children) {
  const made = document.createElement(name);
  made.append(...children);
  return made;
}

/** Show a drawing, (28, 28) uint8, in a canvas of that size. */
function show_drawing(canvas, drawing, label) {
  [canvas.width, canvas.height, canvas.ariaLabel] = [SIDE, SIDE, label];
  canvas.setAttribute("role", "img");
  const image = new ImageData(SIDE, SIDE);
  drawing.forEach((value, p) => image.data.set([value, value, value, 255], 4 * p));
  canvas.getContext("2d").putImageData(image, 0, 0);
}

const page = globalThis.document && new Page(), opened = page?.open(); // workers run this script, too: crew.js
