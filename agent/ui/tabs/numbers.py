"""Numbers: regressors that copy a number, side by side: they learn live, answer any number, and show their errors."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import gradio as gr

from agent import charts, decimals
from agent.agents import new
from agent.agents.regressor import Regressor
from agent.datasets.copy_numbers import Copy, NumberLessons
from agent.errors import AgentError
from agent.experiments.reference_results import ASKED, REWARDS, ROWS, SQUARED_ERROR, Row, repeat
from agent.models import Answer
from agent.models.regression.linear import TEACHERS, curvatures, max_learning_rate
from agent.progress import Progress
from agent.storage import serialization
from agent.ui import components, formatting, html
from agent.ui.components import progress_bar
from agent.ui.events import QUIET, event_payload, serialized, with_session
from agent.ui.html import safe, status
from agent.ui.page import PICK_JS, Page
from agent.ui.session import Session
from agent.ui.texts import current_locale
from agent.ui.texts import numbers_texts as texts
from agent.ui.texts import texts as common_texts
from agent.validation import clean_name

WEIGHTLESS = ("tuples", "symbols")
LEARNERS = (*TEACHERS, *WEIGHTLESS)
RANGES = (("0 … 10", "0 10"), ("−10 … 10", "-10 10"), ("0 … 1", "0 1"))
RATES = (0.001, 0.003, 0.01, 0.03)
STEPS = (500, 5000, 25_000, 100_000)
FIRST = ("mse", "slope", "two_tries", "tuples", "symbols")  # learners chosen at first
POINT_BYTES = 500  # of a curve
FIRST_NUMBER = "123"
N_SEEDS, SEEDS_A_STEP = 20, 5  # for which published settings are repeated
MIN_POWER, MAX_POWER = -16, 2  # powers of ten that the axis of errors shows
MAX_PLACES = 6  # decimal places of an answer that are shown
FAMILY = Regressor.FAMILY


def build(page: Page) -> tuple[Any, list[Any]]:
    """Lay out the tab and connect it."""
    with gr.Column(elem_classes="card step"):
        components.purpose(texts.QUESTION, texts.PURPOSE)
        with gr.Row(elem_classes="go"):
            job = components.JobButtons(page, {"numbers-learn": texts.LEARN}, "numbers-stop", texts.STOP)
        bar = gr.HTML(progress_bar(0, texts.IDLE), elem_id="numbers-bar")
        buttons = "".join(html.button("ask", x, data_label=x) for x in texts.QUICK)
        quick = gr.HTML(f'<div class="quick">{buttons}</div>', elem_id="numbers-quick", js_on_load=PICK_JS)
        hint = {"info": texts.NUMBER_HINT, "max_length": 500}
        number = gr.Textbox(FIRST_NUMBER, label=texts.NUMBER, elem_id="number", **hint)
        answers = gr.HTML("", elem_id="numbers-answers")
    with components.folded(texts.STEP_WHAT, "numbers-what"):
        choices = _choices()
    with components.folded(texts.STEP_LEARN, "numbers-how"):
        curves = gr.HTML("", elem_id="numbers-curves")
    with components.folded(texts.SEE, "numbers-see"):
        findings = gr.HTML("", elem_id="numbers-seen")
    with components.folded(texts.PUBLISHED, "numbers-was"):
        gr.HTML(f"<p>{texts.PUBLISHED_HINT}</p>")
        repeat_button = gr.Button(texts.REPEAT, elem_id="numbers-repeat", elem_classes="narrow")
        published_bar = gr.HTML(progress_bar(0, ""), elem_id="numbers-repeating")
        published = gr.HTML("", elem_id="numbers-published")
    with components.folded(texts.KEEP, "numbers-keep"):
        saveable = _build_files(page, answers)
    outputs = [curves, answers, findings, saveable]
    job.starts.append(repeat_button)
    job.connect(job.starts[0], learn, choices, [bar, *outputs])
    job.connect(repeat_button, repeat_published, [], [published_bar, published])
    gr.on([number.submit, number.change], ask, [page.id, number], answers, trigger_mode="always_last", **QUIET)
    quick.pick(ask_quick, page.id, [number, answers], **QUIET)
    refresh = with_session(lambda session: (*_all(session), _published(session.state(NumbersState).repeated)))
    return refresh, [*outputs, published]


def _choices() -> list[gr.components.Component]:
    """Lay out what can be chosen, in the order of `choice_of`'s parameters."""
    names = [(f"{texts.NAMES[name]} · {texts.LEARNS_FROM[name]}", name) for name in LEARNERS]
    steps, rates = [(formatting.number(n), n) for n in STEPS], [(formatting.number(rate, "g"), rate) for rate in RATES]
    tall = {"info": texts.LEARNERS_HINT, "elem_classes": "segments tall"}
    choices = [
        components.segments(names, [*FIRST], texts.LEARNERS, "numbers-who", many=True, **tall),
        components.segments(RANGES, "0 10", texts.RANGE, "numbers-range"),
        components.segments(steps, 25_000, texts.STEPS, "numbers-steps"),
        components.segments(rates, 0.01, texts.RATE, "numbers-rate"),
        components.segments(texts.PRECISIONS, "float64", texts.PRECISION, "numbers-precision"),
    ]
    rewards = [(text, name) for name, text in texts.REWARDS.items()]
    formula = {"info": texts.OWN_REWARD_HINT, "max_length": 200}
    with gr.Accordion(texts.MORE, open=False, elem_id="numbers-more"):
        return choices + [
            gr.Dropdown(rewards, value="one_minus", label=texts.REWARD, elem_id="numbers-reward"),
            gr.Textbox(label=texts.OWN_REWARD, elem_id="numbers-formula", **formula),
            gr.Checkbox(label=texts.WHOLE, elem_id="numbers-whole"),
            gr.Checkbox(label=texts.FALLS, info=texts.FALLS_HINT, elem_id="numbers-falls"),
            components.seed_number(texts.SEED, texts.SEED_HINT),
        ]


