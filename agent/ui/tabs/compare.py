"""Compare: runs of the command line and of this page, side by side; any can be opened, drawn on, and continued.

Names in runs may be a stranger's: everything passes `safe`.
"""

from __future__ import annotations

import base64
import json
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from agent import charts
from agent.errors import AgentError
from agent.experiments import compare, results
from agent.experiments.compare import Group
from agent.experiments.results import Run
from agent.models import MODELS
from agent.storage import serialization
from agent.ui import components, formatting, html
from agent.ui.components import progress_bar, segments
from agent.ui.events import QUIET, event_payload, serialized, with_session
from agent.ui.html import safe
from agent.ui.page import PICK_JS, Page, header
from agent.ui.parts import runs
from agent.ui.parts.runs import RunLibrary, SweepProgress
from agent.ui.session import DEFAULT_MODEL, Session
from agent.ui.texts import compare_texts as texts
from agent.ui.texts import current_locale, server_texts
from agent.ui.texts import texts as common_texts

FILTERS = ("experiment", "agent", "task")
MAX_LEFT_OUT, MAX_OPTIONS = 10, 40  # folders that are no runs, and names that can be chosen
MAX_DRAWN, MAX_TABLES, MAX_ROWS, MAX_BUTTONS = 8, 6, 60, 200
MAX_CONFUSED = 3  # of the most frequent mistakes put into words
MAX_SETTINGS, MAX_CHARS = 60, 120
BASELINE = "nearest"  # drawn thin and grey beside others
HIDDEN_COLUMNS = ("experiment", "agent", "task", "lessons", "runs")  # of the table: the first one names them
HIDDEN_SETTINGS = {"experiment", "seed", "task", "agent", "folder"}  # named by the title, or private
PATH_SETTINGS = {"folder", "load", "replay"}  # may name a path on this machine
FIRST_TAB_JS = "() => document.querySelector('#tab-draw-button').click()"


def build(page: Page) -> tuple[Any, list[Any]]:
    """Lay out the tab and connect it."""
    with gr.Column(elem_classes="card make"):
        choices = _choices()
        max_lessons = formatting.count(runs.MAX_SWEEP_LESSONS, "lesson")
        idle = texts.MAKE_IDLE.format(runs=runs.MAX_SWEEP_RUNS, lessons=max_lessons)
        making, making_bar = _job(page, texts.MAKE_NOW, "make", idle)
    with gr.Column(elem_classes="card"):
        head = gr.HTML("", elem_id="runs-head")
        with gr.Row(elem_classes="which"):
            names = (texts.EXPERIMENT, texts.AGENT, texts.TASK)
            filters = [
                segments([], None, label, f"by-{name}", many=True, visible=False)
                for name, label in zip(FILTERS, names, strict=True)
            ]
    with gr.Column(elem_classes="card", visible=False) as tables:
        table = gr.HTML("", elem_id="results", js_on_load=PICK_JS)
    with gr.Column(elem_classes="card opened", visible=False) as detail:
        opened = gr.HTML("", elem_id="opened", js_on_load=PICK_JS)
        with gr.Row(elem_classes="buttons"):
            draw = gr.Button(texts.DRAW_ON, variant="primary", elem_id="draw-on")
            remove_button = gr.Button(texts.REMOVE, elem_id="remove-run")
        with gr.Column(visible=False, elem_classes="more") as more:
            sizes = [(formatting.number(size), size) for size in runs.SIZES]
            n_lessons = segments(sizes, 60, texts.HOW_MANY_MORE, "more-lessons")
            continuing, continuing_bar = _job(page, texts.CONTINUE, "continue", "")
    with gr.Column(elem_classes="card", visible=False) as pictures:
        comparison = gr.HTML("", elem_id="comparison")
    outputs = [head, *filters, tables, table, detail, opened, draw, remove_button, more, pictures, comparison]
    for component in filters:
        component.input(choose, [page.id, *filters], outputs, **QUIET)
    table.pick(open_run, page.id, outputs, **QUIET)
    opened.pick(close, page.id, outputs, **QUIET)
    drawing = draw.click(draw_on, page.id, [*outputs, page.header], **QUIET)
    drawing.success(None, None, None, js=FIRST_TAB_JS, **QUIET)
    page.refill_after(drawing)
    remove_button.click(remove, page.id, outputs, **QUIET)
    make_button, continue_button = making.starts[0], continuing.starts[0]
    making.starts.append(continue_button)
    continuing.starts.append(make_button)
    making.connect(make_button, make, choices, [making_bar, *outputs])
    continuing.connect(continue_button, continue_run, [n_lessons], [continuing_bar, *outputs])
    return with_session(all_of), outputs


