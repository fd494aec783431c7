// The lesson log in this browser: the backup component brings what is new, and may ask for what is stored here. The logs of
// agents that others took the place of are kept as well, and the menu at the top lists them.
const LOG = "pupil-log";
const AGENTS = "pupil-agents";
const MOST = 10; // agents that are kept
const CHUNK = 60000;
let opening = null; // the agent that the app is asked to open, until it asks for its log
const stored = (name = LOG) => {
  try {
    return JSON.parse(localStorage.getItem(name));
  } catch {
    return null;
  }
};
const others = () => stored(AGENTS) ?? [];
const put = (name, value) => { // the agents kept longest give way
  for (let left = name === AGENTS ? value : others(); ; left = left.slice(0, -1)) {
    try {
      if (name !== AGENTS) localStorage.setItem(name, JSON.stringify(value));
      if (name === AGENTS) localStorage.setItem(name, JSON.stringify(left.slice(0, MOST)));
      return true;
    } catch {
      if (!left.length) return false;
      localStorage.removeItem(AGENTS);
      if (name !== AGENTS) put(AGENTS, left.slice(0, -1));
    }
  }
};
const store = (delta) => {
  const old = stored();
  if (delta.start > 0 && (old?.key !== delta.key || old.lines.length < delta.start)) return trigger("log", { do: "missed" });
  const at = [old, ...others()].find((log) => log?.agent === delta.agent)?.at ?? Date.now();
  const without = others().filter(({ agent }) => agent !== delta.agent && agent !== old?.agent);
  const is_other = old?.agent && old.agent !== delta.agent && old.lines.length;
  const agents = is_other ? [old, ...without] : without;
  const lines = [...(old?.lines ?? []).slice(0, delta.start), ...delta.lines];
  const { key, birth, agent, about, knows } = delta;
  if (is_other) localStorage.removeItem(LOG); // kept in both places, it would need its space twice
  if (is_other || without.length < others().length) put(AGENTS, agents);
  if (put(LOG, { key, birth, agent, about, knows, at, lines })) return;
  localStorage.removeItem(LOG);
  put(AGENTS, agents); // no longer in the way
  trigger("log", { do: "full" });
};
const send = (at) => {
  const log = opening ?? stored();
  if (!log) return trigger("log", { do: "none" });
  const text = [log.birth, ...log.lines].join("\n");
  trigger("log", { do: "chunk", at, chunk: text.slice(at, at + CHUNK), n_chars: text.length, agent: log.agent });
};
const receive = () => {
  if (!props.value) return;
  const delta = JSON.parse(atob(props.value));
  if (delta.session) {
    try {
      localStorage.setItem("pupil-desk-id", delta.session);
    } catch {} // without storage the next visit gets a new session
  }
  window.pupilSynced = delta.synced; // else a lesson has to wait
  if ("start" in delta) {
    opening = null;
    store(delta);
    const linked = new URLSearchParams(location.search).get("agent");
    if (linked && !window.pupilLinked) trigger("link", { label: (window.pupilLinked = linked) });
  }
  if ("at" in delta) send(delta.at);
};
watch("value", receive);

// What is told of an agent, "Mia · 3 lessons", and its birth, where another name is given to it
const name_of = (about) => about.split(" · ").slice(0, -1).join(" · ");
const named = ({ about, birth }, name) => ({
  about: [name, about.split(" · ").at(-1)].join(" · "),
  birth: birth.replace(/("name": ?)"(?:[^"\\]|\\.)*"/, (_, key) => key + JSON.stringify(name)),
});

const when = (at) => (at ? new Date(at).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" }) : "");
const line_of = ({ about, knows, at }) => [about.split(" · ").at(-1), knows, when(at)].filter(Boolean).join(" · ");

// The menu lists the agents that the app has; those that only this browser keeps are added when it opens.
const button = (data, content, label) => {
  const made = Object.assign(document.createElement("button"), { type: "button", textContent: content });
  if (label) made.ariaLabel = label;
  Object.assign(made.dataset, data);
  return made;
};
document.addEventListener("toggle", ({ target }) => {
  const list = target.matches?.(".menu[open]") && target.querySelector("#kept-agents");
  if (!list) return;
  const names = new Map([...target.querySelectorAll(".my-agents > [data-label]")].map((each) => [each.dataset.label, each.querySelector("b").textContent]));
  const has_other_name = ({ agent, about }) => names.has(agent) && name_of(about) !== names.get(agent); // given by the app
  if (others().some(has_other_name)) put(AGENTS, others().map((log) => (has_other_name(log) ? { ...log, ...named(log, names.get(log.agent)) } : log)));
  for (const time of target.querySelectorAll("[data-label] time")) {
    const began = when(others().find(({ agent }) => agent === time.closest("[data-label]").dataset.label)?.at);
    if (began) time.textContent = `· ${began}`;
  }
  const here = [list.dataset.here, ...names.keys()];
  const rows = others().filter(({ agent }) => !here.includes(agent)).map((log) => {
    const { agent, about } = log;
    const row = document.createElement("li");
    row.append(button({ kept: agent }, ""), button({ dropped: agent }, list.dataset.remove, `${list.dataset.remove}: ${about}`));
    row.lastChild.className = "small";
    row.firstChild.innerHTML = "<b></b> <small></small>";
    row.querySelector("b").textContent = name_of(about);
    row.querySelector("small").textContent = line_of(log);
    row.dataset.keptRow = agent;
    row.append(target.querySelector("#kept-rename").content.cloneNode(true));
    const field = row.querySelector("input");
    field.value = name_of(about);
    row.querySelector("summary").ariaLabel += about;
    const { dataset } = row.querySelector("[data-do]");
    delete dataset.do; // the app knows nothing of it
    dataset.renamed = agent;
    return row;
  });
  list.replaceChildren(...rows);
}, true);
document.addEventListener("click", ({ target }) => {
  const pressed = target.closest?.(".my-agents button");
  if (!pressed) return;
  const { kept, dropped, renamed } = pressed.dataset;
  if (kept) {
    opening = others().find(({ agent }) => agent === kept);
    trigger("log", { do: "open" });
  }
  const gone = dropped ?? (pressed.dataset.do === "remove" && pressed.closest("[data-label]").dataset.label);
  const log = others().find(({ agent }) => agent === gone);
  if (gone) put(AGENTS, others().filter(({ agent }) => agent !== gone));
  if (dropped && log) { // the app knows nothing of it, nor does its Undo
    const row = pressed.closest("li");
    const before = [...row.childNodes];
    const back = button({}, `${document.querySelector("#kept-rename").dataset.back} ${name_of(log.about)}`);
    const fill = (...nodes) => requestAnimationFrame(() => { // the press is in the menu, which stays open
      row.replaceChildren(...nodes);
      nodes[0].focus();
    });
    back.addEventListener("click", () => {
      put(AGENTS, [log, ...others()]);
      fill(...before);
    });
    fill(back);
  }
  if (!renamed) return;
  const name = pressed.closest(".own").querySelector("input").value.replace(/\p{C}/gu, "").trim();
  if (!name) return;
  put(AGENTS, others().map((log) => (log.agent === renamed ? { ...log, ...named(log, name) } : log)));
  pressed.closest("li").querySelector("b").textContent = name;
  pressed.closest("details").open = false;
});
