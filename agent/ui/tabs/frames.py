"""Frames: agents watch an environment live, predict the next frame, and seek what a visitor praises."""

from __future__ import annotations

import io
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import gradio as gr
import numpy as np
from PIL import Image

from agent import charts, render
from agent.agents import new
from agent.agents.frame_agent import Expectation, FrameAgent, frame_of
from agent.charts import Line
from agent.errors import AgentError
from agent.models.frames.layers import Layer
from agent.ui import components, html
from agent.ui.events import QUIET, open_session, with_session
from agent.ui.formatting import count, number
from agent.ui.html import safe, status
from agent.ui.page import Page
from agent.ui.session import Session
from agent.ui.texts import frames_texts as texts
from agent.ui.texts import translated

FAMILY = FrameAgent.FAMILY
ENVIRONMENT_SETTINGS = {"CartPole-v1": {"sutton_barto_reward": True}}  # by environment; of others the defaults
MAX_PLAY_S = 600.0
CURVES_S = 1.0  # seconds between two redraws of the curves
MAX_VIEWERS = 8  # visitors who may watch live at once; others wait for their turn
MAX_POINTS = 120  # of a curve: beyond that, pairs are averaged
FILM_FRAMES = 150
WIRING_SIZE, WIRING_BASE = 16, 4  # of the drawing of two layers
COUNTED_SIZE, COUNTED_BASE = 784, 16  # of the layers whose weights are counted below it


def build(page: Page) -> tuple[Any, list[Any]]:
    """Lay out the tab and connect it."""
    with gr.Column(elem_classes="card frames step"):
        components.purpose(texts.QUESTION, texts.PURPOSE)
        world = components.segments(texts.WORLDS, "scroller", texts.WORLD, "frames-world", info=texts.WORLD_HINT)
        with gr.Row(elem_classes="go"):
            job = components.JobButtons(page, {"frames-play": texts.PLAY}, "frames-pause", texts.PAUSE)
            one = gr.Button(texts.STEP, elem_id="frames-step")
        with gr.Row(elem_classes="go"):
            good = gr.Button(texts.GOOD, elem_id="frames-good")
            bad = gr.Button(texts.BAD, elem_id="frames-bad")
        live = gr.HTML(_live(FramesState()), elem_id="frames-live")
        status_line = gr.HTML(status(""), elem_id="frames-status")
    with components.folded(texts.MORE, "frames-more"):
        model, *details = _choices()
        eyes = gr.Checkbox(label=texts.EYES, elem_id="frames-eyes")
        speed = gr.Slider(1, 30, value=12, step=1, label=texts.SPEED, elem_id="frames-speed")
        with gr.Row(elem_classes="go"):
            reset = gr.Button(texts.ANEW, elem_id="frames-anew")
            film = gr.Button(texts.FILM, elem_id="frames-film")
            download = components.download_button("film-out")
    with components.folded(texts.ERRORS, "frames-errors"):
        curves = gr.HTML(_curves(FramesState()), elem_id="frames-curves", elem_classes="frames")
    with components.folded(texts.WIRING, "frames-wires"):
        gr.HTML(f"<p>{texts.WIRING_HINT}</p>{_wiring()}", elem_id="frames-wiring")
    choices = [world, model, *details]
    inputs, outputs = [page.id, *choices], [live, curves, status_line]
    job.connect(job.starts[0], watch, [*choices, speed], outputs, concurrency_limit=MAX_VIEWERS)
    one.click(one_frame, inputs, outputs, **QUIET)
    gr.on([world.input, model.input], one_frame, inputs, outputs, **QUIET)
    reset.click(begin_anew, inputs, outputs, **QUIET)
    for button, value in ((good, 1), (bad, -1)):
        button.click(partial(reward, value=value), page.id, status_line, queue=False, **QUIET)
    eyes.change(close_eyes, [page.id, eyes], None, queue=False, **QUIET)
    components.download_after(film.click(save_film, page.id, [download, status_line], **QUIET), download)
    return with_session(lambda session: _all(session, "")), outputs


def _choices() -> list[gr.components.Component]:
    """Lay out what else can be chosen, in the order of `choose`'s parameters after the world."""
    return [
        components.segments(texts.MODELS, "cells", texts.MODEL, "frames-mind", info=texts.MODEL_HINT),
        gr.Slider(1, 8, value=2, step=1, label=texts.UNROLL, elem_id="frames-unroll"),
        gr.Checkbox(True, label=texts.SYNTH, elem_id="frames-synth"),
        components.seed_number(texts.SEED, texts.SEED_HINT),
    ]


# ---------------------------------------------------------------- what is watched


