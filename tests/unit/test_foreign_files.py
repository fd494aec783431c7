"""Files from anywhere: settings, arrays and logs that do not fit are refused by name."""

import json
import struct

import numpy as np
import pytest
from forge import changed, signed

from agent import preprocessing
from agent.datasets import digits
from agent.errors import AgentError
from agent.lessons import Lessons, pack
from agent.storage import serialization

pytestmark = pytest.mark.slow  # hundreds of forged files

BAD_CONFIGS = [
    ({"format": 2}, "expected format 1, got 2"),
    ({"format": True}, "format of type int, got bool"),
    ({"kind": "genius"}, "got 'genius'"),
    ({"kind": 3}, "kind of type str, got int"),
    ({"name": ""}, "expected a name"),
    ({"name": "x" * 61}, "expected a name"),
    ({"name": "a\nb"}, "expected a name"),
    ({"labels": "0123"}, "labels of type list, got str"),
    ({"labels": ["1", "0"]}, "labels in order"),
    ({"labels": ["0", "0"]}, "labels in order"),
    ({"labels": [str(n).zfill(2) for n in range(63)]}, "at most 62"),
    ({"labels": ["x" * 9]}, "short labels"),
    ({"labels": [1]}, "short labels"),
    ({"labels": []}, "expected"),
    ({"settings": {"seed": 3, "nodes": 4}}, "expected settings among"),
    ({"settings": []}, "settings of type dict"),
    ({"n_lessons": "many"}, "n_lessons of type int"),
    ({"extra": 1}, "in config.json"),
    ({"digest": 0}, "digest of type str"),
    ({"digest": ""}, "expected the files of digest"),
]


@pytest.mark.parametrize("change, words", BAD_CONFIGS)
def test_a_config_that_does_not_fit_is_refused_by_name(taught, change, words):
    with pytest.raises(AgentError) as caught:
        serialization.from_files(changed(serialization.to_files(taught), **change))
    assert words in str(caught.value)


@pytest.mark.parametrize("value", [-1, 10**30, True, 1.5, None, "12", [], {"a": 1}])
def test_each_setting_is_checked(taught, value):
    files = serialization.to_files(taught)
    settings = json.loads(files["config.json"])["settings"]
    for name in settings:
        if settings[name] is not value:
            with pytest.raises(AgentError):
                serialization.from_files(changed(files, settings=settings | {name: value}))


BAD_JSON = {
    "a name twice": b'{"format": 1, "format": 1}',
    "no number": b'{"format": NaN}',
    "too deep": b"[" * 90_000,
    "a number of five thousand digits": b"9" * 5000,
    "another encoding": '{"format": 1}'.encode("utf-16"),
    "a list": b"[]",
    "nothing": b"",
}


@pytest.mark.parametrize("name", BAD_JSON)
def test_json_that_is_none_is_refused(taught, name):
    files = serialization.to_files(taught)
    with pytest.raises(AgentError, match="config.json"):
        serialization.from_files(files | {"config.json": BAD_JSON[name]})
    header = struct.pack("<Q", len(BAD_JSON[name])) + BAD_JSON[name]
    with pytest.raises(AgentError, match="agent.safetensors"):
        serialization.from_files(files | {"agent.safetensors": header})


def lying_header(change):
    """A safetensors file whose header says something else than it holds."""

    def apply(content):
        size = int.from_bytes(content[:8], "little")
        header = json.loads(content[8 : 8 + size])
        change(header)
        text = json.dumps(header).encode()
        return struct.pack("<Q", len(text)) + text + content[8 + size :]

    return apply


