"""Agents as files: nothing is lost on the way, and nothing that is read is trusted."""

import io
import json
import os
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
from conftest import born

from agent import store
from agent.errors import AgentError
from agent.lessons import Lessons
from agent.tasks import digits


def same(one, other):
    """Whether two agents answer and remember alike, byte for byte."""
    drawings = digits.mnist("test")[0][:60]
    got = [guess.responses for guess in one.predict_many(drawings)]
    expected = [guess.responses for guess in other.predict_many(drawings)]
    return store.to_files(one) == store.to_files(other) and all(map(np.array_equal, got, expected))


@pytest.mark.parametrize("name", ["agent", "agent.zip"])
def test_a_saved_agent_comes_back_the_same(taught, tmp_path, name):
    again = store.load(store.save(taught, tmp_path / name))
    assert same(again, taught) and again.name == "Mia" and again.lessons.events == taught.lessons.events
    again.undo()
    taught.undo()
    assert same(again, taught)


def test_a_newborn_can_be_saved_too(kind, tmp_path):
    pupil = born(kind)
    assert same(store.load(store.save(pupil, tmp_path / "new.zip")), pupil)


def test_saved_loaded_and_rebuilt_agents_answer_a_thousand_drawings_byte_for_byte(taught, tmp_path):
    from agent.pupil import rebuild

    drawings = digits.mnist("test")[0][:1000]
    expected = [guess.responses.tobytes() for guess in taught.predict_many(drawings)]
    loaded = store.load(store.save(taught, tmp_path / "agent.zip"))
    assert [guess.responses.tobytes() for guess in loaded.predict_many(drawings)] == expected
    loaded.memory = rebuild(type(loaded.memory), loaded.memory.config, loaded.lessons)
    assert [guess.responses.tobytes() for guess in loaded.predict_many(drawings)] == expected


def test_the_same_agent_gives_the_same_bytes(taught):
    assert store.zipped(store.to_files(taught)) == store.zipped(store.to_files(taught))


def test_an_agent_of_sixty_lessons_is_a_small_file(tmp_path):
    from agent.pupil import new

    pupil = new("recall")
    pupil.learn_many(*digits.Selection({"mnist": 60}, seed=1).draw())
    assert store.save(pupil, tmp_path / "sixty.zip").stat().st_size < 100_000
    assert sum(len(content) for content in store.to_files(pupil).values()) < 500_000


def test_saving_replaces_an_agent_and_leaves_nothing_beside_it(taught, tmp_path):
    for name in ("agent", "agent.zip"):
        store.save(born("nearest"), tmp_path / name)
        store.save(taught, tmp_path / name)
        assert same(store.load(tmp_path / name), taught)
    assert sorted(os.listdir(tmp_path)) == ["agent", "agent.zip"]


def test_a_folder_with_other_things_is_not_touched(taught, tmp_path):
    (tmp_path / "holiday.jpg").write_bytes(b"me")
    with pytest.raises(AgentError, match="other things"):
        store.save(taught, tmp_path)
    assert os.listdir(tmp_path) == ["holiday.jpg"]


def test_a_save_that_fails_leaves_the_old_agent(taught, tmp_path, monkeypatch):
    old = born("nearest")
    for name in ("agent", "agent.zip"):
        store.save(old, tmp_path / name)
        with monkeypatch.context() as patch:
            patch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
            with pytest.raises(AgentError, match="No space left"):
                store.save(taught, tmp_path / name)
        assert same(store.load(tmp_path / name), old)
    assert sorted(os.listdir(tmp_path)) == ["agent", "agent.zip"]


def test_nothing_there_is_said_so(tmp_path):
    with pytest.raises(AgentError, match="nothing at 'nowhere'"):
        store.load(tmp_path / "nowhere")
    with pytest.raises(AgentError, match="expected a file config.json, got none"):
        store.load(tmp_path)


def test_links_are_not_followed(taught, tmp_path):
    store.save(taught, tmp_path / "agent")
    (tmp_path / "agent" / "README.md").unlink()
    (tmp_path / "agent" / "README.md").symlink_to("/etc/hostname")
    with pytest.raises(AgentError, match="README.md, got none"):
        store.load(tmp_path / "agent")


def changed(files, **config):
    """The files with other values in config.json."""
    old = json.loads(files["config.json"])
    return files | {"config.json": json.dumps(old | config).encode()}


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
    ({"settings": {}}, "expected the settings"),
    ({"settings": []}, "settings of type dict"),
    ({"n_lessons": "many"}, "n_lessons of type int"),
    ({"extra": 1}, "in config.json"),
]


