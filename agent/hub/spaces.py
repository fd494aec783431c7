"""The project itself as a Space of one's own."""

from __future__ import annotations

import os
from pathlib import Path

from agent.errors import AgentError
from agent.hub.client import checked_token, connect, endpoint, spoken
from agent.lineage import check_repo_id

_FOLDERS = (".git", ".venv", "__pycache__", ".pytest_cache", ".ruff_cache", ".hypothesis", ".gradio", "node_modules")
_IGNORED = [pattern for name in _FOLDERS for pattern in (f"{name}/**", f"**/{name}/**")]
_IGNORED += ["tests/out/**", "runs/**", "*.pyc", ".env", ".env.*", "**/.env", "**/.env.*"]


def deploy(folder: str | os.PathLike[str], space_id: str, token: str | None, hardware: str | None = None) -> str:
    """Upload this project as a Space, made where there is none, and return its address.

    Parameters
    ----------
    folder : path-like
        The project.
    space_id : str
        OWNER/NAME.
    token : str
        With the right to write there.
    hardware : str, optional
        Such as cpu-upgrade; the Hub's own choice otherwise.
    """
    token, project = checked_token(token), Path(folder)
    if not project.is_dir():
        raise AgentError(f"expected a folder with the project, got {project.name!r}, which is none.")
    with spoken(check_repo_id(space_id)):
        api = connect(token)
        if not api.repo_exists(space_id, repo_type="space"):
            api.create_repo(space_id, repo_type="space", space_sdk="gradio", space_hardware=hardware)
        api.upload_folder(
            repo_id=space_id, repo_type="space", folder_path=project, ignore_patterns=[*_IGNORED],
            commit_message="Pupil",
        )  # fmt: skip
    return f"{endpoint()}/spaces/{space_id}"
