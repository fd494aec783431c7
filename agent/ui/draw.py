"""Draw: a drawing is guessed at every stroke, corrected with one press, and remembered."""

from __future__ import annotations

from typing import Any

import gradio as gr
import numpy as np

from agent import retina
from agent.kinds import Guess
from agent.ui import challenge, examples, labels, markup, notebook, pictures, words, words_browser, words_challenge
from agent.ui import words_visit as said
from agent.ui.desk import Desk
from agent.ui.events import QUIET, at_desk, pressed
from agent.ui.guard import MAX_BLOBS, Bounded
from agent.ui.page import HERE, Page, header

SIDE_PX = 280
BLANK: dict[str, Any] = {"background": np.zeros((SIDE_PX, SIDE_PX, 3), np.uint8), "layers": [], "composite": None}
PICK_JS = (HERE / "pick.js").read_text(encoding="utf-8")


def title() -> str:
    """Name the tab."""
    return words.DRAW


def build(page: Page) -> tuple[Any, list[Any]]:
    """Lay out the tab and connect it."""
    with gr.Row(elem_id="desk"):
        with gr.Column(elem_id="paper"):
            pad = _pad()
            gr.HTML(_pen(), elem_id="pen-layer")
            with gr.Row(elem_classes="tools"):
                clear = gr.Button(words.CLEAR, elem_id="clear")
                undo = gr.Button(words.UNDO, elem_id="undo")
                redo = gr.Button(words.REDO, elem_id="redo")
        with gr.Column(elem_id="reply"):
            guess = gr.HTML(markup.idle(0), elem_id="guess")
            sees = gr.HTML(markup.sees(None), elem_id="sees")
            bars = gr.HTML(markup.bars((), None), elem_id="bars")
            guest = gr.HTML("", elem_id="guest")
    with gr.Row(elem_id="tell"):
        gr.HTML(f"<p><b>{words.IT_IS_A}</b> <small>{words.PRESS}</small></p>", elem_id="ask")
        status = gr.HTML(markup.status(""), elem_id="status")
        digits = [gr.Button(label, elem_id=f"label-{label}", elem_classes="digit") for label in markup.DIGITS]
        right = gr.Button(words.RIGHT, elem_id="right", variant="primary")
    with gr.Row(elem_id="otherwise"):
        with gr.Accordion(said.NO_PEN, open=False, elem_id="no-pen"):
            ready = gr.HTML(examples.show(), elem_id="examples", js_on_load=PICK_JS)
            photo = gr.UploadButton(said.PHOTO, file_types=["image"], elem_id="photo")
        with gr.Accordion(words_challenge.TITLE, open=False, elem_id="challenge"):
            ten = gr.HTML(challenge.show(None), elem_id="ten", js_on_load=PICK_JS)
    with gr.Accordion(words.WHY, open=False, elem_id="why"):
        why = gr.HTML(markup.why())
    with gr.Row(elem_id="own"):
        cards = gr.HTML("", elem_id="own-labels", js_on_load=PICK_JS)
        own = gr.Textbox(label=words.OWN_LABEL, placeholder=words.OWN_LABEL_HINT, max_length=8, show_label=False,
                         container=False, elem_id="own-label")  # fmt: skip
        add = gr.Button(words.ADD, elem_id="add")
    notes = gr.HTML("", elem_id="notebook", js_on_load=PICK_JS)
    sheet = gr.HTML("", elem_id="sheet", js_on_load=PICK_JS)

    answer = [guess, sees, bars, why, guest]
    desk = [*answer, status, cards, notes, ten, page.header]
    pad.input(see, [page.id, pad], [*answer, status], trigger_mode="always_last", postprocess=False, **QUIET)
    gr.on([clear.click, pad.clear], clear_pad, [page.id, pad], [pad, *answer], **QUIET)
    taught = [
        gr.on([digit.click for digit in digits], tell, [page.id, pad], [pad, *desk], **QUIET),
        right.click(confirm, [page.id, pad], [pad, *desk], **QUIET),
        gr.on([add.click, own.submit], tell_own, [page.id, pad, own], [pad, own, *desk], **QUIET),
        cards.pick(tell_card, [page.id, pad], [pad, *desk], **QUIET),
    ]
    for lesson in taught:  # the guess of the last stroke may reach the browser after the lesson that followed it
        lesson.success(refresh, page.id, answer, postprocess=False, **QUIET)
    ready.pick(put_example, page.id, [pad, *answer, status], **QUIET)
    photo.upload(put_photo, [page.id, photo], [pad, *answer, status], **QUIET)
    ten.pick(challenge_me, page.id, [pad, *desk], **QUIET)
    undo.click(undo_lesson, page.id, desk, **QUIET)
    redo.click(redo_lesson, page.id, desk, **QUIET)
    notes.pick(change, page.id, [sheet, *desk], **QUIET)
    sheet.pick(change, page.id, [sheet, *desk], **QUIET)
    return fill, desk


