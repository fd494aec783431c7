// Runs once per gr.HTML that holds buttons: tells the server which one was pressed.
const ask = (button) => {
  if (["halt", "one"].includes(button.dataset.do)) return trigger(button.dataset.do);
  const number = button.closest("[data-number]")?.dataset.number;
  const data = { do: button.dataset.do };
  if (number !== undefined) data.number = Number(number);
  const label = button.closest("[data-label]")?.dataset.label;
  if (label !== undefined) data.label = label;
  if (button.dataset.field) { // what is written beside it
    const field = button.closest(".own").querySelector("input");
    if (!field.value.trim()) return field.focus();
    if (label !== undefined) data.of = label; // which one is meant
    data.label = field.value;
    writing = undefined;
    button.closest("details.rename")?.removeAttribute("open");
  }
  if (button.closest(".sheet")?.querySelector("[data-all]")?.checked) data.all = true;
  trigger("pick", data);
};
element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-do]");
  if (button && element.contains(button)) ask(button);
});
// A pixel of a picture is chosen by a press, or by arrows, which go on from the last one.
let pixel;
const choose = (grid, [x, y]) => {
  const side = Number(grid.dataset.grid);
  const within = (at) => Math.min(side - 1, Math.max(0, Math.floor(at)));
  pixel = [within(x), within(y)];
  trigger("pick", { do: "neuron", number: (pixel[1] * side + pixel[0]) * Number(grid.dataset.bits) });
};
element.addEventListener("click", ({ target, offsetX, offsetY }) => {
  if (!target.matches("img[data-grid]")) return;
  const side = Number(target.dataset.grid);
  choose(target, [(offsetX / target.clientWidth) * side, (offsetY / target.clientHeight) * side]);
});
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
element.addEventListener("keydown", (event) => {
  const step = event.target.matches("img[data-grid]") && STEPS[event.key];
  if (!step) return;
  event.preventDefault();
  const [x, y] = pixel ?? [event.target.dataset.grid / 2, event.target.dataset.grid / 2];
  choose(event.target, [x + step[0], y + step[1]]);
});
element.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("input")) event.target.closest(".own").querySelector("[data-field]").click();
});
// What was unfolded stays so when it is filled in anew, with what is being written there.
const of_agent = (at) => { // whose part or field it is
  const { label, keptRow } = at.closest("[data-label], [data-kept-row]")?.dataset ?? {};
  return label ?? keptRow ?? at.className;
};
const find = (kind, name) => [...element.querySelectorAll(kind)].find((at) => of_agent(at) === name);
let unfolded = []; // whose parts are open
let writing; // whose field, and what stands there
element.addEventListener("toggle", () => { unfolded = [...element.querySelectorAll("details[open]")].map(of_agent); }, true);
element.addEventListener("input", ({ target }) => { writing = { of: of_agent(target), text: target.value }; });
watch("value", () => {
  element.querySelector(".close")?.focus();
  for (const name of unfolded) find("details", name)?.setAttribute("open", "");
  const field = writing && find("input", writing.of);
  if (!field) return void (writing = undefined);
  field.value = writing.text;
  if (document.activeElement === document.body) field.focus();
});
