"""Running long work: one type of progress, generators run to their end, cancellation, threads.

Every long verb has an ``iter_`` twin, a generator that yields `Progress` between two steps, at which it can be closed,
and returns the result.
"""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True)
class Progress:
    """Snapshot of work that is under way.

    Examples
    --------
    >>> Progress(15, 60, "teaching").share
    0.25
    """

    n_done: int  # lessons, drawings, frames, or hundredths
    n_total: int
    what: str = ""  # the phase, for instance "teaching", "studying" or "testing"
    # share answered correctly now, 0 … 1: of held-out drawings while teaching, of those asked while testing
    accuracy: float | None = None
    # share of the last lessons answered correctly just before they were learned (progressive validation)
    prequential: float | None = None
    n_asked: int = 0  # drawings behind ``prequential``
    error: float | None = None  # mean absolute error, of agents that answer with numbers
    line: tuple[float, float] | None = None  # slope and intercept, of learners that answer w·x + b
    seconds: float = 0.0  # since the work began
    squared_error: float | None = None  # mean squared error

    @property
    def share(self) -> float:
        """The share done, 0 … 1."""
        return self.n_done / self.n_total if self.n_total else 1.0


def run_to_completion(steps: Generator[Any, None, Result]) -> Result:
    """Run a generator to its end and give its result.

    Examples
    --------
    >>> def count():
    ...     yield Progress(1, 2)
    ...     return "done"
    >>> run_to_completion(count())
    'done'
    """
    work = WithResult(steps)
    for _ in work:
        pass
    return work.result


class WithResult(Generic[Result]):
    """A generator that keeps its result: iterate over it, then read ``result``.

    Examples
    --------
    >>> def count():
    ...     yield Progress(1, 2)
    ...     return "done"
    >>> work = WithResult(count())
    >>> [progress.n_done for progress in work], work.result
    ([1], 'done')
    """

    result: Result

    def __init__(self, steps: Generator[Any, None, Result]) -> None:
        self._steps = steps

    def __iter__(self) -> Iterator[Any]:
        self.result = yield from self._steps

    def close(self) -> None:
        """Stop the work between two steps."""
        self._steps.close()


class CancelToken:
    """The right of one job to go on: whoever starts another job, or stops this one, cancels it.

    Examples
    --------
    >>> token = CancelToken()
    >>> token.cancel()
    >>> token.cancelled
    True
    """

    def __init__(self) -> None:
        self.cancelled = False

    def cancel(self) -> None:
        """Ask the job to end after its present step."""
        self.cancelled = True


def can_fork() -> bool:
    """Say whether this process can fork: it has one thread, and the system has fork."""
    return threading.active_count() == 1 and "fork" in multiprocessing.get_all_start_methods()


def thread_map(work: Callable[[slice], None], n: int, n_threads: int) -> None:
    """Do ``work`` on parts of ``range(n)``, in one thread each: for loops that release the GIL.

    Examples
    --------
    >>> done = [0] * 5
    >>> thread_map(lambda part: done.__setitem__(part, [1] * (part.stop - part.start)), 5, 2)
    >>> done
    [1, 1, 1, 1, 1]
    """
    parts = [slice(n * part // n_threads, n * (part + 1) // n_threads) for part in range(n_threads)]
    if n_threads == 1:
        work(parts[0])
        return
    with ThreadPoolExecutor(n_threads) as threads:
        list(threads.map(work, parts))
