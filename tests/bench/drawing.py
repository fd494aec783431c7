"""What an agent draws from memory, measured: is it read as its label, is it new, and does it look like others?"""

from __future__ import annotations

import numpy as np
from PIL import Image

from agent import preprocessing
from agent.models.base import DRAWN_INK, differing
from tests.bench import protocols


def measured(n_lessons: int, n_seeds: int, kind: str = "recall") -> tuple[dict[str, float], np.ndarray]:
    """Let an agent draw every digit with each seed.

    Gives shares: read as its label by a ``nearest`` and by a ``recall`` agent taught other digits; nearer to a lesson
    than the two lessons of its label that are most alike; and how far apart two drawings of a label are, at the median
    and at the least, over the same of lessons. And the drawings, (10, S, 28, 28) uint8.
    """
    lessons, others = _two_draws(n_lessons)
    pupil = protocols.taught(lessons, 0, kind)
    drawn = np.array([[pupil.draw_one(label, seed) for seed in range(n_seeds)] for label in pupil.labels])
    flat = [page for pages in drawn for page in pages]
    names = np.repeat(pupil.labels, n_seeds).tolist()
    shares = {
        f"read by {reader}": protocols.share_right(protocols.taught(others, 1, reader), flat, names)
        for reader in ("nearest", "recall")
    }
    alike, medians, least = [], [], []
    for label, pages in zip(pupil.labels, drawn, strict=True):
        known = np.stack([preprocessing.canonical(each) >= DRAWN_INK for each in pupil.model.remembered(label)])
        among = differing(known, known)[np.triu_indices(len(known), 1)]
        between = differing(pages > 0, pages > 0)[np.triu_indices(n_seeds, 1)]
        alike += (differing(pages > 0, known).min(axis=1) <= among.min()).tolist()
        medians.append(np.median(between) / np.median(among))
        least.append(between.min() / max(1, among.min()))
    shares |= {"too close to a lesson": float(np.mean(alike))}
    shares |= {"distance, median": float(np.mean(medians)), "distance, least": float(np.min(least))}
    return shares, drawn


def sheet(drawn: np.ndarray) -> Image.Image:
    """Lay out drawings: a row a label, (10, S, 28, 28) uint8."""
    page = np.full((10 * 30, drawn.shape[1] * 30), 60, np.uint8)
    for row, pages in enumerate(drawn):
        for column, each in enumerate(pages):
            page[row * 30 + 1 : row * 30 + 29, column * 30 + 1 : column * 30 + 29] = each
    return Image.fromarray(page)


def _two_draws(n_lessons: int) -> tuple[protocols.Lessons, protocols.Lessons]:
    """Two draws of MNIST training digits, as many of each label, none in both."""
    drawings, labels = protocols.balanced(2 * n_lessons, 0)
    rows = [np.flatnonzero(np.array(labels) == label) for label in sorted(set(labels))]
    halves = (np.sort(np.concatenate([of_label[part::2] for of_label in rows])) for part in range(2))
    first, second = (([drawings[row] for row in half], [labels[row] for row in half]) for half in halves)
    return first, second