@dataclass
class Curve:
    """Means of errors and scores over as many frames each: a row is error, repeat, mean, score."""

    rows: list[tuple[float, ...]] = field(default_factory=list)
    n_frames: int = 5  # behind a row
    _pending: list[tuple[float, ...]] = field(default_factory=list)

    def add(self, *values: float | None) -> None:
        """Count a frame.

        Examples
        --------
        >>> curve = Curve(n_frames=1)
        >>> for number in range(MAX_POINTS + 1):
        ...     curve.add(number, None)
        >>> len(curve.rows), curve.n_frames, curve.rows[0]
        (61, 2, (0.5, nan))
        """
        self._pending.append(tuple(np.nan if value is None else float(value) for value in values))
        if len(self._pending) < self.n_frames:
            return
        self.rows.append(_means(self._pending))
        self._pending = []
        if len(self.rows) > MAX_POINTS:
            self.rows = [_means(self.rows[start : start + 2]) for start in range(0, len(self.rows), 2)]
            self.n_frames *= 2

    def points(self, column: int) -> list[tuple[float, float]]:
        """Points (frame, value) of one of the values."""
        values = [row[column] for row in self.rows]
        return [((place + 0.5) * self.n_frames, value) for place, value in enumerate(values) if not np.isnan(value)]


def _means(rows: list[tuple[float, ...]]) -> tuple[float, ...]:
    """Means of columns without what is missing in them."""
    columns = [[value for value in column if not np.isnan(value)] for column in zip(*rows, strict=True)]
    return tuple(float(np.mean(column)) if column else np.nan for column in columns)


@dataclass
class Panel:
    """One agent in its environment."""

    agent: FrameAgent
    environment: Any
    frame: np.ndarray
    expectation: Expectation | None = None
    curve: Curve = field(default_factory=Curve)
    film: deque[np.ndarray] = field(default_factory=lambda: deque(maxlen=FILM_FRAMES))
    page: np.ndarray | None = None  # all of it, at the last frame, and where the eye was
    sight: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)

    def step(self, open_loop: bool) -> None:
        """Observe the frame, act, and get the next one; with its eyes closed the agent predicts on from predictions."""
        if hasattr(self.environment, "sight"):
            self.page, self.sight = self.environment.render(), self.environment.sight()
        dreams = open_loop and self.expectation is not None
        expected = self.expectation = self.agent.predict_open_loop() if dreams else self.agent.observe(self.frame)
        observed = expected.prediction if open_loop else self.frame
        pictures = self.environment.picture(observed), self.environment.picture(expected.prediction)
        self.film.append(np.concatenate(pictures, axis=1))
        step = self.environment.step(expected.action)
        self.frame, info = frame_of(step), step[4]
        self.curve.add(expected.error, expected.repeat_error, expected.mean_error, info["score"])


class Choice(NamedTuple):
    """What a visitor has chosen to watch."""

    environment: str
    models: tuple[str, ...]
    unroll: int
    synth: bool
    seed: int


@dataclass
class FramesState:
    """What a session watches: one agent or two side by side, each in an environment of its own."""

    choice: Choice | None = None
    panels: list[Panel] = field(default_factory=list)
    open_loop: bool = False
    _times: deque[float] = field(default_factory=lambda: deque(maxlen=30))  # of the last frames

    @property
    def n_bytes(self) -> int:
        """Bytes of the agents and of their films."""
        return sum(panel.agent.n_bytes + sum(still.nbytes for still in panel.film) for panel in self.panels)

    def begin(self, choice: Choice, agents: Sequence[FrameAgent], strokes: Sequence[np.ndarray]) -> None:
        """Let agents enter environments; ``strokes`` are the drawings that a sketch draws again."""
        panels = [Panel(agent, *_enter(agent, choice, strokes)) for agent in agents]
        self.choice, self.panels = choice, panels
        self._times.clear()

    def step(self, canvas: np.ndarray | None) -> None:
        """Let a frame pass, in which a sketch shows this canvas if there is one."""
        for panel in self.panels:
            if panel.environment.SHOWS_CANVAS:
                panel.environment.show(canvas)
            panel.step(self.open_loop)
        self._times.append(time.perf_counter())

    @property
    def rate(self) -> float:
        """Frames a second, over the last 30."""
        times = self._times
        return (len(times) - 1) / max(1e-6, times[-1] - times[0]) if len(times) > 1 else 0.0