def _pad() -> gr.Sketchpad:
    pad = gr.Sketchpad(
        BLANK, elem_id="pad", label=words.PAD, show_label=False, image_mode="L", canvas_size=(SIDE_PX, SIDE_PX),
        fixed_canvas=True, layers=False, transforms=(), buttons=[], height=380, format="png",
        brush=gr.Brush(default_size=12, colors=["#ffffff"], color_mode="fixed"),
    )  # fmt: skip
    pad.blob_storage = Bounded(MAX_BLOBS)
    pictures.bound(pad)
    return pad


def _pen() -> str:
    """Lay out the pen that keys move over the pad."""
    up, down = f'data-up="{said.PEN_UP}"', f'data-down="{said.PEN_DOWN}" data-pad="{words.PAD}"'
    return (
        f'<div id="pen" tabindex="0" role="application" aria-label="{words.PAD}. {said.PEN}" {up} {down}>'
        '<i></i><span class="unseen" aria-live="polite"></span></div>'
    )


# ---------------------------------------------------------------- what is shown


def answer_of(desk: Desk) -> tuple[str, ...]:
    """Guess what is on the pad, or tell what became of it: guess, what is seen, bars, reasons, guest."""
    pupil = desk.at_pad
    if desk.showing is None and desk.outcome:
        return *desk.outcome, _guest(desk)
    if desk.showing is None:
        bars = markup.bars(pupil.labels, None)
        return markup.idle(pupil.n_lessons), markup.sees(None), bars, markup.why(), _guest(desk)
    guess = pupil.predict_one(desk.showing)
    own = bool(guess.because) and pupil.lessons.find(guess.because[0].drawing, guess.because[0].label) is not None
    return (
        markup.guessed(pupil.labels, guess, own),
        markup.sees(desk.showing),
        markup.bars(pupil.labels, guess),
        reasons(desk, guess),
        _guest(desk),
    )


def _guest(desk: Desk) -> str:
    """What the agent tried beside the visitor's own says."""
    if desk.guest is None:
        return ""
    name = desk.guest.lineage.home or desk.guest.name
    return markup.guest(name, desk.guest.predict_one(desk.showing) if desk.showing is not None else None)


def reasons(desk: Desk, guess: Guess) -> str:
    """Show what a guess rests on."""
    return markup.why(guess, desk.showing, desk.at_pad.imagine(guess.label) if guess.label else None)


def all_of(desk: Desk, status: str) -> tuple[str, ...]:
    """Everything on the tab but the pad, and the header."""
    desk.status = status
    cards, notes, ten = labels.cards(desk.at_pad), notebook.show(desk.at_pad), challenge.show(desk.challenge)
    return (*answer_of(desk), markup.status(status), cards, notes, ten, header(desk))


# ---------------------------------------------------------------- events


@at_desk
def fill(desk: Desk) -> tuple[str, ...]:
    """Show the desk as it is."""
    return all_of(desk, desk.status)


@at_desk
def refresh(desk: Desk) -> tuple[str, ...]:
    """Show the answer as it is."""
    return answer_of(desk)


@at_desk
def see(desk: Desk, pad: dict[str, Any] | None) -> Any:
    """Guess what has been drawn so far; skip a blank pad, which reports itself cleared, and a drawing done with."""
    kept = retina.keep(pad)
    if not retina.has_ink(kept):
        desk.done = None  # a pad that is empty again has reported all there was: what comes is news, however like it
        if desk.showing is None or desk.is_put:
            return [gr.skip()] * 6
        kept = None
    elif desk.done is not None and np.array_equal(kept, desk.done):
        return [gr.skip()] * 6
    else:
        desk.done = None
        desk.strokes.append(kept)
    desk.showing = kept
    if not desk.is_put:  # what was put on the pad is reported by it once more: that is no stroke
        desk.status = ""
    desk.is_put = False
    return *answer_of(desk), markup.status(desk.status)


@at_desk
def clear_pad(desk: Desk, pad: dict[str, Any] | None) -> Any:
    """Take the drawing away."""
    desk.put_away(retina.keep(pad))
    return BLANK, *answer_of(desk)


