"""Whose token goes where: only to the Hub, only with what its owner asked for, and into no log."""

import logging
import threading
import traceback

import huggingface_hub
import pytest
from agents import born
from huggingface_hub import HfApi
from refusals import refused

from agent import hub as shared
from agent.__main__ import main
from agent.errors import AgentError
from agent.export import to_html
from agent.storage import serialization

WRITES = ("POST", "PUT", "DELETE")


def taught(lessons, row):
    """An agent with a lesson of its own."""
    pupil = born("nearest", name=f"Row {row}")
    pupil.learn_one(lessons[0][row], "A")
    return pupil


def tokens(hub, name):
    """The tokens that came with whatever wrote to somebody's repos."""
    asked = [one for one in hub.log if one.method in WRITES and f"/{name}/" in one.path]
    return {one.token for one in asked}, len(asked)


@pytest.fixture
def machine(monkeypatch):
    """A machine that has a token of its own, which the client finds and would send."""
    monkeypatch.setenv("HF_TOKEN", "hf_machine")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_IMPLICIT_TOKEN", False)
    assert huggingface_hub.get_token() == "hf_machine"
    assert huggingface_hub.utils.build_hf_headers()["authorization"] == "Bearer hf_machine"


def test_each_push_bears_the_token_of_whoever_pushes(hub, lessons, machine):
    for row, name in enumerate(("mia", "ben", "mia", "ben")):
        shared.push(taught(lessons, row), f"zoe{row}", f"hf_{name}", private=row > 1)
        assert {one.token for one in hub.log if not one.path.startswith("/lfs/")} == {f"hf_{name}"}
        assert {one.token for one in hub.asked("PUT", "/lfs/*")} == {None}  # the address itself is the secret there
        hub.log.clear()
    assert {repo.main.author for repo in hub.repos.values()} == {"mia", "ben"}


def test_two_may_push_at_once(hub, lessons, machine):
    failed = []

    def work(name, start):
        try:
            for row in range(start, start + 5):
                pushed = shared.push(taught(lessons, row), f"zoe{row}", f"hf_{name}")
                assert pushed.repo_id == f"{name}/zoe{row}" == shared.pull(pushed.repo_id).lineage.home
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=asked) for asked in (("mia", 0), ("ben", 10))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == [] and len(hub.repos) == 10
    assert tokens(hub, "mia") == ({"hf_mia"}, 15) and tokens(hub, "ben") == ({"hf_ben"}, 15)
    assert {
        commit.author for repo in hub.repos.values() for commit in repo.main.history() if repo.namespace == "mia"
    } == {"mia"}


def test_whoever_only_looks_sends_no_token(hub, zoe, machine):
    hub.write("mia/zoe", {"x": b""})
    shared.gallery()
    shared.versions("mia/zoe")
    shared.pull("mia/zoe")
    shared.load("mia/zoe")
    assert len(hub.log) >= 10 and {one.token for one in hub.log} == {None}


def test_the_token_of_the_machine_is_never_sent(hub, zoe, machine):
    hub.add_user("machine")
    hub.set("mia/zoe", private=True)
    for token in (None, "", "  "):
        for call in (shared.push, shared.contribute):
            with refused(hub, zoe, "You are not signed in"):
                call(zoe, "mia/zoe", token)
    for token in (None, ""):
        with refused(hub, zoe, "it is private"):
            shared.pull("mia/zoe", token=token)
    assert {one.token for one in hub.log} == {None}
    shared.contribute(zoe, "mia/zoe", "hf_mia")
    shared.deploy("tests/localhub", "mia/space", "hf_mia")
    assert "hf_machine" not in {one.token for one in hub.log}


