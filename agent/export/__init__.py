"""Export: an agent of kind `recall` or `nearest` as one web page that needs no server and no network.

    pupil ─ its files ─ JSON ─┐
    kernels.js  recall.js  nearest.js  crew.js  files.js  page.js  embed.js ─┼─ page.html
    page.css, texts in one language ─┘

The page answers and learns as the agent does, with the same integers: each script is the twin of modules named in its
first line. It keeps what it is taught in its browser, and saves a .zip that `agent.load` reads.
"""

from __future__ import annotations

import base64
import contextlib
import copy
import hashlib
import json
import os
import secrets
import string
import tomllib
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from agent.agents.pupil import Pupil
from agent.datasets import strokes
from agent.errors import AgentError
from agent.kernels.preprocessing import LEVELS
from agent.models.nearest import Nearest
from agent.models.recall.model import Recall
from agent.models.recall.params import frame_weights
from agent.preprocessing import SIDE, pack
from agent.storage.serialization import to_files, write_tensors
from agent.validation import check_bool, check_choice

FOLDER = Path(__file__).resolve().parent
SCRIPTS = ("kernels.js", "recall.js", "nearest.js", "crew.js", "files.js", "page.js", "embed.js")
LANGUAGES = tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))
KIND_WEIGHTS = np.array([81, 27, 9, 3, 1])
MAX_LESSONS = 25_000  # each is encoded whenever the page opens, within a millisecond


def export_html(pupil: Pupil, path: str | os.PathLike[str], language: str = "en", *, drawings: bool = False) -> Path:
    """Write an agent as one web page; returns the path.

    The page holds its lessons, settings and name: no token, no address, and nothing that is fetched.

    Parameters
    ----------
    pupil
        An agent of kind `recall` or `nearest` that was not refined, of at most `MAX_LESSONS` lessons.
    path
        The .html file; what was there before is replaced once all has been written.
    language : str
        Of the page: one of `LANGUAGES`.
    drawings : bool
        Whether lessons that people drew go along. Without them the page begins as if they had never been taught.

    Raises
    ------
    AgentError
        Another kind, a refined agent, too many lessons, nothing left without drawings, or a disk that refuses.

    Examples
    --------
    >>> import tempfile
    >>> from agent.agents import new
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     export_html(new("recall", name="Mia"), Path(folder) / "mia.html").read_text("utf-8")[:15]
    '<!doctype html>'
    """
    content = to_html(pupil, language, drawings=drawings).encode()
    target = Path(path)
    spare = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        spare.write_bytes(content)
        if target.exists() and not target.is_file():  # such as /dev/stdout, which would be gone
            raise ValueError("something that is no file")
        os.replace(spare, target)
    except (OSError, ValueError) as error:
        with contextlib.suppress(OSError):  # of the same disk
            spare.unlink(missing_ok=True)
        reason = getattr(error, "strerror", None) or error
        raise AgentError(f"expected to write {str(target)[:80]!r}, got {reason}. Nothing was changed.") from error
    return target


def to_html(pupil: Pupil, language: str = "en", *, drawings: bool = False) -> str:
    """Write the page of an agent as text; see `export_html`."""
    texts = tomllib.loads((FOLDER / f"{check_choice('language', language, LANGUAGES)}.toml").read_text("utf-8"))
    saved = embedded(_outgoing(pupil, check_bool("drawings", drawings)))
    script = "\n".join((FOLDER / name).read_text("utf-8") for name in SCRIPTS)
    style = (FOLDER / "page.css").read_text("utf-8")
    return string.Template((FOLDER / "page.html").read_text("utf-8")).substitute(
        language=language,
        script_hash=_hash(script),
        style_hash=_hash(style),
        style=style,
        script=script,
        texts=_json(texts),
        agent=_json(saved),
    )


