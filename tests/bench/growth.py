"""How the time of work grows with what a file or a visitor may ask for: exponents, measured on small sizes."""

from __future__ import annotations

import contextlib
import copy
import functools
import json
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from agent import decimals, expressions, untrusted
from agent.agents import new
from agent.agents.base import Lineage
from agent.agents.pupil import Pupil
from agent.datasets import digits
from agent.errors import AgentError
from agent.experiments import results
from agent.lessons import Bulk, BulkForgotten, Lesson, Lessons, check_log, pack, rebuild
from agent.models import MODELS
from agent.preprocessing import to_thumbnail
from agent.progress import run_to_completion
from agent.storage import model_card, serialization
from agent.ui import html
from agent.ui.parts import notebook
from agent.ui.server import limits, request_filter
from agent.validation import clean_label

Row = dict[str, str]
Work = Callable[[], object]
N_TIMES = 2
DIGITS = np.stack([to_thumbnail(drawing) for drawing in digits.mnist("test")[0][:100]])
PACKED = [pack(drawing[None]) for drawing in DIGITS]
ENTRIES = (1_000, 2_000, 4_000, 8_000)
CHARS = (25_000, 50_000, 100_000, 200_000)


def log_of(n: int, *kinds: str) -> Lessons:
    """A log of so many entries of these kinds in turn."""
    return copy.deepcopy(_log_of(n, *kinds))


@functools.lru_cache(maxsize=8)
def _log_of(n: int, *kinds: str) -> Lessons:
    log, source = Lessons(), digits.Selection({"mnist": 1_000}).source
    for place in range(n):
        kind, of_digit, number = kinds[place % len(kinds)], place % len(DIGITS), log._n_given
        if kind in ("lesson", "the same"):
            of_digit = 0 if kind == "the same" else of_digit
            event = {"event": "lesson", "label": str(place % 3), "drawing": PACKED[of_digit], "when": 1, "guessed": "1"}
            log._adopt(event, Lesson(number, str(place % 3), DIGITS[of_digit], 1, "1"))
        elif kind == "relabel":
            log._append({"event": "relabel", "number": 0, "label": str(place % 10)})
        elif kind == "source":
            start = place % 1_000
            event = {"event": "bulk", "n_lessons": 1, "source": source, "start": start}
            log._adopt(event, Bulk(number, 1, source, start))
        elif kind == "packed":
            event = {"event": "bulk", "n_lessons": 1, "source": None, "start": 0, "labels": ["1"]}
            event |= {"drawings": PACKED[of_digit]}
            log._adopt(event, Bulk(number, 1, None, 0, DIGITS[of_digit][None], ("1",)))
        elif kind == "lose":
            event = {"event": "lose", "label": "1", "drawing": PACKED[of_digit]}
            log._adopt(event, BulkForgotten(number, "1", DIGITS[of_digit]))
        else:
            log._append_new("join", name="Tom", end=number + 1)
    return log


def agent_of(n: int, *kinds: str) -> Pupil:
    """An agent that was taught what is in such a log."""
    return copy.deepcopy(_agent_of(n, *kinds))


@functools.lru_cache(maxsize=8)
def _agent_of(n: int, *kinds: str) -> Pupil:
    return taught(log_of(n, *kinds))


def taught(log: Lessons) -> Pupil:
    """Teach an agent what is in a log."""
    return Pupil(rebuild(MODELS["nearest"], MODELS["nearest"].Config(), log), log)


def joined(n: int) -> Pupil:
    """An agent of one lesson that another one of so many was joined to."""
    pupil = new("nearest")
    pupil.learn_one(DIGITS[0], "0")
    pupil.join(Pupil(pupil.model, log_of(n, "packed"), "Tom"))
    return pupil


def read(*kinds: str) -> Callable[[int], Work]:
    """Read the log of a file back."""
    return lambda n: partial(Lessons.from_jsonl, log_of(n, *kinds).to_jsonl())


def with_agent(do: Callable[[Pupil], object], *kinds: str) -> Callable[[int], Work]:
    """Do something with an agent of so many entries."""
    return lambda n: partial(do, agent_of(n, *kinds))