BAD_TENSORS = {
    "another name": lying_header(lambda h: h.update(other=h.pop("taught"))),
    "a huge shape": lying_header(lambda h: h["drawings"].update(shape=[10**12, 392])),
    "a negative shape": lying_header(lambda h: h["drawings"].update(shape=[-1, 392])),
    "another type": lying_header(lambda h: h["taught"].update(dtype="F32")),
    "a type of nobody": lying_header(lambda h: h["taught"].update(dtype="X9")),
    "offsets that overlap": lying_header(lambda h: h["taught"].update(data_offsets=[0, 5])),
    "offsets backwards": lying_header(lambda h: h["taught"].update(data_offsets=h["taught"]["data_offsets"][::-1])),
    "offsets true and false": lying_header(lambda h: h["taught"].update(data_offsets=[False, True])),
    "a shape of five sides": lying_header(lambda h: h["taught"].update(shape=[1, 1, 1, 1, 31])),
    "a fourth word": lying_header(lambda h: h["taught"].update(more=1)),
    "an entry that is none": lying_header(lambda h: h.update(taught=None)),
    "sixty-five arrays": lying_header(
        lambda h: h.update({str(n): {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]} for n in range(65)})
    ),
    "no entries": lying_header(lambda h: h.clear()),
    "a list": lambda content: struct.pack("<Q", 2) + b"[]" + content[8:],
    "no JSON": lambda content: content[:8] + b"x" + content[9:],
    "a header longer than the file": lambda content: struct.pack("<Q", 2**63) + content[8:],
    "trailing bytes": lambda content: content + b"\0",
    "nothing": lambda content: b"",
    "a pickle": lambda content: b"\x80\x04\x95" + content,
}


@pytest.mark.parametrize("name", BAD_TENSORS)
def test_arrays_that_do_not_fit_are_refused(taught, name):
    files = serialization.to_files(taught)
    with pytest.raises(AgentError):
        serialization.from_files(files | {"agent.safetensors": BAD_TENSORS[name](files["agent.safetensors"])})


def test_logs_of_another_agent_or_none_are_handled(taught):
    files = serialization.to_files(taught)
    assert serialization.from_files(signed(files | {"lessons.jsonl": b""})).n_lessons == 0
    for content in (b"\xff\xfe", b"{}\n", b"null\n"):
        with pytest.raises(AgentError):
            serialization.from_files(files | {"lessons.jsonl": content})


def event(**fields):
    """A log of one own lesson, changed."""
    log = Lessons()
    log.add(preprocessing.to_thumbnail(digits.mnist("test")[0][0]), "7", None, when=1.0)
    return (json.dumps(log.events[0] | fields) + "\n").encode()


BAD_LOGS = {
    "a label too long": event(label="x" * 9),
    "a label with a line in it": event(label="a\nb"),
    "a label never taught": event(label="z"),
    "a guess that is no label": event(guessed="<script>alert(1)</script>"),
    "no time": b'{"event":"lesson","number":0,"label":"7","when":NaN,"guessed":null}\n',
    "the end of time": event(when=1e300),
    "before time": event(when=-1),
    "a number too large for a time": event(when=10**400),
    "a drawing without ink": event(drawing=pack(np.zeros((1, 28, 28), np.uint8))),
    "a drawing in the corner": event(
        drawing=pack(np.pad(np.full((1, 2, 2), 255, np.uint8), ((0, 0), (0, 26), (0, 26))))
    ),
    "bulk labels that are none": b'{"event":"bulk","number":0,"n_lessons":2,"source":null,"start":0,"labels":[1,[2]]}\n',
    "fewer labels than lessons": b'{"event":"bulk","number":0,"n_lessons":2,"source":null,"start":0,"labels":["7"]}\n',
    "more forgotten than taught": b'{"event":"lose","number":0,"label":"7","drawing":"%s"}\n'
    % json.loads(event())["drawing"].encode(),
}


@pytest.mark.parametrize("name", BAD_LOGS)
def test_a_log_of_what_cannot_have_happened_is_refused(taught, name):
    files = serialization.to_files(taught)
    assert serialization.from_files(signed(files | {"lessons.jsonl": event()})).n_lessons == 1
    with pytest.raises(AgentError, match="log|label|line 1"):
        serialization.from_files(signed(files | {"lessons.jsonl": BAD_LOGS[name]}))


def test_an_older_file_lacks_settings_that_came_later(taught):
    files = serialization.to_files(taught)
    settings = json.loads(files["config.json"])["settings"]
    later = next(name for name in ("max_rows", "clear_lead", "n_reasons") if name in settings)
    older = signed(changed(files, settings={name: value for name, value in settings.items() if name != later}))
    assert serialization.from_files(older).model.config == taught.model.config
