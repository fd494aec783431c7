"""Agents as files: nothing is lost on the way, and nothing else is touched."""

import os

import pytest
import yaml
from agents import born
from equality import same_agent

from agent.datasets import digits
from agent.errors import AgentError
from agent.storage import serialization
from agent.storage.model_card import card


@pytest.mark.parametrize("name", ["agent", "agent.zip"])
def test_a_saved_agent_comes_back_the_same(taught, tmp_path, name):
    again = serialization.load(serialization.save(taught, tmp_path / name))
    assert same_agent(again, taught) and again.name == "Mia" and again.lessons.events == taught.lessons.events
    again.undo()
    taught.undo()
    assert same_agent(again, taught)


def test_a_newborn_can_be_saved_too(kind, tmp_path):
    pupil = born(kind)
    assert same_agent(serialization.load(serialization.save(pupil, tmp_path / "new.zip")), pupil)


@pytest.mark.slow
def test_saved_loaded_and_rebuilt_agents_answer_a_thousand_drawings_byte_for_byte(taught, tmp_path):
    from agent.lessons import rebuild

    drawings = digits.mnist("test")[0][:1000]
    expected = [guess.responses.tobytes() for guess in taught.predict_many(drawings)]
    loaded = serialization.load(serialization.save(taught, tmp_path / "agent.zip"))
    assert [guess.responses.tobytes() for guess in loaded.predict_many(drawings)] == expected
    loaded.model = rebuild(type(loaded.model), loaded.model.config, loaded.lessons)
    assert [guess.responses.tobytes() for guess in loaded.predict_many(drawings)] == expected


def test_the_same_agent_gives_the_same_bytes(taught):
    assert serialization.zipped(serialization.to_files(taught)) == serialization.zipped(serialization.to_files(taught))


def test_an_agent_of_sixty_lessons_is_a_small_file(tmp_path):
    from agent.agents import new

    pupil = new("recall")
    pupil.learn_many(*digits.Selection({"mnist": 60}, seed=1).draw())
    assert serialization.save(pupil, tmp_path / "sixty.zip").stat().st_size < 100_000
    assert sum(len(content) for content in serialization.to_files(pupil).values()) < 500_000


def test_saving_replaces_an_agent_and_leaves_nothing_beside_it(taught, tmp_path):
    for name in ("agent", "agent.zip"):
        serialization.save(born("nearest"), tmp_path / name)
        serialization.save(taught, tmp_path / name)
        assert same_agent(serialization.load(tmp_path / name), taught)
    assert sorted(os.listdir(tmp_path)) == ["agent", "agent.zip"]


def test_a_folder_with_other_things_is_not_touched(taught, tmp_path):
    (tmp_path / "holiday.jpg").write_bytes(b"me")
    with pytest.raises(AgentError, match="other things"):
        serialization.save(taught, tmp_path)
    assert os.listdir(tmp_path) == ["holiday.jpg"]


def test_a_save_that_fails_leaves_the_old_agent(taught, tmp_path, monkeypatch):
    old = born("nearest")
    for name in ("agent", "agent.zip"):
        serialization.save(old, tmp_path / name)
        with monkeypatch.context() as patch:
            patch.setattr(serialization, "_exchange", lambda *_: False)
            patch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
            with pytest.raises(AgentError, match="No space left"):
                serialization.save(taught, tmp_path / name)
        assert same_agent(serialization.load(tmp_path / name), old)
    assert sorted(os.listdir(tmp_path)) == ["agent", "agent.zip"]


def test_nothing_there_is_said_so(tmp_path):
    with pytest.raises(AgentError, match="nothing at 'nowhere'"):
        serialization.load(tmp_path / "nowhere")
    with pytest.raises(AgentError, match="expected a file config.json, got none"):
        serialization.load(tmp_path)


def test_links_are_not_followed(taught, tmp_path):
    serialization.save(taught, tmp_path / "agent")
    (tmp_path / "agent" / "README.md").unlink()
    (tmp_path / "agent" / "README.md").symlink_to("/etc/hostname")
    with pytest.raises(AgentError, match="README.md, got none"):
        serialization.load(tmp_path / "agent")


def test_a_link_to_a_folder_stays_a_link(taught, tmp_path):
    serialization.save(born("nearest"), tmp_path / "agent")
    (tmp_path / "link").symlink_to(tmp_path / "agent")
    serialization.save(taught, tmp_path / "link")
    assert sorted(os.listdir(tmp_path)) == ["agent", "link"] and (tmp_path / "link").is_symlink()
    assert same_agent(serialization.load(tmp_path / "agent"), taught)


def test_the_folder_one_stands_in_can_be_saved_to(taught, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    serialization.save(taught, ".")
    assert same_agent(serialization.load(tmp_path / "here"), taught)


@pytest.mark.parametrize("path", ["/", "a\0b", "file/agent", "file/agent.zip", "folder.zip", "x" * 5000])
def test_where_nothing_can_be_written_is_said_so(taught, tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_bytes(b"me")
    (tmp_path / "folder.zip").mkdir()
    with pytest.raises(AgentError, match="^expected"):
        serialization.save(taught, path)
    assert sorted(os.listdir(tmp_path)) == ["file", "folder.zip"]


@pytest.mark.parametrize("name", ["", " ", "a\nb", "\ud800", "x" * 61, None])
def test_a_name_that_could_not_be_read_back_is_not_saved(tmp_path, name):
    with pytest.raises(AgentError, match="expected a name"):
        serialization.save(born("nearest", name=name), tmp_path / "agent.zip")
    assert os.listdir(tmp_path) == []


def test_an_agent_too_large_to_be_read_back_is_not_saved(taught, tmp_path, monkeypatch):
    size = len(serialization.to_files(taught)["agent.safetensors"])
    monkeypatch.setitem(serialization.LOCAL_FILES, "agent.safetensors", size - 1)
    with pytest.raises(AgentError, match=f"at most {size - 1:,} bytes for agent.safetensors, got {size:,}"):
        serialization.save(taught, tmp_path / "agent.zip")


def test_the_card_says_what_was_taught_and_cannot_be_made_to_say_more(lessons):
    pupil = born("nearest", name="</b> [a](b)\u202e"[:-1])
    pupil.learn_one(lessons[0][0], "*7*")
    _, front, body = card(pupil).split("---\n")
    front = yaml.safe_load(front)
    assert "pupil:labels=%2A7%2A" in front["tags"] and "pupil:lessons=1" in front["tags"]
    assert front["library_name"] == "pupil" and front["pipeline_tag"] == "image-classification"
    assert front["license"] == "mit" and "pupil-agent" in front["tags"] and "mnist" not in front["tags"]
    assert "</b>" not in body and "[a]" not in body and "*7*" not in body
    assert "&#42;7&#42;: 1 drawn lessons" in body and "agent.load(" in body


def test_the_card_of_an_agent_taught_mnist_says_so_and_bears_its_licence(taught):
    front = yaml.safe_load(card(taught).split("---")[1])
    assert front["license"] == "cc-by-sa-3.0" and "mnist" in front["tags"]


def test_a_card_stays_short_however_many_parts_the_lessons_came_in(lessons):
    pupil = born("nearest")
    for number in range(400):
        pupil.learn_many(lessons[0][:1], lessons[1][:1], source={"task": "<" * 300, "seed": number})
    told = serialization.to_files(pupil)["README.md"].decode()
    assert len(told) < 100_000 and "- 380 lessons more, in 380 parts" in told
