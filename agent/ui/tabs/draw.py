"""Draw: a drawing is guessed after every stroke, corrected with one press, and remembered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import gradio as gr
import numpy as np

from agent import preprocessing, render
from agent.agents.pupil import Pupil
from agent.errors import AgentError
from agent.models import MODELS, Guess
from agent.ui import formatting, html
from agent.ui.components import progress_bar
from agent.ui.events import QUIET, event_payload, serialized, with_session
from agent.ui.history import LessonStep, Step
from agent.ui.html import DIGITS, safe
from agent.ui.pad import sketchpad
from agent.ui.page import PICK_JS, Page, header
from agent.ui.parts import challenge, my_agents, notebook, reply, symbols
from agent.ui.parts.challenge import Challenge
from agent.ui.parts.symbols import Symbols
from agent.ui.session import DEFAULT_MODEL, Session
from agent.ui.tabs import design
from agent.ui.texts import challenge_texts, input_texts, server_texts, symbol_texts, texts, with_label

STROKE_JS = "(id) => {{ window.pupilAwaits('{do}', 1); return [id, window.pupilStroke('{do}')]; }}"
ANSWERED_JS = "() => window.pupilAwaits('{do}', -1)"
TO_PAD_JS = "() => document.querySelector('body:has(#ten [data-do=stop]) #pad')?.scrollIntoView({ block: 'nearest' })"
CLEAR_JS = "(id, pad) => [id, pad, window.pupilStroke('clear')]"
PRESSES = QUIET | {"trigger_mode": "multiple"}  # a press counts, also while the one before is under way
N_SERIES = 5  # drawings of one symbol, one after the other
N_ANSWER = 9  # components that tell of the drawing
N_BUTTON_CHARS, N_LINE_CHARS = 12, 8  # on Undo and Redo: of a label at most; of a name in letters of their usual size


def build(page: Page) -> tuple[Any, list[Any]]:
    """Lay out the tab and connect it."""
    with gr.Row(elem_id="desk"):
        with gr.Column(elem_id="paper"):
            pad = sketchpad.sketchpad()
            gr.HTML(sketchpad.pen(), elem_id="pen-layer")
            boxes = gr.HTML("", elem_id="symbols", js_on_load=PICK_JS)
        with gr.Row(elem_id="tools"):
            undo = gr.Button(texts.UNDO, elem_id="undo", elem_classes=["idle"])
            redo = gr.Button(texts.REDO, elem_id="redo", elem_classes=["idle"])
            clear = gr.Button(texts.CLEAR, elem_id="clear")
            photo = gr.UploadButton(input_texts.PHOTO, file_types=["image"], elem_id="photo")
            stroke = gr.Textbox(visible="hidden")  # what a press has done with strokes on the pad
        with gr.Column(elem_id="reply"):
            guess = gr.HTML(reply.unfilled(), elem_id="guess", js_on_load=PICK_JS)
            sees = gr.HTML(html.sees(None), elem_id="sees")
            bars = gr.HTML(html.bars((), None), elem_id="bars")
            other_guess = gr.HTML("", elem_id="guest", js_on_load=PICK_JS)
    with gr.Row(elem_id="tell"):
        gr.HTML(f"<p><b>{texts.IT_IS_A}</b> <small>{texts.PRESS}</small></p>", elem_id="ask")
        status = gr.HTML(html.status(""), elem_id="status")
        digits = [gr.Button(label, elem_id=f"label-{label}", elem_classes="digit") for label in DIGITS]
        cards = gr.HTML("", elem_id="own-labels", js_on_load=PICK_JS)
        bare = {"show_label": False, "container": False, "max_length": 8}
        label = gr.Textbox(label=texts.OWN_LABEL, placeholder=texts.OWN_LABEL_HINT, elem_id="own-label", **bare)
        add = gr.Button(texts.ADD, elem_id="add")
        right = gr.Button(texts.RIGHT, elem_id="right", variant="primary", interactive=False)
    with gr.Row(elem_id="otherwise"):
        with gr.Accordion(input_texts.NO_PEN, open=False, elem_id="no-pen"):
            example_buttons = gr.HTML(sketchpad.example_buttons(), elem_id="examples", js_on_load=PICK_JS)
        with gr.Accordion(challenge_texts.TITLE, open=False, elem_id="challenge"):
            ten = gr.HTML(challenge.show(None), elem_id="ten", js_on_load=PICK_JS)
    with gr.Accordion(texts.WHY, open=False, elem_id="why"):
        explanation = gr.HTML(html.explain())
    notes = gr.HTML("", elem_id="notebook", js_on_load=PICK_JS)
    sheet = gr.HTML("", elem_id="sheet", js_on_load=PICK_JS)

    page.while_waking(guess, lambda what, how_long: reply.answer("idle", what, "", how_long))
    answer = [guess, sees, bars, explanation, other_guess, boxes, right, undo, redo]
    everything = [*answer, status, cards, notes, ten, page.header]
    on_pad = [page.id, pad]
    pad.input(see, on_pad, [*answer, status], trigger_mode="always_last", postprocess=False, **QUIET)
    clear.click(clear_pad, [*on_pad, stroke], [pad, *answer], js=CLEAR_JS, **QUIET)
    pad.clear(clear_pad, on_pad, [pad, *answer], **QUIET)
    lessons = [
        gr.on([digit.click for digit in digits], teach_digit, on_pad, [pad, *everything], **QUIET),
        right.click(confirm, on_pad, [pad, *everything], **QUIET),
        gr.on([add.click, label.submit], teach_label, [*on_pad, label], [pad, label, *everything], **QUIET),
        cards.pick(teach_digit, on_pad, [pad, *everything], **QUIET),
    ]
    for lesson in lessons:  # the guess of the last stroke may reach the browser after the lesson that followed it
        lesson.success(with_session(answer_of), page.id, answer, postprocess=False, **QUIET)
    boxes.pick(choose_symbol, on_pad, [pad, *everything], **QUIET)
    guess.one(take_as_one, page.id, [pad, *everything], **QUIET)
    example_buttons.pick(put_example, page.id, [pad, *answer, status], **QUIET)
    photo.upload(put_photo, [page.id, photo], [pad, *answer, status], **QUIET)
    ten.pick(begin_or_stop_challenge, page.id, [pad, *everything], **QUIET).success(None, js=TO_PAD_JS, **QUIET)
    for pick in (guess.pick, other_guess.pick, page.header.pick):
        beginning = pick(change_agent, page.id, [*answer, status, page.header], **PRESSES)
        beginning.failure(with_session(header), page.id, page.header, **QUIET)
        page.refill_after(beginning)
    for button, turn in ((undo, undo_last), (redo, redo_last)):
        script = STROKE_JS.format(do=button.elem_id)
        turning = button.click(turn, [page.id, stroke], [pad, *everything], js=script, **PRESSES)
        turning.then(None, js=ANSWERED_JS.format(do=button.elem_id), **PRESSES)
    for component in (notes, sheet):
        component.pick(change_lesson, page.id, [sheet, *everything], **QUIET)
    return with_session(lambda session: all_of(session, session.status)), everything


# ---------------------------------------------------------------- the tab as HTML


def all_of(session: Session, status: str) -> tuple[Any, ...]:
    """Everything on the tab but the pad, and the header."""
    session.status = status
    nothing = texts.DRAW_FIRST, texts.NOTHING_TO_CONFIRM, texts.NOTHING_TO_UNDO, texts.NOTHING_TO_REDO, texts.NO_LABEL
    return (
        *answer_of(session),
        html.status(status, status in (*nothing, server_texts.WAIT)),
        notebook.label_cards(session.at_pad),
        notebook.show(session.at_pad.lessons, session.at_pad.labels),
        challenge.show(session.challenge),
        header(session),
    )


def answer_of(session: Session) -> tuple[Any, ...]:
    """The guess or what came of the drawing, what the agent sees, bars, reasons, the other's guess, boxes, buttons."""
    pupil, drawing, several = session.at_pad, session.pad.drawing, session.pad.symbols
    if drawing is None and several is None:
        idle = _invitation(session), html.sees(None), html.bars(pupil.labels, None), html.explain()
        outcome = session.pad.outcome if session.pad.outcome_at == pupil.n_lessons else ()
        return *(outcome or idle), reply.other_guess(session), "", _yes(session), *_ways_back(session)
    guesses: list[Guess] = []
    if several is not None:
        guesses = several.guesses(pupil)
        drawing = several.symbols[several.choice(pupil, guesses)].drawing
    model, canonical = pupil.model, preprocessing.canonical(drawing)
    labels, guess = model.labels, model.predict_one(drawing)  # the drawing is a thumbnail already
    return (
        reply.several_of(pupil, labels, several, guesses, guess) if several else reply.guess_of(pupil, labels, guess),
        html.sees(canonical),
        html.bars(labels, guess),
        html.explain(
            guess, canonical, model.imagine(guess.label) if guess.label else None, *reply.why_not(model, drawing, guess)
        ),
        reply.other_guess(session),
        symbols.show(several, pupil),
        _yes(session, guesses or [guess]),
        *_ways_back(session),
    )


