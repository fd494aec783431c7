// A pen moved by keys: arrows move it over the pad's squares, Space puts it down and lifts it.
// Strokes reach the pad as those of a pointer do, or the layer that keeps them until the pad is ready.
() => {
  const pen = document.querySelector("#pen");
  if (!pen || pen.dataset.ready) return;
  pen.dataset.ready = "yes";
  const SQUARES = 28;
  const spot = pen.querySelector("i");
  const said = pen.querySelector("[aria-live]");
  const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const at = { x: 14, y: 14 };
  let down = false;
  let is_moved = false; // since the last other key: then it stays where it is when the pad is emptied

  const send = (kind, is_away = false) => {
    const canvas = document.querySelector("#kept:not([hidden], .note) canvas") ?? document.querySelector("#pad canvas");
    const box = is_away ? { left: -2000, top: -2000, width: 0, height: 0 } : document.querySelector("#pad").getBoundingClientRect();
    canvas?.dispatchEvent(new PointerEvent(kind, {
      bubbles: true, cancelable: true, composed: true, pointerId: 1, pointerType: "mouse", isPrimary: true,
      button: kind === "pointermove" ? -1 : 0, buttons: kind === "pointerup" ? 0 : Number(down),
      clientX: box.left + ((at.x + 0.5) / SQUARES) * box.width, clientY: box.top + ((at.y + 0.5) / SQUARES) * box.height,
    }));
  };
  const show = () => {
    spot.style.left = `${((at.x + 0.5) / SQUARES) * 100}%`;
    spot.style.top = `${((at.y + 0.5) / SQUARES) * 100}%`;
    pen.classList.toggle("down", down);
  };
  const say = () => {
    const text = pen.dataset[down ? "down" : "up"];
    said.textContent = text.replace("COLUMN", at.x + 1).replace("ROW", at.y + 1);
  };
  const put = (is_down) => {
    if (is_down === down) return;
    down = is_down;
    if (down) send("pointermove");
    if (down) pen.classList.add("used"); // whoever has drawn by keys needs no hint
    send(down ? "pointerdown" : "pointerup");
    show();
    say();
  };

  pen.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.key === "Shift") return;
    const step = steps[event.key];
    is_moved = Boolean(step) || event.key === " ";
    if (step) {
      const squares = event.shiftKey ? 4 : 1;
      at.x = Math.min(SQUARES - 1, Math.max(0, at.x + step[0] * squares));
      at.y = Math.min(SQUARES - 1, Math.max(0, at.y + step[1] * squares));
      if (down) send("pointermove");
      show();
      say();
    } else if (event.key === " ") {
      if (!event.repeat) put(!down);
    } else {
      return put(false); // any other key ends the stroke first
    }
    event.preventDefault();
  });
  document.addEventListener("pad-empty", () => { // the next drawing begins in the middle
    if (down || is_moved) return;
    at.x = at.y = 14;
    if (document.activeElement === pen) send("pointermove", true); // gradio's ring goes with it
    show();
  });
  pen.addEventListener("blur", () => {
    is_moved = false;
    put(false);
  });
  show();
}