def _build_files(page: Page, answers: gr.HTML) -> gr.Dropdown:
    """Lay out the cards that save and load a learner, and connect them; gives the list of learners to save."""
    with gr.Row(elem_classes="keep"):
        with gr.Column(elem_classes="card"):
            gr.HTML(f"<p>{texts.KEEP_HINT}</p>")
            saveable = gr.Dropdown([], label=texts.KEEP_WHO, elem_id="number-who")
            name = gr.Textbox("", label=texts.NAME, max_length=40, elem_id="number-name")
            save_button = gr.Button(texts.SAVE, variant="primary", elem_id="number-save")
            download = components.download_button("number-out")
        with gr.Column(elem_classes="card"):
            gr.HTML(f"<p>{texts.LOAD}</p>")
            file = gr.File(label=texts.LOAD, show_label=False, height=132, elem_id="number-in")
            status_line = gr.HTML(status(""), elem_id="number-status")
    saved = save_button.click(save, [page.id, saveable, name], [download, status_line], **QUIET)
    components.download_after(saved, download)
    loaded = file.upload(load, [page.id, file], [file, status_line, answers, saveable], **QUIET)
    loaded.failure(lambda: None, None, file, **QUIET)  # room for another file
    return saveable


# ---------------------------------------------------------------- the learners of a session


@dataclass(frozen=True)
class Choice:
    """What a visitor has chosen."""

    learners: tuple[str, ...]
    task: Copy
    lr: float
    steps: int
    precision: str
    falls: bool
    seed: int


