// Keys and the theme switch. Installed once a page; a key never does what no button does.
() => {
  if (window.pupilKeys) return;
  window.pupilKeys = true;
  const theme = localStorage.getItem("pupil-theme");
  if (theme) document.body.classList.toggle("dark", theme === "dark");
  document.querySelector("gradio-app #guess")?.setAttribute("aria-live", "polite");
  document.querySelector("gradio-app #status")?.setAttribute("role", "status");

  // The pad calls itself a place to drop files, on an element without a role: say what it is, as soon as it is there.
  const name = () => {
    const paper = document.querySelector("#pad .image-container");
    paper?.setAttribute("role", "group");
    paper?.setAttribute("aria-label", document.querySelector("#pen").dataset.pad);
    return paper;
  };
  if (!name()) {
    const waiting = new MutationObserver(() => name() && waiting.disconnect());
    waiting.observe(document.body, { childList: true, subtree: true });
  }

  // The pad's own wheel and pinch zoom would only lead astray: let the page scroll instead.
  const leave = (event) => event.target.closest?.("#pad") && event.stopImmediatePropagation();
  document.addEventListener("wheel", leave, { capture: true, passive: true });
  document.addEventListener("touchstart", (event) => event.touches.length > 1 && leave(event), true);

  const shown = (selector) => [...document.querySelectorAll(selector)].find((found) => found.offsetParent !== null);
  const press = (event, selector) => {
    const button = shown(selector);
    if (!button) return;
    event.preventDefault();
    if (!document.querySelector("#chip.busy") || !button.closest("#tell")) button.click();
  };
  const named = { Enter: "#right", Escape: "#clear" };

  document.addEventListener("keydown", (event) => {
    const is_z = event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey) && !event.altKey;
    if (!is_z && (event.ctrlKey || event.metaKey || event.altKey || event.repeat)) return;
    const open = document.querySelector(".help[open], .menu[open]");
    if (event.key === "Escape" && open) return void (open.open = false);
    const sheet = shown(".sheet .close") ? ".sheet" : "";
    if (event.key === "Escape" && sheet) return press(event, ".sheet .close");
    if (event.target.closest?.("input, textarea, select, [contenteditable]") || !shown("#pad")) return;
    if (/^[0-9]$/.test(event.key)) {
      return press(event, sheet ? `.sheet [data-label="${event.key}"]` : `#label-${event.key}`);
    }
    if (sheet || (event.key === "Enter" && event.target.closest?.("button, a, summary"))) return;
    if (!is_z && /^(Escape|Backspace)$/.test(event.key) && !(event.target === document.body || event.target.closest("#pad, #pen, #tools, #tell"))) return;
    if (event.key !== "Backspace" && !is_z) return named[event.key] && press(event, named[event.key]);
    press(event, event.shiftKey ? "#redo" : "#undo");
  });

  // What came of long work is read aloud once it is there, wherever the focus is.
  const DONE = ".progress:has(i[style*='width:100.0%'])"; // numbers, how far it is, are not read
  const BARS = ["#course", "#numbers-bar", "#numbers-repeating", "#class-progress", "#make-progress", "#continue-progress"];
  const LINES = ["#share-status .status:not(:has(span))", "#design-status p", "#frames-status p", "#number-status p", "#refused p", "#mistakes .news"];
  const NEWS = [...BARS.map((bar) => `${bar} ${DONE} p`), ...LINES, `#accuracy ${DONE} + p`, "#drawn figcaption:has(span)"];
  const said = Object.assign(document.createElement("div"), { id: "news", className: "unseen" });
  Object.assign(said, { role: "status", ariaLive: "polite" });
  document.body.append(said);
  const read = {};
  let reading;
  new MutationObserver(() => {
    for (const at of NEWS) {
      const place = document.querySelector(at);
      const text = [...(place?.childNodes ?? [])].map((part) => part.textContent).join(" ").trim();
      if (text && read[at] !== text) {
        clearTimeout(reading);
        reading = setTimeout(() => { said.textContent = text; }, 500); // the last of what comes in pieces
      }
      read[at] = text;
    }
  }).observe(document.querySelector("gradio-app #tabs"), { childList: true, subtree: true, characterData: true, attributeFilter: ["style"] });

  // What is said of an action on Draw while its place is out of sight stands at the foot of the window, too, for a while.
  const foot = Object.assign(document.createElement("div"), { id: "foot", ariaHidden: "true" });
  document.body.append(foot);
  let leaving;
  new MutationObserver(() => {
    const line = shown("#status .status");
    const box = line?.getBoundingClientRect();
    if (!line?.innerText.trim() || (box.bottom > 0 && box.top < innerHeight)) return;
    foot.textContent = line.innerText;
    foot.classList.add("there");
    clearTimeout(leaving);
    leaving = setTimeout(() => foot.classList.remove("there"), 4000);
  }).observe(document.querySelector("gradio-app #status"), { childList: true, subtree: true, characterData: true });

  // Undo and Redo with nothing to do are inert: of strokes the page knows, of all else the app, which then calls them idle.
  const is_idle = (button) => button.matches(".idle") && !document.body.matches(`.stroke-${button.id}`);
  const tell_idle = () => document.querySelectorAll("#undo, #redo").forEach((each) => { each.ariaDisabled = is_idle(each); });
  const watching = new MutationObserver(tell_idle);
  for (const place of [document.body, ...document.querySelectorAll("#undo, #redo")]) watching.observe(place, { attributeFilter: ["class"] });
  tell_idle();
  document.addEventListener("click", (event) => {
    if (event.isTrusted && event.target.closest?.("#tools [aria-disabled=true]")) event.stopImmediatePropagation(); // keys are answered
  }, true);

  // What is unfolded comes into sight as it grows, until something else is done.
  let following;
  document.addEventListener("click", ({ target }) => {
    const part = target.closest?.("button.label-wrap")?.parentElement;
    if (!part) return;
    requestAnimationFrame(() => { target.closest("button").ariaExpanded = target.closest("button").matches(".open"); });
    following = new ResizeObserver(() => part.querySelector(":scope > .open") && part.scrollIntoView({ block: "nearest" }));
    following.observe(part);
  });
  for (const kind of ["pointerdown", "keydown", "wheel"]) document.addEventListener(kind, () => following?.disconnect(), { capture: true, passive: true });

  // Arrows, Home and End move between tabs.
  document.addEventListener("keydown", (event) => {
    const tabs = [...(event.target.closest?.("[role=tablist]")?.querySelectorAll("[role=tab]") ?? [])];
    const at = tabs.indexOf(event.target);
    if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const tab = tabs[(to + tabs.length) % tabs.length];
    tab.focus();
    tab.click();
  });

  // Gradio names each option of a choice differently: named alike, they are one stop of Tab, and arrows choose.
  document.addEventListener("keydown", ({ key }) => { // again after each choice, with which gradio names them anew
    if (!/^(Tab|Arrow)/.test(key)) return;
    for (const option of document.querySelectorAll("fieldset[id] input[type=radio]")) option.name = option.closest("fieldset").id;
  }, true);

  // Whoever moves by keys stays where they were when what they stand on is filled in anew, locked or gone: there, in
  // what took its place, or where they came from. A pointer ends it.
  let trail = [];
  let locked = false;
  const is_there = (at) => at.isConnected && at.checkVisibility({ visibilityProperty: true });
  const kind_of = (at) => [at.tagName, at.id || [at.dataset.do, at.closest("details")?.className]].join();
  const STOPS = "a, button, summary, input, textarea, [tabindex]";
  const of_kind = (kind, block) => [...(block?.querySelectorAll(STOPS) ?? [])].filter((each) => is_there(each) && kind_of(each) === kind);
  const place = (at) => {
    const [block, kind] = [at.closest(".block[id]"), kind_of(at)];
    return { at, block: block?.id, kind, number: of_kind(kind, block).indexOf(at) };
  };
  const now_at = ({ at, block, kind, number }) => {
    const found = is_there(at) ? [at] : of_kind(kind, document.getElementById(block));
    return found[Math.min(Math.max(0, number), found.length - 1)];
  };
  document.addEventListener("focusin", ({ target }) => {
    locked = false;
    if (trail) trail = [...trail, place(target)].slice(-60);
    if (target.matches("button.label-wrap")) target.ariaExpanded = target.matches(".open");
  });
  document.addEventListener("keydown", () => { trail ??= [place(document.activeElement)]; }, true);
  document.addEventListener("pointerdown", () => { trail = null; }, true);
  new MutationObserver(() => {
    const now = document.activeElement; // a locked button is left at the next frame
    if (!trail?.length || (now !== document.body && !now.disabled)) return;
    const last = trail.at(-1).at;
    const other = last.disabled && last.matches(".job") && last.parentElement?.querySelector(".job:enabled");
    if (other) return other.focus(); // what stops the job, and then what starts another
    if (is_there(last) && last.disabled) return void (locked = true);
    if (is_there(last) && !locked) return; // they left it themselves
    locked = false;
    const back = trail.map(now_at).filter((at) => at && !at.disabled).at(-1);
    back?.focus();
  }).observe(document.body, { subtree: true, childList: true, attributeFilter: ["disabled", "open", "class", "style", "hidden"] });

  // An open sheet keeps the keys to itself.
  document.addEventListener("keydown", (event) => {
    const sheet = event.key === "Tab" && event.target.closest?.(".sheet");
    if (!sheet) return;
    const stops = [...sheet.querySelectorAll("button, input")].filter(is_there);
    const [from, to] = event.shiftKey ? [stops[0], stops.at(-1)] : [stops.at(-1), stops[0]];
    if (event.target !== from) return;
    event.preventDefault();
    to.focus();
  });

  // The tab is in the address: a link opens it, and Back goes back.
  const tab_of = (name) => document.querySelector(`#tab-${CSS.escape(name)}-button`);
  const selected = () => {
    const names = [...document.querySelectorAll("[role=tab].selected[id]")].filter((tab) => tab.checkVisibility());
    return names.at(-1)?.id.slice(4, -7) ?? "draw"; // of a tab within a tab, the inner one
  };
  let going = false;
  const go = async (name) => {
    going = true;
    for (const at of tab_of(name) ? [name] : ["laboratory", name]) {
      for (let frames = 60; !tab_of(at) && frames; frames--) await new Promise(requestAnimationFrame);
      tab_of(at)?.closest(".tabitem")?.checkVisibility() === false && tab_of("laboratory").click();
      tab_of(at)?.click();
    }
    going = false;
  };
  const asked = () => new URLSearchParams(location.search).get("tab") ?? "draw";
  window.addEventListener("popstate", () => asked() !== selected() && go(asked()));
  const arrived = () => (document.querySelector("gradio-app .notebook") ? go(asked()) : setTimeout(arrived, 100)); // and filled in
  if (asked() !== "draw") arrived();
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("[data-tab]");
    if (link) await go(link.dataset.tab);
    if (link && !event.detail) (link.matches(".skip") ? document.querySelector("#pen") : tab_of(link.dataset.tab))?.focus(); // by keys
    if (link?.dataset.then) { // what is pressed there, as soon as it can be
      for (let frames = 120; !document.querySelector(link.dataset.then)?.checkVisibility() && frames; frames--) await new Promise(requestAnimationFrame);
      document.querySelector(link.dataset.then)?.click();
    }
    if (going || !(link || event.target.closest("[role=tab], .overflow-menu"))) return;
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const address = new URL(location);
    selected() === "draw" ? address.searchParams.delete("tab") : address.searchParams.set("tab", selected());
    if (address.href !== location.href) history.pushState(history.state, "", address);
  });

  // A label may have few characters: the field counts them, so that none is cut silently.
  document.addEventListener("input", ({ target }) => {
    if (target.matches("#own-label :is(input, textarea), .sheet .own input")) {
      target.parentElement.dataset.count = `${target.value.length} / ${target.maxLength}`;
    }
  });

  document.addEventListener("click", (event) => {
    const copied = event.target.closest("[data-copy]");
    if (copied) navigator.clipboard?.writeText(copied.dataset.copy).then(() => (copied.textContent = "✓"));
    if (event.target.closest("[data-theme]")) {
      const dark = document.body.classList.toggle("dark");
      localStorage.setItem("pupil-theme", dark ? "dark" : "light");
      said.textContent = event.target.closest("[data-theme]").dataset[dark ? "dark" : "light"];
    }
    for (const open of document.querySelectorAll(".help[open], .menu[open]")) {
      if (!open.contains(event.target) || event.target.closest(".menu :is([data-do], [data-tab], [data-kept])")) open.open = false;
    }
    if (!event.detail && event.target.closest("#ten [data-do=begin]")) document.querySelector("#pen").focus(); // by keys
    const language = event.target.closest("a.language");
    if (language) language.search = location.search; // the same tab there
    // A pressed button keeps the focus: the next Enter would press it again instead of saying "right".
    if (event.detail > 0 && event.target.closest("#tell button, #tools button")) document.activeElement?.blur();
  });
}
