"""A visitor's runs: those in the app's folder, for everybody to read, and the desk's own, which go with the desk."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Mapping
from pathlib import Path

from agent.errors import AgentError
from agent.runs import folders
from agent.runs.reading import Run, read_all
from agent.ui import words
from agent.ui import words_compare as said

MAX_RUNS = 24  # of a desk's own
MAX_BYTES = 48_000_000  # a run of recall takes 0.3 MB after 600 lessons, 24 after all of MNIST


def shared_folder() -> Path:
    """Say where the runs lie that everybody sees: PUPIL_RUNS, else where the command line leaves them."""
    return Path(os.environ.get("PUPIL_RUNS") or "runs")


class Shelf:
    """What a desk knows of runs.

    The browser names a run by a number that was given out here; it never names a path.

    Attributes
    ----------
    runs : dict
        Number to run, as looked up last.
    left_out : list of str
        A sentence for each folder that is no finished run.
    opened : int, optional
        The number of the run that is looked at.
    chosen : dict
        Experiments, agents and tasks that are compared; an empty list is all of them.
    """

    def __init__(self) -> None:
        self.runs: dict[int, Run] = {}
        self.left_out: list[str] = []
        self.opened: int | None = None
        self.chosen: Mapping[str, list[str]] = {"experiment": [], "agent": [], "task": []}
        self._numbers: dict[Path, int] = {}
        self._own: Path | None = None

    @property
    def folder(self) -> Path:
        """The desk's own folder, made when it is first asked for, taken away with the desk."""
        if self._own is None:
            self._own = Path(tempfile.mkdtemp(prefix="pupil-runs-"))
            weakref.finalize(self, shutil.rmtree, self._own, ignore_errors=True)
        return self._own

    def look(self) -> None:
        """Read all runs anew, the desk's own first."""
        own, left_out = read_all(self._own) if self._own else ([], [])
        shared, others = read_all(shared_folder())
        self.left_out = [*left_out, *others]
        self.runs = {self._numbers.setdefault(run.folder, len(self._numbers)): run for run in (*own, *shared)}
        if self.opened not in self.runs:
            self.opened = None

    def run(self, number: object) -> Run:
        """Give the run of a number; AgentError when there is none, or none any more."""
        if type(number) is not int or number not in self.runs or not self.runs[number].folder.is_dir():
            raise AgentError(said.GONE)
        return self.runs[number]

    def open(self, folder: Path) -> None:
        """Open the run that lies in a folder, where it is finished."""
        self.look()
        number = self._numbers.get(folder)
        self.opened = number if number in self.runs else self.opened

    def is_own(self, run: Run) -> bool:
        """Whether a run lies in the desk's own folder."""
        return self._own is not None and run.folder.is_relative_to(self._own)

    def remove(self, number: object) -> Run:
        """Take one of the desk's own runs away."""
        run = self.run(number)
        if not self.is_own(run):
            raise AgentError(said.NOT_YOURS)
        shutil.rmtree(run.folder, ignore_errors=True)
        self.look()
        return run

    def check_room(self, n_bytes: int = 0) -> None:
        """Raise AgentError unless there is room for one run more, of so many bytes."""
        own = [path for path in self.folder.rglob("*") if path.is_file()]
        n_runs = sum(path.name == folders.CONFIG and path.parent.name != folders.AGENT for path in own)
        if n_runs >= MAX_RUNS or sum(path.stat().st_size for path in own) + n_bytes > MAX_BYTES:
            raise AgentError(said.NO_ROOM.format(runs=MAX_RUNS, size=words.size(MAX_BYTES)))
