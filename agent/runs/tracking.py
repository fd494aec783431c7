"""A run recorded by trackio, where it is installed and asked for; it is imported only then."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent.errors import AgentError

PROJECT = "pupil"


class Tracker:
    """Sends each row of the curve, and the result, to trackio; does nothing unless asked.

    A run that goes on where it was stopped goes on in the same record. What trackio says goes where errors go.
    """

    def __init__(self, wanted: bool, place: Path, config: Mapping[str, Any]) -> None:
        self._wanted = wanted
        self._about = {"name": place.as_posix(), "config": dict(config), "resume": "never"}
        self._trackio: Any = None  # from the first row on: a run that is refused leaves no record

    def go_on(self) -> None:
        """Go on in the record of a run that was stopped."""
        self._about["resume"] = "allow"

    def log(self, row: Mapping[str, Any]) -> None:
        """Record the numbers of a row, or of the result, under the lessons taught so far."""
        if not self._wanted:
            return
        if self._trackio is None:
            self._trackio = trackio()
            with contextlib.redirect_stdout(sys.stderr):
                self._trackio.init(project=PROJECT, **self._about)
        numbers = {name: value for name, value in row.items() if isinstance(value, (int, float))}
        self._trackio.log(numbers, step=row.get("n_done", row.get("n_lessons")))

    def end(self) -> None:
        """Finish: what was recorded is written."""
        if self._trackio is not None:
            with contextlib.redirect_stdout(sys.stderr):
                self._trackio.finish()


def trackio() -> Any:
    """Give the module; AgentError when it is not installed."""
    try:
        return importlib.import_module("trackio")
    except ImportError as error:
        raise AgentError("expected trackio for track=true, got none. Install it: pip install trackio.") from error
