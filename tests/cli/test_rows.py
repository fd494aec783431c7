"""Every feature of the three systems that this one stands for, by the command that does it here."""

import importlib.util
import sys
from collections import Counter

import pytest
import rows
from rows import ROWS

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("here")]


def named(row):
    return f"{row.system}-{row.number}-{row.feature.replace(' ', '_')}"


def test_no_row_is_missing():
    assert Counter(row.system for row in ROWS) == {2: 27, 3: 47, 4: 27}
    assert [row.number for row in ROWS] == [*range(1, 28), *range(1, 48), *range(1, 28)]
    assert all(bool(row.no_sense) != bool(row.commands) for row in ROWS)


@pytest.mark.parametrize(
    "row",
    [pytest.param(row, id=named(row), marks=[pytest.mark.nightly] * row.nightly) for row in ROWS if not row.no_sense],
)
def test_a_row_works(row, here, monkeypatch):
    for name in row.needs:
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not installed")
    rows.furnish(here)
    monkeypatch.syspath_prepend(here)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    for name in ("run1", "marks", "minds", "myenv", "net"):
        sys.modules.pop(name, None)
    rows.seen(row)