@dataclass
class NumbersState:
    """The learners of a session."""

    regressors: dict[str, Regressor] = field(default_factory=dict)  # the learners of the last training by name
    curves: dict[str, list[Progress]] = field(default_factory=dict)  # how each of them has learned
    faults: dict[str, str] = field(default_factory=dict)  # why one of them stopped, by name
    choice: Choice | None = None
    number: str = FIRST_NUMBER  # the number asked last, as it was written
    # answers of published settings repeated, one a seed, by the name of the setting
    repeated: dict[str, list[float]] = field(default_factory=dict)

    @property
    def n_bytes(self) -> int:
        """Bytes of the agents and of their curves."""
        n_points = sum(map(len, self.curves.values()))
        return sum(regressor.n_bytes for regressor in self.regressors.values()) + POINT_BYTES * n_points

    def iter_learn(self, choice: Choice) -> Iterator[float]:
        """Let all that are chosen learn side by side; gives the share done, 0 … 1, once a round.

        AgentError at once when they cannot begin; those before are still there then.
        """
        regressors = {name: _new_regressor(name, choice) for name in choice.learners}
        trainings = {name: learner.iter_learn(_lessons(learner, choice)) for name, learner in regressors.items()}
        self.regressors, self.choice, self.faults = regressors, choice, {}
        self.curves = {name: [] for name in regressors}
        return self._rounds(trainings)

    def _rounds(self, trainings: dict[str, Iterator[Progress]]) -> Iterator[float]:
        """Take a step of every training in turn."""
        while trainings:
            for name, training in list(trainings.items()):
                try:
                    self.curves[name].append(next(training))
                except StopIteration:
                    del trainings[name]
                except AgentError as error:
                    self.faults[name] = str(error)
                    del trainings[name]
            yield 1.0 if not trainings else self._share()

    def _share(self) -> float:
        """Share of the rounds that are done: they grow as their logarithm does."""
        lasts = [curve[-1] for curve in self.curves.values() if curve]
        return min((math.log1p(last.n_done) / math.log1p(last.n_total) for last in lasts), default=0.0)

    @property
    def n_done(self) -> int:
        """Steps of the learner who is farthest."""
        return max((curve[-1].n_done for curve in self.curves.values() if curve), default=0)


def choice_of(
    learners: list[str],
    numbers: str,
    steps: int,
    lr: float,
    precision: str,
    reward: str,
    formula: str,
    whole: bool,
    falls: bool,
    seed: int | None,
) -> Choice:
    """Read what a visitor has chosen."""
    if not learners:
        raise AgentError(texts.CHOOSE)
    low, high = map(float, numbers.split())
    task = Copy(low, high, bool(whole), (formula or "").strip() or reward)
    in_order = tuple(name for name in LEARNERS if name in learners)
    return Choice(in_order, task, float(lr), int(steps), precision, bool(falls), int(seed or 0))


def _new_regressor(name: str, choice: Choice) -> Regressor:
    if name in WEIGHTLESS:
        return new(name, seed=choice.seed)
    settings = {"lr": choice.lr, "steps": choice.steps, "precision": choice.precision, "falls": choice.falls}
    return new("linear", seed=choice.seed, teacher=name, **settings)


def _lessons(regressor: Regressor, choice: Choice) -> NumberLessons:
    """Draw the lessons of a learner: one a step, but for those that go over them all, or see each one once."""
    n_lessons = regressor.model.n_lessons
    n_lessons = min(n_lessons, choice.steps) if regressor.kind in WEIGHTLESS else n_lessons
    return choice.task.lessons(n_lessons, choice.seed)


# ---------------------------------------------------------------- curves


def _curves(state: NumbersState) -> str:
    """How the mean errors fall, and how far w and b are off, of those that have them."""
    names = tuple(state.curves)
    linear = tuple(name for name in names if name in TEACHERS)
    parts = (
        (texts.ERROR_OF, _chart(state, names, lambda progress: progress.error)),
        (texts.W_OF, _chart(state, linear, lambda progress: progress.line and abs(progress.line[0] - 1))),
        (texts.B_OF, _chart(state, linear, lambda progress: progress.line and abs(progress.line[1]))),
    )
    return "".join(f"<h3>{title}</h3>{chart}" for title, chart in parts)


def _chart(state: NumbersState, names: Sequence[str], value_of: Callable[[Progress], float | None]) -> str:
    """A value of each learner's progress against steps; all are in the legend from the start: nothing moves."""
    lines = []
    for name in names:
        values = [(progress.n_done, value_of(progress)) for progress in state.curves[name]]
        points = [(max(1, n), value) for n, value in values if value is not None]
        lines.append(charts.Line(_css(name), texts.NAMES[name], points))
    end = max([10, *(curve[-1].n_total for curve in state.curves.values() if curve)])
    x = charts.Axis(1, end, charts.log_ticks(1, end, formatting.number), texts.CHART_X, log=True)
    ticks = [(10.0**power, _power(power)) for power in range(MIN_POWER, MAX_POWER + 1, 3)]
    ticks[0] = (ticks[0][0], texts.ZERO)  # smaller errors are drawn at the foot
    y = charts.Axis(10.0**MIN_POWER, 10.0**MAX_POWER, ticks, log=True)
    return html.chart(lines, x, y, _small, texts.CHART_EMPTY, "curve log")


