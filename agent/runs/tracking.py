"""A run recorded by trackio, where it is installed and asked for; it is imported only then."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent.errors import AgentError

PROJECT = "pupil"


class Tracker:
    """Sends each row of the curve, and the result, to trackio; does nothing unless asked."""

    def __init__(self, wanted: bool, place: Path, config: Mapping[str, Any]) -> None:
        self._trackio: Any = None
        if wanted:
            self._trackio = trackio()
            self._trackio.init(project=PROJECT, name=place.as_posix(), config=dict(config))

    def log(self, row: Mapping[str, Any]) -> None:
        """Record the numbers of a row."""
        if self._trackio is not None:
            self._trackio.log({name: value for name, value in row.items() if isinstance(value, (int, float))})

    def end(self, scores: Mapping[str, Any]) -> None:
        """Record the result and finish."""
        self.log(scores)
        if self._trackio is not None:
            self._trackio.finish()


def trackio() -> Any:
    """Give the module; AgentError when it is not installed."""
    try:
        return importlib.import_module("trackio")
    except ImportError as error:
        raise AgentError("expected trackio for track=true, got none. Install it: pip install trackio.") from error
