"""Design: a new agent of any kind, its preset or all of its settings, and what it begins with."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Generator, Iterator, Sequence
from typing import Any

import gradio as gr

from agent.agents import STARTERS, iter_new, new, starter_selections
from agent.agents.pupil import Pupil
from agent.lessons import Bulk, iter_rebuild
from agent.models import MODELS
from agent.progress import Progress, WithResult
from agent.ui import formatting, html
from agent.ui.components import segments
from agent.ui.events import QUIET, serialized, with_session
from agent.ui.formatting import lessons
from agent.ui.html import safe
from agent.ui.page import Page, header, status_of
from agent.ui.parts import my_agents
from agent.ui.session import DEFAULT_MODEL, SESSIONS, Session
from agent.ui.texts import texts
from agent.validation import Setting, settings_of

_Fields = dict[str, dict[str, gr.components.Component]]


def build(page: Page) -> tuple[Any, list[Any]]:
    """Lay out the tab and connect it."""
    status_line = gr.HTML(html.status(""), elem_id="design-status")
    with gr.Column(elem_classes="card"):
        asking = _build_form(page, status_line)
    page.tell_about("design", status_line)
    return with_session(lambda session: (header(session), *ask_again(session))), [page.header, *asking]


def _build_form(page: Page, status_line: gr.HTML) -> list[gr.components.Component]:
    """Lay out the form and connect it; gives the question and the buttons that ask and answer it."""
    gr.HTML(f"<h2>{texts.DESIGN}</h2><p>{texts.DESIGN_HINT}</p>")
    kinds = [(formatting.about_kind(name, model.SUMMARY), name) for name, model in MODELS.items()]
    kind = segments(kinds, DEFAULT_MODEL, texts.KIND, "kind")
    preset = gr.Dropdown(label=texts.PRESET, visible=False, elem_id="preset")
    filled = gr.Textbox(DEFAULT_MODEL, visible="hidden")  # the kind and preset that the fields were filled in for
    with gr.Accordion(texts.SETTINGS_OF_ITS_OWN, open=False, elem_id="settings"):
        groups, fields = _settings_fields(DEFAULT_MODEL)
    starts = [(texts.STARTS.get(name, name), name) for name in ("empty", *STARTERS)]
    starts.append((texts.START_NOTEBOOK, "lessons"))
    start_from = segments(starts, "empty", texts.START_FROM, "start-from")
    question = gr.HTML("", elem_id="question")
    ask = gr.Button(texts.START_NOW, elem_id="start")
    with gr.Row(elem_classes="are-you-sure"):
        sure = gr.Button(texts.START_SURE, variant="stop", visible=False, elem_id="start-sure")
        keep_it = gr.Button(texts.START_NOT, visible=False, elem_id="start-not")
    stop = gr.Button(texts.STOP, visible=False, elem_id="start-stop")
    asking = [question, ask, sure, keep_it, stop]
    # model by model: what `settings_from` reads and `preset_values` fills
    components = [component for of_kind in fields.values() for component in of_kind.values()]
    ask.click(with_session(ask_about), page.id, asking, **QUIET)
    keep_it.click(with_session(_question), page.id, asking, **QUIET)
    kind.change(offer, kind, [preset, *groups.values(), filled, *components], **QUIET)
    preset.input(preset_values, [kind, preset], [filled, *components], **QUIET)
    outputs = [status_line, page.header, *asking]
    started = sure.click(start, [page.id, kind, preset, start_from, filled, *components], outputs, **QUIET)
    started.failure(refresh, page.id, outputs, **QUIET)
    page.refill_after(started)
    stop.click(SESSIONS.stop, page.id, None, queue=False, **QUIET)
    return asking


# ---------------------------------------------------------------- events


@serialized
def start(
    session: Session, kind: str, preset: str | None, start_from: str, filled: str, *values: Any
) -> Iterator[tuple[Any, ...]]:
    """Use a new agent; while it is taught, show how far it is, and stop if asked."""
    text = texts.RETEACHING if start_from == "lessons" else texts.STARTING
    if filled != _of(kind, preset):  # the press was quicker than the fields
        values = preset_values(kind, preset)[1:]
    for share, pupil in iter_replace(session, kind, start_from, settings_from(kind, values)):
        if share is None:
            stopped = texts.START_STOPPED if pupil is session.pupil else texts.REPLACED
            yield _summary(session, stopped)
        elif pupil is None:
            news, stop = text.format(share=share), _question(session, pressed="stop")
            yield status_of(session, news, "design"), header(session, news, is_job=True), *stop
        else:
            yield _summary(session, texts.STARTED.format(lessons=lessons(pupil)))


def _summary(session: Session, text: str = "") -> tuple[Any, ...]:
    """What happened, else what the agent is; the header; nothing is asked."""
    return status_of(session, text, "design"), header(session), *_question(session)


refresh = with_session(_summary)


def iter_replace(
    session: Session, kind: str, start_from: str, settings: dict[str, Any]
) -> Iterator[tuple[int | None, Pupil | None]]:
    """Make a new agent and use it.

    Gives every new per cent; when it is stopped, None and the agent that was there; at the end 100 and the new one.
    """
    old, percent = session.pupil, -1
    token, work = session.start_job(), WithResult(_iter_new(old, kind, start_from, settings))
    for progress in work:
        if (now := int(100 * progress.share)) > percent:
            percent = now
            yield percent, None
        if token.cancelled:
            yield None, old
            return
    if start_from != "lessons":
        work.result.name = my_agents.next_name(session, texts.TITLE)
    session.replace(work.result)
    yield 100, work.result


def _iter_new(old: Pupil, kind: str, start_from: str, settings: dict[str, Any]) -> Generator[Progress, None, Pupil]:
    """Make a new agent, and teach it what it shall start with."""
    if start_from in STARTERS:
        return (yield from iter_new(kind, starter=start_from, **settings))
    pupil = new(kind, **settings)
    if start_from != "lessons":
        return pupil
    log = copy.deepcopy(old.lessons)
    model = yield from iter_rebuild(type(pupil.model), pupil.model.config, log)
    return Pupil(model, log, old.name)


def starter_of(pupil: Pupil) -> str | None:
    """Which start an agent has had no lesson since: "empty" or one of `STARTERS`; None for any other agent.

    Examples
    --------
    >>> starter_of(new("nearest")), starter_of(new("nearest", starter="sixty"))
    ('empty', 'sixty')
    """
    standing = pupil.lessons.standing()
    if not standing:
        return "empty"
    sources = [entry.source for entry in standing if isinstance(entry, Bulk)]
    if len(sources) < len(standing):
        return None
    sources_of = {name: [selection.source for selection in starter_selections(name)] for name in STARTERS}
    return next((name for name, of_starter in sources_of.items() if of_starter == sources), None)


def ask_again(session: Session) -> tuple[Any, ...]:
    """Keep what is asked true of the agent as it is now; of another one nothing is asked any more."""
    asked_of = session.news.get("asked of")
    if not asked_of:  # what is filled in late leaves a question alone that was asked meanwhile
        return (gr.skip(),) * 5
    return ask_about(session) if asked_of == session.key(session.pupil) else _question(session)


def ask_about(session: Session) -> tuple[Any, ...]:
    """Ask before the agent is replaced."""
    return _question(session, f"<p>{texts.START_ASK.format(name=safe(session.pupil.name))}</p>", "sure")


def _question(session: Session, text: str = "", pressed: str = "ask") -> tuple[Any, ...]:
    """A question, and what can be pressed: the button that asks it, its two answers ("sure"), or "stop"."""
    session.news["asked of"] = session.key(session.pupil) if text else ""
    return text, *(gr.Button(visible=pressed == button) for button in ("ask", "sure", "sure", "stop"))


def offer(kind: str) -> list[Any]:
    """Offer the presets of a kind, where there are several, and show its settings."""
    names = [(texts.FACT_VALUES.get(name, name), name) for name in MODELS[kind].PRESETS]
    preset = gr.Dropdown(choices=names, value=names[0][1], visible=len(names) > 1)
    return [preset, *(gr.Column(visible=name == kind) for name in MODELS), *preset_values(kind, names[0][1])]


# ---------------------------------------------------------------- settings


def _settings_fields(visible: str) -> tuple[dict[str, gr.Column], _Fields]:
    """Lay out the fields of all models, those of one visible: a group a model, and its components by setting."""
    groups, fields = {}, {}
    for kind, model in MODELS.items():
        with gr.Column(visible=kind == visible, elem_classes="settings", elem_id=f"settings-{kind}") as groups[kind]:
            fields[kind] = {setting.name: _field(kind, setting) for setting in settings_of(model.Config)}
    return groups, fields


def settings_from(kind: str, values: Sequence[Any]) -> dict[str, Any]:
    """Pick a model's settings out of the values of all components; what is left empty is as by default."""
    settings, start = {}, 0
    for name, model in MODELS.items():
        fields = dataclasses.fields(model.Config)
        if name == kind:
            pairs = zip(fields, values[start : start + len(fields)], strict=True)
            settings = {field.name: _typed(field.default, value) for field, value in pairs if value is not None}
        start += len(fields)
    return settings


