"""What `tests.bench` does to an agent: each protocol teaches, asks, and gives figures. Shares are 0 … 1."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

import agent
from agent import preprocessing
from agent.agents import starter_selections
from agent.agents.pupil import Pupil
from agent.datasets import digits, strokes
from agent.kernels import preprocessing as kernels
from agent.models.recall import params
from tests.helpers.entries import entry

N_VALIDATION = 10_000  # the last training digits: settings are chosen and ablations measured on them
Lessons = tuple[Sequence[np.ndarray] | np.ndarray, Sequence[str]]


def share_right(pupil: Pupil, drawings: Sequence[np.ndarray] | np.ndarray, labels: Sequence[str]) -> float:
    """Ask an agent everything and count what is right."""
    guesses = pupil.predict_many(drawings)
    return float(np.mean([guess.label == label for guess, label in zip(guesses, labels, strict=True)]))


def taught(lessons: Lessons, seed: int, kind: str = "recall", **settings: object) -> Pupil:
    """Teach a newborn many lessons at once."""
    pupil = agent.new(kind, seed=seed, **settings)
    pupil.learn_many(*lessons)
    return pupil


def balanced(n_lessons: int, seed: int) -> Lessons:
    """As many MNIST training digits of each label."""
    return digits.Selection({"mnist": n_lessons}, seed=seed).draw()


def unbalanced(n_lessons: int, seed: int) -> Lessons:
    """Plainly random MNIST training digits."""
    return digits.Selection({"mnist": n_lessons}, seed=seed, balanced=False).draw()


def own_errors(base: Lessons, seed: int, study: bool = False, most: int = 100) -> dict[str, float]:
    """Teach an agent its own mistakes among the even test digits one by one, and ask the odd ones before and after."""
    drawings, labels = digits.mnist("test")
    thumbnail = np.stack([preprocessing.to_thumbnail(drawing) for drawing in drawings])
    names, even, odd = np.array(labels), np.arange(0, len(thumbnail), 2), np.arange(1, len(thumbnail), 2)
    pupil = taught(base, seed)
    if study:
        pupil.study()
    said = pupil.predict_many(thumbnail[even])
    wrong = [row for row, guess in zip(even, said, strict=True) if guess.label != names[row]][:most]
    before = share_right(pupil, thumbnail[odd], names[odd])
    at_once = 0
    for row in wrong:
        pupil.learn_one(thumbnail[row], names[row])
        at_once += pupil.predict_one(thumbnail[row]).label == names[row]
    fields = params.warp_fields(mild_warps(20))
    bent = np.empty((len(wrong), 20, kernels.FRAME, kernels.FRAME), np.uint8)
    for number, row in enumerate(wrong):
        for field in range(20):
            entry(kernels.warp)(thumbnail[row], fields[field], bent[number, field])
    return {
        "taught": len(wrong),
        "right at once": at_once / len(wrong),
        "right in the end": share_right(pupil, thumbnail[wrong], names[wrong]),
        "20 mild warps of each": share_right(pupil, bent.reshape(-1, *bent.shape[2:]), np.repeat(names[wrong], 20)),
        "odd digits, before": before,
        "odd digits, after": share_right(pupil, thumbnail[odd], names[odd]),
    }


def mild_warps(n: int) -> np.ndarray:
    """Gentler warps than those the agent makes its copies with, and other ones: (n, 2, 4, 4) int16."""
    return (params.sample_warps(n, np.random.default_rng(12345)) * 0.5).astype(np.int16)


def class_by_class(seed: int, study: bool = False) -> float:
    """Teach all of MNIST label by label, and ask the test digits."""
    drawings, labels = digits.mnist("train")
    names, pupil = np.array(labels), agent.new("recall", seed=seed)
    for pair in ("01", "23", "45", "67", "89"):
        rows = np.flatnonzero(np.isin(names, list(pair)))
        pupil.learn_many(drawings[rows], names[rows])
    if study:
        pupil.study()
    return share_right(pupil, *digits.mnist("test"))


def joined_halves(seed: int) -> float:
    """Teach two agents half of MNIST each, join them, and ask the test digits."""
    drawings, labels = digits.mnist("train")
    one, other = (taught((drawings[half::2], labels[half::2]), seed) for half in (0, 1))
    one.join(other)
    return share_right(one, *digits.mnist("test"))


def transfer(make: Callable[[], Pupil], drawings: np.ndarray, labels: Sequence[str], n_own: int) -> tuple[float, float]:
    """Ask drawings of another hand, then teach some of them one by one and ask the rest again."""
    pupil = make()
    before = share_right(pupil, drawings[n_own:], labels[n_own:])
    for drawing, label in zip(drawings[:n_own], labels[:n_own], strict=True):
        pupil.learn_one(drawing, label)
    return before, share_right(pupil, drawings[n_own:], labels[n_own:])


def starter_without(styles: Sequence[str]) -> Pupil:
    """The everyday hand, but for some styles of strokes."""
    pupil = agent.new("recall", seed=0)
    printed, _ = starter_selections("everyday")
    pupil.learn_many(*printed.draw())
    others = [style for style in strokes.styles() if style not in styles]
    pupil.learn_many(*strokes.Selection(strokes.SHIPPED.n, styles=others).draw())
    return pupil


def printed(names: Sequence[str]) -> Lessons:
    """The digits of some fonts."""
    sets = [digits.font(name) for name in names]
    return [drawing for drawings, _ in sets for drawing in drawings], [label for _, labels in sets for label in labels]


def validation(n_lessons: int, seed: int) -> tuple[Lessons, Lessons]:
    """Balanced lessons from the first 50,000 training digits, and every fourth of the last 10,000."""
    drawings, labels = digits.mnist("train")
    names, first = np.array(labels), len(labels) - N_VALIDATION
    rng = np.random.default_rng(seed)
    if n_lessons >= first:
        rows = np.arange(first)
    else:
        of_label = [
            rng.permutation(np.flatnonzero(names[:first] == label))[: n_lessons // 10] for label in "0123456789"
        ]
        rows = np.concatenate(of_label)
    asked = np.arange(first, len(labels), 1 if n_lessons >= first else 4)
    return (drawings[rows], names[rows]), (drawings[asked], names[asked])