def _css(name: str) -> str:
    return f"series s{LEARNERS.index(name)}"


# ---------------------------------------------------------------- answers


def _answers(session: Session, fault: str = "") -> str:
    """What every learner answers to the last valid number; above it, what is wrong with what was typed since."""
    state, loaded = session.state(NumbersState), session.other_agents.get(FAMILY)
    x = decimals.read(state.number)
    rows = [_answer_row(name, regressor, x, state) for name, regressor in state.regressors.items()]
    rows += [_answer_row("", loaded, x, state)] if loaded else []
    question = fault or (texts.ASKED.format(x=_digits(x)) if rows else texts.ASK_EMPTY)
    heading = f'<p class="asked{" bad" if fault else ""}" aria-live="polite">{question}</p>'
    heads = map(html.head, (texts.LEARNER, texts.ANSWER, texts.OFF))
    return heading + (html.table(texts.ANSWER, heads, rows, "answers") if rows else "")


def _answer_row(name: str, regressor: Regressor, x: Decimal, state: NumbersState) -> str:
    """What a learner answers, and how far it is off, exactly; the one from a file has no name here."""
    answer = regressor.predict_one(x)
    title = texts.NAMES.get(name) or f"{safe(regressor.name)} <small>{texts.LOADED}</small>"
    key = f'<i class="key {_css(name)}"></i>' if name else ""
    exact_value = html.attributes(title="" if answer.value is None else decimals.plain(answer.value))
    exact_error = html.attributes(title="" if answer.error is None else decimals.plain(answer.error))
    value = texts.NOT_SURE if answer.value is None else _digits(answer.value)
    good = " good" if answer.error is not None and abs(answer.error) < Decimal("0.001") else ""
    note = _note(regressor, answer, state.faults.get(name))
    return (
        f'<tr><th scope="row"><span>{key}{title}</span><small>{note}</small></th>'
        f'<td class="value"{exact_value}>{value}</td><td class="off{good}"{exact_error}>{_off(answer)}</td></tr>'
    )


def _note(regressor: Regressor, answer: Answer, fault: str | None) -> str:
    """Why an answer is what it is."""
    if fault:
        return safe(fault)
    if not regressor.n_lessons:
        return texts.KNOWS_NOTHING
    if answer.unsure and answer.because:
        return texts.NEVER_SHOWN.format(symbol=safe(answer.because))
    training = regressor.model.training
    low, high = (formatting.number(end, ".3g").replace("-", "−") for end in (training.low, training.high))
    return (texts.OUTSIDE if answer.extrapolated else texts.INSIDE).format(low=low, high=high)


def _off(answer: Answer) -> str:
    """How far an answer is off: whole numbers with all digits, others with three."""
    if answer.error is None:
        return "–"
    if answer.error == 0:
        return texts.EXACTLY
    if answer.error == answer.error.to_integral_value() and abs(answer.error) < 10**15:
        return _digits(answer.error)
    return _small(float(answer.error))


