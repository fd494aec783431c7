"""Frames: minds that watch a world live, expect the next frame, and seek what people praise."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from agent.ui import frame_views
from agent.ui import words_frames as own
from agent.ui.desk import DESKS, Desk
from agent.ui.events import QUIET, at_desk, opened
from agent.ui.markup import status
from agent.ui.page import Page
from agent.ui.teach import step
from agent.ui.watching import Watch
from agent.watcher import Watcher

FAMILY = Watcher.FAMILY
MAX_PLAY_S = 600.0
CURVES_S = 1.0  # between two looks at the curves
AT_ONCE = 8  # visitors who may watch live; others wait for their turn
DOWNLOAD = "() => { const it = document.querySelector('#film-out'); (it.querySelector('a') ?? it).click(); }"
_FILMS: deque[Path] = deque()  # folders of the last films: gradio copies the file before the next but 31


def title() -> str:
    """Name the tab."""
    return own.FRAMES


def build(page: Page) -> tuple[Any, list[Any]]:
    """Lay out the tab and connect it."""
    with gr.Row(elem_classes="card two frames"):
        with gr.Column(elem_classes="step"):
            gr.HTML(step(1, own.STEP_WORLD))
            choices = _choices()
            eyes = gr.Checkbox(label=own.EYES, elem_id="frames-eyes")
            speed = gr.Slider(1, 30, value=12, step=1, label=own.SPEED, elem_id="frames-speed")
            with gr.Row(elem_classes="go"):
                anew = gr.Button(own.ANEW, elem_id="frames-anew")
                film = gr.Button(own.FILM, elem_id="frames-film")
                out = gr.DownloadButton(own.FILM, visible="hidden", elem_id="film-out")
        with gr.Column(elem_classes="step"):
            gr.HTML(step(2, own.STEP_WATCH))
            with gr.Row(elem_classes="go"):
                play = gr.Button(own.PLAY, variant="primary", elem_id="frames-play")
                pause = gr.Button(own.PAUSE, interactive=False, elem_id="frames-pause")
                one = gr.Button(own.STEP, elem_id="frames-step")
            live = gr.HTML(frame_views.live(None), elem_id="frames-live")
            with gr.Row(elem_classes="go"):
                good = gr.Button(own.GOOD, elem_id="frames-good")
                bad = gr.Button(own.BAD, elem_id="frames-bad")
            said = gr.HTML(status(""), elem_id="frames-status")
    with gr.Column(elem_classes="card frames"):
        curves = gr.HTML(frame_views.curves(None), elem_id="frames-curves")
    with gr.Column(elem_classes="card frames"):
        gr.HTML(f"<h2>{own.WIRING}</h2><p>{own.WIRING_HINT}</p>{frame_views.wiring()}", elem_id="frames-wiring")
    asked, shown = [page.id, *choices.values()], [live, curves, said]
    begun = play.click(watch, [*asked, speed], [play, pause, *shown], concurrency_limit=AT_ONCE, **QUIET)
    begun.then(rest, None, [play, pause], **QUIET)
    pause.click(DESKS.stop, page.id, None, queue=False, **QUIET)
    one.click(one_frame, asked, shown, **QUIET)
    anew.click(begin_anew, asked, shown, **QUIET)
    for button, value in ((good, 1), (bad, -1)):
        button.click(partial(told, value=value), page.id, said, queue=False, **QUIET)
    eyes.change(close_eyes, [page.id, eyes], None, queue=False, **QUIET)
    film.click(save_film, page.id, [out, said], **QUIET).success(None, None, None, js=DOWNLOAD, **QUIET)
    return fill, shown


def _choices() -> dict[str, gr.components.Component]:
    """Lay out what can be chosen: the names are those of `chosen`'s parameters."""
    choices: dict[str, gr.components.Component] = {
        "world": gr.Radio(own.WORLDS, value="scroller", label=own.WORLD, info=own.WORLD_HINT, elem_id="frames-world",
                          elem_classes="segments"),
        "mind": gr.Radio(own.MINDS, value="cells", label=own.MIND, info=own.MIND_HINT, elem_id="frames-mind",
                         elem_classes="segments"),
    }  # fmt: skip
    with gr.Accordion(own.MORE, open=False, elem_id="frames-more"):
        choices |= {
            "unroll": gr.Slider(1, 8, value=2, step=1, label=own.UNROLL, elem_id="frames-unroll"),
            "synth": gr.Checkbox(True, label=own.SYNTH, elem_id="frames-synth"),
            "seed": gr.Number(0, label=own.SEED, info=own.SEED_HINT, precision=0, minimum=0, maximum=2**31 - 1),
        }
    return choices


