// The pad is drawn with WebGL. Where a processor does a graphics card's work, gradio's pad kept two cores busy for
// seconds after every stroke, and the server with what it sent: what nobody sees is left out, what was sent already is
// not sent again. All before the pad is there.
(() => {
  const FRAMES_PER_S = 20;
  const RESOLUTION = 0.75; // of the page's pixels: those of the drawing itself, 280 where 372 are shown
  const FRESH_MS = 60_000; // so long what was sent is sure to be there
  const N_SENT = 4;

  // Each pixel is looked up in as many textures as may lie in one batch: one is enough, what is drawn is the same.
  for (const { prototype } of [window.WebGLRenderingContext, window.WebGL2RenderingContext].filter(Boolean)) {
    const { getParameter } = prototype;
    prototype.getParameter = function (name) {
      return name === this.MAX_TEXTURE_IMAGE_UNITS ? 1 : getParameter.call(this, name);
    };
  }

  // The pad shows pictures, whose edges are smoothed where they are drawn: the canvas need not do so again.
  const { getContext } = HTMLCanvasElement.prototype;
  HTMLCanvasElement.prototype.getContext = function (kind, how) {
    return getContext.call(this, kind, kind === "webgl2" ? { ...how, antialias: false } : how);
  };

  const has_card = (gl) => {
    const told = gl.getExtension("WEBGL_debug_renderer_info")?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER;
    return !/SwiftShader|llvmpipe|softpipe|Software|Basic Render/i.test(gl.getParameter(told));
  };

  // gradio asks for the drawing seven times a stroke, each time as three pictures: one is enough, and once.
  const draw_once = (pad) => {
    let drawn;
    pad.on("change", () => { drawn = undefined; });
    pad.get_blobs = () => {
      const whole = Object.create(pad.layer_manager, { background_layer: { value: null }, layers: { value: [] } });
      return (drawn ??= whole.get_blobs(pad.width, pad.height));
    };
  };

  // One request after another: the report of a stroke that comes later than that of the next would be taken for news.
  const { fetch } = window;
  let last = Promise.resolve();
  const in_turn = (send) => (last = last.catch(() => {}).then(send));
  let sent = [];

  // The server keeps a picture under what is in it: sent again within a minute it would get the same answer.
  const send_once = async (address, how) => {
    const file = how.body.get("files");
    const bytes = new Uint8Array(await file.arrayBuffer()).join();
    const now = performance.now();
    sent = sent.filter((each) => now - each.at < FRESH_MS).slice(-N_SENT);
    let same = sent.find((each) => each.bytes === bytes && each.name === file.name);
    if (!same) {
      same = { name: file.name, bytes, at: now, answer: fetch(address, how) };
      sent.push(same);
      const forget = () => { sent = sent.filter((each) => each !== same); };
      same.answer.then(({ ok }) => ok || forget(), forget);
    }
    return (await same.answer).clone();
  };

  // There is a second way for a stroke to reach the server, which may tell of the stroke before: it never ends.
  window.fetch = (address, how) => {
    const form = how?.body instanceof FormData ? how.body : undefined;
    if (form?.get("fn_name") === "accept_blobs") return new Promise(() => {});
    if (/^(composite|background)\.png$/.test(form?.get("files")?.name)) return in_turn(() => send_once(address, how));
    return how?.body?.includes?.("/composite.png") ? in_turn(() => fetch(address, how)) : fetch(address, how);
  };

  // gradio puts each pad it makes here.
  let pad;
  Object.defineProperty(window, "editor", {
    get: () => pad,
    set: (made) => {
      pad = made;
      draw_once(pad);
      pad.ready.then(() => {
        pad.command_manager.current_history.subscribe(() => {
          for (const way of ["undo", "redo"]) document.body.classList.toggle(`stroke-${way}`, can_move(way));
          if (!is_stroke(pad.command_manager.history)) document.dispatchEvent(new Event("pad-empty"));
        });
        pad.tools.get("zoom").set_zoom("fit"); // else only when its paper is there: ink before that lies elsewhere
        pad.outline_graphics.filters = []; // a shadow that the page hides: eleven drawings a frame
        const { renderer, ticker } = pad.app;
        renderer.background.color = "#000"; // the paper's, so that its edge does not shine
        if (has_card(renderer.gl)) return;
        ticker.maxFPS = FRAMES_PER_S;
        renderer.resize(renderer.screen.width, renderer.screen.height, RESOLUTION);
      });
    },
  });

  // Undo and Redo move a stroke where one can be moved: gradio's own buttons for it, which the page hides, also take
  // away the paper. Clear undoes all strokes, and is one action to Undo and Redo.
  let cleared; // the first and the last stroke that Clear took, what stood before and after them, and whether it is undone
  const is_stroke = (at) => at?.command?.name === "Draw";
  const took = (way) => {
    const now = pad?.command_manager?.history;
    if (!cleared || !now) return false;
    if (way === "undo") return !cleared.is_undone && now === cleared.before && now.next === cleared.first;
    return cleared.is_undone && now === cleared.last && now.next === cleared.after;
  };
  const can_move = (way) => {
    const now = pad?.command_manager?.history;
    if (took("undo")) return way === "undo" && !document.querySelector("#undo.past"); // else something was done since
    return took(way) || is_stroke(way === "redo" ? now?.next : now);
  };
  const BUTTONS = { undo: 3, redo: 4 }; // by their places among gradio's: their names are in the page's language
  const move = (way) => document.querySelectorAll("#pad button.icon-button")[BUTTONS[way]].click();
  const move_to = (way, is_there) => {
    const { command_manager, context } = pad;
    const next = () => (way === "undo" ? command_manager.history.previous : command_manager.history.next);
    while (!is_there(next())) command_manager[way](context);
    move(way); // the last one, of which the pad tells
  };
  const clear = () => {
    const last = pad.command_manager.history;
    let first = last;
    while (is_stroke(first.previous)) first = first.previous;
    cleared = { first, last, before: first.previous, after: last.next, is_undone: false };
    move_to("undo", (at) => at === first.previous);
  };
  // Undo and Redo say that they are at work until they are answered.
  const awaited = { undo: 0, redo: 0 };
  window.pupilAwaits = (way, by) => {
    awaited[way] += by;
    document.querySelector(`gradio-app #${way}`).ariaBusy = awaited[way] > 0;
  };
  // Undo, redo or clear strokes: what was done, "" where no stroke was moved.
  window.pupilStroke = (way) => {
    if (!can_move(way)) return "";
    let did = way;
    if (way === "clear" || (way === "redo" && took("redo"))) {
      clear();
      did = "clear";
    } else if (took("undo")) {
      cleared.is_undone = true;
      move_to("redo", (at) => at === cleared.last);
    } else {
      move(way);
    }
    document.dispatchEvent(new Event("pad-moved"));
    return did;
  };
})();

