"""What people and platforms read: the README, the pins, the files that are shipped."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from test_layers import ROOMS

from agent.ui import TABS
from tests.bench import __main__ as bench

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
GIT = ["git", "-c", "safe.directory=*", "ls-files"]  # whoever the checkout belongs to
TRACKED = subprocess.run(GIT, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
TOP = {"app.py", "agent", "assets", "data", "requirements.txt", "tests", "README.md", "LICENSE", "pyproject.toml"}
TOP |= {".ci", ".gitattributes", ".gitignore"}
COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
KEYS = {  # every key a Space understands that we use, and what it may say
    "title": str,
    "emoji": str,
    "colorFrom": str,
    "colorTo": str,
    "sdk": str,
    "sdk_version": str,
    "python_version": str,
    "app_file": str,
    "license": str,
    "short_description": str,
    "pinned": bool,
    "suggested_hardware": str,
    "startup_duration_timeout": str,
    "hf_oauth": bool,
    "hf_oauth_scopes": list,
    "hf_oauth_expiration_minutes": int,
    "tags": list,
}


@pytest.fixture
def front():
    return yaml.safe_load(README.split("---")[1])


def test_front_matter_is_what_a_space_understands(front):
    assert {key: type(value) for key, value in front.items()} == KEYS
    assert front["sdk"] == "gradio" and front["app_file"] == "app.py" and (ROOT / "app.py").exists()
    assert len(front["short_description"]) <= 60
    assert front["colorFrom"] in COLOURS and front["colorTo"] in COLOURS
    assert re.fullmatch(r"3\.1[123]", front["python_version"])


def test_the_spaces_gradio_is_the_pinned_one(front):
    pins = (ROOT / "requirements.txt").read_text().splitlines()
    assert f"gradio[oauth,mcp]=={front['sdk_version']}" in pins


def test_every_requirement_is_pinned_or_bounded():
    for line in (ROOT / "requirements.txt").read_text().splitlines() + (
        ROOT / "tests/requirements.txt"
    ).read_text().splitlines():
        assert re.fullmatch(r'[\w.-]+(\[[\w,]+\])?(==[\d.]+|>=[\d.]+,<[\d.]+)(; sys_platform != "win32")?', line), line


def test_the_app_needs_nothing_that_is_not_required():
    names = {re.split(r"[\[=<>]", line)[0].lower() for line in (ROOT / "requirements.txt").read_text().splitlines()}
    brought = {"PIL": "pillow", "llvmlite": "numba"}  # the package that a module comes with
    of_gradio = ("anyio", "authlib", "brotli", "fastapi", "jinja2", "markupsafe", "mcp", "starlette", "uvicorn")
    brought |= dict.fromkeys(of_gradio, "gradio")
    brought |= dict.fromkeys(("hydra", "omegaconf", "yaml"), "hydra-core")
    for file in [ROOT / "app.py", *ROOT.glob("agent/**/*.py")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            modules = [name.name for name in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module] if isinstance(node, ast.ImportFrom) else []
            optional = {"sklearn", "river"} if file.parent.name == "estimators" else set()
            for module in {module.split(".")[0] for module in modules} - {*sys.stdlib_module_names, "agent", *optional}:
                assert brought.get(module, module).lower() in names, f"{file.name} imports {module}"


def test_the_licence_is_the_one_the_readme_names(front):
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert front["license"] == "mit" and text.startswith("MIT License") and "Pupil contributors" in text


def test_the_commands_can_be_executed():
    for path in ("tests/run", ".ci/run"):
        assert (ROOT / path).stat().st_mode & 0o111, path
        assert (ROOT / path).read_text().startswith("#!/usr/bin/env bash\n"), path


def test_the_top_level_holds_what_the_design_card_names():
    assert {path.split("/")[0] for path in TRACKED} <= TOP


def test_the_readme_is_short():
    assert len(README.encode()) <= 14_000 and README.count("\n") <= 240


@pytest.mark.parametrize("page", [path for path in TRACKED if path.endswith(".md")])
def test_links_and_pictures_lead_to_files(page):
    text = re.sub(r"```.*?```", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        if "://" not in target:
            assert (ROOT / page).parent.joinpath(target).exists(), target


def test_the_folders_that_the_readme_shows_exist():
    tree = README.partition("app.py   ")[2].partition("```")[0]
    for indent, path in re.findall(r"^( *)([\w./]+)  ", "app.py   " + tree, re.M):
        assert (ROOT / ("agent" if indent else "") / path).exists(), path


def test_the_contributors_page_lists_every_room():
    table = (ROOT / "agent/README.md").read_text(encoding="utf-8").partition("| room |")[2].partition("\n\n")[0]
    firsts = " ".join(line.split(" | ")[0] for line in table.splitlines())
    assert [name.rstrip("/") for name in re.findall(r"`(\w+/?)`", firsts)] == [*ROOMS[:-1]]


def test_what_strangers_may_try_is_tried_by_tests_that_exist():
    page = (ROOT / "agent/ui/README.md").read_text(encoding="utf-8")
    table = page.partition("## What strangers may try")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")][2:]
    kinds = [row for row in rows if row[0].startswith("**")]
    assert len(kinds) >= 9 and all(len(row) == 3 for row in rows if row not in kinds)
    for row in rows:
        tests = re.findall(r"`([\w/]+/test_\w+\.py)(?:::(\w+))?`", row[-1])
        assert tests or row in kinds, row
        for path, name in tests:
            assert not name or f"\ndef {name}(" in (ROOT / "tests" / path).read_text(encoding="utf-8"), (path, name)
            assert (ROOT / "tests" / path).exists(), path


def test_every_tab_is_shown_and_its_pictures_are_light():
    folder = ROOT / "tests/golden"
    shown = re.findall(r"\((tabs/[^)]+)\)", (folder / "README.md").read_text(encoding="utf-8"))
    for tab in TABS:
        name = tab.__name__.rpartition(".")[2]
        assert {f"tabs/{name}-{look}.webp" for look in ("desktop", "dark", "phone")} <= set(shown), name
    assert all((folder / path).stat().st_size <= 90_000 for path in shown)


def test_no_file_is_too_large_for_a_plain_git_host():
    for path in TRACKED:
        assert (ROOT / path).stat().st_size < 10 * 2**20, path


def test_binary_files_are_declared():
    rules = (ROOT / ".gitattributes").read_text()
    for suffix in {Path(path).suffix for path in TRACKED} & {
        ".gz",
        ".ttf",
        ".otf",
        ".png",
        ".npz",
        ".zip",
        ".safetensors",
    }:
        assert f"*{suffix} " in rules, suffix


def test_every_font_and_data_set_has_its_licence():
    for font in [*ROOT.glob("assets/fonts/*.ttf"), *ROOT.glob("assets/fonts/*.otf")]:
        assert list((ROOT / "assets/fonts/LICENSES").glob(f"{font.stem}-*.txt")), font.name
    assert "Creative Commons" in (ROOT / "data/mnist/ATTRIBUTION.md").read_text()


def test_nothing_names_a_machine_or_a_registry():
    own = re.compile(r"(?<![\w.])/(work|tmp|root|home/\w+|Users/\w+)/")
    hosts = re.compile(r"pypi\.org|pythonhosted|registry\.npmjs|deb\.debian")
    for path in TRACKED:
        file = ROOT / path
        if file.suffix in {".py", ".md", ".txt", ".toml", ".js", ".css", ".sh", ""} and "LICENSES" not in path:
            text = file.read_text(encoding="utf-8")
            if path != "tests/unit/test_project.py":
                assert not own.search(text) and not hosts.search(text), path


def test_results_are_written_by_the_benchmark():
    results = bench.RESULTS.read_text(encoding="utf-8")
    assert set(bench.PARTS) == set(re.findall(r"<!-- (\w+):begin -->", results))
    assert all(bench.read_table(part) for part in bench.PARTS)
    for picture in (bench.CURVE, bench.SHEET, bench.FRAMES):
        assert f"../golden/{picture.name}" in results


def test_the_accuracy_in_the_readme_is_that_of_the_results():
    shown = README.partition("<!-- headline:begin -->\n")[2].partition("\n<!-- headline:end -->")[0]
    assert shown == bench.headline(bench.read_table("accuracy"))
