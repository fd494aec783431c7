"""The lock: every package that requirements.txt installs, of one version and known by its hashes."""

import os
import re
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest
from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "tests/requirements.lock.txt"
PIN = re.compile(
    r"(?P<name>[a-z0-9.-]+)==(?P<version>[\w.]+)( ; (?P<marker>[^\\]+))? \\\n(?P<hashes>(    --hash=sha256:[0-9a-f]{64}( \\)?\n)+)"
)
LEFT_OUT = re.compile(r"( *#.*\n)+")
TARGETS = [*product(("3.11", "3.12", "3.13"), ("x86_64", "aarch64"))]
NO_NETWORK = ["NameResolutionError", "NewConnectionError", "ConnectTimeout", "ProxyError", "ReadTimeout"]


def environment(python, machine):
    """What markers are asked for on Linux."""
    there = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "platform_machine": machine}
    names = {"implementation_name": "cpython", "platform_python_implementation": "CPython", "extra": ""}
    return default_environment() | there | names | {"python_version": python, "python_full_version": f"{python}.1"}


@pytest.fixture
def pins():
    """All pins: (name, version, marker)."""
    return [(pin["name"], pin["version"], pin["marker"]) for pin in PIN.finditer(LOCK.read_text())]


def test_every_line_is_a_pin_with_hashes():
    text = LOCK.read_text()
    assert "bash tests/run --lock" in text.splitlines()[1]
    assert LEFT_OUT.sub("", PIN.sub("", text)) == ""  # no address, no option, no version without a hash
    assert "://" not in text and "--index" not in text
    assert len(PIN.findall(text)) > 60


@pytest.mark.parametrize(("python", "machine"), TARGETS)
def test_every_requirement_has_one_version_within_its_bounds(pins, python, machine):
    here = environment(python, machine)
    valid = {}
    for name, version, marker in pins:
        if marker is None or Marker(marker.strip()).evaluate(here):
            assert name not in valid, name
            valid[name] = version
    for line in (ROOT / "requirements.txt").read_text().splitlines():
        wanted = Requirement(line)
        if wanted.marker is None or wanted.marker.evaluate(here):
            assert wanted.specifier.contains(valid[canonicalize_name(wanted.name)]), line


@pytest.mark.nightly  # downloads everything
def test_a_fresh_environment_installs_nothing_else(tmp_path):
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "fresh"], check=True)
    pip = [tmp_path / "fresh/bin/python", "-m", "pip", "--retries", "1", "--disable-pip-version-check", "install"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [*pip, "--require-hashes", "--dry-run", "--no-cache-dir", "-r", LOCK],
        env=environment,
        capture_output=True,
        text=True,
    )
    if done.returncode and any(error in done.stdout + done.stderr for error in NO_NETWORK):
        pytest.skip("needs a network")
    assert done.returncode == 0, done.stderr[-2000:]
    would = done.stdout.partition("Would install ")[2].split()
    assert any(each.startswith("gradio-6") for each in would) and len(would) > 60