# ---------------------------------------------------------------- what is watched


def chosen(desk: Desk, world: str, mind: str, unroll: int, synth: bool, seed: int | None) -> Watch:
    """Give what is watched: what is there, a loaded agent, or something new where other things were chosen."""
    minds = ["cells", "recurrent"] if mind == "both" else [mind]
    asked = world, tuple(minds), int(unroll), bool(synth), int(seed or 0)
    loaded, watched = desk.others.get(FAMILY), desk.watch
    if isinstance(loaded, Watcher) and (watched is None or all(seat.watcher is not loaded for seat in watched.seats)):
        desk.watch = Watch.of(loaded, world, int(seed or 0), desk.strokes)
        desk.watch.asked = asked  # it stays until something else is chosen
    elif watched is None or watched.asked != asked:
        _sit(desk, Watch(world, minds, int(unroll), bool(synth), int(seed or 0), desk.strokes))
    return desk.watch


def _sit(desk: Desk, watched: Watch) -> None:
    """Put something new on the desk; its first mind is the one that is kept and shared."""
    watched.eyes_closed = desk.watch is not None and desk.watch.eyes_closed
    desk.watch, desk.others[FAMILY] = watched, watched.seats[0].watcher


def _shown(desk: Desk, text: str = "") -> tuple[Any, ...]:
    return frame_views.live(desk.watch), frame_views.curves(desk.watch), status(text)


# ---------------------------------------------------------------- events


@at_desk
def fill(desk: Desk) -> tuple[Any, ...]:
    """Show what stands on the desk."""
    return _shown(desk)


def watch(desk_id: str, *choices: Any) -> Iterator[tuple[Any, ...]]:
    """Let frames pass until told to pause: the desk is locked while one passes, and free until the next is due."""
    *asked, speed = choices
    begun, looked, mine = time.monotonic(), 0.0, object()
    with opened(desk_id) as desk:
        desk.course, watched = mine, chosen(desk, *asked)
    while True:
        due = time.monotonic() + 1 / min(30.0, max(1.0, float(speed or 10)))
        with opened(desk_id) as desk:
            alone = time.monotonic() - begun > MAX_PLAY_S
            goes_on = desk.course is mine and desk.watch is watched and not alone
            if goes_on:
                watched.live(desk.showing)
            live, curves = frame_views.live(desk.watch), gr.skip()
            if not goes_on or time.monotonic() - looked > CURVES_S:
                looked, curves = time.monotonic(), frame_views.curves(desk.watch)
        said = status(own.STOPPED_ALONE) if alone else gr.skip()
        yield gr.Button(interactive=False), gr.Button(interactive=goes_on), live, curves, said
        if not goes_on:
            return
        time.sleep(max(0.0, due - time.monotonic()))


def rest() -> tuple[Any, ...]:
    """Make ready to play again."""
    return gr.Button(interactive=True), gr.Button(interactive=False)


@at_desk
def one_frame(desk: Desk, *choices: Any) -> tuple[Any, ...]:
    """Let one frame pass."""
    desk.course = None
    chosen(desk, *choices).live(desk.showing)
    return _shown(desk)


@at_desk
def begin_anew(desk: Desk, *choices: Any) -> tuple[Any, ...]:
    """Begin with a mind that has seen nothing."""
    desk.course = desk.watch = None
    desk.others.pop(FAMILY, None)
    chosen(desk, *choices)
    return _shown(desk, own.BEGUN)


@at_desk
def told(desk: Desk, value: int) -> str:
    """Say that what it does is good or bad."""
    if desk.watch is None:
        return status(own.NOTHING_YET)
    desk.watch.reward(value)
    return status(own.PRAISED if value > 0 else own.BLAMED)


@at_desk
def close_eyes(desk: Desk, closed: bool) -> None:
    """Close its eyes, or open them."""
    if desk.watch is not None:
        desk.watch.eyes_closed = bool(closed)


@at_desk
def save_film(desk: Desk) -> tuple[str, str]:
    """Pack what was seen and expected of late."""
    folder = Path(tempfile.mkdtemp(prefix="pupil-"))
    _FILMS.append(folder)
    while len(_FILMS) > 32:
        shutil.rmtree(_FILMS.popleft(), ignore_errors=True)
    path = folder / "frames.webp"
    path.write_bytes(frame_views.film(desk.watch))
    return str(path), status("")
