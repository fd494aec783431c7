"""What an agent may have learned before its first visitor: starters, by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from agent.errors import AgentError
from agent.tasks import digits, strokes

N_SIXTY = 60
N_MNIST = 4_000
N_STROKES = 1_500
STARTERS = {
    "everyday": "an everyday hand: strokes of a pen, printed digits and handwritten ones",
    "sixty": "sixty handwritten digits",
    "mnist": "all 60,000 handwritten digits of MNIST",
}


def lessons(starter: str) -> list[tuple[Sequence[np.ndarray] | np.ndarray, Sequence[str], dict[str, Any]]]:
    """Draw what a starter teaches, as bulk lessons.

    Parameters
    ----------
    starter : str
        One of `STARTERS`.

    Returns
    -------
    list of (drawings, labels, source)
        As for `agent.pupil.Pupil.learn_many`.

    Raises
    ------
    AgentError
        Another starter.

    Examples
    --------
    >>> lessons("evrday")
    Traceback (most recent call last):
        ...
    agent.errors.AgentError: expected a starter among everyday, sixty, mnist, got 'evrday'.
    """
    if not isinstance(starter, str) or starter not in STARTERS:
        raise AgentError(f"expected a starter among {', '.join(STARTERS)}, got {starter!r}.")
    if starter != "everyday":
        selection = digits.Selection({"mnist": N_SIXTY if starter == "sixty" else None})
        return [(*selection.draw(), selection.source)]
    sets = {"mnist": N_MNIST} | {digits.FONT + name: None for name in digits.fonts()}
    selections = (digits.Selection(sets), strokes.Selection(N_STROKES))
    return [(*selection.draw(), selection.source) for selection in selections]
