"""Numbers symbol by symbol, from the last digit to the first: look-up tables, and no arithmetic anywhere.

    123.5  ─>  5 . 3 2 1 0 +      read one after another; for each, a symbol is written
                     ▲ ▲
               the carry, if a lesson needs one, is read off what was read and written one place before

A table keeps which symbols were written for a symbol; a second one, for a symbol after the one read before it; a third,
also after the one written before it. The smallest of these contexts in which only one symbol was ever written decides.
Nothing depends on how long a number is, so what was learned of short ones holds for long ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Self

import numpy as np

from agent import numbers
from agent.kernels import symbols as kernels
from agent.kinds.checks import check_whole
from agent.kinds.numbers import N_LESSONS, Answer, Course, check_floats, check_within, marks
from agent.tasks.copy import Shown

SYMBOLS = "0123456789.-+"
_PLACE = {symbol: place for place, symbol in enumerate(SYMBOLS)}
_READABLE = re.compile(r"[+-]\d+(\.\d+)?")


@dataclass(frozen=True)
class SymbolsConfig:
    """Settings of `Symbols`."""

    seed: int = 0  # unused: nothing is random here

    def __post_init__(self) -> None:
        check_whole(self, {"seed": (0, 2**63 - 1)})


class Symbols:
    """Tables of symbols; see `agent.kinds.numbers.Learner` for what the verbs promise.

    Examples
    --------
    >>> from agent.tasks.copy import shown
    >>> memory = Symbols(SymbolsConfig())
    >>> for _ in memory.learning(shown(range(100), [2 * x for x in range(100)])):
    ...     pass
    >>> print(memory.answer([Decimal(123123123123)])[0].value)
    246246246246
    """

    NAME: ClassVar[str] = "symbols"
    SUMMARY: ClassVar[str] = "look-up tables that write a number digit by digit, from the last to the first"
    MAX_LABELS: ClassVar[int] = 0
    PRESETS: ClassVar[Mapping[str, Mapping[str, Any]]] = {"digit by digit": {}}
    CHOICES: ClassVar[Mapping[str, Sequence[str]]] = {}
    Config: ClassVar[type] = SymbolsConfig
    needs: ClassVar[str] = "told"
    line: ClassVar[None] = None
    n_lessons: ClassVar[int] = N_LESSONS

    def __init__(self, config: SymbolsConfig) -> None:
        self.config = config
        self.course = Course()
        n = len(SYMBOLS)
        self._tables = tuple(np.zeros(shape, np.uint16) for shape in ((n,), (n, n + 1), (n, n + 1, n + 1)))

    @property
    def n_bytes(self) -> int:
        return sum(table.nbytes for table in self._tables)

    def n_steps(self, lessons: Shown) -> int:
        return len(lessons)

    def learning(self, lessons: Shown) -> Iterator[int]:
        self.course.begin(len(lessons))
        for mark in marks(len(lessons)):
            if mark <= self.course.done:
                continue
            now = slice(self.course.done, mark)
            read, written, ends = [], [], []
            for x, y in zip(lessons.x[now].tolist(), lessons.y[now].tolist(), strict=True):
                one, other = aligned(Decimal(repr(x)), Decimal(repr(y)))
                read += one
                written += other
                ends.append(len(read))
            kernels.write(np.array(read, np.uint8), np.array(written, np.uint8), np.array(ends), *self._tables)
            self.course.show(lessons.x[now])
            self.course.advance(mark)
            yield mark

    def answer(self, asked: Sequence[Decimal]) -> list[Answer]:
        return [self._answer(x) for x in asked]

    def _answer(self, x: Decimal) -> Answer:
        read = np.array(aligned(x, x)[0], np.uint8)
        written = np.empty_like(read)
        n_written = kernels.copy(read, *self._tables, written)
        is_outside = not self.course.is_inside(x)
        if n_written < len(read):
            return Answer(x, None, is_outside, SYMBOLS[read[n_written]])
        text = "".join(SYMBOLS[symbol] for symbol in written[::-1])
        if not _READABLE.fullmatch(text):
            return Answer(x, None, is_outside, text)
        return Answer(x, Decimal(text), is_outside)

    def facts(self) -> dict[str, str]:
        known = "".join(symbol for symbol, seen in zip(SYMBOLS, self._tables[0], strict=True) if seen)
        return {"symbols": " ".join(known), "locations": f"{sum(int((table > 0).sum()) for table in self._tables):,}"}

    def tensors(self) -> dict[str, np.ndarray]:
        names = ("alone", "after", "between")
        return {name: table.copy() for name, table in zip(names, self._tables, strict=True)} | self.course.tensors()

    @classmethod
    def restore(cls, config: SymbolsConfig, labels: Sequence[str], tensors: Mapping[str, np.ndarray]) -> Self:
        memory = cls(config)
        check_floats(tensors, {name: (array.shape, array.dtype.type) for name, array in memory.tensors().items()})
        check_within(tensors, dict.fromkeys(("alone", "after", "between"), (0, 2 ** len(SYMBOLS) - 1)))
        memory.course = Course.restore(tensors)
        memory._tables = tuple(tensors[name].copy() for name in ("alone", "after", "between"))
        return memory


def aligned(x: Decimal, y: Decimal) -> tuple[list[int], list[int]]:
    """Write two numbers as symbols, last digit first, place under place, with a zero in front of x for a carry.

    Examples
    --------
    >>> ["".join(SYMBOLS[symbol] for symbol in each) for each in aligned(Decimal("7.5"), Decimal("15"))]
    ['5.70+', '0.51+']
    """
    parts = [numbers.plain(each.copy_abs()).partition(".")[::2] for each in (x, y)]
    n_places = max(len(places) for _, places in parts)
    n_figures = max(len(parts[0][0]) + 1, len(parts[1][0]))
    texts = [
        places.ljust(n_places, "0")[::-1] + "." * bool(n_places) + figures.rjust(n_figures, "0")[::-1]
        for figures, places in parts
    ]
    signed = (text + "+-"[each < 0] for text, each in zip(texts, (x, y), strict=True))
    one, other = ([_PLACE[symbol] for symbol in text] for text in signed)
    return one, other
