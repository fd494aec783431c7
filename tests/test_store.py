"""Agents as files: nothing is lost on the way, and nothing that is read is trusted."""

import json
import os
import struct

import numpy as np
import pytest
import yaml
from alike import same_agent
from newborn import born

from agent import retina, store
from agent.errors import AgentError
from agent.lessons import Lessons, pack
from agent.tasks import digits


@pytest.mark.parametrize("name", ["agent", "agent.zip"])
def test_a_saved_agent_comes_back_the_same(taught, tmp_path, name):
    again = store.load(store.save(taught, tmp_path / name))
    assert same_agent(again, taught) and again.name == "Mia" and again.lessons.events == taught.lessons.events
    again.undo()
    taught.undo()
    assert same_agent(again, taught)


def test_a_newborn_can_be_saved_too(kind, tmp_path):
    pupil = born(kind)
    assert same_agent(store.load(store.save(pupil, tmp_path / "new.zip")), pupil)


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
        assert same_agent(store.load(tmp_path / name), taught)
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
        assert same_agent(store.load(tmp_path / name), old)
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


def test_a_link_to_a_folder_stays_a_link(taught, tmp_path):
    store.save(born("nearest"), tmp_path / "agent")
    (tmp_path / "link").symlink_to(tmp_path / "agent")
    store.save(taught, tmp_path / "link")
    assert sorted(os.listdir(tmp_path)) == ["agent", "link"] and (tmp_path / "link").is_symlink()
    assert same_agent(store.load(tmp_path / "agent"), taught)


