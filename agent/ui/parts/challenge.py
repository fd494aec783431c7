"""The challenge of ten drawings: a new agent takes ten lessons, then it is tested, and there is a card to download."""

from __future__ import annotations

import datetime
import time
from dataclasses import dataclass, field

import numpy as np

from agent import render
from agent.agents import new
from agent.agents.pupil import Pupil
from agent.datasets import digits
from agent.lessons import Lesson
from agent.ui import formatting, html
from agent.ui.texts import challenge_texts, texts

KIND = "recall"
N_LESSONS = 10
N_TEST = 500  # test digits of MNIST: always the first, so that two results can be compared


@dataclass(frozen=True)
class Result:
    """Result of a challenge."""

    n_right: int  # of the test digits
    seconds: float
    lessons: tuple[Lesson, ...]
    day: str  # such as 2026-05-17

    @property
    def share(self) -> str:
        """How many were right, as a share."""
        return formatting.share(self.n_right / N_TEST)


@dataclass
class Challenge:
    """Ten lessons for a new agent, and their result.

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
    pupil: Pupil = field(default_factory=lambda: new(KIND, name=challenge_texts.NAME))
    started: float = field(default_factory=time.monotonic)
    result: Result | None = None

    def advance(self) -> str:
        """Test the agent once it has had ten lessons; gives a line on how far the challenge is."""
        lessons = tuple(self.pupil.lessons.user_lessons())
        if len(lessons) < N_LESSONS:
            return challenge_texts.NEXT.format(number=len(lessons) + 1, total=N_LESSONS)
        seconds, day = time.monotonic() - self.started, datetime.datetime.now(datetime.UTC).date().isoformat()
        drawings, labels = digits.mnist("test")
        guesses = self.pupil.predict_many(drawings[:N_TEST])
        n_right = sum(guess.label == label for guess, label in zip(guesses, labels[:N_TEST], strict=True))
        self.result = Result(n_right, seconds, lessons, day)
        return challenge_texts.OVER.format(share=self.result.share)


def card(name: str, result: Result) -> bytes:
    """Draw the result card: a PNG file."""
    text = challenge_texts.CARD_TEXT.format(asked=N_TEST, seconds=formatting.seconds(result.seconds))
    lines = (
        texts.TITLE,
        challenge_texts.CARD.format(share=result.share),
        text,
        challenge_texts.CARD_BY.format(name=name, day=result.day),
    )
    drawings = [(lesson.drawing, lesson.label) for lesson in result.lessons]
    return render.png(render.card(lines, drawings))


def show(challenge: Challenge | None) -> str:
    """The invitation, the ten places while they fill, or the result."""
    if challenge is None:
        hint = challenge_texts.HINT.format(asked=N_TEST)
        return f'<div class="ten"><p>{hint}</p>{html.button("begin", challenge_texts.BEGIN)}</div>'
    if challenge.result is None:
        return _running(challenge)
    address = render.png_uri(card(challenge.name, challenge.result))
    name = html.safe(challenge.name)
    alt = challenge_texts.CARD_ALT.format(name=name, share=challenge.result.share, asked=N_TEST)
    link = f'<a href="{address}" download="{challenge_texts.FILE}">{challenge_texts.DOWNLOAD}</a>'
    restart = html.button("begin", challenge_texts.AGAIN) + html.button("keep", challenge_texts.KEEP)
    return (
        f'<div class="ten"><img class="result" src="{address}" alt="{alt}"><div class="do">{link}{restart}</div></div>'
    )


def _running(challenge: Challenge) -> str:
    lessons = challenge.pupil.lessons.user_lessons()
    blank = np.zeros((28, 28), np.uint8)
    places = [
        f"<li>{html.image(lesson.drawing, lesson.label)}<b>{html.safe(lesson.label)}</b></li>" for lesson in lessons
    ]
    places += [f'<li class="open">{html.image(blank, challenge_texts.EMPTY)}</li>'] * (N_LESSONS - len(lessons))
    number = challenge_texts.NEXT.format(number=len(lessons) + 1, total=N_LESSONS)
    stop = html.button("stop", challenge_texts.STOP)
    return f'<div class="ten"><p><b>{number}</b></p><ol>{"".join(places)}</ol>{stop}</div>'