def _enter(agent: FrameAgent, choice: Choice, strokes: Sequence[np.ndarray]) -> tuple[Any, np.ndarray]:
    """Let an agent enter a new environment: the environment and its first frame."""
    from agent.environments import ENVIRONMENTS, make  # and gymnasium, only when it is needed

    name = choice.environment
    settings: dict[str, Any] = dict(ENVIRONMENT_SETTINGS.get(name, {}))
    if name in ENVIRONMENTS and ENVIRONMENTS[name].SHOWS_CANVAS and strokes:
        settings["canvases"] = list(strokes)
    environment = make(name, **settings)
    frame = frame_of(environment.reset(seed=choice.seed))
    agent.enter(environment, name)
    return environment, frame


def choose(session: Session, world: str, model: str, unroll: int, synth: bool, seed: int | None) -> FramesState:
    """Watch what was chosen: what is there already, an agent that was loaded meanwhile, or new agents."""
    state, loaded = session.state(FramesState), session.other_agents.get(FAMILY)
    models = ("cells", "recurrent") if model == "both" else (model,)
    choice = Choice(world, models, int(unroll), bool(synth), int(seed or 0))
    if loaded is not None and all(panel.agent is not loaded for panel in state.panels):
        state.begin(choice, [loaded], session.pad.strokes)
    elif state.choice != choice:
        settings = {"recurrent": {"unroll": choice.unroll, "synth": choice.synth}}
        agents = [new(name, seed=choice.seed, **settings.get(name, {})) for name in models]
        state.begin(choice, agents, session.pad.strokes)
        session.other_agents[FAMILY] = agents[0]  # the one that is saved and shared
    return state


# ---------------------------------------------------------------- the tab as HTML


def _live(state: FramesState) -> str:
    """What every agent sees and expects, and why it does what it does."""
    if not state.panels or state.panels[0].expectation is None:
        return f'<div class="seats"><p class="still">{texts.NOTHING_YET}</p></div>'
    return f'<div class="seats">{"".join(_panel(state, panel) for panel in state.panels)}</div>'


def _panel(state: FramesState, panel: Panel) -> str:
    both = panel.film[-1]
    half = both.shape[1] // 2
    pictures = "".join(
        html.figure(f'<img class="ink" src="{_picture(page)}" alt="{name}">', name)
        for page, name in ((both[:, :half], texts.SEEN), (both[:, half:], texts.EXPECTED))
    )
    if panel.page is not None and panel.sight != (0.0, 0.0, 1.0, 1.0):
        left, top, width, height = panel.sight
        style = f"left:{left:.1%};top:{top:.1%};width:{width:.1%};height:{height:.1%}"
        whole = f'<img class="ink" src="{_picture(panel.page)}" alt="{texts.WHOLE}"><i style="{style}"></i>'
        pictures = html.figure(f'<div class="whole">{whole}</div>', texts.WHOLE) + pictures
    stats = texts.FACTS.format(frames=count(panel.agent.n_lessons, "frame"), rate=number(state.rate, ".0f"))
    why = texts.WHY.format(why=safe(translated(panel.expectation.because)))
    return (
        f'<section><h3>{safe(panel.agent.kind)} <small>{stats}</small></h3><div class="pair">{pictures}</div>'
        f'<p class="because">{texts.DREAMS if state.open_loop else why}</p></section>'
    )


def _picture(page: np.ndarray) -> str:
    file = io.BytesIO()
    Image.fromarray(page).save(file, "PNG", compress_level=1)  # ten a second: size matters less than time
    return render.png_uri(file.getvalue())


def _curves(state: FramesState) -> str:
    """Errors beside those of two baselines, and scores."""
    if not state.panels:
        return f"<p>{texts.NO_CURVES}</p>"
    parts = []
    for panel in state.panels:
        name = f"{safe(panel.agent.kind)}: " if len(state.panels) > 1 else ""
        names = {"mine": texts.OWN, "repeat": texts.REPEAT, "mean": texts.MEAN}
        errors = [Line(css, text, panel.curve.points(column)) for column, (css, text) in enumerate(names.items())]
        lately = [(float(np.mean(line.points[-10:], axis=0)[1]), line.name) for line in errors if line.points]
        error, nearest = min(lately, default=(0.0, ""))
        best = texts.NEAREST.format(name=nearest, error=number(error, ".3g")) if nearest else ""
        scores = panel.curve.points(3)
        score_chart = _chart([Line("mine", texts.SCORE, scores)]) if scores else f"<p>{texts.SCORES_NONE}</p>"
        parts.append(
            f"<div><h3>{name}{texts.ERRORS}</h3><p>{texts.ERRORS_HINT} <b>{best}</b></p>{_chart(errors)}"
            f"<h3>{name}{texts.SCORES}</h3>{score_chart}</div>"
        )
    return f'<div class="seats">{"".join(parts)}</div>'