def embedded(pupil: Pupil) -> dict[str, Any]:
    """Give what the page holds of an agent: its files, and what its script cannot compute to the bit.

    ``settings`` and ``lineage`` are JSON as the digest of the files takes it, ``tensors`` is deflated, in base 64, its
    drawings in the parts of `_parted`, and after them those of the background.
    """
    files, tensors = to_files(pupil), pupil.model.tensors()
    deflater = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS, 9, zlib.Z_FILTERED)
    drawings = tensors["drawings"]
    names, no_digits, mark = strokes.background()
    knows_background = isinstance(pupil.model, Recall) and pupil.model.knows_background
    parted = _parted(np.concatenate([drawings, pack(no_digits)]) if knows_background else drawings)
    parts = write_tensors(tensors | parted | {"drawings": drawings[:0]})  # whose place in the file is kept
    config = json.loads(files["config.json"])
    return {
        "kind": config["kind"],
        "name": config["name"],
        "labels": config["labels"],
        "n_lessons": config["n_lessons"],
        "digest": config["digest"],
        "max_labels": pupil.model.MAX_LABELS,
        "config": {name: value for name, value in config["settings"].items() if name != "seed"},
        "settings": json.dumps(config["settings"], sort_keys=True),
        "lineage": json.dumps(config["lineage"]),
        "weights": frame_weights().ravel().tolist(),
        "log": files["lessons.jsonl"].decode(),
        "background": {"names": names, "mark": f"{int(mark):016x}"} if knows_background else None,
        "tensors": base64.b64encode(deflater.compress(parts) + deflater.flush()).decode(),
    }


def _parted(packed: np.ndarray) -> dict[str, np.ndarray]:
    """Split N thumbnails, four bits a pixel, into parts that deflate to four fifths of their size.

    ``boxes`` (4, N) are top, bottom, left and right of the ink. Of the pixels within, ``kinds`` are paper, grey or ink,
    five to a byte, and ``greys`` the levels of the grey ones.
    """
    levels = np.stack([packed >> 4, packed & LEVELS], axis=-1).reshape(-1, SIDE, SIDE)
    boxes, inside = [], np.ones(levels.shape, bool)
    for axis in (1, 2):
        has_ink, places = levels.any(axis=3 - axis), np.arange(SIDE)
        first, end = has_ink.argmax(axis=1), SIDE - has_ink[:, ::-1].argmax(axis=1)
        boxes += [first, end]
        inside &= np.expand_dims((first[:, None] <= places) & (places < end[:, None]), 3 - axis)
    pixels = levels[inside]
    kinds = np.pad((pixels > 0).astype(np.uint8) + (pixels == LEVELS), (0, -len(pixels) % len(KIND_WEIGHTS)))
    return {
        "boxes": np.array(boxes, np.uint8),
        "greys": pixels[(pixels > 0) & (pixels < LEVELS)],
        "kinds": (kinds.reshape(-1, len(KIND_WEIGHTS)) @ KIND_WEIGHTS).astype(np.uint8),
    }


def _outgoing(pupil: Pupil, drawings: bool) -> Pupil:
    """The agent to export, with or without what people drew."""
    if not isinstance(pupil, Pupil) or type(pupil.model) not in (Recall, Nearest):
        kind = getattr(pupil, "kind", type(pupil).__name__)
        raise AgentError(
            f"expected an agent of kind recall or nearest for a page, got {kind}. Save it as a .zip instead."
        )
    if pupil.n_lessons > MAX_LESSONS:
        raise AgentError(
            f"expected at most {MAX_LESSONS:,} lessons for a page, got {pupil.n_lessons:,}. Teach another agent less."
        )
    if isinstance(pupil.model, Recall) and pupil.model.is_refined:
        raise AgentError("expected an agent that was not studied for a page, got one that was. Teach one anew.")
    sent = copy.copy(pupil) if drawings else pupil.without_user_lessons()
    if pupil.labels and not sent.labels:
        raise AgentError("expected lessons besides drawings of people, got none. Let the drawings go along.")
    return sent


def _json(value: object) -> str:
    """JSON that may stand in a page: no text in it ends a script or begins a comment."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c").replace("&", "\\u0026")


def _hash(text: str) -> str:
    """Name a script or style by its hash, as a content security policy does."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