def test_a_command_acts_for_whoever_types_it(hub, zoe, capsys, monkeypatch, tmp_path):
    hub.set("mia/zoe", private=True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr("agent.models.precompile.start", lambda family: [])  # of which a command tells
    instead = "set HF_TOKEN or run hf auth login."

    def told(code):
        assert main(["show", "mia/zoe"]) == code
        return capsys.readouterr()

    assert told(2).err == f"agent: mia/zoe is not on the Hub, or it is private. Check the name, or {instead}\n"
    (tmp_path / "token").write_text("hf_mia\n")  # as hf auth login keeps it
    assert told(0).out.startswith("name            Zoe\n")
    monkeypatch.setenv("HF_TOKEN", "hf_ben")
    assert "it is private" in told(2).err
    hub.set("mia/zoe", private=False, gated="manual")
    assert told(2).err.endswith(f"Ask for access on its page, then {instead}\n")
    hub.revoke("hf_ben")
    assert told(2).err.endswith("is wrong or too old. Set HF_TOKEN or run hf auth login for mia/zoe.\n")
    monkeypatch.setenv("HF_TOKEN", "hf ben")
    assert told(2).err == "agent: You are not signed in. Set HF_TOKEN or run hf auth login.\n"
    assert {one.token for one in hub.log} == {None, "hf_mia", "hf_ben"}


def test_a_token_is_in_no_log_and_no_message(hub, zoe, caplog, lessons):
    secret = hub.add_user("mia", token="hf_Ver-ySecret").token
    caplog.set_level(logging.DEBUG)
    for logger in map(logging.getLogger, [*logging.root.manager.loggerDict]):
        logger.setLevel(logging.DEBUG)
        logger.disabled, logger.propagate = False, True  # whoever configured logging before may have silenced it
    logging.disable(logging.NOTSET)
    said = []

    def tried(call, *words):
        try:
            call(*words)
        except AgentError as error:
            said.extend(traceback.format_exception(error))

    try:
        tried(shared.push, zoe, "mia/zoe", secret)
        tried(shared.push, taught(lessons, 3), "new", secret)
        tried(shared.pull, "mia/zoe", None, secret)
        tried(shared.contribute, zoe, "mia/zoe", secret)
        n_fine = len(said)
        tried(shared.push, taught(lessons, 4), "mia/zoe", secret)
        tried(shared.pull, "mia/zoe", None, secret + "\n\r\nX: y")
        tried(shared.push, zoe, "ben/zoe", secret)
        for status in (401, 403, 429, 500):
            hub.fault("*", "*", status=status, times=None)
            for call in (shared.pull, shared.versions):
                tried(call, "mia/zoe", *([None] if call is shared.pull else []), secret)
            tried(shared.push, taught(lessons, 5), "other", secret)
            hub.faults.clear()
    finally:
        for name in [*logging.root.manager.loggerDict]:
            logging.getLogger(name).setLevel(logging.NOTSET)
    assert n_fine == 0 and len(said) > 10 and len(caplog.records) > 20
    logged = [f"{record.getMessage()} {record.args} {record.exc_text}" for record in caplog.records]
    assert not [line for line in logged + said if "Ver-ySecret" in line]


# The project as a Space


@pytest.fixture
def project(tmp_path):
    """A small project, with all that must not leave this machine."""
    folder = tmp_path / "project"
    thumbnail = {
        "app.py": "print()",
        "README.md": "---\nsdk: gradio\n---\n",
        "agent/__init__.py": "",
        "data/a.npz": "1",
    }
    lost = [".venv/bin/python", "__pycache__/app.pyc", "agent/__pycache__/a.pyc", ".git/config", ".env", "runs/1/log"]
    lost += [".pytest_cache/a", "tests/out/a.png", ".ruff_cache/a", "agent/.venv/b", ".hypothesis/a", "agent/a.pyc"]
    for path, content in {**thumbnail, **dict.fromkeys(lost, "secret")}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)
    return folder


def test_the_project_becomes_a_space(hub, project):
    for content in ("print()", "print(2)"):
        (project / "app.py").write_text(content)
        assert shared.deploy(project, "mia/pupil", "hf_mia", "cpu-upgrade") == f"{hub.url}/spaces/mia/pupil"
        files = hub.files("mia/pupil", kind="spaces")
        assert set(files) == {"app.py", "README.md", "agent/__init__.py", "data/a.npz", ".gitattributes"}
        assert files["app.py"] == content.encode() and ("models", "mia/pupil") not in hub.repos
    assert hub.repo("mia/pupil", "spaces").settings == {"sdk": "gradio", "hardware": "cpu-upgrade"}
    assert {one.token for one in hub.log if not one.path.startswith("/lfs/")} == {"hf_mia"}


def test_a_page_becomes_a_static_space(hub, project):
    name = 'Mia: "<7>" # é'
    page = to_html(born("recall", name=name))
    for content in (page, page.replace("Mia", "Ben")):
        assert shared.deploy_page(content, name, "mia/page", "hf_mia") == f"{hub.url}/spaces/mia/page"
        files = hub.files("mia/page", kind="spaces")
        assert set(files) == {"README.md", "index.html", ".gitattributes"} and files["index.html"] == content.encode()
    info = HfApi(hub.url).space_info("mia/page")
    assert (info.sdk, info.card_data.title) == ("static", name)
    shared.deploy(project, "mia/pupil", "hf_mia")
    before = hub.files("mia/pupil", kind="spaces")
    with pytest.raises(AgentError, match="^expected a free name or a Space of sdk static, got mia/pupil of sdk gradio"):
        shared.deploy_page(page, name, "mia/pupil", "hf_mia")
    with pytest.raises(AgentError, match="^You may not write to mia/page"):
        shared.deploy_page(page, name, "mia/page", "hf_ben")
    assert hub.files("mia/pupil", kind="spaces") == before and hub.files("mia/page", kind="spaces") == files


def test_the_command_line_deploys_the_page_of_an_agent(hub, lessons, tmp_path, capsys):
    mia = born("recall", name="Mia")
    mia.learn_one(lessons[0][0], "A")
    file = str(serialization.save(mia, tmp_path / "mia.zip"))
    words = ["deploy", "--static", "mia/page", file, "--drawings", "--language", "de", "--token", "hf_mia"]
    assert main(words) == 0 and capsys.readouterr().out == f"{hub.url}/spaces/mia/page\n"
    assert hub.files("mia/page", kind="spaces")["index.html"] == to_html(mia, "de", drawings=True).encode()
    assert main(["deploy", "mia/other", file, "--token", "hf_mia"]) == 2
    assert "expected an agent with --static alone" in capsys.readouterr().err


def test_a_space_of_somebody_else_is_not_written_to(hub, zoe, project):
    shared.deploy(project, "mia/pupil", "hf_mia")
    for space_id in ("mia/pupil", "mia/other"):
        with refused(hub, zoe, f"^You may not write to {space_id}"):
            shared.deploy(project, space_id, "hf_ben")


def test_a_project_that_is_not_there_is_said_so(hub, zoe, project):
    with refused(hub, zoe, "^expected a folder with the project, got "):
        shared.deploy(project / "nowhere", "mia/pupil", "hf_mia")
    assert hub.log == []
