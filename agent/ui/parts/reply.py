"""What the Draw tab answers: a guess or none, why it and why not another, and what another agent says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from agent.agents.pupil import Pupil
from agent.models import Exemplar, Guess, Model
from agent.ui import formatting, html
from agent.ui.html import hue, safe
from agent.ui.parts import symbols
from agent.ui.parts.symbols import Symbols
from agent.ui.session import Session
from agent.ui.texts import symbol_texts, texts

FEW = 10  # lessons: an agent of fewer is not called sure, and only said to know no better
FAIRLY_SURE, SURE = 0.3, 0.5  # confidence from which nine and nineteen of twenty guesses of new digits were right


def answer(state: str, lead: str, big: str, explanation: str, because: str = "", label: str = "") -> str:
    """A lead-in, the answer in large type, and why; of the same height whatever it says."""
    style = html.attributes(style=f"{hue(label)};--chars:{len(label)}" if label else "")
    return (
        f'<div class="answer {state}"{style}><p class="lead">{lead}</p>'
        f'<p class="big">{big}</p><p class="why">{explanation}</p><p class="because">{because}</p></div>'
    )


def first(lead: str, content: str) -> str:
    """What the page shows in place of guess and bars before the first lesson."""
    purpose, keys = f'<p class="purpose">{texts.PURPOSE}</p>', f'<p class="why keys">{texts.BY_KEYS}</p>'
    return f'<div class="answer idle first">{purpose}<p class="lead">{lead}</p>{content}{keys}</div>'


def starts(lead: str, selected: str) -> str:
    """What to do first, and what the agent may know already, one press each."""
    buttons = "".join(
        html.button("start", f"<b>{name}</b><small>{hint}</small>", key == selected, data_label=key)
        for key, (name, hint) in texts.FIRST_STARTS.items()
    )
    return first(lead, f'<p class="why">{texts.FIRST_HINT}</p><div class="starts">{buttons}</div>')


def unfilled() -> str:
    """What to do, before there is a session: the page shows that of a first visit or that of a later one."""
    later = answer("idle", texts.DRAW_ONE, "", texts.KNOWS)
    return f'<div class="unfilled">{starts(texts.FIRST, "empty")}{later}</div>'


def guess_of(pupil: Pupil, labels: Sequence[str], guess: Guess) -> str:
    """A guess and its reason, or that the agent is unsure."""
    if guess.unsure:
        return answer("unsure", texts.TELL_ME, texts.NOT_SURE, _why_unsure(labels, guess), _because(pupil, guess))
    return answer(
        "sure", texts.LOOKS_LIKE, safe(guess.label), _lead(pupil, labels, guess), _because(pupil, guess), guess.label
    )


def several_of(pupil: Pupil, labels: Sequence[str], several: Symbols, guesses: Sequence[Guess], guess: Guess) -> str:
    """The guesses of several symbols, why the chosen one is taken for what it is, and that it may be a single one."""
    big, why = symbols.text(guesses, several.choice(pupil, guesses)), symbol_texts.THIS_UNSURE
    if guess.label is not None:
        why = symbol_texts.THIS_ONE.format(label=safe(guess.label), why=_lead(pupil, labels, guess))
    n = len(guesses)
    lead = symbol_texts.LOOKS_LIKE if n <= symbols.MAX_SHOWN else symbol_texts.ONE_OF.format(n=n)
    because = html.button("one", symbol_texts.ONE) + _because(pupil, guess)
    return answer("sure several", lead, big, why, because, guess.label or "?")


def _lead(pupil: Pupil, labels: Sequence[str], guess: Guess) -> str:
    """How sure a guess is, in words; of one that is not, what else it may be."""
    if len(labels) < 2:
        return texts.ONLY_LABEL
    if guess.confidence < FAIRLY_SURE:
        return texts.PERHAPS.format(second=safe(_second(labels, guess)))
    if pupil.n_lessons < FEW:
        return texts.MOST_ALIKE.format(n=len(labels))
    return texts.SURE if guess.confidence >= SURE else texts.FAIRLY_SURE


def why_not(model: Model, drawing: np.ndarray, guess: Guess) -> tuple[str, Exemplar | None]:
    """Shares of the two best labels; unless the guess is sure, also why not the second, and its nearest lesson."""
    labels = model.labels
    if len(labels) < 2 or guess.label is None:
        return "", None
    second, share = _second(labels, guess), dict(zip(labels, html.shares(guess), strict=True))
    names = {"first": safe(guess.label), "second": safe(second)}
    if not share[second]:
        return texts.ALONE.format(**names), None
    first_share, second_share = formatting.share(share[guess.label]), formatting.share(share[second])
    text = texts.SHARES.format(share=first_share, second_share=second_share, **names)
    others = model.explain(drawing, second).because if guess.confidence < SURE else ()
    if not others or not guess.because:
        return text, None
    is_farther = others[0].distance > guess.because[0].distance
    return f"{text} {(texts.WHY_NOT if is_farther else texts.WHY_NOT_NEAR).format(**names)}", others[0]


def _second(labels: Sequence[str], guess: Guess) -> str:
    return labels[np.argsort(-guess.responses, kind="stable")[1]]


def _because(pupil: Pupil, guess: Guess) -> str:
    """The lesson that a guess rests on."""
    if not guess.because:
        return ""
    exemplar = guess.because[0]
    is_visitors = pupil.lessons.find(exemplar.drawing, exemplar.label) is not None
    text = (texts.BECAUSE_OWN if is_visitors else texts.BECAUSE).format(label=safe(exemplar.label))
    return f"<span>{text}</span>{html.image(exemplar.drawing, exemplar.label)}"


def _why_unsure(labels: Sequence[str], guess: Guess) -> str:
    order = np.argsort(-guess.responses, kind="stable")
    if guess.unfamiliar:
        return texts.NOTHING_LIKE_IT if guess.label is None else texts.LEAST_UNLIKE.format(label=safe(guess.label))
    if len(order) < 2 or guess.responses[order[0]] <= 0:
        return texts.NOTHING_LIKE_IT
    return texts.BETWEEN.format(first=safe(labels[order[0]]), second=safe(labels[order[1]]))


def other_guess(session: Session) -> str:
    """What the agent tried beside the visitor's guesses."""
    other = session.comparison_agent
    if other is None:
        return ""
    text, style = "…", ""
    if session.pad.symbols is not None:
        text = safe("".join(guess.label or "?" for guess in session.pad.symbols.guesses(other)))
    elif session.pad.drawing is not None:
        guess = other.model.predict(session.pad.drawing[None])[0]
        label = None if guess.unsure else guess.label
        text, style = safe(label or texts.NOT_SURE), hue(label) if label else ""
    name = safe(other.lineage.home or other.name)
    buttons = html.button("use", texts.START_FROM_IT) + html.button("away", texts.REMOVE_OTHER)
    line = f'{texts.OTHER_SAYS.format(name=name)} <b style="{style}">{text}</b>'
    return f'<div class="guest"><p>{line}</p>{buttons}</div>'