def preset_values(kind: str, preset: str | None) -> list[Any]:
    """What the fields are filled in for, and the values of all once a preset is chosen; other models' stay."""
    values: list[Any] = [_of(kind, preset)]
    for name, model in MODELS.items():
        preset_settings = model.PRESETS.get(preset or "", {})
        for field in dataclasses.fields(model.Config):
            values.append(preset_settings.get(field.name, field.default) if name == kind else gr.skip())
    return values


def _of(kind: str, preset: str | None) -> str:
    return f"{kind} {preset}" if len(MODELS[kind].PRESETS) > 1 and preset in MODELS[kind].PRESETS else kind


def _field(kind: str, setting: Setting) -> gr.components.Component:
    """A field for a setting, as its dataclass describes it; texts may give it a translation."""
    about = (formatting.readable(setting.name), setting.about or setting.range)
    label, hint = texts.SETTINGS.get(setting.name, about)
    shared: dict[str, Any] = {"label": label, "info": hint, "elem_id": f"{kind}-{setting.name}"}
    if setting.choices:
        return gr.Dropdown([*setting.choices], value=setting.default, **shared)
    if isinstance(setting.default, bool):
        return gr.Checkbox(setting.default, **shared)
    return gr.Number(setting.default, precision=0 if isinstance(setting.default, int) else None, **shared)


def _typed(default: Any, value: Any) -> Any:
    """Make a whole number in a field for shares a share."""
    return float(value) if isinstance(default, float) and type(value) is int else value