def _chart(lines: Sequence[Line]) -> str:
    """Values against frames, both axes from 0, or from the smallest value where that is less."""
    values = [value for line in lines for _, value in line.points]
    low, high = min([0.0, *values]), max([0.0, *values])
    high = high if high > low else low + 1e-6  # nothing but zeros
    last = max([10.0, *(x for line in lines for x, _ in line.points)])
    values = high, (low + high) / 2, low  # where all are 0, only one of them
    ticks = {"0" if abs(value) < 1e-5 else number(value, ".2g"): value for value in values}
    x = charts.Axis(0.0, last, [(share * last, number(share * last, ",.0f")) for share in (0.0, 0.5, 1.0)])
    y = charts.Axis(low, high, [(value, text) for text, value in ticks.items()])
    visible = [line for line in lines if line.points]
    return html.chart(visible, x, y, lambda value: number(value, ".3g"), texts.CURVE_EMPTY)


def _wiring() -> str:
    """A dense layer beside a linearithmic one, a line for each weight, and how many weights a larger one has."""
    size, layer, larger = WIRING_SIZE, Layer(WIRING_SIZE, WIRING_SIZE, WIRING_BASE), COUNTED_SIZE
    dense = _wires([np.stack(np.indices((size, size))).reshape(2, -1)], texts.DENSE.format(n=number(size * size)))
    caption = texts.LINEARITHMIC.format(base=WIRING_BASE, n=number(layer.n_weights))
    n_weights = number(Layer(larger, larger, COUNTED_BASE).n_weights)
    counted = texts.AT_SIZE.format(size=number(larger), few=n_weights, many=number(larger * larger))
    return f'<div class="wires">{dense}{_wires(layer.connections(), caption)}</div><p>{counted}</p>'


def _wires(pairs: Sequence[np.ndarray], caption: str) -> str:
    """Numbers as dots, a row before each sub-layer and one after the last, and a line for each weight."""
    size = f"{WIRING_SIZE * charts.WIRE_GAP_PX} {16 + len(pairs) * charts.WIRE_ROW_PX}"
    lines = charts.wiring(pairs, WIRING_SIZE)
    return html.figure(f'<svg viewBox="0 0 {size}" role="img" aria-label="{caption}">{lines}</svg>', caption)


def _all(session: Session, text: str) -> tuple[Any, ...]:
    state = session.state(FramesState)
    return _live(state), _curves(state), status(text)


# ---------------------------------------------------------------- events


def watch(session_id: str, *choices: Any) -> Iterator[tuple[Any, ...]]:
    """Let frames pass until paused: the session is locked while one passes, and free until the next is due."""
    *choice, speed = choices
    started, charted = time.monotonic(), 0.0
    with open_session(session_id) as session:
        token, state = session.start_job(), choose(session, *choice)
    while True:
        due = time.monotonic() + 1 / min(30.0, max(1.0, float(speed or 10)))
        with open_session(session_id) as session:
            is_too_long = time.monotonic() - started > MAX_PLAY_S
            is_over = token.cancelled or is_too_long
            if not is_over:
                state.step(session.pad.drawing)
            live, curves = _live(state), gr.skip()
            if is_over or time.monotonic() - charted > CURVES_S:
                charted, curves = time.monotonic(), _curves(state)
        yield live, curves, status(texts.STOPPED_ALONE) if is_too_long else gr.skip()
        if is_over:
            return
        time.sleep(max(0.0, due - time.monotonic()))


@with_session
def one_frame(session: Session, *choice: Any) -> tuple[Any, ...]:
    """Let one frame pass."""
    session.cancel_job()
    choose(session, *choice).step(session.pad.drawing)
    return _all(session, "")


@with_session
def begin_anew(session: Session, *choice: Any) -> tuple[Any, ...]:
    """Begin with an agent that has seen nothing."""
    session.cancel_job()
    state = session.state(FramesState)
    state.choice, state.panels = None, []
    session.other_agents.pop(FAMILY, None)
    choose(session, *choice)
    return _all(session, texts.BEGUN)


@with_session
def reward(session: Session, value: int) -> str:
    """Praise or blame what the agents do."""
    panels = session.state(FramesState).panels
    for panel in panels:
        panel.agent.reward(value)
    return status((texts.PRAISED if value > 0 else texts.BLAMED) if panels else texts.NOTHING_YET)


@with_session
def close_eyes(session: Session, closed: bool) -> None:
    """Close the agents' eyes, or open them."""
    session.state(FramesState).open_loop = bool(closed)


@with_session
def save_film(session: Session) -> tuple[str, str]:
    """Write what the first agent saw and expected in the last frames as a WebP film."""
    panels = session.state(FramesState).panels
    if not panels or not panels[0].film:
        raise AgentError(texts.NO_FILM)
    return components.write_counted("frames.webp", render.film(panels[0].film), session), status("")
