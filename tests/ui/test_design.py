"""Starting again in the app, without a browser: every setting, taught lessons kept, stopped on request."""

import dataclasses
import threading

import gradio
import pytest

from agent import models
from agent.agents import new
from agent.datasets import digits
from agent.ui import events
from agent.ui.session import Session, Sessions
from agent.ui.tabs import design
from agent.ui.texts import texts
from agent.validation import settings_of


@pytest.fixture
def desks(monkeypatch):
    """Desks with an agent of 60 lessons."""
    pupil = new("nearest", name="Mia")
    for seed in (5, 6):
        selection = digits.Selection({"mnist": 1200}, seed=seed)
        pupil.learn_many(*selection.draw(), source=selection.source)
    desks = Sessions(lambda: Session(pupil))
    monkeypatch.setattr(events, "SESSIONS", desks)
    monkeypatch.setattr(events.startup, "READY", threading.Event())
    events.startup.READY.set()
    return desks


def values_of(kind, preset=None, **changed):
    """What the fields hold once a design was chosen and some fields were changed."""
    names = [(name, field.name) for name in models.MODELS for field in dataclasses.fields(models.MODELS[name].Config)]
    filled = design.preset_values(kind, preset)[1:]
    return [
        changed.get(field, value) if name == kind else None for (name, field), value in zip(names, filled, strict=True)
    ]


def start(kind, start_from, preset=None, filled=None, **changed):
    """What the page shows while a new agent is made, of fields filled in for a kind, or a kind and preset."""
    values = values_of(kind, preset if filled is None else None, **changed)
    filled = design.preset_values(kind, preset)[0] if filled is None else filled
    return design.start("desk", kind, preset, start_from, filled, *values)


def test_a_press_that_is_quicker_than_the_fields_takes_the_preset_that_is_shown(desks):
    for filled in ("recall", "state better eyes"):
        list(start("state", "empty", "windows", filled, reach_x=3))
        with desks.open("desk") as session:
            assert session.pupil.model.config.preset == "windows"


def test_every_translated_setting_is_one():
    names = {field.name for kind in models.MODELS.values() for field in dataclasses.fields(kind.Config)}
    assert set(texts.SETTINGS) <= names


@pytest.mark.parametrize(
    ("kind", "preset"), [(name, preset) for name, kind in models.MODELS.items() for preset in kind.PRESETS]
)
def test_a_design_fills_in_the_fields_of_its_kind(kind, preset):
    got = models.MODELS[kind].Config(**design.settings_from(kind, values_of(kind, preset)))
    assert got == models.MODELS[kind].Config(**models.MODELS[kind].PRESETS[preset])


def test_settings_that_are_words_have_their_choices():
    for kind in models.MODELS.values():
        assert all(each.choices for each in settings_of(kind.Config) if isinstance(each.default, str))


def test_a_changed_field_counts_and_what_is_left_empty_is_as_by_default(desks):
    list(start("state", "empty", "windows", max_rows=50, n_steps=None))
    with desks.open("desk") as session:
        config = session.pupil.model.config
    assert (config.max_rows, config.n_steps, config.reach_x) == (50, 10, 9)
    assert config.preset == "your own"


def test_a_share_may_be_written_as_a_whole_number(desks):
    list(start("recall", "empty", plausible_lag=1))
    with desks.open("desk") as session:
        assert session.pupil.model.config.plausible_lag == 1.0


def test_a_setting_out_of_range_is_named_and_changes_nothing(desks):
    with pytest.raises(gradio.Error, match="Expected tuple_size as a whole number from 2 to 14, got 99"):
        list(start("recall", "empty", tuple_size=99))
    with desks.open("desk") as session:
        assert session.pupil.name == "Mia" and not session.earlier


def test_its_lessons_are_taught_to_another_kind_with_progress(desks):
    told = [shown[0] for shown in start("nearest", "lessons", threshold=120)]
    assert len(told) > 2 and "taught your lessons: " in told[0]
    with desks.open("desk") as session:
        assert (session.pupil.n_lessons, session.pupil.name, session.pupil.model.config.threshold) == (
            2400,
            "Mia",
            120,
        )
        assert session.earlier[0].model.config.threshold == 96


def test_stopping_leaves_the_agent_that_was_there(desks):
    steps = start("nearest", "lessons")
    next(steps)
    with desks.open("desk") as session:
        before = session.pupil
    desks.stop("desk")
    assert texts.START_STOPPED in [shown[0] for shown in steps][-1]
    with desks.open("desk") as session:
        assert session.pupil is before and not session.earlier


def test_an_agent_that_came_meanwhile_stays(desks):
    steps = start("nearest", "lessons")
    next(steps)
    with desks.open("desk") as session:
        session.replace(new("nearest", name="Tom"))
    assert texts.REPLACED in [shown[0] for shown in steps][-1]
    with desks.open("desk") as session:
        assert session.pupil.name == "Tom"


def test_a_question_stays_until_it_is_answered_or_another_agent_comes(desks):
    nothing = (gradio.skip(),) * 5
    with desks.open("desk") as session:
        assert design.ask_again(session) == nothing  # as where the page was filled in before the question was asked
        asked = design.ask_about(session)
        session.pupil.name = "Tom"
        assert "Mia" in asked[0] and "Tom" in design.ask_again(session)[0]
        session.replace(new("nearest"))
        question, ask, *answers = design.ask_again(session)
        assert question == "" and ask.visible and not any(button.visible for button in answers)
        assert design.ask_again(session) == nothing
