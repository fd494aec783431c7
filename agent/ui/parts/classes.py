"""A class of up to thirty: pupils hand in copies of their agents, the teacher sees them side by side, and all together.

Names and labels are pupils' text: everything passes `safe`.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from agent.agents.pupil import Pupil
from agent.errors import AgentError
from agent.progress import Progress, WithResult, run_to_completion
from agent.ui import formatting, html
from agent.ui.classroom import (
    MAX_MEMBERS,
    MAX_NAME_CHARS,
    N_ASKED,
    ROOMS,
    Member,
    Room,
    clean_code,
    digits_asked,
    iter_joined,
    iter_test,
    iter_together,
)
from agent.ui.components import JobButtons, progress_bar
from agent.ui.events import QUIET, event_payload, serialized, with_session
from agent.ui.formatting import count, number
from agent.ui.html import safe
from agent.ui.page import PICK_JS, Page, render_status
from agent.ui.session import Session
from agent.ui.texts import class_texts as texts

LOOK_S = 4.0  # seconds between two polls by a teacher's page
MAX_DIGITS = 24  # shown of those that were answered wrong
CODE_JS = "() => new URLSearchParams(location.search).get('class') ?? ''"


def build(page: Page, outputs: Sequence[gr.components.Component]) -> None:
    """Lay out the cards and connect them; ``outputs`` are the status, the name, the header."""
    with gr.Column(elem_classes="card push"):
        gr.HTML(f"<h2>{texts.TITLE}</h2><p>{texts.HINT}</p>")
        with gr.Row(elem_classes="fields"):
            code = gr.Textbox(label=texts.CODE, max_length=20, elem_id="class-code")
            name = gr.Textbox(label=texts.FIRST_NAME, max_length=MAX_NAME_CHARS, elem_id="class-name")
        drawings = gr.Checkbox(
            False, label=texts.WITH_DRAWINGS, info=texts.WITH_DRAWINGS_HINT, elem_id="class-drawings"
        )
        with gr.Row(elem_classes="buttons"):
            hand_in_button = gr.Button(texts.HAND_IN, variant="primary", elem_id="class-hand-in")
            leave_button = gr.Button(texts.LEAVE, elem_id="class-leave")
        handed_in = gr.HTML("", elem_id="class-handed-in")
    with gr.Column(elem_classes="card gallery"):
        gr.HTML(f"<h2>{texts.TEACHER}</h2><p>{texts.TEACHER_HINT}</p>")
        with gr.Row(elem_classes="buttons"):
            make_button = gr.Button(texts.MAKE, elem_id="class-make")
        with gr.Column(visible=False) as controls:
            with gr.Row(elem_classes="buttons"):
                job = JobButtons(page, {"class-join": texts.JOIN, "class-take": texts.TAKE}, "class-stop", texts.STOP)
                close_button = gr.Button(texts.CLOSE, elem_id="class-close")
            bar = gr.HTML(progress_bar(0, ""), elem_id="class-progress")
            room = gr.HTML("", elem_id="class-room", js_on_load=PICK_JS)
        timer, seen = gr.Timer(LOOK_S, active=False), gr.State("")
    view, key = [timer, make_button, controls, room, seen], page.id
    gr.on(None, None, None, code, js=CODE_JS, **QUIET)
    handing_in = hand_in_button.click(hand_in, [key, key, code, name, drawings], handed_in, **QUIET)
    handing_in.success(ask_handed_in, [key, key], handed_in, **QUIET)
    leave_button.click(leave, key, handed_in, **QUIET)
    make_button.click(make, [key, key], view, **QUIET)
    close_button.click(close, key, view, **QUIET)
    room.pick(remove, key, view, **QUIET)
    timer.tick(look, [key, seen], view, **QUIET)
    page.on_open(look, [key], view)
    page.at_start(look, view)
    page.at_start(show_handed_in, [handed_in])
    job.connect(job.starts[0], join, [key], [bar, *view])
    job.connect(job.starts[1], take, [key], [bar, *outputs])


# ---------------------------------------------------------------- pupils


@dataclass(frozen=True)
class Untested:
    """What a session handed in, and its agent as it was then."""

    member: Member
    pupil: Pupil

    @property
    def n_bytes(self) -> int:
        """Bytes of memory it takes."""
        return self.pupil.n_bytes


def show_handed_in(key: str) -> str:
    """Say what somebody has handed in."""
    room = ROOMS.room_of(key)
    member = room.members.get(key) if room else None
    if room is None or member is None:
        return f"<p>{texts.NOT_HANDED_IN}</p>"
    values = {"code": spaced(room.code), "name": safe(member.name), "lessons": count(member.n_lessons, "lesson")}
    if member.mistakes is None:
        return f"<p>{texts.TESTING.format(**values)}</p>"
    right, n_asked = number(N_ASKED - len(member.mistakes)), number(N_ASKED)
    return f"<p>{texts.HANDED_IN.format(**values, right=right, asked=n_asked)}</p>"


def iter_enter(session: Session, key: str, code: str, name: str, drawings: bool) -> Generator[Progress, None, Member]:
    """Put a copy of the session's agent into the room of a code; codes are counted, so that nobody can try many."""
    room, code = ROOMS.room_of(key), clean_code(code)
    if room is None or room.code != code:
        session.count("code")
    member = yield from Member.iter_of(copy.deepcopy(session.pupil), name, drawings)
    ROOMS.hand_in(key, code, member)
    return member