def _yes(session: Session, guesses: Sequence[Guess] = ()) -> dict[str, Any]:
    """The button that says the guess is right: it names the guess, and without one it cannot be pressed.

    While a symbol is drawn several times, it is the button for the next one, whatever the guess.
    """
    if session.series is not None and len(guesses) < 2:
        label, n_left = session.series
        return gr.update(value=texts.SERIES_NEXT.format(label=label, n=n_left), interactive=bool(guesses))
    known = [guess.label for guess in guesses if not guess.unsure]
    if not known:
        return gr.update(value=texts.RIGHT, interactive=False)
    label = known[0] if len(guesses) == 1 else texts.RIGHT_ALL
    return gr.update(value=texts.RIGHT_IT_IS.format(label=label), interactive=True)


def _ways_back(session: Session) -> tuple[dict[str, Any], dict[str, Any]]:
    """Undo and Redo, with the name of what they would undo or redo."""
    pad, history = session.pad, session.history
    is_next = pad.cleared_after == len(history.done)
    undone = ("clear", "") if is_next else history.next_undo(session)
    undone = ("picture" if pad.is_as_placed else "stroke", "") if pad.has_own_ink else undone
    is_past = pad.cleared_after is not None and not is_next
    ways = _way(texts.UNDO, texts.UNDO_IT, undone), _way(texts.REDO, texts.REDO_IT, history.next_redo(session))
    ways[0]["elem_classes"] += ["past"] * is_past  # then the page leaves its strokes alone
    return ways


