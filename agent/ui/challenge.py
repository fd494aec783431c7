"""The challenge: a fresh agent beside the visitor's own takes ten lessons and is asked digits by other people."""

from __future__ import annotations

import datetime
import time
from dataclasses import dataclass, field

import numpy as np

from agent import render
from agent.families import new
from agent.lessons import Lesson
from agent.pupil import Pupil
from agent.tasks import digits
from agent.ui import markup, words
from agent.ui import words_challenge as said

KIND = "recall"
N_LESSONS = 10
N_ASKED = 500  # of the test digits of MNIST: always the first, so that two results can be compared


@dataclass(frozen=True)
class Result:
    """What came of ten lessons."""

    right: int  # of the digits asked
    seconds: float
    lessons: tuple[Lesson, ...]
    day: str  # such as 2026-05-17

    @property
    def share(self) -> str:
        """Say how many were right, as a share."""
        return words.share(self.right / N_ASKED)


@dataclass
class Challenge:
    """Ten lessons for an agent of their own, until the result is there.

    Examples
    --------
    >>> drawing = np.zeros((28, 28), np.uint8)
    >>> drawing[4:24, 14] = 255
    >>> challenge = Challenge("Mia")
    >>> challenge.pupil.learn_one(drawing, "1")
    >>> challenge.advance(), challenge.result is None
    ('Drawing 2 of 10.', True)
    """

    name: str
    pupil: Pupil = field(default_factory=lambda: new(KIND))
    begun: float = field(default_factory=time.monotonic)
    result: Result | None = None

    def advance(self) -> str:
        """Ask the agent once it has had ten lessons, and say how far one is."""
        lessons = tuple(self.pupil.lessons.own())
        if len(lessons) < N_LESSONS:
            return said.NEXT.format(number=len(lessons) + 1, total=N_LESSONS)
        seconds, day = time.monotonic() - self.begun, datetime.datetime.now(datetime.UTC).date().isoformat()
        self.result = Result(n_right(self.pupil), seconds, lessons, day)
        return said.OVER.format(share=self.result.share)


def n_right(pupil: Pupil) -> int:
    """Count the test digits an agent is right about."""
    drawings, labels = digits.mnist("test")
    guesses = pupil.predict_many(drawings[:N_ASKED])
    return sum(guess.label == label for guess, label in zip(guesses, labels[:N_ASKED], strict=True))


def card(name: str, result: Result) -> bytes:
    """Draw the result card: a PNG file."""
    asked = said.CARD_TEXT.format(asked=N_ASKED, seconds=words.seconds(result.seconds))
    lines = (words.TITLE, said.CARD.format(share=result.share), asked, said.CARD_BY.format(name=name, day=result.day))
    drawings = [(lesson.drawing, lesson.label) for lesson in result.lessons]
    return render.png(render.card(lines, drawings))


def show(challenge: Challenge | None) -> str:
    """Lay out the invitation, the ten places while they fill, or the result."""
    if challenge is None:
        hint = said.HINT.format(asked=N_ASKED)
        return f'<div class="ten"><p>{hint}</p>{_button("begin", said.BEGIN)}</div>'
    if challenge.result is None:
        return _running(challenge)
    address = render.png_uri(card(challenge.name, challenge.result))
    name = markup.safe(challenge.name)
    alt = said.CARD_ALT.format(name=name, share=challenge.result.share, asked=N_ASKED)
    link = f'<a href="{address}" download="{said.FILE}">{said.DOWNLOAD}</a>'
    again = _button("begin", said.AGAIN)
    return f'<div class="ten"><img class="result" src="{address}" alt="{alt}"><div class="do">{link}{again}</div></div>'


def _running(challenge: Challenge) -> str:
    taught = [(lesson.drawing, lesson.label) for lesson in challenge.pupil.lessons.own()]
    blank = np.zeros((28, 28), np.uint8)
    places = [f"<li>{markup.image(drawing, label)}<b>{markup.safe(label)}</b></li>" for drawing, label in taught]
    places += [f'<li class="open">{markup.image(blank, said.EMPTY)}</li>'] * (N_LESSONS - len(taught))
    number = said.NEXT.format(number=len(taught) + 1, total=N_LESSONS)
    return f'<div class="ten"><p><b>{number}</b></p><ol>{"".join(places)}</ol>{_button("stop", said.STOP)}</div>'


def _button(do: str, name: str) -> str:
    return f'<button type="button" data-do="{do}">{name}</button>'