def test_the_folder_one_stands_in_can_be_saved_to(taught, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    store.save(taught, ".")
    assert same_agent(store.load(tmp_path / "here"), taught)


@pytest.mark.parametrize("path", ["/", "a\0b", "file/agent", "file/agent.zip", "folder.zip", "x" * 5000])
def test_where_nothing_can_be_written_is_said_so(taught, tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_bytes(b"me")
    (tmp_path / "folder.zip").mkdir()
    with pytest.raises(AgentError, match="^expected"):
        store.save(taught, path)
    assert sorted(os.listdir(tmp_path)) == ["file", "folder.zip"]


@pytest.mark.parametrize("name", ["", " ", "a\nb", "\ud800", "x" * 61, None])
def test_a_name_that_could_not_be_read_back_is_not_saved(tmp_path, name):
    with pytest.raises(AgentError, match="expected a name"):
        store.save(born("nearest", name=name), tmp_path / "agent.zip")
    assert os.listdir(tmp_path) == []


def test_an_agent_too_large_to_be_read_back_is_not_saved(taught, tmp_path, monkeypatch):
    size = len(store.to_files(taught)["agent.safetensors"])
    monkeypatch.setitem(store.FILES, "agent.safetensors", size - 1)
    with pytest.raises(AgentError, match=f"at most {size - 1:,} bytes for agent.safetensors, got {size:,}"):
        store.save(taught, tmp_path / "agent.zip")


def test_the_card_says_what_was_taught_and_cannot_be_made_to_say_more(lessons):
    pupil = born("nearest", name="</b> [a](b)\u202e"[:-1])
    pupil.learn_one(lessons[0][0], "*7*")
    card = store.card(pupil)
    front = yaml.safe_load(card.split("---")[1])
    assert front["library_name"] == "pupil" and front["pipeline_tag"] == "image-classification"
    assert front["license"] == "mit" and "pupil-agent" in front["tags"] and "mnist" not in front["tags"]
    assert "</b>" not in card and "[a]" not in card and "*7*" not in card
    assert "&#42;7&#42;: 1 drawn lessons" in card and "agent.load(" in card


def test_the_card_of_an_agent_taught_mnist_says_so_and_bears_its_licence(taught):
    front = yaml.safe_load(store.card(taught).split("---")[1])
    assert front["license"] == "cc-by-sa-3.0" and "mnist" in front["tags"]


def changed(files, **config):
    """The files with other values in config.json."""
    old = json.loads(files["config.json"])
    return files | {"config.json": json.dumps(old | config).encode()}


def signed(files):
    """The files as a forger would give them: the digest fits what they hold."""
    config = json.loads(files["config.json"])
    return changed(files, digest=store.digest(config, files))


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
    ({"digest": 0}, "digest of type str"),
    ({"digest": ""}, "expected the files of digest"),
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
        if settings[name] is not value:
            with pytest.raises(AgentError):
                store.from_files(changed(files, settings=settings | {name: value}))


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
    files = store.to_files(taught)
    with pytest.raises(AgentError, match="config.json"):
        store.from_files(files | {"config.json": BAD_JSON[name]})
    header = struct.pack("<Q", len(BAD_JSON[name])) + BAD_JSON[name]
    with pytest.raises(AgentError, match="agent.safetensors"):
        store.from_files(files | {"agent.safetensors": header})


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
    files = store.to_files(taught)
    with pytest.raises(AgentError):
        store.from_files(files | {"agent.safetensors": BAD_TENSORS[name](files["agent.safetensors"])})


def test_logs_of_another_agent_or_none_are_handled(taught):
    files = store.to_files(taught)
    assert store.from_files(signed(files | {"lessons.jsonl": b""})).n_lessons == 0
    for content in (b"\xff\xfe", b"{}\n", b"null\n"):
        with pytest.raises(AgentError):
            store.from_files(files | {"lessons.jsonl": content})


def event(**fields):
    """A log of one own lesson, changed."""
    log = Lessons()
    log.add(retina.keep(digits.mnist("test")[0][0]), "7", None, when=1.0)
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
    files = store.to_files(taught)
    assert store.from_files(signed(files | {"lessons.jsonl": event()})).n_lessons == 1
    with pytest.raises(AgentError, match="log|label"):
        store.from_files(signed(files | {"lessons.jsonl": BAD_LOGS[name]}))


def test_a_file_changed_by_one_bit_is_noticed(taught):
    files = store.to_files(taught)
    for name in ("agent.safetensors", "lessons.jsonl"):
        content = bytearray(files[name])
        content[-3] ^= 1
        with pytest.raises(AgentError):
            store.from_files(files | {name: bytes(content)})
    settings = json.loads(files["config.json"])["settings"]
    with pytest.raises(AgentError, match="got changed ones"):
        store.from_files(changed(files, settings=settings | {"seed": 4}))
    assert store.from_files(changed(files, name="Max")).name == "Max"


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
    for _ in range(200):
        try:
            pupil = store.from_zip(mutated(files, rng))
        except AgentError as error:
            assert str(error).startswith("expected")
            n_refused += 1
        else:  # the card or the name was changed: what the agent knows is what it knew
            got = store.to_files(pupil)
            assert all(got[name] == files[name] for name in ("agent.safetensors", "lessons.jsonl"))
            assert pupil.memory.config == taught.memory.config and pupil.labels == taught.labels
    assert 120 < n_refused < 200
    assert store.to_files(taught) == files


def test_two_hundred_forged_files_give_an_agent_error_or_an_agent_that_works(taught):
    rng = np.random.default_rng(1)
    files, drawing, n_refused = store.to_files(taught), digits.mnist("test")[0][0], 0
    for _ in range(200):
        name = str(rng.choice(["agent.safetensors", "lessons.jsonl"]))
        content = bytearray(files[name])
        at = int(rng.integers(len(content)))
        content[at : at + int(rng.integers(3))] = rng.bytes(int(rng.integers(1, 3)))
        try:
            pupil = store.from_files(signed(files | {name: bytes(content)}))
        except AgentError as error:
            assert str(error).startswith("expected")
            n_refused += 1
            continue
        pupil.learn_one(drawing, "7")
        assert pupil.predict_one(drawing).label == "7"
        pupil.undo()
        assert same_agent(store.from_files(store.to_files(pupil)), pupil)
    assert 120 < n_refused < 200
    assert store.to_files(taught) == files