def _way(text: str, form: str, step: tuple[str, str] | None) -> dict[str, Any]:
    """One of the two buttons, in small letters where the name is long."""
    if step is None:
        return gr.update(value=text, elem_classes=["idle"])
    what, label = step
    name = _named(what, label if len(label) <= N_BUTTON_CHARS else f"{label[: N_BUTTON_CHARS - 1]}…")
    return gr.update(value=form.format(what=name), elem_classes=["long"] * (len(name) > N_LINE_CHARS))


def _named(what: str, label: str) -> str:
    """The name of an action, such as "lesson 7"."""
    return texts.ACTIONS[what].format(label=label)


def _invitation(session: Session) -> str:
    """What to do; before the first lesson also what the agent may know already, one press each."""
    pupil = session.at_pad
    start = design.starter_of(pupil) if pupil is session.pupil else None
    if start is None:
        return reply.answer("idle", texts.DRAW_ONE, "", texts.KNOWS if pupil.n_lessons else texts.KNOWS_NOTHING)
    return reply.starts(texts.FIRST if start == "empty" else texts.FIRST_KNOWS, start)


# ---------------------------------------------------------------- events


@serialized
def change_agent(session: Session, event: gr.EventData) -> Iterator[tuple[Any, ...]]:
    """Do what was pressed in the menu at the top, or before the first lesson; show how far a new agent is."""
    payload = event_payload(event)
    if payload.get("do") != "start":
        if payload.get("do") == "series" and payload.get("label") in session.at_pad.labels:
            session.series, session.pad.outcome = (payload["label"], N_SERIES), ()
            session.status = texts.SERIES_LEFT.format(label=safe(payload["label"]), n=N_SERIES)
        else:
            session.status = my_agents.change(session, payload)
        yield *answer_of(session), html.status(session.status), header(session)
        return
    what = payload.get("label")
    if what not in my_agents.MADE_HERE:
        raise AgentError(f"expected a start among {', '.join(my_agents.MADE_HERE)}, got {str(what)[:20]!r}.")
    kind, start_from = (what, "empty") if what in MODELS else (DEFAULT_MODEL, what)
    for share, pupil in design.iter_replace(session, kind, start_from, {}):
        if share is None:
            session.status = texts.START_STOPPED
        elif pupil is None:
            text = texts.STARTING.format(share=share)
            wait = reply.first(texts.FIRST_WAIT, progress_bar(share / 100, text))
            yield wait, *[gr.skip()] * (N_ANSWER - 1), html.status(""), header(session, text, is_job=True)
            continue
        else:
            session.status = texts.STARTED.format(lessons=formatting.lessons(pupil))
        yield *answer_of(session), html.status(session.status), header(session)