def iter_handing_in(
    session: Session, key: str, code: str, name: str, drawings: bool
) -> Generator[Progress, None, tuple[Member, Mapping[int, str | None]]]:
    """Hand in, and test what was handed in, step by step; returns it and its mistakes."""
    pupil = copy.deepcopy(session.pupil)
    member = yield from iter_enter(session, key, code, name, drawings)
    mistakes = yield from iter_test(pupil)
    ROOMS.note(key, member, mistakes)
    return member, mistakes


@with_session
def hand_in(session: Session, key: str, code: str, name: str, drawings: bool) -> str:
    """Hand in; the test follows when it is its turn."""
    member = run_to_completion(iter_enter(session, key, code, name, drawings))
    session.states[Untested] = Untested(member, copy.deepcopy(session.pupil))
    return show_handed_in(key)


@serialized
def ask_handed_in(session: Session, key: str) -> Iterator[str]:
    """Test what was handed in last: the agent as it was then, whatever it learned since."""
    untested = session.states.pop(Untested, None)
    if untested is not None:
        testing = WithResult(iter_test(untested.pupil))
        for _ in testing:
            yield gr.skip()
        ROOMS.note(key, untested.member, testing.result)
    yield show_handed_in(key)


def leave(key: str) -> str:
    """Take back what was handed in."""
    ROOMS.leave(key)
    return f"<p>{texts.LEFT}</p>"


# ---------------------------------------------------------------- the teacher


@with_session
def make(session: Session, key: str) -> tuple[Any, ...]:
    """Make a room; new ones are counted with codes, so that nobody can make many."""
    if ROOMS.made_by(key) is None:
        session.count("code")
    ROOMS.make(key)
    return look(key)


def close(key: str) -> tuple[Any, ...]:
    """Close the room."""
    ROOMS.close(key)
    return look(key)


def remove(key: str, event: gr.EventData) -> tuple[Any, ...]:
    """Remove an agent that was handed in, by its name."""
    ROOMS.remove(key, event_payload(event).get("label"))
    return look(key)


def look(key: str, seen: str = "") -> tuple[Any, ...]:
    """Show the room that somebody made, unless that is what has been ``seen``."""
    room = ROOMS.made_by(key)
    now = f"{room.code} {room.version}" if room else "none"
    if now == seen:
        return (gr.skip(),) * 5
    view = gr.Timer(active=bool(room)), gr.Button(visible=not room), gr.Column(visible=bool(room))
    return *view, show_room(room) if room else "", now


def show_room(room: Room) -> str:
    """The code, a row for each agent, what all know together, and their mistakes side by side."""
    members = sorted(room.members.values(), key=lambda member: member.name.casefold())
    handed = texts.HANDED.format(n=number(len(members)), most=number(MAX_MEMBERS))
    link = f'<a href="?class={room.code}&amp;tab=share" target="_blank" rel="noopener">{texts.LINK}</a>'
    top = f'<p class="class-code"><b>{texts.CODE_IS.format(code=spaced(room.code))}</b> {link} · {handed}</p>'
    if not members:
        return top
    names = (texts.NAME, texts.RIGHT.format(asked=number(N_ASKED)), texts.LESSONS, texts.TAUGHT)
    heads = [*map(html.head, names), "<td></td>"]
    rows = [_row(member) for member in members]
    if room.joined is not None:
        n_joined, n_right = room.joined
        rows.append(
            f'<tr class="together"><th scope="row">{texts.TOGETHER}</th><td>{number(n_right)}</td>'
            f"<td></td><td>{number(n_joined)}</td><td></td></tr>"
        )
    return (
        top
        + html.table(texts.TITLE, heads, rows)
        + _mistakes([member for member in members if member.mistakes is not None])
    )