def _digits(number: Decimal) -> str:
    """Write a number with its thousands apart and at most six decimal places.

    Examples
    --------
    >>> _digits(Decimal("123123122176")), _digits(Decimal("-0.1234567"))
    ('123,123,122,176', '−0.123457')
    """
    rounded = number if abs(number) >= 10**15 else round(number, MAX_PLACES)
    text = format(rounded, ",f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else current_locale().figures(text.replace("-", "−"))


def _small(number: float) -> str:
    """Write a number with three digits, small ones as powers of ten.

    Examples
    --------
    >>> _small(0.0123), _small(-2.5e-13), _small(0.0)
    ('0.0123', '−2.5 · 10⁻¹³', '0')
    """
    if number == 0:
        return "0"
    if 1e-3 <= abs(number) < 1e6:
        return formatting.number(number, ",.3g" if abs(number) < 1000 else ",.0f").replace("-", "−")
    figures, power = f"{number:.2g}e0".split("e")[0], math.floor(math.log10(abs(number)))
    figures = f"{number / 10.0**power:.2g}" if power > -300 else figures
    return f"{current_locale().figures(figures)} · {_power(power)}".replace("-", "−")


def _power(power: int) -> str:
    """Write a power of ten.

    Examples
    --------
    >>> _power(-13), _power(0)
    ('10⁻¹³', '1')
    """
    return "1" if power == 0 else "10" + str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _findings(choice: Choice | None) -> str:
    """What can be seen here, with the numbers of the last training."""
    task, seed = (choice.task, choice.seed) if choice else (Copy(whole=True), 0)
    lr, steps = (choice.lr, choice.steps) if choice else (0.01, 500)
    numbers = task.lessons(1000, seed).x
    small, large = curvatures(numbers)
    values = {
        "small": formatting.number(small, ".3g"),
        "large": formatting.number(large, ".3g"),
        "product": formatting.number(lr * steps, "g"),
        "limit": formatting.number(max_learning_rate(numbers, "mse"), ".2g"),
        "left": formatting.number(100 * max(0.0, 1 - lr * small) ** steps, ".2g") + " %",
    }
    parts = "".join(f"<p><b>{head}</b> {text.format(**values)}</p>" for head, text in texts.SEEN)
    return f'<div class="seen">{parts}</div>'


# ---------------------------------------------------------------- published settings


def _published(repeated: Mapping[str, Sequence[float]]) -> str:
    """The published tables, with the answers of as many seeds as were repeated."""
    names = (texts.SETTING, texts.WAS, texts.LEAST, texts.MEDIAN, texts.MOST, texts.EACH)
    parts = []
    for title, rows in ((texts.OF_SQUARED_ERROR, SQUARED_ERROR), (texts.OF_REWARDS, REWARDS)):
        lines = [_published_row(row, sorted(repeated.get(row.name, ()))) for row in rows]
        parts.append(f"<h3>{title}</h3>{html.table(title, map(html.head, names), lines, 'published')}")
    return "".join(parts)


def _published_row(row: Row, answers: Sequence[float]) -> str:
    """A setting: what was published, and the least, median and greatest of the answers of several seeds."""
    spread = [answers[0], answers[len(answers) // 2], answers[-1]] if answers else []
    cells = "".join(f"<td>{formatting.number(answer, '.3f')}</td>" for answer in (row.answer, *spread))
    cells += "" if answers else "<td>–</td>" * 3
    return f'<tr><th scope="row">{_setting(row)}</th>{cells}<td>{_dots(row.answer, answers)}</td></tr>'


def _setting(row: Row) -> str:
    """Name a published setting: by its rate, or by the letter of its reward."""
    steps = formatting.number(row.settings["steps"])
    if "lr" in row.settings:
        return texts.EPOCHS.format(steps=steps, lr=formatting.number(row.settings["lr"], "g"))
    return texts.REWARD_STEPS.format(letter=row.name.partition(",")[0][-1], steps=steps)


def _dots(published: float, answers: Sequence[float]) -> str:
    """A dot a seed, a ring for what was published, a line for what would be right."""
    reach = 1.1 * max(abs(answer - ASKED) for answer in (published, *answers))

    def place(answer: float) -> float:
        return 110 + 100 * (answer - ASKED) / reach

    dots = "".join(f'<circle cx="{place(answer):.1f}" cy="12" r="3"/>' for answer in answers)
    label = common_texts.NONE
    if answers:
        low, high = (formatting.number(answer, ".3f") for answer in (answers[0], answers[-1]))
        label = texts.DOTS.format(n=len(answers), low=low, high=high, was=formatting.number(published, ""))
    ring = f'<circle class="was" cx="{place(published):.1f}" cy="12" r="6"/>'
    return (
        f'<svg class="dots" viewBox="0 0 220 24" role="img" aria-label="{label}">'
        f'<line x1="110" x2="110" y1="2" y2="22"/>{dots}{ring}</svg>'
    )


# ---------------------------------------------------------------- events


def _all(session: Session) -> tuple[Any, ...]:
    """Curves, answers, findings, and the learners that can be saved."""
    state = session.state(NumbersState)
    return _curves(state), _answers(session), _findings(state.choice), _saveable(session)


def _saveable(session: Session) -> gr.Dropdown:
    """The learners that can be saved: those that were trained, and the one from a file."""
    names = [(texts.NAMES[name], name) for name in session.state(NumbersState).regressors]
    loaded = session.other_agents.get(FAMILY)
    names += [(loaded.name, FAMILY)] if loaded else []
    return gr.Dropdown(choices=names, value=names[0][1] if names else None)


@serialized
def learn(session: Session, *choices: Any) -> Iterator[tuple[Any, ...]]:
    """Let all that are chosen learn side by side until done or stopped."""
    state, started, choice = session.state(NumbersState), time.perf_counter(), choice_of(*choices)
    rounds, token = state.iter_learn(choice), session.start_job()
    total = formatting.number(choice.steps)
    yield progress_bar(0, texts.GOING.format(done=0, total=total)), *_all(session)
    for share in rounds:
        done = formatting.number(state.n_done)
        if token.cancelled and share < 1:
            text = texts.STOPPED if state.choice is choice else texts.REPLACED
            yield progress_bar(share, text.format(done=done, total=total)), *_all(session)
            return
        yield progress_bar(share, texts.GOING.format(done=done, total=total)), *_all(session)
    seconds = formatting.seconds(time.perf_counter() - started)
    text = texts.DONE.format(total=total, n=len(choice.learners), seconds=seconds)
    yield progress_bar(1, text), *_all(session)


@with_session
def ask(session: Session, x: str) -> str:
    """Let every learner answer a number."""
    x = current_locale().typed(x or "")
    try:
        decimals.read(x)
    except AgentError as error:  # shown in its place: the visitor is still writing
        return _answers(session, safe(formatting.capitalized(error)))
    session.state(NumbersState).number = x
    return _answers(session)


@with_session
def ask_quick(session: Session, event: gr.EventData) -> tuple[str, str]:
    """Ask one of the numbers worth asking."""
    x = str(event_payload(event).get("label"))
    number = current_locale().typed(x)
    decimals.read(number)
    session.state(NumbersState).number = number
    return x, _answers(session)


@serialized
def repeat_published(session: Session) -> Iterator[tuple[Any, ...]]:
    """Repeat every published setting with twenty seeds, a few at a time, until done or stopped."""
    started, token, repeated = time.perf_counter(), session.start_job(), session.state(NumbersState).repeated
    repeated.clear()
    n_total, n_done = N_SEEDS * len(ROWS), 0

    def show(text: str) -> tuple[str, str]:
        return progress_bar(n_done / n_total, text), _published(repeated)

    for row in ROWS:
        for first in range(0, N_SEEDS, SEEDS_A_STEP):
            yield show(texts.REPEATING.format(done=n_done, total=n_total))
            if token.cancelled:
                yield show(texts.REPEATING_STOPPED.format(done=n_done, total=n_total))
                return
            answers = [repeat(row, seed) for seed in range(first, first + SEEDS_A_STEP)]
            repeated.setdefault(row.name, []).extend(answers)
            n_done += SEEDS_A_STEP
    yield show(texts.REPEATED.format(total=n_total, seconds=formatting.seconds(time.perf_counter() - started)))


@with_session
def save(session: Session, name: str | None, new_name: str) -> tuple[str, str]:
    """Write one of the learners to a file."""
    name = name or ""
    saved = session.other_agents.get(FAMILY) if name == FAMILY else session.state(NumbersState).regressors.get(name)
    if saved is None:
        raise AgentError(texts.NOTHING_TO_KEEP)
    saved.name = clean_name((new_name or "").strip() or texts.NAMES.get(name, saved.name))
    return components.write_agent(saved, session), status(texts.SAVED.format(name=safe(saved.name)))


@with_session
def load(session: Session, path: str | None) -> tuple[Any, ...]:
    """Read one from a file: it answers among the others."""
    loaded = serialization.load(path or "")
    if not isinstance(loaded, Regressor):
        raise AgentError(texts.NOT_A_REGRESSOR.format(kind=loaded.kind))
    session.other_agents[FAMILY] = loaded
    text = texts.TOOK.format(name=safe(loaded.name), lessons=formatting.lessons(loaded))
    return None, status(text), _answers(session), _saveable(session)
