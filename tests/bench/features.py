"""Every feature of the three systems that this one stands for, run: ``python -m tests.bench features``."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ONE = "import sys; from pathlib import Path; import rows; rows.furnish(Path()); sys.path.insert(0, ''); rows.seen(rows.ROWS[{}])"


def state(number: int, row: object) -> str:
    """Run a row in a process and a folder of its own, and say what came of it."""
    if row.no_sense:
        return f"has no sense here: {row.no_sense}"
    missing = [name for name in row.needs if importlib.util.find_spec(name) is None]
    if missing:
        return f"not run: {missing[0]} is not installed"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests/cli")])}
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-c", ONE.format(number)], cwd=folder, env=environment, capture_output=True, text=True
        )
    print(row.system, row.number, done.returncode, done.stderr[-300:] if done.returncode else "", flush=True)
    return "works" if not done.returncode else f"does not work: {row.feature}"


def measured() -> list[dict[str, str]]:
    """Give a row of results for each system and state, with the numbers of its features."""
    sys.path.insert(0, str(ROOT / "tests/cli"))
    import rows

    found: dict[tuple[int, str], list[int]] = {}
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        states = threads.map(state, range(len(rows.ROWS)), rows.ROWS)
        for row, text in zip(rows.ROWS, states, strict=True):
            found.setdefault((row.system, text), []).append(row.number)
    return [
        {"system": rows.SYSTEMS[system], "features": spans(numbers), "of them": f"{len(numbers)}", "here": text}
        for (system, text), numbers in found.items()
    ]


def spans(numbers: list[int]) -> str:
    """Write rising numbers with their runs drawn together.

    Examples
    --------
    >>> spans([1, 2, 3, 5, 7, 8])
    '1–3, 5, 7–8'
    """
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(f"{first}" if first == last else f"{first}–{last}" for first, last in runs)
