"""Mental images of kinds that keep their drawings as they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from agent import retina
from agent.errors import AgentError


def mental_image(drawings: np.ndarray, label: str, labels: Sequence[str]) -> np.ndarray:
    """Lay all drawings of a label on top of each other.

    Parameters
    ----------
    drawings : numpy.ndarray
        (N, 28, 28) uint8, what was taught as the label.
    label, labels
        The label, and all that there are.

    Returns
    -------
    numpy.ndarray
        (28, 28) uint8, the mean of their canonical drawings.

    Raises
    ------
    AgentError
        There are none.
    """
    if not len(drawings):
        raise AgentError(f"expected one of the labels {list(labels)}, got {label!r}. Teach it first.")
    return np.round(np.mean([retina.canonical(drawing) for drawing in drawings], axis=0)).astype(np.uint8)