@pytest.mark.parametrize("change, words", BAD_CONFIGS)
def test_a_config_that_does_not_fit_is_refused_by_name(taught, change, words):
    with pytest.raises(AgentError) as caught:
        store.from_files(changed(store.to_files(taught), **change))
    assert words in str(caught.value)


@pytest.mark.parametrize("value", [-1, 10**30, True, 1.5, None, "12", [], {"a": 1}])
def test_each_setting_is_checked(taught, value):
    files = store.to_files(taught)
    settings = json.loads(files["config.json"])["settings"]
    for name in settings:
        with pytest.raises(AgentError):
            store.from_files(changed(files, settings=settings | {name: value}))


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
    files = store.to_files(taught)
    with pytest.raises(AgentError):
        store.from_files(files | {"agent.safetensors": BAD_TENSORS[name](files["agent.safetensors"])})


def archive(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members:
            file.writestr(name, content)
    return buffer.getvalue()


def test_archives_with_other_members_are_refused(taught):
    files = store.to_files(taught)
    for members in (
        [],
        list(files.items())[:-1],
        [*files.items(), ("../evil.py", b"x")],
        [(f"agent/{name}", content) for name, content in files.items()],
        [("/etc/passwd" if name == "README.md" else name, content) for name, content in files.items()],
    ):
        with pytest.raises(AgentError, match=r"expected a \.zip with"):
            store.from_zip(archive(members))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_archive_with_a_name_twice_is_refused(taught):
    files = list(store.to_files(taught).items())
    with pytest.raises(AgentError, match="5 files"):
        store.from_zip(archive([*files, files[0]]))


def test_a_bomb_is_refused_before_it_unfolds(taught):
    files = store.to_files(taught)
    for name in files:
        bomb = archive((files | {name: b" " * 200_000_000}).items())
        assert len(bomb) < 2_000_000
        tracemalloc.start()
        with pytest.raises(AgentError, match=f"bytes in {name}"):
            store.from_zip(bomb)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 2.5 * max(store.FILES[name], 30_000_000)


def test_a_file_cut_off_at_any_byte_is_refused(taught):
    content = store.zipped(store.to_files(taught))
    for end in {*range(0, len(content), max(1, len(content) // 150)), len(content) - 1}:
        with pytest.raises(AgentError):
            store.from_zip(content[:end])


def test_logs_of_another_agent_or_none_are_handled(taught):
    files = store.to_files(taught)
    assert store.from_files(files | {"lessons.jsonl": b""}).n_lessons == 0
    for content in (b"\xff\xfe", b"{}\n", b"null\n"):
        with pytest.raises(AgentError):
            store.from_files(files | {"lessons.jsonl": content})


def mutated(files, rng):
    """The files with one random fault, as a .zip, or a .zip with a random fault."""
    files = dict(files)
    name = str(rng.choice(list(files)))
    content = bytearray(files[name])
    fault = rng.integers(8)
    at = int(rng.integers(len(content)))
    if fault == 0:
        content[at] ^= 1 << int(rng.integers(8))
    elif fault == 1:
        del content[at:]
    elif fault == 2:
        content[at:at] = rng.bytes(int(rng.integers(1, 40)))
    elif fault == 3:
        other = files[str(rng.choice(list(files)))]
        content = bytearray(other)
    elif fault == 4:
        content[at : at + 8] = rng.bytes(8)
    elif fault == 5:
        content = bytearray(content.replace(b"1", str(int(rng.integers(10**12))).encode(), int(rng.integers(1, 4))))
    files[name] = bytes(content)
    packed = bytearray(store.zipped(files))
    if fault == 6:
        for _ in range(int(rng.integers(1, 10))):
            packed[int(rng.integers(len(packed)))] = int(rng.integers(256))
    elif fault == 7:
        start = int(rng.integers(len(packed)))
        del packed[start : start + int(rng.integers(1, 2000))]
    return bytes(packed)


def test_two_hundred_malformed_files_give_an_agent_error_or_an_agent_and_change_nothing(taught):
    rng = np.random.default_rng(0)
    files, n_refused = store.to_files(taught), 0
    drawing = digits.mnist("test")[0][0]
    for _ in range(200):
        try:
            pupil = store.from_zip(mutated(files, rng))
        except AgentError as error:
            assert str(error).startswith("expected")
            n_refused += 1
            continue
        pupil.predict_one(drawing)
        pupil.learn_one(drawing, "7")
        assert pupil.predict_one(drawing).label == "7"
        assert isinstance(pupil.lessons, Lessons)
    assert n_refused > 80
    assert store.to_files(taught) == files
