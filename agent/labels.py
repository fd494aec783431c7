"""What a label and a name may be."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

import numpy as np

from agent.errors import AgentError

MAX_LABEL_CHARS = 8
MAX_NAME_CHARS = 60


def clean_label(label: object) -> str:
    """Check a label: 1 to 8 visible characters, digits as numbers allowed.

    Examples
    --------
    >>> clean_label(7), clean_label(" A ")
    ('7', 'A')
    """
    if isinstance(label, (int, np.integer)) and not isinstance(label, bool):
        label = str(label)
    if not isinstance(label, str):
        raise AgentError(f"expected a label of 1 to {MAX_LABEL_CHARS} characters, got {type(label).__name__}.")
    name = unicodedata.normalize("NFC", label).strip()
    if not 1 <= len(name) <= MAX_LABEL_CHARS or not name.isprintable():
        raise AgentError(f"expected a label of 1 to {MAX_LABEL_CHARS} visible characters, got {label[:40]!r}.")
    return name


def clean_labels(labels: Iterable[object]) -> list[str]:
    """Check many labels, each text among them once.

    Examples
    --------
    >>> clean_labels(["A ", 7, "A "])
    ['A', '7', 'A']
    """
    known: dict[object, str] = {}
    for label in (labels := list(labels)):
        if isinstance(label, str) and label not in known:
            known[label] = clean_label(label)
    return [known[label] if isinstance(label, str) else clean_label(label) for label in labels]


def clean_name(name: object) -> str:
    """Check an agent's name: 1 to 60 visible characters."""
    if not isinstance(name, str) or not 1 <= len(name.strip()) <= MAX_NAME_CHARS or not name.strip().isprintable():
        shown = name[:MAX_NAME_CHARS] if isinstance(name, str) else name
        raise AgentError(f"expected a name of 1 to {MAX_NAME_CHARS} visible characters, got {shown!r}.")
    return name.strip()
