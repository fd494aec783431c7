"""Runs made on the desk: small sweeps, and runs that go on from another; bounded, step by step, stoppable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, product
from pathlib import Path
from typing import Any

from agent.errors import AgentError
from agent.kinds import KINDS
from agent.runs import Step, folders, planned, running
from agent.runs.reading import Run
from agent.runs.sources import Digits, Fonts, Generate, Strokes
from agent.ui import words
from agent.ui import words_compare as said
from agent.ui.desk import Desk
from agent.ui.events import sentence
from agent.ui.shelf import Shelf

TASKS = tuple(source.NAME for source in (Digits, Fonts, Strokes))
SIZES = (10, 60, 600)
MAX_RUNS, MAX_LESSONS = 18, 4_000
QUICK = {"n_test": 300, "n_held_out": 100, "n_asked": 50, "plots": False}
MAX_TEST = 1_000  # drawings a continued run asks
MORE = (10, 60, 600)
GOING_ON = {*TASKS, Generate.NAME}  # no file, no class of one's own
Asked = Mapping[str, Any]  # keywords of `agent.runs.running`


@dataclass(frozen=True)
class Made:
    """How far a series of runs is: the share 0 … 1, what to say, and whether there is a new result to look at."""

    share: float
    text: str
    is_new: bool = False
    is_over: bool = False
    folder: Path | None = None  # of the run that was made just now


def sweep_of(task: str, agents: Sequence[str], sizes: Sequence[int], n_seeds: int) -> list[Asked]:
    """Say which runs a choice is; AgentError when it is none, or too much."""
    if task not in TASKS or not set(agents) <= set(KINDS) or not set(sizes) <= set(SIZES) or n_seeds not in (1, 2, 3):
        raise AgentError(f"expected what can be chosen here, got {task!r}, {agents}, {sizes}, {n_seeds}.")
    if not agents or not sizes:
        raise AgentError(said.CHOOSE_RUNS)
    seeds = range(1, n_seeds + 1)
    n_runs, n_lessons = len(agents) * len(sizes) * n_seeds, len(agents) * n_seeds * sum(sizes)
    if n_runs > MAX_RUNS or n_lessons > MAX_LESSONS:
        most = {"most_runs": MAX_RUNS, "most_lessons": words.number(MAX_LESSONS)}
        raise AgentError(said.TOO_MUCH.format(runs=n_runs, lessons=words.number(n_lessons), **most))
    return [
        {"task": task, "agent": agent, "lessons": size, "seed": seed, "experiment": f"here/lessons={size}", **QUICK}
        for size, seed, agent in product(sorted(sizes), seeds, agents)
    ]


def may_draw_on(run: Run) -> bool:
    """Whether its agent is there, and of a kind that reads drawings."""
    return run.kind in KINDS and (run.folder / folders.AGENT).is_dir()


def may_continue(run: Run) -> bool:
    """Whether its task can be taught here: one of Pupil's own, from no file and by no class of somebody's."""
    tasks = run.config["task"].values()
    return may_draw_on(run) and all(isinstance(each, dict) and each.get("source") in GOING_ON for each in tasks)


def going_on(shelf: Shelf, run: Run, n_lessons: int) -> Asked:
    """Say which run teaches the agent of another more lessons of its task: other ones, under a seed of their own."""
    if not may_continue(run):
        raise AgentError(said.NOT_TO_CONTINUE.format(task=run.task[:40]))
    if n_lessons not in MORE:
        raise AgentError(f"expected {', '.join(map(str, MORE))} lessons more, got {n_lessons!r}.")
    config, n_bytes = run.config, sum(path.stat().st_size for path in run.folder.rglob("*") if path.is_file())
    shelf.check_room(n_bytes)
    experiment = "/".join([*run.experiment.split("/")[:3], f"{run.known + run.lessons}+{n_lessons}"])
    seed = next(
        seed for seed in count(run.seed + 1)
        if not folders.place(str(shelf.folder), experiment, run.agent, run.task, seed).exists()
    )  # fmt: skip
    n_test = config.get("n_test")
    return {
        "task": config["task"], "agent": config["agent"], "lessons": n_lessons, "seed": seed, "experiment": experiment,
        "load": str(run.folder), "order": config.get("order", "mixed"), "metrics": config.get("metrics", {}), **QUICK,
        "n_test": min(n_test, MAX_TEST) if type(n_test) is int else MAX_TEST,
    }  # fmt: skip


def made(desk: Desk, asked: Sequence[Asked]) -> Iterator[Made]:
    """Make runs one after another in the desk's own folder, until done or stopped; what goes wrong with one is told."""
    mine = desk.course = object()
    n_before, wrong = 0, []
    for at, each in enumerate(asked):
        folder = None
        try:
            if not planned(folder=str(desk.shelf.folder), **each).place.exists():
                desk.shelf.check_room()
            steps, n_steps = running(folder=str(desk.shelf.folder), **each), 0
            while True:
                try:
                    step = next(steps)
                except StopIteration as done:
                    n_before, folder = n_before + (n_steps == 0), done.value.folder
                    break
                n_steps += 1
                yield _made(at, len(asked), each, step)
                if desk.course is not mine:
                    steps.close()
                    yield Made(at / len(asked), said.STOPPED.format(done=words.count(at, "run")), True, True)
                    return
        except AgentError as error:
            wrong.append(sentence(error).replace(f"{desk.shelf.folder}/", ""))
        text = said.DONE.format(done=at + 1, total=len(asked))
        yield Made((at + 1) / len(asked), text, True, folder=folder)
    n_made = len(asked) - len(wrong) - n_before
    text = (said.MADE_BEFORE if n_before else said.MADE).format(made=words.count(n_made, "run"), before=n_before)
    yield Made(1, " ".join([text, *dict.fromkeys(wrong)]), True, True)


def _made(at: int, n_runs: int, asked: Asked, step: Step) -> Made:
    """Say how far the present run is: teaching is the first half of it, asking the second."""
    part = step.n_done / step.n_total / 2 + (step.what == "testing") / 2
    agent = asked["agent"] if isinstance(asked["agent"], str) else asked["agent"]["name"]
    text = {"teaching": said.TEACHING, "testing": said.TESTING, "studying": said.STUDYING}[step.what]
    name = said.SWEPT.format(agent=agent, seed=asked["seed"])
    done, lessons = words.number(step.n_done), words.number(step.n_total)
    told = text.format(at=at + 1, total=n_runs, name=name, done=done, lessons=lessons)
    return Made((at + part) / n_runs, told)