@with_session
def see(session: Session, pad: dict[str, Any] | None) -> Any:
    """Guess what has been drawn so far; skip a report of the pad that brings nothing new."""
    was_placed = session.pad.is_placed
    if not _report(session, pad, preprocessing.to_thumbnail(pad)):
        return [gr.skip()] * (N_ANSWER + 1)
    if not was_placed:  # the pad also reports what the server put there: that is no stroke
        session.status = ""
    return *answer_of(session), html.status(session.status)


def _report(session: Session, pad: dict[str, Any] | None, thumbnail: np.ndarray) -> bool:
    """Take what the pad reports, parted where it is several symbols; False when that is late or changes nothing."""
    before = session.pad.symbols
    if not session.pad.report(thumbnail):
        return False
    session.pad.symbols = None
    if session.pad.drawing is not None and pad is not None and not session.pad.is_one:
        picture = pad["background"] if pad["composite"] is None else pad["composite"]
        session.pad.ink = _ink(pad)
        is_one_stroke = session.pad.n_reports == 1 and not session.pad.has_picture
        several = session.at_pad.segment(picture, thumbnail, is_one_stroke)
        if len(several) > 1:
            session.pad.symbols = Symbols(several, picture.shape[:2])
            session.pad.symbols.keep_labels(before)
    return True


@with_session
def clear_pad(session: Session, pad: dict[str, Any] | None, moved: str = "") -> Any:
    """Remove the drawing; ``moved``: the press has undone its strokes already, and another can bring them back."""
    if moved and not session.pad.has_picture:
        return _strokes_cleared(session)
    session.pad.finish(preprocessing.to_thumbnail(pad))
    return sketchpad.blank(), *answer_of(session)


def _strokes_cleared(session: Session) -> Any:
    session.pad.reset()
    session.pad.cleared_after = len(session.history.done)
    return gr.skip(), *answer_of(session)


@with_session
def put_example(session: Session, event: gr.EventData) -> Any:
    """Put an example on the pad."""
    return _put(session, sketchpad.example(event_payload(event).get("label")))


@with_session
def put_photo(session: Session, path: str | None) -> Any:
    """Put a visitor's picture on the pad; show its symbols in place of the pad where there are several."""
    several = []
    if path is not None:
        with sketchpad.open_picture(path) as picture:
            several, size = session.at_pad.segment(picture), picture.size
    if len(several) < 2:
        return _put(session, sketchpad.read_photo(path))
    if session.pad.drawing is not None:
        session.pad.finish(session.pad.drawing)
    session.pad.symbols = Symbols(several, size[::-1], photo=path)
    session.status = symbol_texts.PHOTO_READ.format(n=len(several))
    return sketchpad.blank(), *answer_of(session), html.status(session.status)


