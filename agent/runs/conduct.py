"""What every run needs, whatever family its agent is of: steps, a curve, the agent it begins with, what comes out."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent import store
from agent.errors import AgentError
from agent.families import Agent, new
from agent.runs import folders
from agent.runs.plans import Plan
from agent.runs.tracking import Tracker


@dataclass(frozen=True)
class Step:
    """Where a run stands, and how well it goes: teaching, studying, testing."""

    what: str
    n_done: int
    n_total: int
    accuracy: float | None = None  # share of drawings right, 0 … 1: held-out ones while teaching, those asked so far
    error: float | None = None  # of agents that answer with numbers


@dataclass(frozen=True)
class Outcome:
    """What came out: what result.json is to hold, and pictures by the names of their files."""

    scores: Mapping[str, Any]
    pictures: Callable[[], Mapping[str, bytes]]


Conduct = Callable[[Plan, bool, Tracker], Generator[Step, None, Outcome]]
"""Conducts a planned run: ``conduct(plan, goes_on, tracker)`` makes the agent, or reads it back where the run goes on,
clears the folder only when everything was checked, gives steps, saves the agent in the end and on the way, and when it
is closed between two steps."""


@dataclass
class Book:
    """The curve so far: what progress.csv holds."""

    folder: Path
    tracker: Tracker
    rows: list[dict[str, Any]] = field(default_factory=list)
    n_saved: int = 0  # n_done of the agent on the disk

    def __post_init__(self) -> None:
        if self.rows:
            self.tracker.go_on()

    def add(self, **row: Any) -> None:
        """Append a row and write them all; ``n_done`` is among its names."""
        self.rows.append(row)
        folders.write_csv(self.folder / folders.PROGRESS, self.rows)
        self.tracker.log(row)

    def save(self, agent: Agent) -> None:
        """Write the agent."""
        store.save(agent, self.folder / folders.AGENT)
        self.n_saved = self.rows[-1]["n_done"] if self.rows else 0


def first_agent(plan: Plan, kind: type[Any], own: Mapping[str, Any]) -> Agent:
    """Make the agent that a run begins with, or read it."""
    load, seed = plan.settings.load, plan.settings.seed
    if load is False:
        return new(kind.NAME, seed=seed, starter=plan.settings.starter, **own)
    if load is True and not (plan.place / folders.AGENT).is_dir():
        runs = ", ".join(run.as_posix() for run in folders.runs_in(plan.settings.folder)[: folders.MAX_SHOWN])
        raise AgentError(f"expected an agent in {plan.place}, got none. Runs: {runs or 'none'}.")
    found = folders.agent_at(plan.settings.folder, str(plan.place) if load is True else str(load))
    if found.kind != kind.NAME:
        raise AgentError(f"expected an agent of the kind {kind.NAME}, got {found.kind}. Say agent={found.kind}.")
    return found


def saved(plan: Plan) -> tuple[Agent | None, Sequence[dict[str, Any]]]:
    """Read back the agent that a run which was stopped had saved last, and the curve as it was written."""
    rows = folders.read_csv(plan.place / folders.PROGRESS)
    if not (plan.place / folders.AGENT).is_dir() or not rows:
        return None, ()
    return store.load(plan.place / folders.AGENT), rows


def begin(plan: Plan) -> None:
    """Empty the folder of a run and write what it is."""
    folders.clear(plan.place)
    folders.write_json(plan.place / folders.CONFIG, plan.config)