@at_desk
def put_example(desk: Desk, event: gr.EventData) -> Any:
    """Put an example on the pad."""
    return _put(desk, examples.example(pressed(event).get("label")))


@at_desk
def put_photo(desk: Desk, path: str | None) -> Any:
    """Put a picture of the visitor's on the pad."""
    return _put(desk, examples.photo(path))


def _put(desk: Desk, pad: dict[str, Any]) -> Any:
    desk.showing, desk.done, desk.status, desk.is_put = retina.keep(pad), None, said.ON_THE_PAD, True
    return pad, *answer_of(desk), markup.status(said.ON_THE_PAD)


@at_desk
def tell(desk: Desk, pad: dict[str, Any] | None, event: gr.EventData) -> Any:
    """Teach what is on the pad as the digit on the button that was pressed, and clear it."""
    return teach(desk, pad, getattr(event.target, "value", None))


def teach(desk: Desk, pad: dict[str, Any] | None, label: object) -> Any:
    """Teach a drawing; without ink only say so."""
    kept = retina.keep(pad)
    if not retina.has_ink(kept):
        return gr.skip(), *all_of(desk, words.DRAW_FIRST)
    if not desk.browser.is_known:
        return gr.skip(), *all_of(desk, words_browser.WAIT)
    desk.count("lesson")
    desk.at_pad.learn_one(kept, label)
    label = desk.at_pad.lessons.own()[-1].label
    n_of_label = notebook.count_labels(desk.at_pad.lessons)[label]
    bars = markup.bars(desk.at_pad.labels, desk.at_pad.predict_one(kept))
    desk.put_away(kept, (markup.learned(label, n_of_label), markup.sees(kept), bars, markup.why()))
    told = words.LEARNED_STATUS.format(label=markup.safe(label), lessons=words.count(n_of_label, "lesson"))
    if desk.at_pad is not desk.pupil:
        told = desk.challenge.advance()
        if desk.challenge.result is not None:
            desk.challenged(desk.challenge)
    return BLANK, *all_of(desk, told)


@at_desk
def confirm(desk: Desk, pad: dict[str, Any] | None) -> Any:
    """The guess is right: that is a lesson too."""
    kept = retina.keep(pad)
    guess = desk.at_pad.predict_one(kept)
    if retina.has_ink(kept) and guess.label is None:
        return gr.skip(), *all_of(desk, words.NOTHING_TO_CONFIRM)
    return teach(desk, pad, guess.label)


@at_desk
def tell_own(desk: Desk, pad: dict[str, Any] | None, label: str | None) -> Any:
    """Teach a label of the visitor's own."""
    if not (label or "").strip():
        return gr.skip(), "", *all_of(desk, words.NO_LABEL)
    cleared, *shown = teach(desk, pad, label)
    return cleared, gr.skip() if cleared is not BLANK else "", *shown


@at_desk
def tell_card(desk: Desk, pad: dict[str, Any] | None, event: gr.EventData) -> Any:
    """Teach one of the visitor's own labels again."""
    return teach(desk, pad, pressed(event).get("label"))


@at_desk
def challenge_me(desk: Desk, event: gr.EventData) -> Any:
    """Begin a challenge, or stop it; the visitor's own agent waits meanwhile."""
    begins = pressed(event).get("do") == "begin"
    desk.challenged(challenge.Challenge(desk.pupil.name) if begins else None)
    return BLANK, *all_of(desk, words_challenge.BEGUN if begins else words_challenge.STOPPED)


@at_desk
def undo_lesson(desk: Desk) -> Any:
    """Forget the last lesson."""
    lesson = desk.undone.undo(desk.at_pad)
    if lesson is None:
        return all_of(desk, words.NOTHING_TO_UNDO)
    desk.outcome = ()
    return all_of(desk, words.FORGOTTEN.format(label=markup.safe(lesson.label)))


@at_desk
def redo_lesson(desk: Desk) -> Any:
    """Teach the lesson that was undone last again."""
    lesson = desk.undone.redo(desk.at_pad)
    if lesson is None:
        return all_of(desk, words.NOTHING_TO_REDO)
    desk.outcome = ()
    return all_of(desk, words.REDONE.format(label=markup.safe(lesson.label)))


@at_desk
def change(desk: Desk, event: gr.EventData) -> Any:
    """Open the panel of a lesson, close it, or do what was pressed in it."""
    asked = pressed(event)
    if asked.get("do") in ("pick", "close"):
        number = asked.get("number") if asked["do"] == "pick" else None
        return notebook.sheet(desk, number), *[gr.skip()] * 10
    desk.outcome = ()
    return "", *all_of(desk, notebook.change(desk, asked))
