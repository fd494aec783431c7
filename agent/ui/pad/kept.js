// What is drawn and pressed while nobody can answer: until the page is built, while the app wakes up, without a connection.
// A layer over the pad takes it and shows it; it is done in its order once somebody answers, also after the page was
// loaded again. Runs as soon as the layer is there, before gradio's scripts and after pad.js.
(() => {
  const STORE = "pupil-kept";
  const LINE = 24 / 280; // of the pad's side, as gradio's brush draws
  const ASK_MS = 1000;
  const ANSWER_MS = 300_000; // of a machine that is busy with other things
  const STROKE_MS = 3000;
  const SETTLED_MS = 500; // a pad that was not emptied for so long stays as it is
  const REFUSED_MS = 20_000;
  const RECENT_MS = ANSWER_MS; // a press without an answer for longer had one that changed nothing
  const STALE_MS = 50 * 60_000; // after an hour without its heartbeat gradio forgets a page
  const LATE_MS = 60_000; // a page that is not whole by then has no pad, as where WebGL is blocked
  const BUILT = ["#header .top", "#tabs [role=tab]", "#pad canvas", "#tools button", "#guess .answer", "#bars .bars", "#right"];

  const find = (at) => document.querySelector(at);
  const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
  const frame = () => new Promise(requestAnimationFrame);
  const until = async (holds, ms) => {
    for (const end = performance.now() + ms; !holds(); await frame()) if (performance.now() > end) return false;
    return true;
  };

  let { ink, done } = { ink: [], done: [] }; // strokes on the layer; presses that wait, each with the strokes it is about
  try {
    ({ ink, done } = JSON.parse(sessionStorage.getItem(STORE)) ?? { ink, done });
  } catch {} // nothing kept, or no storage
  let stroke; // that is being drawn on the layer
  let on_pad = []; // strokes that gradio's pad shows
  let undone = []; // strokes that it can bring back
  let asked = []; // presses on the page whose answers are not there yet
  let is_live = false; // the page answers: the layer is away
  let is_lost = false;
  let is_broken = false; // an event of gradio was lost with the connection
  let is_doing = false; // what was kept
  let is_mine = false; // a press from here
  let is_leaving = false;
  let line; // the last event that waits for room in the queue

  const save = () => {
    try {
      ink.length || done.length ? sessionStorage.setItem(STORE, JSON.stringify({ ink, done })) : sessionStorage.removeItem(STORE);
    } catch {}
  };
  const n_lessons = () => Number((find("gradio-app #chip")?.innerText.match(/.*· ([\d.,]+) /s)?.[1] ?? "0").replace(/\D/g, ""));
  const n_drawn = () => {
    let at = window.editor?.command_manager.history;
    let n = 0;
    for (; at?.command?.name === "Draw"; at = at.previous) n++;
    return n;
  };

  const drawn = () => on_pad.slice(Math.max(0, on_pad.length - n_drawn())); // a busy pad loses a stroke, which is drawn again

  // ---- the layer
  let shown; // what it looks like: it is drawn anew when that changes
  const paper = () => find("#pad")?.getBoundingClientRect() ?? {}; // that of the early page first
  const show = () => {
    const layer = find("#kept");
    const { left, top, width } = paper();
    const { lost, busy, kept } = layer.dataset;
    const text = is_lost ? lost : line ? busy : done.length ? kept.replace("{n}", done.length) : "";
    const look = [left + scrollX, top + scrollY, width, text, is_live, ink.length, stroke?.length].join();
    if (look === shown) return;
    shown = look;
    const note = layer.querySelector("p");
    if (note.textContent !== text) note.textContent = text;
    layer.hidden = !width || (is_live && !text);
    layer.classList.toggle("note", is_live);
    Object.assign(layer.style, { left: `${left + scrollX}px`, top: `${top + scrollY}px`, width: `${width}px`, height: `${width}px` });
    if (is_live || !width) return;
    document.body.classList.toggle("stroke-undo", ink.length > 0);
    const canvas = layer.querySelector("canvas");
    const side = Math.round(width * devicePixelRatio);
    if (canvas.width !== side) canvas.width = canvas.height = side;
    const pen = canvas.getContext("2d");
    pen.clearRect(0, 0, side, side);
    Object.assign(pen, { lineWidth: LINE * side, lineCap: "round", lineJoin: "round", strokeStyle: "#fff" });
    for (const points of stroke ? [...ink, stroke] : ink) {
      pen.beginPath();
      for (const [x, y] of [points[0], ...points]) pen.lineTo(x * side, y * side);
      pen.stroke();
    }
  };
  const point = (event) => {
    const { left, top, width } = paper();
    return [event.clientX - left, event.clientY - top].map((at) => Math.round((1000 * at) / width) / 1000);
  };
  const end = (event) => {
    if (!event.isPrimary || !stroke) return;
    ink.push(stroke);
    stroke = undefined;
    save();
  };
  const on_layer = {
    pointerdown: (event) => {
      if (!event.isPrimary || event.button) return;
      if (event.isTrusted) event.target.setPointerCapture(event.pointerId); // the pen of keys has no pointer
      stroke = [point(event)];
    },
    pointermove: (event) => event.isPrimary && stroke?.push(point(event)),
    pointerup: end,
    pointercancel: end,
  };

  // ---- presses, and strokes that the pad takes while the page answers
  const named = (button) => {
    if (button.id) return `#${button.id}`;
    const label = button.closest("[data-label]")?.dataset.label;
    return label === undefined ? "" : `:is(#own-labels, .starts) [data-label="${CSS.escape(label)}"]`;
  };
  const undo_kept = () => { // the last press, or what is being done, once it is; else a stroke that is on the pad
    if (done.length > Number(is_doing)) ink = done.pop().ink;
    else if (done.length) done.push({ press: "#undo", ink: [], n_before: null });
    else window.pupilStroke?.("undo");
  };
  const keep = (button) => { // not what confirms a guess that nobody saw, nor a word that is still being typed
    const at = named(button);
    if (at === "#undo" && !ink.pop()) undo_kept();
    if (at === "#clear") {
      ink = [];
      window.pupilStroke?.("clear");
    }
    const has_ink = ink.length || n_drawn(), OTHERS = ["", "#undo", "#redo", "#clear", "#photo", "#add", "#right"];
    if (!OTHERS.includes(at) && (has_ink || button.closest(".starts"))) {
      done.push({ press: at, ink, n_before: null });
      ink = [];
    }
    save();
  };
  window.addEventListener("click", (event) => {
    const button = event.target.closest?.("#tell button, #tools button, .starts button");
    if (!button || is_mine) return;
    if (!is_live) {
      event.stopImmediatePropagation();
      event.preventDefault();
      return keep(button);
    }
    asked = unanswered(); // before an undo, after which they would look so
    const at = button.closest("#tell") ? named(button) : "";
    if (!at || at === "#add" || !on_pad.length) return;
    asked.push({ press: at, ink: on_pad, n_before: n_lessons() + asked.length, at: Date.now() });
    on_pad = [];
  }, true);
  window.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (!is_live && !window.pupilKeys && /^[0-9]$/.test(event.key) && !event.repeat) find(`#label-${event.key}`)?.click();
  });
  let tracing;
  const on_pad_events = {
    pointerdown: (at) => { [tracing, undone] = [[at], []]; },
    pointermove: (at) => { tracing?.push(at); },
    pointerup: () => { if (tracing) on_pad.push(tracing); tracing = undefined; },
  };
  for (const [kind, take] of Object.entries(on_pad_events)) {
    document.addEventListener(kind, (event) => { // what is left of it: pad.js holds back what draws nothing
      if (kind === "pointerdown" ? event.target.matches?.("#pad canvas") : tracing) take(point(event));
    }, true);
  }
  document.addEventListener("pad-empty", () => { [on_pad, undone] = [[], [...on_pad, ...undone]]; });
  document.addEventListener("pad-moved", () => { // strokes were undone, or brought back
    const strokes = [...on_pad, ...undone], n = n_drawn();
    [on_pad, undone] = [strokes.slice(0, n), strokes.slice(n)];
  });
  const unanswered = () => asked.filter(({ n_before, at }) => n_lessons() <= n_before && (line || Date.now() - at < RECENT_MS));

  // ---- doing what was kept
  const trace = async (points) => {
    for (let attempt = 0; attempt < 6; attempt++) { // of a busy machine
      const before = n_drawn();
      const canvas = find("#pad canvas");
      const { left, top, width } = paper();
      const send = (kind, [x, y]) => canvas.dispatchEvent(new PointerEvent(kind, {
        bubbles: true, cancelable: true, composed: true, pointerId: 1, pointerType: "mouse", isPrimary: true,
        button: kind === "pointermove" ? -1 : 0, buttons: kind === "pointerup" ? 0 : 1,
        clientX: left + x * width, clientY: top + y * width,
      }));
      send("pointerdown", points[0]);
      for (const at of points) send("pointermove", at);
      send("pointerup", points.at(-1));
      if (await until(() => n_drawn() > before, STROKE_MS)) break;
    }
  };
  const draw = async (strokes) => { // gradio empties its pad in steps: what was drawn between two of them is drawn again
    for (let attempt = 0, is_wiped = true; is_wiped && attempt < 3; attempt++) {
      is_wiped = false;
      const wipe = () => { is_wiped = true; };
      document.addEventListener("pad-empty", wipe);
      for (const points of strokes) await trace(points);
      await sleep(SETTLED_MS);
      document.removeEventListener("pad-empty", wipe);
    }
  };
  const press = async (at, has_ink) => {
    let is_empty = false;
    document.addEventListener("pad-empty", () => { is_empty = true; }, { once: true });
    const is_pressable = () => is_lost || find(`gradio-app ${at}`)?.disabled === false;
    await until(is_pressable, has_ink ? ANSWER_MS : STROKE_MS); // the drawing is on its way; an undo may have nothing to undo
    if (is_lost) return;
    const told = () => find("#status")?.innerText;
    const before = told();
    is_mine = true;
    find(`gradio-app ${at}`)?.click();
    is_mine = false;
    if (!has_ink) await until(() => find("#chip.busy"), 2 * ASK_MS);
    const is_refused = () => told() !== before || find(".toast-body.error");
    await until(() => is_lost || (has_ink ? is_empty || is_refused() : !find("#chip.busy")), ANSWER_MS);
    if (has_ink) await until(() => is_lost || is_empty, REFUSED_MS); // words of a lesson, or of others, come before its empty pad
    if (has_ink && !is_empty && !is_lost) window.pupilStroke?.("clear"); // refused: the next drawing is another
  };
  const redo = async () => {
    is_doing = true;
    try {
      while (done.length && !is_lost) {
        const [next] = done;
        const is_first = next.n_before === null; // else it may have been learned, and only its answer was lost
        next.n_before ??= n_lessons();
        save();
        if (is_first || n_lessons() <= next.n_before) {
          await draw(next.ink);
          await press(next.press, next.ink.length > 0 || n_drawn() > 0);
        }
        if (is_lost) break;
        done.shift();
        save();
      }
      while (ink.length && !done.length && !stroke && !is_lost) {
        const now = [...ink];
        await draw(now);
        ink = ink.filter((each) => !now.includes(each));
        save();
      }
    } finally {
      is_doing = false;
    }
  };

  const is_late = () => performance.now() > LATE_MS && find("gradio-app #tabs");
  let paper_at; // when the pad's paper was laid: twice, and ink before the last time is gone
  document.addEventListener("pad-empty", () => { if (window.editor.command_manager.history.command) paper_at = performance.now(); });
  const has_paper = () => performance.now() - paper_at > SETTLED_MS / 2;
  const has_brush = () => (find("#pad button.highlight") && has_paper()) || (!window.editor && is_late());
  const is_ready = () => !is_lost && window.pupilSynced && find("gradio-app .notebook") && has_brush();
  const watch = async () => {
    for (; ; await frame()) {
      const early = find("#early");
      if (early && (is_late() || find("gradio-app .notebook") || BUILT.every((at) => find(`gradio-app ${at}`)))) early.remove();
      if (is_ready() && !is_doing && !stroke) {
        if (!done.length && !ink.length) break;
        redo();
      }
      show();
    }
    is_live = true;
    show();
  };

  // ---- the connection
  const lose = (has_lost_event) => {
    if (is_leaving) return;
    is_broken ||= has_lost_event;
    if (is_lost) return;
    is_lost = true;
    document.documentElement.classList.add("lost");
    if (is_live) {
      take();
      is_live = false;
      watch();
    }
    ask();
  };
  const take = () => { // what is on the page, and what has no answer yet
    done = [...unanswered(), ...done];
    ink = [...(asked.length ? on_pad : drawn()), ...ink];
    save();
  };
  const app_id = () => fetch("gradio_api/app_id").then((answer) => (answer.ok ? answer.json() : {})).catch(() => ({}));
  const is_same = async () => (await app_id()).app_id === window.gradio_config?.app_id;
  const renew = () => {
    if (is_live) take();
    location.reload();
  };
  const ask = async () => {
    for (let now; !now; ({ app_id: now } = await app_id())) await sleep(ASK_MS);
    if (is_broken || ink.length || done.length || stroke || !(await is_same())) return location.reload();
    is_lost = false;
    document.documentElement.classList.remove("lost");
    setTimeout(renew, STALE_MS);
  };
  window.addEventListener("pagehide", () => { // the page is loaded again, or in the other language
    if (!is_live) return;
    ink = drawn();
    save();
  });
  window.addEventListener("beforeunload", () => { // streams break off then; a download leaves no page
    is_leaving = true;
    setTimeout(() => { is_leaving = false; }, 5 * ASK_MS);
  });

  const { fetch } = window;
  const listen = async (body) => { // to a stream that only ends with the connection
    const reader = body.getReader();
    try {
      while (!(await reader.read()).done);
    } catch (error) {
      if (error.name === "AbortError") return;
    }
    if (is_leaving) return;
    if (await is_same()) return setTimeout(renew, STALE_MS); // a proxy closed it
    lose(false);
  };
  const is_full = async (answer) => {
    if (answer.status === 429) return true;
    return answer.status === 503 && /Queue is full/.test(await answer.clone().text()); // not where a job is refused
  };
  const send = async (address, how) => {
    try {
      const answer = await fetch(address, how);
      if ([502, 504].includes(answer.status)) lose(true); // a proxy's: there is no app behind it
      return answer;
    } catch (error) {
      if (error.name !== "AbortError") lose(true);
      throw error;
    }
  };
  const insist = async (address, how) => {
    for (let wait = ASK_MS; ; wait = Math.min(2 * wait, 8 * ASK_MS)) {
      await sleep(wait);
      const answer = await send(address, how);
      if (!(await is_full(answer))) return answer;
    }
  };
  const wait_in_line = (address, how) => {
    const mine = (line ?? Promise.resolve()).then(() => insist(address, how));
    const over = mine.catch(() => {}).then(() => {
      if (line === over) line = undefined;
      show();
    });
    line = over;
    show();
    return mine;
  };
  window.fetch = async (address, how) => {
    const { pathname } = new URL(address.url ?? address, document.baseURI);
    if (!/\/gradio_api\/(queue|upload|heartbeat)/.test(pathname)) return fetch(address, how);
    if (pathname.endsWith("/queue/join")) {
      if (line) return wait_in_line(address, how);
      const answer = await send(address, how);
      return (await is_full(answer)) ? wait_in_line(address, how) : answer;
    }
    const answer = await send(address, how);
    if (pathname.includes("/heartbeat/") && answer.ok) listen(answer.clone().body);
    return answer;
  };

  for (const [kind, handle] of Object.entries(on_layer)) find("#kept canvas").addEventListener(kind, handle);
  window.addEventListener("resize", show);
  watch();
})();