def _choices() -> list[gr.components.Component]:
    """Lay out the choices of a small sweep: a task, agents, numbers of lessons, seeds."""
    components.purpose(texts.QUESTION, texts.PURPOSE.format(asked=runs.QUICK["n_test"]))
    tasks = [(texts.TASKS[name], name) for name in runs.TASKS]
    sizes = [(formatting.number(size), size) for size in runs.SIZES]
    task = segments(tasks, runs.TASKS[0], texts.TASK, "make-task")
    with gr.Row(elem_classes="which"):
        kinds = [(formatting.kind(name), name) for name in MODELS]
        agents = segments(kinds, [DEFAULT_MODEL, BASELINE], texts.AGENTS, "make-agents", many=True)
        lessons = segments(sizes, [60], texts.SIZES, "make-sizes", many=True)
        seeds = segments([*range(1, runs.MAX_SEEDS + 1)], 2, texts.SEEDS, "make-seeds")
    return [task, agents, lessons, seeds]


def _job(page: Page, name: str, elem_id: str, idle: str) -> tuple[components.JobButtons, gr.HTML]:
    """Lay out the buttons that start and stop a job, and its progress."""
    with gr.Row(elem_classes="go"):
        job = components.JobButtons(page, {f"{elem_id}-now": name}, f"{elem_id}-stop", common_texts.STOP)
    return job, gr.HTML(progress_bar(0, idle), elem_id=f"{elem_id}-progress")


def all_of(session: Session) -> tuple[Any, ...]:
    """Everything on the tab but the progress of jobs: all runs read anew."""
    library = session.state(RunLibrary)
    library.read()
    options = _filter_options(library)
    selected = {name: [value for value in library.filters[name] if value in options[name]] for name in FILTERS}
    groups = in_order(compare.grouped([*library.runs.values()], **selected))
    numbers = {run.folder: number for number, run in library.runs.items()}
    run = library.runs.get(library.opened) if library.opened is not None else None
    return (
        _head(library),
        *(
            gr.CheckboxGroup([(formatting.kind(at), at) for at in some], value=selected[name], visible=len(some) > 1)
            for name, some in options.items()
        ),
        gr.Column(visible=bool(library.runs)),
        results_table(groups, numbers) if groups else f"<p>{texts.NOTHING_CHOSEN}</p>",
        gr.Column(visible=run is not None),
        run_detail(library),
        gr.Button(visible=run is not None and runs.has_pupil(run)),
        gr.Button(visible=run is not None and library.is_removable(run)),
        gr.Column(visible=run is not None and runs.can_continue(run)),
        gr.Column(visible=bool(groups)),
        pictures_of(groups) if groups else "",
    )


def _filter_options(library: RunLibrary) -> dict[str, list[str]]:
    """Name every experiment, agent and task that can be chosen."""
    values = (
        {name for run in library.runs.values() for name in compare.experiments(run)},
        {run.agent for run in library.runs.values()},
        {run.task for run in library.runs.values()},
    )
    return {name: sorted(options)[:MAX_OPTIONS] for name, options in zip(FILTERS, values, strict=True)}


