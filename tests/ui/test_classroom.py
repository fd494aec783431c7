"""Rooms of classes: who sees what, what bounds them, what is joined, and that names are text."""

import dataclasses
import json

import gradio as gr
import numpy as np
import pytest
from agents import born

from agent import startup
from agent.agents import new
from agent.datasets import digits
from agent.errors import AgentError
from agent.lessons import Bulk, pack
from agent.progress import run_to_completion
from agent.ui import classroom, events
from agent.ui.classroom import MAX_MEMBERS, Member, Room, Rooms, digits_asked, iter_joined, iter_test, iter_together
from agent.ui.parts import classes
from agent.ui.session import Session, Sessions

TEACHER, MIA, BEN = "teacher's key", "mia's key", "ben's key"


@pytest.fixture
def rooms():
    return Rooms()


@pytest.fixture
def opened(monkeypatch, examples):
    """The one session of an app whose agent had some lessons; nobody has a room."""
    startup.READY.set()
    session = Session(taught(examples[:20]))
    monkeypatch.setattr(events, "SESSIONS", Sessions(lambda: session))
    monkeypatch.setattr(classes, "ROOMS", Rooms())
    return session


@pytest.fixture(scope="module")
def examples():
    drawings, labels = digits.Selection({"mnist": 40}, seed=3).draw()
    return list(zip(drawings, labels, strict=True))


def enter(*inputs):
    return run_to_completion(classes.iter_enter(*inputs))


def taught(examples, kind="nearest", starter=None):
    pupil = new(kind, starter=starter)
    for drawing, label in examples:
        pupil.learn_one(drawing, label)
    return pupil


def test_the_same_hundred_digits_are_asked_of_all():
    drawings, labels = digits_asked()
    assert drawings.shape == (100, 28, 28) and [labels.count(label) for label in "0123456789"] == [10] * 10


@pytest.mark.parametrize("name", ["", "  ", "\u3164", "M\u034fia", "x" * 31, None, 7])
def test_names_nobody_sees_or_that_are_long_are_refused(examples, name):
    with pytest.raises(AgentError):
        Member.of(taught(examples[:1]), name)


def test_an_agent_without_lessons_or_with_too_many_is_refused(examples):
    with pytest.raises(AgentError, match="without"):
        Member.of(new("nearest"), "Mia")
    pupil, noise = taught(examples[:1]), np.random.default_rng(0)
    drawings = np.zeros((3000, 28, 28), np.uint8)
    drawings[:, 4:24, 4:24] = noise.integers(0, 16, (3000, 20, 20)) * 17
    pupil.learn_many(drawings, ["1"] * 3000)
    with pytest.raises(AgentError, match="larger"):
        Member.of(pupil, "Mia")


def test_only_whoever_made_a_room_sees_it_and_only_its_code_leads_there(rooms, examples):
    room, member = rooms.make(TEACHER), Member.of(taught(examples[:2]), "Mia")
    assert rooms.make(TEACHER) is room and rooms.made_by(MIA) is None
    for wrong in ("", "CDFHJKMN", room.code[:-1], room.code + "C"):
        with pytest.raises(AgentError, match="nobody uses"):
            rooms.hand_in(MIA, wrong, member)
    rooms.hand_in(MIA, f" {room.code[:4].lower()}-{room.code[4:]} ", member)
    assert rooms.room_of(MIA) is room and room.members == {MIA: member} and rooms.made_by(room.code) is None


def test_nobody_takes_the_place_or_the_name_of_another(rooms, examples):
    code, first = rooms.make(TEACHER).code, Member.of(taught(examples[:1]), "Mia")
    rooms.hand_in(MIA, code, first)
    with pytest.raises(AgentError, match="“MIA”"):
        rooms.hand_in(BEN, code, Member.of(taught(examples[:2]), "MIA"))
    rooms.hand_in(BEN, code, Member.of(taught(examples[:2]), "Ben"))
    again = Member.of(taught(examples[:3]), "Mia")
    rooms.hand_in(MIA, code, again)
    assert {key: member.n_lessons for key, member in rooms.made_by(TEACHER).members.items()} == {MIA: 3, BEN: 2}
    rooms.note(MIA, first, {0: "1"})  # of what was replaced meanwhile
    assert rooms.made_by(TEACHER).members[MIA].mistakes is None
    other = rooms.make(BEN).code
    rooms.hand_in(MIA, other, again)  # nobody is in two rooms
    assert [*rooms.made_by(TEACHER).members] == [BEN] and [*rooms.made_by(BEN).members] == [MIA]
    rooms.remove(BEN, "Nobody"), rooms.remove(TEACHER, "Mia"), rooms.remove(MIA, "Mia")
    assert [*rooms.made_by(BEN).members] == [MIA]
    rooms.remove(BEN, "Mia")
    assert rooms.room_of(MIA) is None


