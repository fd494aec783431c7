// Runs once per gr.HTML that holds buttons: tells the server which one was pressed.
const ask = (button) => {
  const number = button.closest("[data-number]")?.dataset.number;
  const data = { do: button.dataset.do };
  if (number !== undefined) data.number = Number(number);
  if (button.dataset.label !== undefined) data.label = button.dataset.label;
  if (data.do === "relabel-own") {
    const field = element.querySelector("input");
    if (!field.value.trim()) return field.focus();
    data.do = "relabel";
    data.label = field.value;
  }
  trigger("pick", data);
};
element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-do]");
  if (button && element.contains(button)) ask(button);
});
element.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("input")) ask(element.querySelector("[data-do=relabel-own]"));
});
watch("value", () => element.querySelector(".close")?.focus());