def _head(library: RunLibrary) -> str:
    """What this is, what to do where there is nothing yet, and what was left out."""
    hint = texts.HINT if library.runs else texts.NO_RUNS
    left_out = ""
    if library.left_out:
        lines = [safe(sentence) for sentence in library.left_out[:MAX_LEFT_OUT]]
        if len(library.left_out) > MAX_LEFT_OUT:
            lines.append(texts.MORE_LEFT_OUT.format(n=len(library.left_out) - MAX_LEFT_OUT))
        summary = texts.LEFT_OUT.format(runs=formatting.count(len(library.left_out), "run"))
        items = "".join(f"<li>{line}</li>" for line in lines)
        left_out = f'<details class="left-out"><summary>{summary}</summary><ul>{items}</ul></details>'
    return f"<h2>{texts.RUNS}</h2><p>{hint}</p>{left_out}"


# ---------------------------------------------------------------- one run


def run_detail(library: RunLibrary) -> str:
    """The run that is opened: its curve, confusion, numbers and settings; nothing while none is."""
    if library.opened is None:
        return ""
    run = library.run(library.opened)
    where = texts.OPENED_OWN if library.is_removable(run) else texts.OPENED_SHARED
    close = html.button("close", "×", css="close", aria_label=texts.CLOSE, title=texts.CLOSE)
    group = compare.grouped([run])
    curve = _curves(group, [0], run.measure == "held_out") if len(run.curve) > 1 else f"<p>{texts.NO_CURVE}</p>"
    confusion = _confusion("", group[0]) if run.confusion else ""
    return (
        f"<header><h2>{safe(run_title(run))}</h2>{close}</header><p>{safe(run.experiment)} · {where}</p>"
        f'<div class="two">{curve}{confusion}</div><h3>{texts.NUMBERS}</h3>{_list(_numbers(run))}'
        f"<details><summary>{texts.SETTINGS}</summary>{_list(readable_settings(run.config))}</details>"
    )


def run_title(run: Run) -> str:
    """Name a run."""
    return texts.OPENED_TITLE.format(agent=formatting.kind(run.agent), task=run.task, seed=run.seed)


def readable_settings(config: Mapping[str, Any]) -> dict[str, str]:
    """Give the exact settings of a run as text, without paths on this machine.

    Examples
    --------
    >>> config = {"agent": {"kind": "recall", "n_nodes": 300}, "lessons": 60, "load": "/srv/runs/a/b/digits_0"}
    >>> readable_settings(config)
    {'agent.kind': 'recall', 'agent.n_nodes': '300', 'lessons': '60', 'load': 'b/digits_0'}
    """
    agent, task = config.get("agent", {}), config.get("task", {})
    flat = {f"agent.{name}": value for name, value in agent.items() if name != "name"}
    flat |= {f"task.{name}": value for name, value in task.items()}
    flat |= {name: value for name, value in config.items() if name not in HIDDEN_SETTINGS}
    return {str(name): _readable(name, value) for name, value in list(flat.items())[:MAX_SETTINGS]}


def _readable(name: str, value: object) -> str:
    if name in PATH_SETTINGS and isinstance(value, str) and "/" in value:
        return "/".join(Path(value).parts[-2:])
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_CHARS else f"{text[:MAX_CHARS]} …"


def _numbers(run: Run) -> dict[str, str]:
    numbers = {texts.LESSONS: formatting.number(run.lessons), texts.KNOWN: formatting.number(run.known)}
    for name, score in run.scores.items():
        value = compare.mean_and_spread(name, (score, 0.0)).partition(" ±")[0]
        numbers[name] = current_locale().figures(f"{value} %" if name in compare.SHARES else value)
    return numbers


def _list(pairs: Mapping[str, str]) -> str:
    return html.definitions((safe(name), safe(value)) for name, value in pairs.items())


# ---------------------------------------------------------------- the table


def in_order(groups: Sequence[Group]) -> list[Group]:
    """Sort groups: those of most lessons first, whose curves reach farthest."""
    return sorted(groups, key=lambda group: (-group.lessons, group.task, group.experiment, group.agent == BASELINE))


