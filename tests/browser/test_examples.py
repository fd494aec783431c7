"""The page about the app's endpoints, block by block, as it is written."""

import re
import subprocess
from pathlib import Path

from PIL import Image
from served import aside

PAGE = Path(__file__).resolve().parents[2] / "agent" / "ui" / "README.md"
WRITTEN_URL = "http://127.0.0.1:7860/"


def blocks(language):
    found = re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert found
    return found


def test_the_python_on_the_page_runs(server, written, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(written["4"][0]).save("four.png")
    Image.fromarray(written["7"][0]).save("seven.png")
    names = {}
    for block in blocks("python"):
        aside(exec, block.replace(WRITTEN_URL, server.url), names)
    assert names["guess"]["label"] == "4" and Path(names["agent_zip"]).suffix == ".zip"


def test_the_commands_on_the_page_run(server, written, tmp_path):
    Image.fromarray(written["4"][0]).save(tmp_path / "four.png")
    for block in blocks("bash"):
        script = block.replace(WRITTEN_URL, server.url)
        done = subprocess.run(["bash", "-euc", script], cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        assert '"n_lessons": 1' in done.stdout and '"label": "4", "unsure": false' in done.stdout, done.stdout