// One contact draws: the first finger, the left mouse button, a pen before any finger. A second finger or a palm does
// nothing; two that come down before the first has moved are a pinch, and draw nothing: until then a finger is held back.
(() => {
  const HOLD_PX = 14;
  const KINDS = ["pointerdown", "pointermove", "pointerup", "pointercancel"];
  const replayed = new WeakSet();
  const ignored = new Set(); // contacts on the pad that draw nothing
  let active; // the contact that draws: { id, type, last, held }, held: its events until it is sure to draw

  const again = (event, kind = event.type) => {
    const copy = new PointerEvent(kind, {
      bubbles: true, cancelable: true, composed: true, pointerId: event.pointerId, pointerType: event.pointerType,
      isPrimary: true, button: kind === "pointermove" ? -1 : 0, buttons: kind === "pointerup" ? 0 : 1,
      clientX: event.clientX, clientY: event.clientY, pressure: event.pressure, width: event.width, height: event.height,
    });
    replayed.add(copy);
    (document.querySelector("#pad canvas") ?? event.target).dispatchEvent(copy);
  };
  const release = () => {
    const { held } = active;
    active.held = undefined;
    held?.forEach((event) => again(event));
  };
  const drop = (event) => {
    if (!active.held) again(event, "pointerup");
    ignored.add(active.id);
    active = undefined;
  };
  const stop = (event) => event.stopImmediatePropagation();

  const handle = {
    pointerdown: (event) => {
      if (event.pointerType === "mouse" && event.button !== 0) return stop(event);
      if (active && event.pointerId !== active.id) {
        if (event.pointerType === "pen" && active.type === "touch") {
          drop(active.last);
        } else {
          if (active.held) drop(event); // a pinch
          ignored.add(event.pointerId);
          return stop(event);
        }
      } else if (event.pointerType === "touch" && ignored.size) {
        ignored.add(event.pointerId); // the rest of a pinch, or a palm that lies there
        return stop(event);
      }
      active = { id: event.pointerId, type: event.pointerType, last: event };
      if (event.pointerType !== "touch") return;
      active.held = [event];
      stop(event);
    },
    pointermove: (event) => {
      if (ignored.has(event.pointerId)) return stop(event);
      if (event.pointerType === "mouse" && event.buttons && !(event.buttons & 1)) {
        if (active?.id === event.pointerId) { again(event, "pointerup"); active = undefined; }
        return stop(event);
      }
      if (!active) return;
      if (event.pointerId !== active.id) return stop(event);
      active.last = event;
      if (!active.held) return;
      active.held.push(event);
      stop(event);
      const [{ clientX, clientY }] = active.held;
      if (Math.hypot(event.clientX - clientX, event.clientY - clientY) > HOLD_PX) release();
    },
    pointerup: (event) => {
      if (ignored.delete(event.pointerId)) return stop(event);
      if (!active) return;
      if (event.pointerId !== active.id) return stop(event);
      if (active.held) release(); // a tap is a dot
      active = undefined;
    },
  };
  handle.pointercancel = handle.pointerup;

  for (const kind of KINDS) {
    window.addEventListener(kind, (event) => {
      if (replayed.has(event)) return;
      const is_known = active?.id === event.pointerId || ignored.has(event.pointerId);
      if (is_known || event.target.closest?.("#pad")) handle[kind](event);
    }, true);
  }
})();