def test_leaving_takes_all_of_it_along_and_closing_leaves_nothing(rooms, examples):
    code = rooms.make(TEACHER).code
    for number in range(MAX_MEMBERS):
        rooms.hand_in(f"key {number}", code, Member.of(taught(examples[:1]), f"Pupil {number}"))
    with pytest.raises(AgentError, match="at most 30"):
        rooms.hand_in(MIA, code, Member.of(taught(examples[:1]), "Mia"))
    rooms.made_by(TEACHER).change(joined=(30, 50))
    rooms.leave("key 7")
    assert len(rooms.made_by(TEACHER).members) == 29 and rooms.made_by(TEACHER).joined is None
    rooms.hand_in(MIA, code, Member.of(taught(examples[:1]), "Mia"))
    assert rooms.n_bytes > 0
    rooms.close(TEACHER)
    assert rooms.n_bytes == 0 and rooms.room_of(MIA) is None


def test_rooms_last_a_day_and_those_with_least_in_them_go_first(examples):
    now = [0.0]
    rooms, member = Rooms(max_rooms=3, life_s=100, clock=lambda: now[0]), Member.of(taught(examples[:1]), "Mia")
    code = rooms.make("class").code
    rooms.hand_in(MIA, code, member)
    for number in range(5):
        rooms.make(f"made up {number}")
    assert rooms.made_by("class") is not None and rooms.made_by("made up 0") is None
    assert rooms.made_by("made up 4") is not None
    now[0] = 101.0
    assert rooms.made_by("class") is None and rooms.n_bytes == 0


def test_rooms_that_hold_too_much_make_way(examples):
    small, large = (Member.of(taught(examples[:n]), "Mia") for n in (1, 40))
    rooms = Rooms(max_rooms=8, max_bytes=5 * large.n_bytes)
    for number in range(3):
        rooms.hand_in(f"key {number}", rooms.make(f"small {number}").code, small)
    for number in range(8):
        rooms.hand_in(f"its key {number}", rooms.make(f"large {number}").code, large)
        rooms.hand_in(f"more {number}", rooms.made_by(f"large {number}").code, Member.of(taught(examples), "Ben"))
    assert rooms.n_bytes <= 5 * large.n_bytes and all(rooms.made_by(f"small {number}") for number in range(3))


def test_a_large_class_stays_where_strangers_make_empty_rooms(rooms, examples):
    member = Member.of(taught(examples[:1]), "Mia")
    rooms = Rooms(max_rooms=8, max_bytes=4 * member.n_bytes)
    code = rooms.make("class").code  # with twice its part of the bytes, and more
    rooms.hand_in(MIA, code, member)
    rooms.hand_in(BEN, code, Member.of(taught(examples[:1]), "Ben"))
    for number in range(20):
        rooms.make(f"made up {number}")
    assert len(rooms.made_by("class").members) == 2 and rooms.made_by("made up 0") is None
    assert sum(rooms.made_by(f"made up {number}") is not None for number in range(20)) == 7


def test_a_class_stays_where_strangers_make_larger_ones(examples):
    now, member = [0.0], Member.of(taught(examples[:1]), "Mia")
    rooms = Rooms(max_rooms=4, clock=lambda: now[0])
    for number in range(12):
        now[0] += 1
        code, n_members = rooms.make(f"class {number}").code, 3 if number == 0 else 9
        for place in range(n_members):
            rooms.hand_in(f"{number} {place}", code, dataclasses.replace(member, name=f"Pupil {place}"))
    assert [rooms.made_by(f"class {number}") is not None for number in (0, 1, 10, 11)] == [True, True, False, True]


