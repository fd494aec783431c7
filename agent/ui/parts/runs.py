"""Runs of the Compare tab: the library of a session, and runs made on the page."""

from __future__ import annotations

import os
import shutil
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, product
from pathlib import Path
from typing import Any

from agent.errors import AgentError
from agent.experiments import iter_run_spec, resolve, results
from agent.experiments.results import Run, read_runs
from agent.models import MODELS
from agent.progress import Progress, WithResult
from agent.tasks import Digits, Fonts, Generate, Strokes
from agent.ui import formatting
from agent.ui.server.limits import temporary_folder
from agent.ui.session import Session
from agent.ui.texts import compare_texts as texts

RUN_BYTES = 20_000  # of memory: its settings, scores, curve and confusions
MAX_RUNS = 24  # of a session
MAX_BYTES = 48_000_000  # a run of recall takes 0.3 MB after 600 lessons, 24 after all of MNIST
TASKS = tuple(task.NAME for task in (Digits, Fonts, Strokes))
SIZES = (10, 60, 600)  # numbers of lessons
MAX_SEEDS = 3
MAX_SWEEP_RUNS, MAX_SWEEP_LESSONS = 18, 4_000
QUICK = {"n_test": 300, "n_held_out": 100, "n_asked": 50, "plots": False}
MAX_TEST = 1_000  # drawings that test a continued run
CONTINUED_TASKS = {*TASKS, Generate.NAME}  # those that read no file and no class of a visitor's
RunSettings = Mapping[str, Any]  # keywords of `agent.experiments.iter_run`