def _put(session: Session, drawing: np.ndarray) -> Any:
    session.pad.place(preprocessing.to_thumbnail(drawing))
    session.status = input_texts.ON_THE_PAD
    return sketchpad.value(drawing), *answer_of(session), html.status(session.status)


def teach(session: Session, pad: dict[str, Any] | None, label: object) -> Any:
    """Teach what is on the pad, of several symbols the chosen one; without ink only say so."""
    thumbnail = preprocessing.to_thumbnail(pad)
    several = _several_of(session, pad, thumbnail)
    if several is None:
        return _teach(session, thumbnail, label, _ink(pad))
    selected = several.choice(session.at_pad, several.guesses(session.at_pad))
    return _teach_symbols(session, several, thumbnail, {selected: label})


def _ink(pad: dict[str, Any] | None) -> np.ndarray | None:
    """What is on the pad, for Undo to bring it back; a forged report of another size is not kept."""
    picture = None if pad is None else pad["background"] if pad["composite"] is None else pad["composite"]
    side = sketchpad.SIDE_PX
    return picture if picture is not None and picture.shape == (side, side) and picture.dtype == np.uint8 else None


def _teach(session: Session, thumbnail: np.ndarray, label: object, ink: np.ndarray | None) -> Any:
    """Teach a drawing, and clear the pad; without ink only say so."""
    if not thumbnail.any():
        return gr.skip(), *all_of(session, texts.DRAW_FIRST)
    if not session.browser.is_synced:
        return gr.skip(), *all_of(session, server_texts.WAIT)
    pupil = session.at_pad
    label, lessons, news = _learn(session, thumbnail, label, ink)
    lead = texts.LEARNED_KNEW if pupil.lessons.user_lessons()[-1].was_correct else texts.LEARNED
    learned = reply.answer(
        "learned",
        with_label(lead, safe(label)),
        safe(label),
        texts.LESSONS_OF.format(lessons=lessons, label=safe(label)),
        _what_next(session, pupil, label),
        label=label,
    )
    bars = html.bars(pupil.labels, pupil.model.predict(thumbnail[None])[0])
    outcome = learned, html.sees(preprocessing.canonical(thumbnail)), bars, html.explain()
    session.pad.finish(thumbnail, outcome, pupil.n_lessons)
    if session.at_pad is not pupil:
        session.pad.reset()
    return sketchpad.blank(), *all_of(session, news)


def _learn(session: Session, thumbnail: np.ndarray, label: object, ink: np.ndarray | None) -> tuple[str, str, str]:
    """Teach a lesson; gives its label, how many of that label there are, and how far a challenge is, if any."""
    session.count("lesson")
    pupil, news = session.at_pad, ""
    with session.history.lesson(session, pupil, thumbnail, label, ink):
        if pupil is not session.pupil:
            news = session.challenge.advance()
    label = pupil.lessons.user_lessons()[-1].label
    return label, formatting.count(notebook.count_labels(pupil.lessons)[label], "lesson"), news


def _what_next(session: Session, pupil: Pupil, label: str) -> str:
    """What to try after the first and the second symbol; later, to draw the same one several times."""
    if session.series is not None:
        expected, n_left = session.series
        session.series = (expected, n_left - 1) if expected == label and n_left > 1 else None
        return texts.SERIES_LEFT.format(label=safe(label), n=n_left - 1) if session.series else ""
    if pupil is not session.pupil:
        return ""
    if pupil.n_lessons > 2 or len(pupil.labels) != pupil.n_lessons:
        return html.button("series", texts.SERIES.format(n=N_SERIES), data_label=label)
    if pupil.n_lessons == 1:
        return with_label(texts.NEXT_SYMBOL, 7 if label != "7" else 3)
    return texts.NEXT_GUESS.format(label=safe(next(other for other in pupil.labels if other != label)))


def _several_of(session: Session, pad: dict[str, Any] | None, thumbnail: np.ndarray) -> Symbols | None:
    """The symbols of a photo or of what is on the pad now, which may not have been reported yet; None for one."""
    has_ink = bool(thumbnail.any())
    if has_ink and (session.pad.drawing is None or not np.array_equal(thumbnail, session.pad.drawing)):
        _report(session, pad, thumbnail)
    several = session.pad.symbols
    return several if several is not None and (has_ink or several.photo) else None