def _row(member: Member) -> str:
    right = texts.NOT_TESTED if member.mistakes is None else number(N_ASKED - len(member.mistakes))
    counts = " · ".join(f"{safe(label)} × {number(n)}" for label, n in sorted(member.counts.items()))
    images = f'<img class="ink" src="{member.images}" alt="">' if member.images else ""
    name = texts.REMOVE.format(name=member.name)
    button = html.button("remove", "×", data_label=member.name, aria_label=name, title=name)
    return (
        f'<tr><th scope="row">{safe(member.name)}{images}</th><td>{right}</td><td>{number(member.n_lessons)}</td>'
        f'<td class="taught">{counts}</td><td>{button}</td></tr>'
    )


def _mistakes(members: Sequence[Member]) -> str:
    """A column for each digit that most got wrong, a row for each agent."""
    wrong = Counter(index for member in members for index in member.mistakes or ())
    if not wrong:
        return ""
    drawings, labels = digits_asked()
    columns = [index for index, _ in sorted(wrong.items(), key=lambda item: (-item[1], item[0]))[:MAX_DIGITS]]
    rows = []
    for member in members:
        guesses = (safe(member.mistakes[index] or "?") if index in member.mistakes else "–" for index in columns)
        cells = "".join(f"<td>{guess}</td>" for guess in guesses)
        rows.append(f'<tr><th scope="row">{safe(member.name)}</th>{cells}</tr>')
    heads = ["<td></td>", *(html.head(html.image(drawings[index], labels[index])) for index in columns)]
    table = html.table(texts.MISTAKES, heads, rows, scroll_css=" labels")
    return f"<h3>{texts.MISTAKES}</h3><p>{texts.MISTAKES_HINT}</p>{table}"


def spaced(code: str) -> str:
    """Write a code in two groups.

    Examples
    --------
    >>> spaced("CDFHJKMN")
    'CDFH JKMN'
    """
    return f"{code[:4]} {code[4:]}"


def _own_room(key: str) -> Room:
    room = ROOMS.made_by(key)
    if room is None or not room.members:
        raise AgentError(texts.NOBODY)
    return room


def _line(progress: Progress) -> str:
    return progress_bar(progress.share, texts.JOINING.format(share=formatting.share(progress.share)))


@serialized
def join(session: Session, key: str) -> Iterator[tuple[Any, ...]]:
    """Join all agents of the room, and test them together."""
    room, token = _own_room(key), session.start_job()
    work = WithResult(iter_together(ROOMS, room))
    for progress in work:
        if token.cancelled:
            yield progress_bar(0, ""), *look(key)
            return
        yield _line(progress), *(gr.skip(),) * 5
    n_joined, n_right, left_out = work.result
    text = texts.JOINED.format(n=number(n_joined), right=number(n_right), asked=number(N_ASKED)) if n_joined else ""
    yield progress_bar(1, f"{text} {_left_out(left_out)}"), *look(key)


@serialized
def take(session: Session, key: str) -> Iterator[tuple[Any, ...]]:
    """Use the joined agent of those whose drawings may go along; the one before stays within reach."""
    members = [member for member in _own_room(key).members.values() if member.with_drawings]
    if not members:
        raise AgentError(texts.NO_DRAWINGS)
    token, work = session.start_job(), WithResult(iter_joined(members))
    for progress in work:
        if token.cancelled:
            yield progress_bar(0, ""), *render_status(session)
            return
        yield _line(progress), *(gr.skip(),) * 3
    joined, left_out = work.result
    if joined is None:
        raise AgentError(formatting.capitalized(_left_out(left_out)))
    joined.name = texts.JOINED_NAME
    session.replace(joined)
    n_joined = number(len(members) - len(left_out))
    text = texts.TOOK.format(n=n_joined, lessons=formatting.lessons(joined))
    yield progress_bar(1, f"{text} {_left_out(left_out)}"), *render_status(session, text)


def _left_out(names: Sequence[str]) -> str:
    return texts.LEFT_OUT.format(names=", ".join(map(safe, names))) if names else ""
