"""Numbers transduced symbol by symbol, from the last digit to the first: look-up tables without arithmetic.

    123.5  ─>  5 . 3 2 1 0 +      read one after another; for each, a symbol is written
                     ▲ ▲
               a carry is inferred from the symbols read and written one place before

In the literature: dynamically expanding context (Kohonen 1986). A table holds the symbols written for a symbol; a
second one for a symbol and the one read before it; a third also for the one written before it. The smallest of these
contexts in which only one symbol was ever written decides. No context depends on the length of a number, so rules
learned from short numbers hold for long ones.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

import numpy as np

from agent import decimals
from agent.datasets.copy_numbers import NumberLessons
from agent.kernels import regression as kernels
from agent.models.regression import Answer, RegressionModel
from agent.validation import check_settings, setting

SYMBOLS = "0123456789.-+"
_PLACE = {symbol: place for place, symbol in enumerate(SYMBOLS)}
_NAMES = ("alone", "after", "between")  # of the saved tables
_READABLE = re.compile(r"[+-]\d+(\.\d+)?")


@dataclass(frozen=True)
class SymbolsConfig:
    """Settings of `Symbols`."""

    seed: int = setting(0, "unused: nothing is random here", le=2**63 - 1)

    __post_init__ = check_settings


class Symbols(RegressionModel):
    """Symbol-by-symbol transducer with dynamically expanding context (Kohonen 1986): tables of symbols.

    Examples
    --------
    >>> from agent.datasets.copy_numbers import number_lessons
    >>> model = Symbols(SymbolsConfig())
    >>> for _ in model.iter_learn(number_lessons(range(100), [2 * x for x in range(100)])):
    ...     pass
    >>> print(model.predict([Decimal(123123123123)])[0].value)
    246246246246
    """

    NAME: ClassVar[str] = "symbols"
    SUMMARY: ClassVar[str] = "look-up tables that write a number digit by digit, from the last to the first"
    PRESETS: ClassVar[Mapping[str, Mapping[str, Any]]] = {"digit by digit": {}}
    Config: ClassVar[type] = SymbolsConfig

    def __init__(self, config: SymbolsConfig) -> None:
        super().__init__(config)
        n = len(SYMBOLS)
        self._tables = tuple(np.zeros(shape, np.uint16) for shape in ((n,), (n, n + 1), (n, n + 1, n + 1)))

    def _arrays(self) -> dict[str, np.ndarray]:
        return dict(zip(_NAMES, self._tables, strict=True))

    def _limits(self) -> dict[str, tuple[float, float]]:
        return dict.fromkeys(_NAMES, (0, 2 ** len(SYMBOLS) - 1))

    def _learn_steps(self, lessons: NumberLessons, first: int, end: int) -> np.ndarray:
        read, written, ends = [], [], []
        for x, y in zip(lessons.x[first:end].tolist(), lessons.y[first:end].tolist(), strict=True):
            symbols_read, symbols_written = aligned(Decimal(repr(x)), Decimal(repr(y)))
            read += symbols_read
            written += symbols_written
            ends.append(len(read))
        kernels.write_symbols(np.array(read, np.uint8), np.array(written, np.uint8), np.array(ends), *self._tables)
        return lessons.x[first:end]

    def predict(self, xs: Sequence[Decimal]) -> list[Answer]:
        return [self._answer(x) for x in xs]

    def _answer(self, x: Decimal) -> Answer:
        read = np.array(aligned(x, x)[0], np.uint8)
        written = np.empty_like(read)
        n_written = kernels.read_symbols(read, *self._tables, written)
        extrapolated = not self.training.covers(x)
        if n_written < len(read):
            return Answer(x, None, extrapolated, SYMBOLS[read[n_written]])
        text = "".join(SYMBOLS[symbol] for symbol in written[::-1])
        if not _READABLE.fullmatch(text):
            return Answer(x, None, extrapolated, text)
        return Answer(x, Decimal(text), extrapolated)

    def stats(self) -> dict[str, str]:
        known = "".join(symbol for symbol, written in zip(SYMBOLS, self._tables[0], strict=True) if written)
        return {"symbols": " ".join(known), "locations": f"{sum(int((table > 0).sum()) for table in self._tables):,}"}


def aligned(x: Decimal, y: Decimal) -> tuple[list[int], list[int]]:
    """Encode two numbers as symbols, last digit first, aligned by place, with a leading zero of x for a carry.

    Examples
    --------
    >>> ["".join(SYMBOLS[symbol] for symbol in number) for number in aligned(Decimal("7.5"), Decimal("15"))]
    ['5.70+', '0.51+']
    """
    parts = [decimals.plain(number.copy_abs()).partition(".")[::2] for number in (x, y)]
    n_places = max(len(places) for _, places in parts)
    n_figures = max(len(parts[0][0]) + 1, len(parts[1][0]))
    texts = [
        places.ljust(n_places, "0")[::-1] + "." * bool(n_places) + figures.rjust(n_figures, "0")[::-1]
        for figures, places in parts
    ]
    signed = (text + "+-"[number < 0] for text, number in zip(texts, (x, y), strict=True))
    of_x, of_y = ([_PLACE[symbol] for symbol in text] for text in signed)
    return of_x, of_y
