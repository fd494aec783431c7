"""Kernels are compiled once on a machine."""

import shutil
import sys

import numba
import pytest

from agent.kinds import warm


@pytest.fixture(autouse=True)
def empty(monkeypatch, tmp_path):
    """A machine on which nothing has been compiled."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "kernels"))


def started(monkeypatch, program):
    """What is started when such a program takes the place of this interpreter."""
    monkeypatch.setattr(sys, "executable", shutil.which(program))
    return warm.compile_apart()


def test_what_all_processes_have_compiled_is_not_compiled_again(monkeypatch):
    processes = started(monkeypatch, "true")
    assert len(processes) == len(warm.PARTS)
    warm.compiled(processes)
    assert started(monkeypatch, "true") == []


def test_what_failed_is_tried_again_the_next_time(monkeypatch):
    warm.compiled(started(monkeypatch, "false"))
    again = started(monkeypatch, "true")
    assert len(again) == len(warm.PARTS)
    warm.compiled(again)


def test_another_version_of_python_compiles_for_itself(monkeypatch):
    warm.compiled(started(monkeypatch, "true"))
    monkeypatch.setattr(sys, "version", "3.99.0")
    again = started(monkeypatch, "true")
    assert len(again) == len(warm.PARTS)
    warm.compiled(again)