def results_table(groups: Sequence[Group], numbers: Mapping[Path, int]) -> str:
    """The table, its downloads, and a button for each run."""
    rows = compare.table(groups)
    names = [name for name in rows[0] if name not in HIDDEN_COLUMNS]
    lines = [_row(groups, place, row, names) for place, row in enumerate(rows[:MAX_ROWS])]
    buttons, n_left = [], MAX_BUTTONS
    for place, group in enumerate(groups[:MAX_ROWS]):
        opening = "".join(_open_button(run, numbers[run.folder]) for run in group.runs[:n_left])
        n_left = max(0, n_left - len(group.runs))
        buttons.append(f"<div>{_key(groups, place)}{opening}</div>" if opening else "")
    table = html.table(
        texts.RESULTS, map(html.head, [texts.AGENT, *(safe(texts.METRICS.get(name, name)) for name in names)]), lines
    )
    return (
        f"<h2>{texts.RESULTS}</h2><p>{texts.RESULTS_HINT}</p>{table}"
        f'{_downloads(rows)}<h3>{texts.OPEN}</h3><div class="open">{"".join(buttons)}</div>'
    )


def _row(groups: Sequence[Group], place: int, row: Mapping[str, str], names: Sequence[str]) -> str:
    cells = "".join(f"<td>{current_locale().figures(safe(row[name]))}</td>" for name in names)
    small = f"{safe(row['experiment'])} · {formatting.count(len(groups[place].runs), 'run')}"
    head = f"{_key(groups, place)} {safe(_about(groups[place]))}<small>{small}</small>"
    return f'<tr><th scope="row">{head}</th>{cells}</tr>'


def _about(group: Group) -> str:
    return f"{formatting.kind(group.agent)}, {group.task}, {formatting.count(group.lessons, 'lesson')}"


def _open_button(run: Run, number: int) -> str:
    name = texts.OPEN_NAME.format(name=f"{formatting.kind(run.agent)}, {run.task}", seed=run.seed)
    return html.button("open", texts.SEED.format(seed=run.seed), data_number=number, aria_label=name)


def _downloads(rows: Sequence[Mapping[str, str]]) -> str:
    """Links that hold the table themselves: the server keeps no file."""
    files = (
        (texts.AS_CSV, "results.csv", "text/csv", compare.as_csv(rows)),
        (texts.AS_MARKDOWN, "results.md", "text/markdown", compare.markdown(rows)),
    )
    links = "".join(
        f'<a download="{file}" href="data:{kind};base64,{base64.b64encode(content.encode()).decode()}">{name}</a>'
        for name, file, kind, content in files
    )
    return f'<p class="downloads">{texts.DOWNLOAD} {links}</p>'


def _letter(place: int) -> str:
    """Name a group: A, B, … Z, A1, B1, …

    Examples
    --------
    >>> _letter(0), _letter(25), _letter(26)
    ('A', 'Z', 'A1')
    """
    turn, letter = divmod(place, len(string.ascii_uppercase))
    return string.ascii_uppercase[letter] + (f"{turn}" if turn else "")


def _css(groups: Sequence[Group], place: int) -> str:
    """Class of a group, for its colour; grey for the baseline beside others, and for what is not drawn."""
    is_baseline = groups[place].agent == BASELINE and any(group.agent != BASELINE for group in groups)
    return "baseline" if is_baseline or place >= MAX_DRAWN else f"series s{place}"


def _key(groups: Sequence[Group], place: int) -> str:
    return f'<b class="key {_css(groups, place)}">{_letter(place)}</b>'


# ---------------------------------------------------------------- pictures