def _teach_symbols(session: Session, several: Symbols, thumbnail: np.ndarray, labels: dict[int, object]) -> Any:
    """Teach symbols, each a lesson of its own; clear the pad after the last."""
    if not session.browser.is_synced:
        return gr.skip(), *all_of(session, server_texts.WAIT)
    status, pupil = "", session.at_pad
    for place, label in labels.items():
        if session.at_pad is not pupil:  # its challenge is over
            break
        name, lessons, news = _learn(session, several.symbols[place].drawing, label, None)
        several.labels[place], status = name, news or with_label(texts.LEARNED_STATUS, safe(name), lessons=lessons)
        if session.at_pad is not pupil:
            session.pad.reset()
    several.selected = None
    n_left = len(several.left(pupil))
    if len(labels) > 1 and pupil is session.pupil:
        form = symbol_texts.UNSURE_LEFT if n_left else symbol_texts.TAUGHT
        status = form.format(lessons=formatting.count(len(labels), "lesson"))
    elif n_left:
        status = symbol_texts.LEFT.format(status=status, n=n_left)
    if n_left and session.pad.symbols is several:
        return gr.skip(), *all_of(session, status)
    n_learned, drawing = len(several.labels), several.symbols[next(iter(labels))].drawing
    learned = "".join(safe(several.labels[place]) for place in sorted(several.labels)[: symbols.MAX_SHOWN])
    lead = symbol_texts.TAUGHT.format(lessons=formatting.count(n_learned, "lesson"))
    outcome = reply.answer("learned several", lead, learned + ("…" if n_learned > symbols.MAX_SHOWN else ""), "")
    sees = html.sees(preprocessing.canonical(drawing))
    session.pad.finish(thumbnail, (outcome, sees, html.bars(pupil.labels, None), html.explain()), pupil.n_lessons)
    return sketchpad.blank(), *all_of(session, status)


@with_session
def choose_symbol(session: Session, pad: dict[str, Any] | None, event: gr.EventData) -> Any:
    """Choose one of several symbols, or teach all of them as they were read."""
    several, payload = session.pad.symbols, event_payload(event)
    number = payload.get("number")
    if several is not None and payload.get("do") == "all":
        return _confirm_symbols(session, several, preprocessing.to_thumbnail(pad))
    if several is not None and type(number) is int and 0 <= number < len(several.symbols):
        several.selected = number
    return gr.skip(), *all_of(session, session.status)


@with_session
def take_as_one(session: Session) -> Any:
    """Take the several symbols on the pad for a single one; those of a photo are put there as one drawing."""
    several, value = session.pad.symbols, gr.skip()
    if several is not None:
        value = _put(session, sketchpad.read_photo(several.photo))[0] if several.photo else value
        session.pad.symbols, session.pad.is_one = None, True
    return value, *all_of(session, session.status)


def _confirm_symbols(session: Session, several: Symbols, thumbnail: np.ndarray) -> Any:
    guesses = several.guesses(session.at_pad)
    labels = {place: guesses[place].label for place in several.left(session.at_pad) if guesses[place].label is not None}
    if not labels:
        return gr.skip(), *all_of(session, texts.NOTHING_TO_CONFIRM)
    return _teach_symbols(session, several, thumbnail, labels)


@with_session
def teach_digit(session: Session, pad: dict[str, Any] | None, event: gr.EventData) -> Any:
    """Teach what is on the pad as the digit on the button that was pressed, or the label of the visitor's own."""
    return teach(session, pad, event_payload(event).get("label", getattr(event.target, "value", None)))


@with_session
def confirm(session: Session, pad: dict[str, Any] | None) -> Any:
    """Teach the guess, which is right; of several symbols, all that are left."""
    thumbnail = preprocessing.to_thumbnail(pad)
    several = _several_of(session, pad, thumbnail)
    if several is not None:
        return _confirm_symbols(session, several, thumbnail)
    if session.series is not None:
        return _teach(session, thumbnail, session.series[0], _ink(pad))
    guess = session.at_pad.model.predict(thumbnail[None])[0]
    if thumbnail.any() and guess.label is None:
        return gr.skip(), *all_of(session, texts.NOTHING_TO_CONFIRM)
    return _teach(session, thumbnail, guess.label, _ink(pad))


