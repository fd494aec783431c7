"""Starting again in the app, without a browser: every setting, taught lessons kept, stopped on request."""

import dataclasses
import threading

import gradio
import pytest

from agent import kinds
from agent.families import new
from agent.tasks import digits
from agent.ui import events, settings, start, words
from agent.ui.desk import Desk, Desks


@pytest.fixture
def desks(monkeypatch):
    """Desks with an agent of 60 lessons."""
    pupil = new("nearest", name="Mia")
    for seed in (5, 6):
        selection = digits.Selection({"mnist": 1200}, seed=seed)
        pupil.learn_many(*selection.draw(), source=selection.source)
    desks = Desks(lambda: Desk(pupil))
    monkeypatch.setattr(events, "DESKS", desks)
    monkeypatch.setattr(events.warm, "READY", threading.Event())
    events.warm.READY.set()
    return desks


def values_of(kind, preset=None, **changed):
    """What the fields hold once a design was chosen and some fields were changed."""
    names = [(name, field.name) for name in kinds.KINDS for field in dataclasses.fields(kinds.KINDS[name].Config)]
    filled = settings.filled(kind, preset)
    return [
        changed.get(field, value) if name == kind else None for (name, field), value in zip(names, filled, strict=True)
    ]


def test_every_setting_has_words_and_words_have_a_setting():
    names = {field.name for kind in kinds.KINDS.values() for field in dataclasses.fields(kind.Config)}
    assert set(words.SETTINGS) == names


@pytest.mark.parametrize(
    ("kind", "preset"), [(name, preset) for name, kind in kinds.KINDS.items() for preset in kind.PRESETS]
)
def test_a_design_fills_in_the_fields_of_its_kind(kind, preset):
    got = kinds.KINDS[kind].Config(**settings.chosen(kind, values_of(kind, preset)))
    assert got == kinds.KINDS[kind].Config(**kinds.KINDS[kind].PRESETS[preset])


def test_settings_that_are_words_have_their_choices():
    for kind in kinds.KINDS.values():
        wordy = {field.name for field in dataclasses.fields(kind.Config) if isinstance(field.default, str)}
        assert set(kind.CHOICES) == wordy


def test_a_changed_field_counts_and_what_is_left_empty_is_as_by_default(desks):
    values = values_of("state", "windows", max_rows=50, n_steps=None)
    list(start.start("desk", "state", "empty", *values))
    with desks.open("desk") as desk:
        config = desk.pupil.memory.config
    assert (config.max_rows, config.n_steps, config.reach_x) == (50, 10, 9)
    assert config.preset == "your own"


def test_a_share_may_be_written_as_a_whole_number(desks):
    list(start.start("desk", "recall", "empty", *values_of("recall", plausible_lag=1)))
    with desks.open("desk") as desk:
        assert desk.pupil.memory.config.plausible_lag == 1.0


def test_a_setting_out_of_range_is_named_and_changes_nothing(desks):
    with pytest.raises(gradio.Error, match="Expected tuple_size as a whole number from 2 to 14, got 99"):
        list(start.start("desk", "recall", "empty", *values_of("recall", tuple_size=99)))
    with desks.open("desk") as desk:
        assert desk.pupil.name == "Mia" and desk.previous is None


def test_its_lessons_are_taught_to_another_kind_with_progress(desks):
    told = [shown[0] for shown in start.start("desk", "nearest", "lessons", *values_of("nearest", threshold=120))]
    assert len(told) > 2 and "taught your lessons: " in told[0]
    with desks.open("desk") as desk:
        assert (desk.pupil.n_lessons, desk.pupil.name, desk.pupil.memory.config.threshold) == (2400, "Mia", 120)
        assert desk.previous.memory.config.threshold == 96


def test_stopping_leaves_the_agent_that_was_there(desks):
    steps = start.start("desk", "nearest", "lessons", *values_of("nearest"))
    next(steps)
    with desks.open("desk") as desk:
        before = desk.pupil
    desks.stop("desk")
    assert words.START_STOPPED in [shown[0] for shown in steps][-1]
    with desks.open("desk") as desk:
        assert desk.pupil is before and desk.previous is None


def test_an_agent_that_came_meanwhile_stays(desks):
    steps = start.start("desk", "nearest", "lessons", *values_of("nearest"))
    next(steps)
    with desks.open("desk") as desk:
        desk.replace(new("nearest", name="Tom"))
    assert words.REPLACED in [shown[0] for shown in steps][-1]
    with desks.open("desk") as desk:
        assert desk.pupil.name == "Tom"
