"""Every setting of every kind as a field: a design fills them in, a visitor may change them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import gradio as gr

from agent.kinds import KINDS
from agent.ui import words

_Fields = dict[str, dict[str, gr.components.Component]]


def build(kind_shown: str) -> tuple[dict[str, gr.Column], _Fields]:
    """Lay out the fields of all kinds, those of one shown: a group a kind, and its components by setting."""
    groups, fields = {}, {}
    for kind, taught in KINDS.items():
        with gr.Column(visible=kind == kind_shown, elem_classes="settings", elem_id=f"settings-{kind}") as groups[kind]:
            fields[kind] = {
                field.name: _field(kind, field.name, field.default, taught.CHOICES.get(field.name))
                for field in dataclasses.fields(taught.Config)
            }
    return groups, fields


def components(fields: _Fields) -> list[gr.components.Component]:
    """All components, kind by kind: what `chosen` reads and `filled` fills."""
    return [component for of_kind in fields.values() for component in of_kind.values()]


def chosen(kind: str, values: Sequence[Any]) -> dict[str, Any]:
    """Pick a kind's settings out of the values of all components; what is left empty is as by default."""
    settings, start = {}, 0
    for name, taught in KINDS.items():
        fields = dataclasses.fields(taught.Config)
        if name == kind:
            given = zip(fields, values[start : start + len(fields)], strict=True)
            settings = {field.name: _typed(field.default, value) for field, value in given if value is not None}
        start += len(fields)
    return settings


def filled(kind: str, preset: str | None) -> list[Any]:
    """The values of all components once a design is chosen; those of other kinds stay."""
    values: list[Any] = []
    for name, taught in KINDS.items():
        named = taught.PRESETS.get(preset or "", {})
        for field in dataclasses.fields(taught.Config):
            values.append(named.get(field.name, field.default) if name == kind else gr.skip())
    return values


def _field(kind: str, name: str, default: Any, choices: Sequence[str] | None) -> gr.components.Component:
    label, hint = words.SETTINGS[name]
    shared: dict[str, Any] = {"label": label, "info": hint, "elem_id": f"{kind}-{name}"}
    if choices:
        return gr.Dropdown([*choices], value=default, **shared)
    if isinstance(default, bool):
        return gr.Checkbox(default, **shared)
    return gr.Number(default, precision=0 if isinstance(default, int) else None, **shared)


def _typed(default: Any, value: Any) -> Any:
    """A whole number in a field for shares is a share."""
    return float(value) if isinstance(default, float) and type(value) is int else value