@with_session
def teach_label(session: Session, pad: dict[str, Any] | None, label: str | None) -> Any:
    """Teach a label that the visitor has written."""
    if not (label or "").strip():
        return gr.skip(), "", *all_of(session, texts.NO_LABEL)
    cleared, *outputs = teach(session, pad, label)
    return cleared, gr.skip() if cleared == gr.skip() else "", *outputs


@with_session
def begin_or_stop_challenge(session: Session, event: gr.EventData) -> Any:
    """Begin a challenge, or stop it, or use its agent from now on; the visitor's waits meanwhile."""
    do, before = event_payload(event).get("do"), session.challenge
    if do == "keep" and before is not None:
        before.pupil.name = my_agents.next_name(session, challenge_texts.NAME)
        session.replace(before.pupil)
        text = texts.BACK_DONE.format(name=session.pupil.name, lessons=formatting.lessons(session.pupil))
        return gr.skip(), *all_of(session, text)
    session.set_challenge(Challenge(session.pupil.name) if do == "begin" else None)
    return gr.skip(), *all_of(session, challenge_texts.BEGUN if do == "begin" else challenge_texts.STOPPED)


@with_session
def undo_last(session: Session, moved: str = "") -> Any:
    """Undo the last action, and put the drawing of a lesson back; ``moved``: the press has moved strokes already."""
    pad = session.pad
    if moved:
        return [gr.skip()] * (N_ANSWER + 6)
    if pad.has_own_ink and pad.symbols is None:  # an example, a picture; what was drawn before it comes back
        covered, value = pad.covered, sketchpad.blank()
        pad.finish(pad.drawing)
        if covered is not None:
            pad.place(preprocessing.to_thumbnail(covered))
            value = sketchpad.value(covered)
        return value, *all_of(session, texts.UNDONE.format(what=_named("picture", "")))
    return _turned(session, session.undo(), texts.UNDONE, texts.NOTHING_TO_UNDO)


@with_session
def redo_last(session: Session, moved: str = "") -> Any:
    """Redo the action undone last; ``moved``: the press has moved strokes already."""
    if moved == "clear":
        return *_strokes_cleared(session), *[gr.skip()] * 5
    if moved:
        return [gr.skip()] * (N_ANSWER + 6)
    return _turned(session, session.redo(), texts.REDONE, texts.NOTHING_TO_REDO)


def _turned(session: Session, step: Step | None, text: str, nothing: str) -> Any:
    """Show what was undone or redone."""
    if step is None:
        return gr.skip(), *all_of(session, nothing)
    pad, value = session.pad, gr.skip()
    pad.outcome = ()
    if isinstance(step, LessonStep) and text == texts.UNDONE and pad.symbols is None and not pad.has_own_ink:
        ink = np.asarray(render.picture(step.ink, sketchpad.SIDE_PX // len(step.ink)))
        pad.place(preprocessing.to_thumbnail(ink), is_back=True)
        value, pad.is_one = sketchpad.value(ink), True  # as it was taught
    elif pad.drawing is None or (isinstance(step, LessonStep) and not pad.has_own_ink):
        if pad.drawing is not None:
            pad.finish(pad.drawing)
        value, pad.cleared_after = sketchpad.blank(), None
    return value, *all_of(session, text.format(what=safe(_named(step.what, step.label))))


@with_session
def change_lesson(session: Session, event: gr.EventData) -> Any:
    """Open the panel of a lesson, close it, or do what was pressed in it."""
    payload = event_payload(event)
    if payload.get("do") in ("pick", "close"):
        number = payload.get("number") if payload["do"] == "pick" else None
        return notebook.sheet(session, number), *[gr.skip()] * (N_ANSWER + 5)
    session.pad.outcome = ()
    return "", *all_of(session, notebook.change(session, payload))