def test_rooms_that_one_session_makes_are_counted_with_codes(opened, monkeypatch):
    rooms = classes.ROOMS
    for _ in range(20):
        classes.make("id", TEACHER), classes.make("id", TEACHER)  # the second one changes nothing
        rooms.close(TEACHER)
    with pytest.raises(gr.Error, match="at most 20 codes"):
        classes.make("id", TEACHER)
    assert rooms.made_by(TEACHER) is None


def test_what_rooms_keep_counts_with_what_sessions_keep():
    kept = [0]
    sessions = Sessions(lambda: Session(born("nearest")), max_bytes=5_000_000, other_bytes=lambda: kept[0])
    for number in range(3):
        with sessions.open(f"{number}"):
            pass
    assert len(sessions) == 3
    kept[0] = 5_000_000
    with sessions.open("one more"):
        pass
    assert len(sessions) == 1


def test_codes_are_counted_within_an_hour(monkeypatch, examples):
    rooms, session = Rooms(), Session(taught(examples[:1]))
    monkeypatch.setattr(classes, "ROOMS", rooms)
    code = rooms.make(TEACHER).code
    for _ in range(19):
        with pytest.raises(AgentError, match="nobody uses"):
            enter(session, MIA, "CDFHJKMN", "Mia", False)
    enter(session, MIA, code, "Mia", False)
    enter(session, MIA, f"{code[:4]} {code[4:]}".lower(), "Mia", False)  # in it already: nothing is guessed
    assert rooms.room_of(MIA).code == code
    rooms.leave(MIA)
    with pytest.raises(AgentError, match="at most 20"):
        enter(session, MIA, code, "Mia", False)
    with pytest.raises(AgentError, match="at most 20"):
        enter(session, MIA, code, "", False)  # counted before anything is copied
    assert rooms.room_of(MIA) is None


def test_what_was_handed_in_is_tested_whatever_the_agent_learns_meanwhile(opened, examples):
    rooms, handed_in = classes.ROOMS, opened.pupil
    code, mistakes = rooms.make(TEACHER).code, run_to_completion(iter_test(taught(examples[:20])))
    assert "being tested" in classes.hand_in("id", MIA, code, "Mia", False)
    for drawing, label in examples[20:]:
        handed_in.learn_one(drawing, label)
    opened.replace(taught(examples[30:]))
    *_, said = classes.ask_handed_in("id", MIA)
    member = rooms.room_of(MIA).members[MIA]
    assert (member.n_lessons, member.mistakes) == (20, mistakes) and f"{100 - len(mistakes)} of 100" in said
    assert len([*classes.ask_handed_in("id", MIA)]) == 1  # nothing is left to test
    classes.hand_in("id", MIA, code, "Mia", False)
    rooms.leave(MIA)
    *_, said = classes.ask_handed_in("id", MIA)
    assert classes.texts.NOT_HANDED_IN in said and rooms.room_of(MIA) is None


def referring(n_lessons, n_times=1):
    """An agent of one lesson, whose log says that it was taught many by reference."""
    pupil = new("nearest")
    pupil.learn_one(np.eye(28, dtype=np.uint8) * 255, "1")
    for seed in range(n_times):
        source = digits.Selection({"mnist": n_lessons}, seed=seed).source
        pupil.lessons._append_new("bulk", n_lessons=n_lessons, source=source, start=0)
    return pupil


def test_short_references_to_many_lessons_are_bounded_before_they_are_taught(monkeypatch):
    with pytest.raises(AgentError, match="expected at most 70,000 lessons, got 80,001"):
        Member.of(referring(40_000, 2), "Mia")
    taught = []
    restore = classroom.iter_restore
    monkeypatch.setattr(classroom, "iter_restore", lambda *given: (taught.append(1), restore(*given))[1])
    monkeypatch.setattr(classroom, "MAX_JOINED", 200)
    members = [Member.of(referring(120, n), name) for name, n in (("Mia", 1), ("Ben", 2), ("Tom", 1))]
    joined, left_out = run_to_completion(iter_joined(members))
    assert left_out == ["Ben"] and joined.n_lessons == 122 and len(taught) == 2