def pictures_of(groups: Sequence[Group]) -> str:
    """Curves, bars, shares right by label, and confusion tables of the first groups."""
    charted, note = groups[:MAX_DRAWN], ""
    if len(groups) > len(charted):
        note = f"<p>{texts.ONLY_SOME_DRAWN.format(shown=len(charted), total=len(groups))}</p>"
    learning = [place for place, group in enumerate(charted) if group.measure == "held_out" and len(group.curve) > 1]
    kinds = {"error": texts.ABSOLUTE_ERRORS, results.SQUARED: texts.SQUARED_ERRORS}
    curves, parts = [], []
    if learning:
        curves += [_part(texts.CURVES, texts.CURVES_HINT, _curves(groups, learning)), _bars(groups, learning)]
    for measure, title in kinds.items():
        falling = [place for place, group in enumerate(charted) if group.measure == measure and len(group.curve) > 1]
        if falling:
            curves.append(_part(title, texts.ERRORS_HINT, _curves(groups, falling, is_share=False)))
    if not curves:
        curves.append(_part(texts.CURVES, texts.NO_CURVE, ""))
    if any(group.confusion for group in charted):
        parts += [_by_label(groups, charted), _confusions(groups, charted)]
    return f'<div class="comparison">{note}<div class="two">{"".join(curves)}</div>{"".join(parts)}</div>'


def _part(title: str, hint: str, content: str) -> str:
    return f"<section><h2>{title}</h2><p>{hint}</p>{content}</section>"


def _names(groups: Sequence[Group]) -> list[str]:
    names = compare.names([replace(group, agent=formatting.kind(group.agent)) for group in groups])
    return [f"{_letter(place)} {name}" for place, name in enumerate(names)]


def _curves(groups: Sequence[Group], places: Sequence[int], is_share: bool = True) -> str:
    names = _names(groups) if len(groups) > 1 else [common_texts.CURVE_HELD_OUT if is_share else texts.ERRORS]
    lines, highest, end = [], 0.0, 0
    for place in places:
        curve = [point for point in groups[place].curve if point[0] > 0] or groups[place].curve  # the axis has no zero
        points, spreads = [(step, mean) for step, mean, _ in curve], [spread for _, _, spread in curve]
        lines.append(charts.Line(_css(groups, place), names[place], points, spreads))
        highest = max(highest, *(abs(mean) + spread for _, mean, spread in curve))
        end = max(end, curve[-1][0])
    return html.learning_curve(lines, end, None if is_share else highest or 1.0)


def _bars(groups: Sequence[Group], places: Sequence[int]) -> str:
    """Bars at the last number of lessons that all curves have, each with its spread."""
    common = compare.common_step([groups[place] for place in places])
    if not common:
        return ""
    rows, names = [], [name.partition(" ")[2] for name in _names(groups)]
    for place in places:
        mean, spread = compare.at_step(groups[place], common)
        low, high = max(0.0, mean - spread), min(1.0, mean + spread)
        whisker = f'<u style="left:{100 * low:.1f}%;width:{100 * (high - low):.1f}%"></u>' if spread else ""
        rows.append(
            f'<li class="{_css(groups, place)}">{_key(groups, place)}<span>{safe(names[place])}</span>'
            f"<b>{current_locale().figures(compare.mean_and_spread(results.SHARES[0], (mean, spread)))}</b>"
            f'<span class="track"><i style="width:{100 * mean:.1f}%"></i>{whisker}</span></li>'
        )
    title = texts.BARS.format(lessons=formatting.count(common, "lesson"))
    return _part(title, texts.BARS_HINT, f'<ul class="means">{"".join(rows)}</ul>')


def _by_label(groups: Sequence[Group], charted: Sequence[Group]) -> str:
    """Per cent right of each label, a row a group: the fewer, the stronger the colour of the cell."""
    shares_of = [group.by_label for group in charted]
    labels = sorted({label for shares in shares_of for label in shares})
    heads = [f'<th scope="col" style="{html.hue(label)}">{safe(label)}</th>' for label in labels]
    rows = []
    for place, shares in enumerate(shares_of):
        cells = "".join(
            f'<td style="--off:{75 * (1 - shares[label]) ** 0.5:.0f}%">{100 * shares[label]:.0f}</td>'
            if label in shares
            else "<td>–</td>"
            for label in labels
        )
        rows.append(f'<tr><th scope="row">{_key(groups, place)}</th>{cells}</tr>' if shares else "")
    return _part(texts.BY_LABEL, "", html.table(texts.BY_LABEL, ["<td></td>", *heads], rows, scroll_css=" labels"))