def with_text(do: Callable[[str], object], text: str) -> Callable[[int], Work]:
    """Do something with a text that is repeated to so many characters; it may be refused."""

    def make(n: int) -> Work:
        def work() -> None:
            with contextlib.suppress(ValueError, AgentError, RecursionError):
                do((text * (n // len(text) + 1))[:n])

        return work

    return make


def checked(n: int) -> Work:
    """Check a log as files are checked."""
    return partial(check_log, log_of(n, "lesson", "packed", "lose"), None)


def speckled(side: int) -> np.ndarray:
    """A picture of that side with a spot every few pixels, so that it parts into as many pieces as it can."""
    page = np.zeros((side, side), np.uint8)
    page[4:-4:8, 4:-4:8] = page[5:-4:8, 4:-4:8] = 255
    return page


def with_picture(n: int) -> Work:
    """Read a picture of so many pixels that is full of spots."""
    return partial(new("nearest").segment, speckled(int(n**0.5)))


def with_runs(n: int) -> Work:
    """List and read a folder of so many runs."""
    folder = tempfile.TemporaryDirectory()
    for seed in range(n):
        place = results.run_path(folder.name, "default", "nearest", "digits", seed)
        place.mkdir(parents=True)
        config = {"task": "digits", "agent": {"kind": "nearest"}, "seed": seed, "lessons": 10}
        results.write_json(place / "config.json", config)
        results.write_json(place / "result.json", {"accuracy": 0.5, "n_test": 2, "n_lessons": 10})
        results.write_csv(place / "progress.csv", [{"n_done": 10, "accuracy": 0.5}])

    def work(keep: object = folder) -> object:
        results._read_run.cache_clear()
        return results.read_runs(folder.name)

    return work


def with_progress(n: int) -> Work:
    """Read the learning curve of a run of so many steps."""
    folder = tempfile.TemporaryDirectory()
    path = Path(folder.name) / "progress.csv"
    results.write_csv(path, [{"n_done": step, "accuracy": 0.5} for step in range(n)])
    return lambda keep=folder: results.read_csv(path)


def with_lineage(n: int) -> Work:
    """Read a lineage of so many repos."""
    saved = {"line": [f"mia/a{place}" for place in range(n)], "commit": None, "joined": []}

    def work() -> None:
        with contextlib.suppress(AgentError):
            Lineage.from_json(saved)

    return work


def body(text: str) -> bytes:
    """A request's body that holds a text again and again."""
    return b'{"data": ["' + text.encode() + b'"]}'


PATHS: dict[str, tuple[Callable[[int], Work], tuple[int, ...]]] = {
    "read a log of lessons": (read("lesson"), ENTRIES),
    "read a log of one lesson, relabelled": (lambda n: read("lesson", *["relabel"] * (n - 1))(n), ENTRIES),
    "read a log of joins": (read("lesson", "join"), ENTRIES),
    "read a log of bulk lessons by reference": (read("source"), ENTRIES),
    "read a log of packed bulk lessons": (read("packed"), ENTRIES),
    "check a log": (checked, ENTRIES),
    "teach a log of single references again": (lambda n: partial(taught, log_of(n, "source")), ENTRIES),
    "compact a log": (lambda n: partial(run_to_completion, log_of(n, "lesson", "packed").iter_compact()), ENTRIES),
    "take a joined agent out": (lambda n: joined(n).unjoin, ENTRIES),
    "join a log": (lambda n: partial(joined, n), ENTRIES),
    "leave the lessons of people out": (with_agent(Pupil.without_user_lessons, "lesson", "source"), ENTRIES),
    "forget the first of equal drawings": (
        with_agent(lambda p: p.delete(p.lessons.user_lessons()[0].number), "the same"),
        ENTRIES,
    ),
    "relabel the first of equal drawings": (
        with_agent(lambda p: p.relabel(p.lessons.user_lessons()[0].number, "A"), "the same"),
        ENTRIES,
    ),
    "take back the last lesson": (with_agent(Pupil.undo, "lesson"), ENTRIES),
    "save": (with_agent(serialization.to_files, "lesson", "source"), ENTRIES),
    "model card": (with_agent(model_card.card, "lesson", "source"), ENTRIES),
    "notebook": (with_agent(notebook.show, "lesson", "source"), ENTRIES),
    "label cards": (with_agent(notebook.label_cards, "lesson", "source"), ENTRIES),
    "timeline": (with_agent(lambda p: notebook.timeline(p.lessons, 0), "lesson", "join"), ENTRIES),
    "lineage": (with_lineage, ENTRIES),
    "label": (with_text(clean_label, "a"), CHARS),
    "label of joined emoji": (with_text(clean_label, "\U0001f469\u200d"), CHARS),
    "label of stacked marks": (with_text(clean_label, "a\u0301\u0302\u0303"), CHARS),
    "escape a text": (with_text(html.safe, "<&'"), CHARS),
    "number of many digits": (with_text(lambda text: decimals.read(text + "x"), "1"), CHARS),
    "formula of brackets": (with_text(lambda text: expressions.compile_expression(text, "reward", "x"), "("), CHARS),
    "formula of sums": (with_text(lambda text: expressions.compile_expression(text, "reward", "x"), "x+"), CHARS),
    "JSON of lists in lists": (with_text(untrusted.strict, "["), CHARS),
    "JSON of one name after another": (
        lambda n: partial(untrusted.strict, json.dumps({str(k): k for k in range(n // 10)})),
        CHARS,
    ),
    "body of escapes": (with_text(lambda text: request_filter.names_no_upload(body(text)), "\\u0070"), CHARS),
    "body of paths": (with_text(lambda text: request_filter.names_no_upload(body(text)), '","path":"a'), CHARS),
    "session of a body": (
        with_text(lambda text: limits.named(body(text), "session_hash"), '","session_hash":"a'),
        CHARS,
    ),
    "read a picture full of spots (pixels)": (with_picture, (128**2, 256**2, 512**2, 1024**2)),
    "folder of runs": (with_runs, (50, 100, 200, 400)),
    "curve of a run": (with_progress, ENTRIES),
}


def seconds(make: Callable[[int], Work], n: int) -> float:
    """The least processor time that work of this size takes; it is made anew each time."""
    took = []
    for _ in range(N_TIMES):
        work = make(n)
        start = time.process_time()
        work()
        took.append(time.process_time() - start)
    return max(1e-6, min(took))


def exponents() -> list[Row]:
    """The exponent of each path, as a straight line fits the logarithms of size and time, and the time of the most."""
    rows = []
    for name, (make, sizes) in PATHS.items():
        make(sizes[0])()  # kernels are compiled, and files read
        took = [seconds(make, n) for n in sizes]
        exponent = np.polyfit(np.log(sizes), np.log(took), 1)[0]
        rows.append(
            {
                "what": name,
                "sizes": f"{sizes[0]:,} … {sizes[-1]:,}",
                "the largest, ms": f"{1e3 * took[-1]:.1f}",
                "exponent": f"{exponent:.1f}",
            }
        )
        print(rows[-1], flush=True)
    return rows