def test_looking_for_what_was_forgotten_reads_a_source_once_and_in_steps(monkeypatch):
    source, drawn = digits.Selection({"mnist": 60}).source, []
    pupil = referring(60)
    for _ in range(500):
        pupil.lessons._append_new("bulk", n_lessons=1, source=source, start=7)
    pupil.lessons._append_new("lose", label="x", drawing=pack(np.eye(28, dtype=np.uint8)[None] * 255))
    lazy = classroom.datasets.lazy
    monkeypatch.setattr(classroom.datasets, "lazy", lambda source: drawn.append(source) or lazy(source))
    known = {classroom._source(entry) for entry in pupil.lessons.standing()} - {""}
    left_out = run_to_completion(classroom._iter_left_out(pupil.lessons, known))
    assert len(left_out) == 501 and len(drawn) == 1


def test_handing_a_long_log_in_is_done_in_steps():
    pupil = referring(60)
    for _ in range(5_000):
        pupil.lessons._append_new("study")
        pupil.lessons._append_new("bulk", n_lessons=1, source={"task": "strokes", "n": 10}, start=7)
    assert sum(1 for _ in Member.iter_of(pupil, "Mia")) >= 10


@pytest.mark.parametrize("kind", ["recall", "nearest"])
def test_joined_agents_know_what_all_were_taught(kind, examples):
    pupils = [taught(examples[first : first + 10], kind) for first in (0, 10, 20)]
    members = [Member.of(pupil, f"Pupil {place}") for place, pupil in enumerate(pupils)]
    joined, left_out = run_to_completion(iter_joined(members))
    expected = new(kind)
    for pupil in pupils:
        expected.join(pupil)
    drawings, _ = digits_asked()
    responses = [
        [guess.responses.tolist() for guess in each.predict_many(drawings[:20])] for each in (joined, expected)
    ]
    assert responses[0] == responses[1] and left_out == [] and joined.n_lessons == 30


def test_what_a_starter_taught_is_joined_once(examples):
    pupils = [taught(examples[first : first + 5], starter="sixty") for first in (0, 5)]
    pupils[1].forget_one(*[part[0] for part in digits.Selection({"mnist": 60}).draw()])
    joined, left_out = run_to_completion(
        iter_joined([Member.of(pupil, name) for pupil, name in zip(pupils, ("Mia", "Ben"), strict=True)])
    )
    assert (joined.n_lessons, left_out) == (70, [])


def test_what_one_that_is_left_out_knew_is_joined_from_the_next(examples):
    mia, ben, tom = taught(examples[:1]), taught(examples[:1], starter="sixty"), taught(examples[1:2], starter="sixty")
    for pupil, letter, n in ((mia, "a", 2), (ben, "b", ben.model.MAX_LABELS - 11)):
        pupil.learn_many([examples[0][0]] * n, [f"{letter}{number}" for number in range(n)])
    members = [Member.of(pupil, name) for pupil, name in ((mia, "Mia"), (ben, "Ben"), (tom, "Tom"))]
    joined, left_out = run_to_completion(iter_joined(members))
    assert (joined.n_lessons, left_out) == (3 + 61, ["Ben"])


def test_what_was_forgotten_of_lessons_of_ones_own_stays_forgotten(examples):
    mia, ben = (taught(examples[first : first + 5], starter="sixty") for first in (0, 5))
    drawings, labels = (part[10:13] for part in zip(*examples, strict=True))
    ben.learn_many(drawings, labels)
    ben.forget_one(drawings[0], labels[0])
    ben.forget_one(*[part[0] for part in digits.Selection({"mnist": 60}).draw()])
    joined, left_out = run_to_completion(iter_joined([Member.of(mia, "Mia"), Member.of(ben, "Ben")]))
    assert (joined.n_lessons, left_out) == (60 + 5 + 5 + 2, [])


def not_kept(examples):
    """An agent with lessons that are not in its log."""
    pupil = taught(examples[:1])
    event = {"event": "bulk", "number": 1, "n_lessons": 9, "source": None, "start": 0}
    pupil.lessons = type(pupil.lessons).from_jsonl(pupil.log + json.dumps(event) + "\n")
    return pupil