def _confusions(groups: Sequence[Group], charted: Sequence[Group]) -> str:
    names = _names(groups)
    tables = [_confusion(names[place], group) for place, group in enumerate(charted) if group.confusion][:MAX_TABLES]
    return _part(texts.CONFUSIONS, common_texts.CONFUSION, f'<div class="confusions">{"".join(tables)}</div>')


def _confusion(name: str, group: Group) -> str:
    counts, labels = group.confusion or (np.zeros((0, 1), np.int64), [])
    confused = _most_confused(counts, labels)
    alt = texts.CONFUSION_ALT.format(name=name or _about(group), most=confused)
    return html.confusion_figure(counts, labels, alt, f"<b>{safe(name)}</b> {safe(confused)}")


def _most_confused(counts: np.ndarray, labels: Sequence[str]) -> str:
    """Put the most frequent mistakes into words."""
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:MAX_CONFUSED]
    pairs = []
    for row, column in zip(*np.unravel_index(order, wrong.shape), strict=True):
        if wrong[row, column]:
            guess = labels[column] if column < len(labels) else common_texts.UNSURE
            times = formatting.count(int(wrong[row, column]), "time")
            pairs.append(texts.TAKEN.format(label=labels[row], guess=guess, times=times))
    return texts.MOST_TAKEN.format(pairs="; ".join(pairs)) if pairs else texts.NEVER_TAKEN


# ---------------------------------------------------------------- events


@with_session
def choose(session: Session, *selections: Sequence[str] | None) -> tuple[Any, ...]:
    """Compare what is chosen."""
    session.state(RunLibrary).filters = {
        name: list(values or ()) for name, values in zip(FILTERS, selections, strict=True)
    }
    return all_of(session)


@with_session
def open_run(session: Session, event: gr.EventData) -> tuple[Any, ...]:
    """Open a run, by the number that it was listed under."""
    library, number = session.state(RunLibrary), event_payload(event).get("number")
    library.run(number)
    library.opened = number
    return all_of(session)


@with_session
def close(session: Session) -> tuple[Any, ...]:
    """Close the run that is opened."""
    session.state(RunLibrary).opened = None
    return all_of(session)


@with_session
def draw_on(session: Session) -> tuple[Any, ...]:
    """Use the agent of the opened run; the one before stays within reach."""
    library = session.state(RunLibrary)
    run = library.run(library.opened)
    if not runs.has_pupil(run):
        raise AgentError(texts.NO_AGENT)
    session.replace(serialization.load(run.folder / results.AGENT))
    session.status = texts.DRAWN_ON.format(name=safe(run_title(run)))
    return *all_of(session), header(session)


@with_session
def remove(session: Session) -> tuple[Any, ...]:
    """Remove the opened run, where the session made it."""
    library = session.state(RunLibrary)
    run = library.remove(library.opened)
    gr.Info(texts.REMOVED.format(name=run_title(run)), title=server_texts.NEWS)
    return all_of(session)


@serialized
def make(session: Session, task: str, agents: list[str], sizes: list[int], n_seeds: int) -> Iterator[tuple[Any, ...]]:
    """Make the runs that are chosen, one after another, until done or stopped."""
    for progress in runs.iter_sweep(session, runs.sweep(task, agents, sizes, n_seeds)):
        yield _render_sweep(session, progress)


@serialized
def continue_run(session: Session, n_lessons: int) -> Iterator[tuple[Any, ...]]:
    """Teach the agent of the opened run more lessons, which leaves a new run; it is opened in the end."""
    library = session.state(RunLibrary)
    settings = runs.continuation(library, library.run(library.opened), n_lessons)
    for progress in runs.iter_sweep(session, [settings]):
        if progress.folder is not None:
            library.open(progress.folder)
        yield _render_sweep(session, progress)


def _render_sweep(session: Session, progress: SweepProgress) -> tuple[Any, ...]:
    everything = all_of(session) if progress.is_new else (gr.skip(),) * 13
    return progress_bar(progress.share, safe(progress.text)), *everything
