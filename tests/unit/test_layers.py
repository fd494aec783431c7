"""The rooms of the house: who may import whom, and who may print."""

import ast
import functools
from pathlib import Path

import pytest

from agent.kernels import matching

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(ROOT.glob("agent/**/*.py")) + [ROOT / "app.py"]
ROOMS = [
    "errors",
    "validation",
    "progress",
    "untrusted",
    "user_code",
    "kernels",
    "photos",
    "preprocessing",
    "decimals",
    "expressions",
    "render",
    "charts",
    "datasets",
    "environments",
    "models",
    "segmentation",
    "lessons",
    "agents",
    "tasks",
    "metrics",
    "training",
    "storage",
    "export",
    "experiments",
    "estimators",
    "hub",
    "startup",
    "ui",
    "cli",
    "verbs",
    "__main__",
    "app",
]
# `from_pretrained`, `save_pretrained`, `push_to_hub` and `export_html` are methods of agents: they import when they are called
LAZY = {(f"agent/agents/{name}.py", room) for name, room in (("base", "storage"), ("base", "hub"), ("pupil", "export"))}
OUTSIDE = {
    "gradio": {"ui", "app"},
    "pandas": set(),
    "matplotlib": set(),
    "huggingface_hub": {"hub"},
    "mcp": {"ui"},
    "hydra": {"cli"},
    "numba": {"kernels"},
    "gymnasium": {"environments"},
    "safetensors": {"untrusted", "storage"},
    "zipfile": {"untrusted", "storage", "datasets"},
    "pickle": {"user_code"},  # only written, to hash it: never read
    "joblib": set(),
    "torch": set(),  # and of a user's own: imported by its name where it is used
    **dict.fromkeys(("sklearn", "river"), {"estimators"}),
    **dict.fromkeys(("http", "httpx", "httpx2", "requests", "socket", "urllib"), {"hub"}),
}


def room_of(file):
    parts = file.relative_to(ROOT).with_suffix("").parts
    return "app" if parts == ("app",) else parts[1]


@functools.cache
def tree_of(file):
    return ast.parse(file.read_text())


@functools.cache
def imports_of(file):
    """Every module a file imports, with the names taken from it."""
    found = []
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.Import):
            found += [(name.name, name.name) for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file.name} imports relatively"
            found += [(node.module, f"{node.module}.{name.name}") for name in node.names]
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_each_room_imports_only_itself_and_what_stands_to_its_left(file):
    room = room_of(file)
    if room == "__init__":
        return
    for module, full in imports_of(file):
        if module.split(".")[0] != "agent":
            continue
        assert full != "agent", f"{file.name} imports the public face"
        other = (module if module != "agent" else full).split(".")[1]
        if (file.relative_to(ROOT).as_posix(), other) in LAZY:
            continue
        assert ROOMS.index(other) <= ROOMS.index(room), f"{room} imports {other}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_outside_libraries_stay_in_their_rooms(file):
    for module, _ in imports_of(file):
        allowed = OUTSIDE.get(module.split(".")[0]) if module != "urllib.parse" else None
        assert allowed is None or room_of(file) in allowed, f"{file.name} imports {module}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_private_module_of_another_package_is_imported(file):
    for _, full in imports_of(file):
        private = any(part.startswith("_") and not part.startswith("__") for part in full.split("."))
        assert not private or full.startswith("agent."), f"{file.name} imports {full}"


def test_kernels_import_numpy_and_numba_alone():
    for file in (ROOT / "agent/kernels").glob("*.py"):
        others = {module.split(".")[0] for module, _ in imports_of(file)} - {"numpy", "numba", "agent", "typing"}
        assert file.name == "__init__.py" or not others, (file.name, others)


def test_nobody_prints_but_the_command_line():
    for file in FILES:
        calls = [node.func for node in ast.walk(tree_of(file)) if isinstance(node, ast.Call)]
        printing = [call for call in calls if isinstance(call, ast.Name) and call.id == "print"]
        assert not printing or room_of(file) == "__main__", file.name


def test_no_file_is_a_cupboard_and_none_is_too_long():
    for file in [*FILES, *ROOT.glob("tests/**/*.py")]:
        assert file.stem not in {"utils", "helpers", "common", "misc"}, file.name
        assert file.is_relative_to(ROOT / "tests") or len(file.read_text().splitlines()) <= 600, file.name


def test_public_functions_have_types_and_docstrings():
    for file in FILES:
        for node in tree_of(file).body:
            if not isinstance(node, (ast.FunctionDef, ast.ClassDef)) or node.name.startswith("_"):
                continue
            assert ast.get_docstring(node), f"{file.name}: {node.name} says nothing"
            if isinstance(node, ast.FunctionDef) and room_of(file) != "kernels":
                missing = [arg.arg for arg in node.args.args + node.args.kwonlyargs if arg.annotation is None]
                assert not missing and node.returns is not None, f"{file.name}: {node.name} lacks types {missing}"


def test_kernels_release_the_lock_and_never_run_in_parallel():
    assert matching.hamming.targetoptions["nogil"]
    for file in (ROOT / "agent/kernels").glob("*.py"):
        for node in tree_of(file).body:
            if isinstance(node, ast.FunctionDef) and file.name != "__init__.py":
                text = ast.unparse(node.decorator_list[0])
                assert text.startswith(("compiled", "inner")) and "parallel" not in text and "nogil" not in text, (
                    f"{file.name}: {node.name}"
                )