def test_an_agent_whose_lessons_were_not_kept_is_left_out(examples):
    members = [Member.of(not_kept(examples), "Mia"), Member.of(taught(examples[:3]), "Ben")]
    joined, left_out = run_to_completion(iter_joined(members))
    assert left_out == ["Mia"] and joined.n_lessons == 3
    assert run_to_completion(iter_joined(members[:1])) == (None, ["Mia"])


def test_a_room_is_tested_and_joined(rooms, examples):
    room = rooms.make(TEACHER)
    for key, part in ((MIA, examples[:20]), (BEN, examples[20:])):
        rooms.hand_in(key, room.code, Member.of(taught(part), key[:3], with_drawings=key is MIA))
    expected = 2, 100 - len(run_to_completion(iter_test(taught(examples))))
    assert run_to_completion(iter_together(rooms, room)) == (*expected, [])
    mistakes = run_to_completion(iter_test(taught(examples[:20])))
    assert room.members[MIA].mistakes == mistakes and 0 < len(mistakes) < 90
    assert room.joined == expected
    rooms.hand_in("key", room.code, Member.of(not_kept(examples), "Tom"))
    assert run_to_completion(iter_together(rooms, room)) == (*expected, ["Tom"]) and room.joined == expected
    assert room.members["key"].mistakes is None
    rooms.leave(MIA), rooms.leave(BEN)
    assert run_to_completion(iter_together(rooms, room)) == (0, 0, ["Tom"]) and room.joined is None


@pytest.mark.parametrize(
    "happens, is_kept",
    [
        (lambda rooms, room: rooms.note(MIA, room.members[MIA], {0: "1"}), True),
        (lambda rooms, room: rooms.leave(BEN), False),
        (lambda rooms, room: rooms.hand_in(BEN, room.code, room.members[BEN]), True),
    ],
    ids=["a test", "one leaves", "the same again"],
)
def test_a_result_is_told_whatever_happens_meanwhile_and_kept_for_those_who_are_there(
    opened, examples, happens, is_kept
):
    room = classes.ROOMS.make(TEACHER)
    for key, part in ((MIA, examples[:20]), (BEN, examples[20:])):
        classes.ROOMS.hand_in(key, room.code, Member.of(taught(part), key[:3]))
        classes.ROOMS.note(key, room.members[key], {})
    joining = classes.join("id", TEACHER)
    next(joining)
    happens(classes.ROOMS, room)
    *_, (bar, *_) = joining
    expected = 2, 100 - len(run_to_completion(iter_test(taught(examples))))
    assert f"2 joined: {expected[1]} of 100 digits right" in bar
    assert room.joined == (expected if is_kept else None)


def test_the_link_of_a_class_opens_the_tab_where_it_hands_in():
    assert 'href="?class=CDFHJKMN&amp;tab=share"' in classes.show_room(Room("CDFHJKMN", 0.0))


MARKUP = "<img src=x onerror=alert(1)>"


def test_names_and_labels_are_text(examples):
    pupil = taught(examples[:1])
    pupil.learn_one(examples[1][0], "<b>'\"&")
    member = Member.of(pupil, MARKUP)
    member = type(member)(**{**vars(member), "mistakes": {0: "<b>'\"&", 1: None}})
    shown = classes.show_room(Room("CDFHJKMN", 0.0, {MIA: member}, joined=(1, 9)))
    assert "<img src=x" not in shown and "<b>'" not in shown and MIA not in shown
    assert "&lt;img src=x onerror=alert(1)&gt;" in shown and "&lt;b&gt;" in shown


def test_pictures_of_what_was_drawn_are_shown_where_they_may_go_along(examples):
    member = Member.of(taught(examples[:3]), "Mia")
    assert member.images == "" and Member.of(taught(examples[:3]), "Mia", True).images.startswith(
        "data:image/png;base64,"
    )


def test_lessons_that_bring_drawings_of_their_own_stand_for_no_source():
    source = {"counts": {"mnist": 60}}
    drawings = np.zeros((1, 28, 28), np.uint8)
    assert classroom._source(Bulk(0, 1, source)) and classroom._source(Bulk(0, 1, source)) != classroom._source(
        Bulk(0, 2, source)
    )
    assert classroom._source(Bulk(0, 1, source, drawings=drawings, labels=("1",))) == ""
