"""Several symbols at once, on the pad or in a photo: a box for each, the one that a label is for, and their lessons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from agent.agents.pupil import Pupil
from agent.models import Guess
from agent.segmentation import Symbol
from agent.ui import html
from agent.ui.html import hue, safe
from agent.ui.texts import symbol_texts

MAX_SHOWN = 6  # symbols in large type: of more only one


@dataclass
class Symbols:
    """The symbols of a drawing or photo, and which of them have become lessons.

    Examples
    --------
    >>> symbols = Symbols([], (280, 280))
    >>> symbols.left(None)
    []
    """

    symbols: list[Symbol]  # in the order in which they are read; at least two
    size: tuple[int, int]  # height and width of their picture in pixels
    photo: str = ""  # path of the picture, where they are not on the pad
    selected: int | None = None  # the one that a label is for; None: the least sure of those that are no lessons yet
    labels: dict[int, str] = field(default_factory=dict)  # what was taught, by place

    def left(self, pupil: Pupil | None) -> list[int]:
        """Places of the symbols that are no lessons of an agent, or no longer."""
        known = () if pupil is None else self.labels.items()
        lessons = {n for n, label in known if pupil.lessons.find(self.symbols[n].drawing, label) is not None}
        return [place for place in range(len(self.symbols)) if place not in lessons]

    def choice(self, pupil: Pupil, guesses: Sequence[Guess]) -> int:
        """The place of the symbol that a label is for."""
        left = self.left(pupil)
        if self.selected in left or not left:
            return self.selected or 0
        return min(left, key=lambda place: guesses[place].confidence)

    def guesses(self, pupil: Pupil) -> list[Guess]:
        """What an agent takes them for."""
        return pupil.predict_many(np.stack([symbol.drawing for symbol in self.symbols]))

    def keep_labels(self, before: Symbols | None) -> None:
        """Take over what was taught of the same symbols before another was drawn."""
        places = {} if before is None else {before.symbols[place].drawing.tobytes(): place for place in before.labels}
        for place, symbol in enumerate(self.symbols):
            if symbol.drawing.tobytes() in places:
                self.labels[place] = before.labels[places[symbol.drawing.tobytes()]]


def text(guesses: Sequence[Guess], selected: int) -> str:
    """The guesses in large type, the chosen one underlined; of too many only that one."""
    places = range(len(guesses)) if len(guesses) <= MAX_SHOWN else [selected]
    return "".join(
        f'<b class="symbol{" chosen" if place == selected else ""}" style="{hue(guesses[place].label or "?")}">'
        f"{safe(guesses[place].label or '?')}</b>"
        for place in places
    )


def show(symbols: Symbols | None, pupil: Pupil) -> str:
    """Boxes over the ink on the pad, or the symbols of a photo in its place; each can be pressed."""
    if symbols is None:
        return ""
    guesses, left = symbols.guesses(pupil), symbols.left(pupil)
    selected = symbols.choice(pupil, guesses)
    height, width = symbols.size
    buttons = []
    for place, (symbol, guess) in enumerate(zip(symbols.symbols, guesses, strict=True)):
        label = guess.label or "?" if place in left else symbols.labels[place]
        x, y, right, bottom = symbol.box
        at = f"left:{x / width:.2%};top:{y / height:.2%};width:{(right - x) / width:.2%}"
        at += f";height:{(bottom - y) / height:.2%}"
        name = symbol_texts.NAME.format(number=place + 1, label=label)
        content, css, style = f"<b>{safe(label)}</b>", "symbol" + " knew" * (place not in left), f"{at};{hue(label)}"
        if symbols.photo:
            content, css, style = html.image(symbol.drawing, "") + content, f"{css} thumb", hue(label)
        values = {"css": css, "style": style, "data_number": place, "aria_label": name}
        buttons.append(html.button("choose", content, place == selected, **values))
    if not symbols.photo:
        return f'<div class="boxes">{"".join(buttons)}</div>'
    rows: dict[int, list[str]] = {}
    for symbol, button in zip(symbols.symbols, buttons, strict=True):
        rows.setdefault(symbol.line, []).append(button)
    lines = "".join(f'<div class="line">{"".join(row)}</div>' for row in rows.values())
    lines = f'<p>{symbol_texts.HINT}</p><div class="lines" tabindex="0">{lines}</div>'
    return f'<div class="photo-sheet">{lines}{html.button("all", symbol_texts.TEACH_ALL, css="teach-all")}</div>'
