// Runs once per gr.HTML that holds buttons: tells the server which one was pressed.
const ask = (button) => {
  const number = button.closest("[data-number]")?.dataset.number;
  const data = { do: button.dataset.do };
  if (number !== undefined) data.number = Number(number);
  const label = button.closest("[data-label]")?.dataset.label;
  if (label !== undefined) data.label = label;
  if (button.dataset.field) { // what is written beside it
    const field = button.closest(".own").querySelector("input");
    if (!field.value.trim()) return field.focus();
    data.label = field.value;
  }
  trigger("pick", data);
};
element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-do]");
  if (button && element.contains(button)) ask(button);
});
element.addEventListener("click", (event) => {
  const grid = event.target.closest("img[data-grid]");
  if (!grid) return;
  const side = Number(grid.dataset.grid);
  const at = (offset, size) => Math.min(side - 1, Math.max(0, Math.floor((offset / size) * side)));
  const pixel = at(event.offsetY, grid.clientHeight) * side + at(event.offsetX, grid.clientWidth);
  trigger("pick", { do: "neuron", number: pixel * Number(grid.dataset.bits) });
});
element.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("input")) ask(event.target.closest(".own").querySelector("[data-field]"));
});
watch("value", () => element.querySelector(".close")?.focus());