class RunLibrary:
    """The runs that a session can look at.

    The browser names a run by a number that was given out here; it never names a path.
    """

    def __init__(self) -> None:
        self.runs: dict[int, Run] = {}  # as read last, by number
        self.left_out: list[str] = []  # a sentence for each folder that is no finished run
        self.opened: int | None = None  # number of the run that is looked at
        # what is compared; an empty list is all of them
        self.filters: Mapping[str, list[str]] = {"experiment": [], "agent": [], "task": []}
        self._numbers: dict[Path, int] = {}
        self._folder: Path | None = None

    @property
    def n_bytes(self) -> int:
        """Bytes of what was read of the runs, roughly."""
        return RUN_BYTES * len(self.runs)

    @property
    def folder(self) -> Path:
        """The session's folder, made when it is first asked for, and removed with the session."""
        if self._folder is None:
            self._folder = temporary_folder("runs")
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        return self._folder

    def read(self) -> None:
        """Read all runs anew, those of the session first."""
        runs, left_out = read_runs(self._folder) if self._folder else ([], [])
        folder = os.environ.get("PUPIL_RUNS") or "runs"  # of the runs that everybody sees, else of the command line's
        shared, left_out_shared = read_runs(Path(folder))
        self.left_out = [*left_out, *left_out_shared]
        self.runs = {self._numbers.setdefault(run.folder, len(self._numbers)): run for run in (*runs, *shared)}
        if self.opened not in self.runs:
            self.opened = None

    def run(self, number: object) -> Run:
        """Give the run of a number; AgentError when there is none, or none any more."""
        if type(number) is not int or number not in self.runs or not self.runs[number].folder.is_dir():
            raise AgentError(texts.GONE)
        return self.runs[number]

    def open(self, folder: Path) -> None:
        """Open the run of a folder, where it is finished."""
        self.read()
        number = self._numbers.get(folder)
        self.opened = number if number in self.runs else self.opened

    def is_removable(self, run: Run) -> bool:
        """Whether a run is in the session's folder."""
        return self._folder is not None and run.folder.is_relative_to(self._folder)

    def remove(self, number: object) -> Run:
        """Remove one of the session's runs."""
        run = self.run(number)
        if not self.is_removable(run):
            raise AgentError(texts.NOT_YOURS)
        shutil.rmtree(run.folder, ignore_errors=True)
        self.read()
        return run

    def check_room(self, n_bytes: int = 0) -> None:
        """Raise AgentError unless there is room for one run more, of so many bytes."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        n_runs = sum(path.name == results.CONFIG and path.parent.name != results.AGENT for path in files)
        if n_runs >= MAX_RUNS or sum(path.stat().st_size for path in files) + n_bytes > MAX_BYTES:
            raise AgentError(texts.NO_ROOM.format(runs=MAX_RUNS, size=formatting.size(MAX_BYTES)))


# ---------------------------------------------------------------- which runs


def sweep(task: str, agents: Sequence[str], sizes: Sequence[int], n_seeds: int) -> list[RunSettings]:
    """Give every combination that was chosen; AgentError when there is none, or too many."""
    is_offered = task in TASKS and set(agents) <= set(MODELS) and set(sizes) <= set(SIZES)
    if not is_offered or n_seeds not in range(1, MAX_SEEDS + 1):
        raise AgentError(f"expected what can be chosen here, got {task!r}, {agents}, {sizes}, {n_seeds}.")
    if not agents or not sizes:
        raise AgentError(texts.CHOOSE_RUNS)
    n_runs, n_lessons = len(agents) * len(sizes) * n_seeds, len(agents) * n_seeds * sum(sizes)
    if n_runs > MAX_SWEEP_RUNS or n_lessons > MAX_SWEEP_LESSONS:
        limits = {"most_runs": MAX_SWEEP_RUNS, "most_lessons": formatting.number(MAX_SWEEP_LESSONS)}
        raise AgentError(texts.TOO_MUCH.format(runs=n_runs, lessons=formatting.number(n_lessons), **limits))
    return [
        {"task": task, "agent": agent, "lessons": size, "seed": seed, "experiment": f"here/lessons={size}", **QUICK}
        for size, seed, agent in product(sorted(sizes), range(1, n_seeds + 1), agents)
    ]


def has_pupil(run: Run) -> bool:
    """Whether the agent of a run is there, and of a kind that reads drawings."""
    return run.kind in MODELS and (run.folder / results.AGENT).is_dir()


def can_continue(run: Run) -> bool:
    """Whether the task of a run can be taught here: one of Pupil's, from no file and by no class of a visitor's."""
    tasks = run.config["task"].values()
    return has_pupil(run) and all(isinstance(task, dict) and task.get("source") in CONTINUED_TASKS for task in tasks)


def continuation(library: RunLibrary, run: Run, n_lessons: int) -> RunSettings:
    """Give the run that teaches the agent of another more lessons of its task, under the next free seed."""
    if not can_continue(run):
        raise AgentError(texts.NOT_TO_CONTINUE.format(task=run.task[:40]))
    if n_lessons not in SIZES:
        raise AgentError(f"expected {', '.join(map(str, SIZES))} lessons more, got {n_lessons!r}.")
    library.check_room(sum(path.stat().st_size for path in run.folder.rglob("*") if path.is_file()))
    experiment = "/".join([*run.experiment.split("/")[:3], f"{run.known + run.lessons}+{n_lessons}"])
    place = str(library.folder), experiment, run.agent, run.task
    n_test = run.config.get("n_test")
    return {
        "task": run.config["task"],
        "agent": run.config["agent"],
        "lessons": n_lessons,
        "seed": next(seed for seed in count(run.seed + 1) if not results.run_path(*place, seed).exists()),
        "experiment": experiment,
        "load": str(run.folder),
        "order": run.config.get("order", "mixed"),
        "metrics": run.config.get("metrics", {}),
        **QUICK,
        "n_test": min(n_test, MAX_TEST) if type(n_test) is int else MAX_TEST,
    }


# ---------------------------------------------------------------- runs made on the page


@dataclass(frozen=True)
class SweepProgress:
    """How far a series of runs is: a share 0 … 1, a text, and whether there is a new result."""

    share: float
    text: str
    is_new: bool = False
    folder: Path | None = None  # of the run that has just finished


def iter_sweep(session: Session, runs: Sequence[RunSettings]) -> Iterator[SweepProgress]:
    """Make runs one after another in the session's folder, until done or stopped; one that fails stops no other."""
    library, token = session.state(RunLibrary), session.start_job()
    n_cached, errors = 0, []
    for n_done, settings in enumerate(runs):
        folder = None
        try:
            spec = resolve(folder=str(library.folder), **settings)
            if not spec.folder.exists():
                library.check_room()
            is_cached, work = True, WithResult(iter_run_spec(spec))
            for progress in work:
                is_cached = False
                yield _run_progress(n_done, len(runs), settings, progress)
                if token.cancelled:
                    work.close()
                    text = texts.STOPPED.format(done=formatting.count(n_done, "run"))
                    yield SweepProgress(n_done / len(runs), text, True)
                    return
            n_cached, folder = n_cached + is_cached, work.result.folder
        except AgentError as error:
            errors.append(formatting.capitalized(error).replace(f"{library.folder}/", ""))
        text = texts.DONE.format(done=n_done + 1, total=len(runs))
        yield SweepProgress((n_done + 1) / len(runs), text, True, folder)
    n_made = len(runs) - len(errors) - n_cached
    text = (texts.MADE_BEFORE if n_cached else texts.MADE).format(made=formatting.count(n_made, "run"), before=n_cached)
    yield SweepProgress(1, " ".join([text, *dict.fromkeys(errors)]), True)


def _run_progress(n_before: int, n_runs: int, settings: RunSettings, progress: Progress) -> SweepProgress:
    """Progress of the present run: teaching is the first half of it, testing the second."""
    half = progress.n_done / progress.n_total / 2 + (progress.what == "testing") / 2
    agent = settings["agent"] if isinstance(settings["agent"], str) else settings["agent"]["name"]
    texts_of = {"teaching": texts.TEACHING, "testing": texts.TESTING, "studying": texts.STUDYING}
    text = texts_of[progress.what].format(
        at=n_before + 1,
        total=n_runs,
        name=texts.SWEPT.format(agent=formatting.kind(agent), seed=settings["seed"]),
        done=formatting.number(progress.n_done),
        lessons=formatting.number(progress.n_total),
    )
    return SweepProgress((n_before + half) / n_runs, text)
