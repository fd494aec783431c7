"""Repos as a stranger may make them: agents of every kind, each spoiled in one of a hundred ways, from a seed.

`repos` gives them. Half of those that could be are signed: their digest fits, so that more than the digest refuses them.
`HOSTILE_TEXTS` are names, labels and cards for whoever shows a stranger's text.
"""

import base64
import io
import json
import math
import struct
import zlib
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from forge import changed, signed
from hostile_agents import agents, largest, studied
from hostile_texts import (
    CARD_FRONTS,
    HOSTILE_REPO_IDS,
    HOSTILE_SOURCES,
    HOSTILE_TEXTS,
    JSON_BOMBS,
    ODD_PATHS,
    REGRESSORS,
    SIZES,
)
from PIL import Image
from safetensors.numpy import load, save

from agent import preprocessing
from agent.lessons import pack
from agent.models import MODELS
from agent.storage import serialization


@dataclass(frozen=True)
class Repo:
    """A spoiled agent: its files by path (None: not there), and the sizes that are told instead of the true ones."""

    name: str
    family: str
    files: dict
    sizes: dict = field(default_factory=dict)


# What may be done to them: functions of files and a generator of random numbers -> files


def cut(files, rng):
    name = _any(rng, files)
    places = [0, 1, 7, 8, 9, len(files[name]) - 1, len(files[name]) // 2, int(rng.integers(len(files[name]) + 1))]
    return files | {name: files[name][: _any(rng, places)]}


def flipped(files, rng):
    name = _any(rng, files)
    content = bytearray(files[name])
    for at in rng.integers(len(content), size=int(rng.integers(1, 9))):
        content[at] ^= 1 << int(rng.integers(8))
    return files | {name: bytes(content)}


def overwritten(files, rng):
    name = _any(rng, files)
    content, at = bytearray(files[name]), int(rng.integers(len(files[name])))
    content[at : at + int(rng.integers(0, 60))] = rng.bytes(int(rng.integers(0, 60)))
    return files | {name: bytes(content)}


def exchanged(files, rng):
    one, other = rng.choice(sorted(files), 2, replace=False).tolist()
    return files | {one: files[other], other: files[one]}


def repeated(files, rng):
    name = _any(rng, files)
    return files | {name: files[name] * int(rng.integers(2, 5)) + rng.bytes(int(rng.integers(3)))}


def header(files, rng):
    """A header of the arrays that lies."""
    told, rest = _header(files)
    name, other = rng.choice(sorted(told), 2, replace=False).tolist()
    entry = told[name]
    side, number = int(rng.integers(max(1, len(entry["shape"])))), _any(rng, [*REGRESSORS, 3, 7, 10**9])
    deed = int(rng.integers(14))
    if deed == 0:
        entry["shape"] = [number if at == side else each for at, each in enumerate(entry["shape"])]
    elif deed == 1:
        entry["data_offsets"] = [number, entry["data_offsets"][1]][:: _any(rng, [1, -1])]
    elif deed == 2:
        entry["dtype"] = _any(rng, ["F32", "BF16", "F64", "BOOL", "U8", "I64", "X", "", None, "F8_E5M2", 8, "x" * 9999])
    elif deed == 3:
        told[name], told[other] = told[other], told[name]
    elif deed == 4:
        told[_any(rng, HOSTILE_TEXTS)] = told.pop(name)
    elif deed == 5:
        del told[name]
    elif deed == 6:
        told |= {
            f"{_any(rng, HOSTILE_TEXTS)}{n}": {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]}
            for n in range(int(rng.integers(90)))
        }
    elif deed == 7:
        entry["data_offsets"] = told[other]["data_offsets"]
    elif deed == 8:
        entry["shape"] = _any(
            rng, [[], [2**32 - 1] * 4, [2**31, 2**31, 2**31, 0], [1] * 70, "ab", None, 7, [[1]], [10**400]]
        )
    elif deed == 9:
        told[name] = _any(rng, [None, [], {}, 7, "x", entry | {"more": 1}, dict(list(entry.items())[:2])])
    elif deed == 10:
        told["__metadata__"] = _any(rng, [{"a": "x" * 50_000}, 7, {"a": 7}, None, [], {"format": "pt"}])
    elif deed == 11:
        rest = rest[: int(rng.integers(len(rest)))] if rng.integers(2) else rest + rng.bytes(5)
    elif deed == 12:
        return _packed(files, _any(rng, JSON_BOMBS), rest)
    else:
        text = json.dumps(told).encode()
        size = _any(rng, [0, 1, len(text) - 1, len(text) + 1, 2**31, 2**63, 2**64 - 1])
        return files | {"agent.safetensors": struct.pack("<Q", size) + text + rest}
    return _packed(files, json.dumps(told).encode(), rest)


def arrays(files, rng):
    """Arrays that are none of ours, in a file that is well made."""
    found = load(files["agent.safetensors"])
    name, other = rng.choice(sorted(found), 2, replace=False).tolist()
    array, deed = found[name], int(rng.integers(11))
    if deed == 0:
        found[name], found[other] = found[other], array
    elif deed == 1:
        found[name] = array.astype(
            _any(rng, [np.float32, np.int8, np.uint16, np.int32, np.int64, np.uint64, np.float64, bool])
        )
    elif deed == 2:
        found[name] = array.reshape(_any(rng, [(-1,), (1, *array.shape), (*array.shape, 1), array.shape[::-1]]))
    elif deed == 3:
        found[name] = np.concatenate([array] * int(rng.integers(2, 40)))
    elif deed == 4:
        found[name] = array[: int(rng.integers(max(1, len(array))))]
    elif deed == 5:
        found[name] = np.full_like(array, np.iinfo(array.dtype).max if rng.integers(2) else np.iinfo(array.dtype).min)
    elif deed == 6:
        found[name] = np.frombuffer(rng.bytes(array.nbytes), array.dtype).reshape(array.shape)
    elif deed == 7:
        found[name] = np.zeros((0, *array.shape[1:]), array.dtype)
    elif deed == 8:
        found[_any(rng, ["x", "drawings2", "__class__", "../x"])] = found.pop(name) if rng.integers(2) else array
    elif deed == 9:
        found[name] = rng.permutation(array, axis=0)
    else:
        found = {
            each: np.concatenate([array, array]) if len(array) == len(found["taught"]) else array
            for each, array in found.items()
        }
    return files | {"agent.safetensors": save({each: np.ascontiguousarray(array) for each, array in found.items()})}


def corrections(files, rng):
    """What studying brought: more of it than lessons warrant, or out of range, in settings that make room for it."""
    config, found = json.loads(files["config.json"]), load(files["agent.safetensors"])
    if config["kind"] != "recall":
        return arrays(files, rng)
    n_nodes, tuple_size = _any(rng, [(300, 12), (175, 14), (60, 8), (2000, 7)])
    found["pixels"] = np.full((n_nodes, tuple_size), 400, np.int32)
    found["planes"] = np.zeros((n_nodes, tuple_size), np.uint8)
    settings = config["settings"] | {"n_nodes": n_nodes, "tuple_size": tuple_size}
    found |= studied(settings, max(1, len(config["labels"])), len(found["taught"]), rng)
    return changed(files, settings=settings) | {"agent.safetensors": save(found)}


def settings(files, rng):
    """A setting at a limit, beyond it, or of another type."""
    config = json.loads(files["config.json"])
    mine = dict(config["settings"])
    for name in rng.choice(sorted(mine), int(rng.integers(1, 3)), replace=False).tolist():
        beyond = [
            0,
            1,
            2,
            5,
            6,
            7,
            8,
            9,
            14,
            15,
            20,
            62,
            63,
            100,
            101,
            200,
            201,
            1000,
            2000,
            2001,
            10_000,
            20_000,
            10**6,
            10**6 + 1,
        ]
        mine[name] = _any(
            rng, [*REGRESSORS, *beyond, *beyond, "x" * 9000, "random", "full", "one_hot", "\u202e", not mine[name]]
        )
    if not rng.integers(6):
        mine[_any(rng, HOSTILE_TEXTS)] = _any(rng, REGRESSORS)
    if not rng.integers(6):
        mine = _any(rng, [{}, [], None, {name: {} for name in mine}, {name * 9000: 1 for name in mine}])
    return changed(files, settings=mine)


def config(files, rng):
    """Another config.json."""
    told, deed = json.loads(files["config.json"]), int(rng.integers(6))
    name = _any(rng, told)
    if deed == 0:
        return files | {"config.json": _any(rng, JSON_BOMBS)}
    if deed == 1:
        told[name] = _any(rng, [*REGRESSORS, *HOSTILE_TEXTS])
    elif deed == 2:
        del told[name]
    elif deed == 3:
        told[_any(rng, HOSTILE_TEXTS)] = _any(rng, [*REGRESSORS, *HOSTILE_TEXTS])
    elif deed == 4:
        told["kind"] = _any(rng, [*MODELS, *HOSTILE_TEXTS, "Recall", "agent.models.recall.model", "__class__"])
    else:
        told |= {"n_lessons": _any(rng, REGRESSORS), "format": _any(rng, [1, 1, 2, 0, "1", 1.0, True, None])}
    return files | {"config.json": json.dumps(told).encode()}


def names(files, rng):
    """A hostile name, in the config and in the log."""
    text = _any(rng, HOSTILE_TEXTS)
    log = [event | ({"name": text} if "name" in event else {}) for event in _log(files)]
    return changed(files, name=text) | (_told(log) if rng.integers(2) else {})


def labels(files, rng):
    """Hostile labels, in the config and in the log, in order or not."""
    old = json.loads(files["config.json"])["labels"]
    short = [text for text in HOSTILE_TEXTS if text == text.strip() and 1 <= len(text) <= 8 and text.isprintable()]
    texts = rng.choice(_any(rng, [HOSTILE_TEXTS, short, short, short]), int(rng.integers(1, 4))).tolist()
    mine = [*old, *texts][-len(old) :] if rng.integers(4) else [*old, *(f"x{n}" for n in range(int(rng.integers(80))))]
    mine = sorted(mine) if rng.integers(4) else mine
    new_name = dict(zip(old, mine, strict=False)) | {None: None}
    log = [
        event | {key: new_name.get(event[key], event[key]) for key in ("label", "guessed") if key in event}
        for event in _log(files)
    ]
    log = [
        event | {"labels": [new_name.get(label, label) for label in event["labels"]]} if "labels" in event else event
        for event in log
    ]
    return changed(files, labels=mine) | (_told(log) if rng.integers(4) else {})


def lineage(files, rng):
    """Where it comes from: nowhere, or everywhere."""
    ids = [_any(rng, HOSTILE_REPO_IDS) for _ in range(int(rng.integers(1, 4)))]
    many = [f"a/b{number}" for number in range(int(rng.integers(20, 900)))]
    told = {
        "line": _any(rng, [ids, many, ["a/b"], [], "a/b", None]),
        "commit": _any(rng, ["0" * 40, None, "x" * 40, "0" * 9999, 7]),
    }
    told["joined"] = _any(rng, [ids, many, ["a/b"], [], {}, "x" * 9000])
    return changed(files, lineage=_any(rng, [told, told, told, told | {"x": 1}, {}, [], None, {"line": told}]))


def log(files, rng):
    """A log of what cannot have happened."""
    told, n = _log(files), len(_log(files))
    lesson = next(event for event in told if "drawing" in event)
    deed, at = int(rng.integers(16)), int(rng.integers(n))
    event = told[at]
    if deed == 0:
        told = rng.permutation(np.array(told, object)).tolist()
    elif deed == 1:
        told[at] = event | {_any(rng, event): _any(rng, [*REGRESSORS, *HOSTILE_TEXTS])}
    elif deed == 2:
        told[at] = event | {_any(rng, [*HOSTILE_TEXTS, "source", "end", "drawings", "labels"]): _any(rng, REGRESSORS)}
    elif deed == 3:
        told[at:at] = [
            {"event": _any(rng, ["forget", "relabel"]), "number": _any(rng, [*REGRESSORS, n, at]), "label": "7"}
        ]
    elif deed == 4:
        told.append(
            {
                "event": "join",
                "number": _next(told),
                "name": "Tom",
                "end": _next(told) + _any(rng, [1, 2, 1000, 10**6, 10**30]),
            }
        )
    elif deed == 5:
        told.append(
            _bulk(told, n_lessons=_any(rng, [10**7, 10**7 + 1, 10**30, 1, True]), start=_any(rng, [0, 10**7, -1]))
        )
    elif deed == 6:
        told.append(_bulk(told, source=_any(rng, HOSTILE_SOURCES)))
    elif deed == 7:
        told += [_bulk(told, number=_next(told) + n, n_lessons=10**7) for n in range(3000)]
    elif deed == 8:
        told += [{"event": "study", "number": _next(told) + n} for n in range(int(rng.integers(1, 9000)))]
    elif deed == 9:
        told += [
            {"event": "lose", "number": _next(told) + n, "label": "7", "drawing": lesson["drawing"]}
            for n in range(_any(rng, [1, 50]))
        ]
    elif deed == 10:
        told += [{"event": "forget", "number": at}] * int(rng.integers(1, 3000))
    elif deed == 11:
        told[at] = event | {"number": _any(rng, REGRESSORS)}
    elif deed == 12:
        told.append(
            lesson
            | {
                "number": _next(told),
                "when": _any(rng, [math.nan, math.inf, -1, 10**400, 1e300]),
                "label": _any(rng, HOSTILE_TEXTS),
            }
        )
    elif deed == 13:
        return files | _told(
            told, b"\n" * int(rng.integers(9)) + _any(rng, [*JSON_BOMBS, b"\xe2\x80\xa8{}", b"\x1c", b"\x85"])
        )
    elif deed == 14:
        told.append(
            {"event": _any(rng, HOSTILE_TEXTS), "number": _next(told)}
            | dict.fromkeys(HOSTILE_TEXTS[:: int(rng.integers(1, 9))], 1)
        )
    else:
        told[at] = {key: value for key, value in event.items() if key != _any(rng, event)}
    return files | _told(told)


def bombs(files, rng):
    """A log whose drawings unfold to a thousand times their length."""
    told, deed = _log(files), int(rng.integers(6))
    full = _unfolding(5000 * preprocessing.PACKED_BYTES, 255)
    if deed == 0:
        told.append(_bulk(told, drawings=_unfolding(_any(rng, [10**7, 10**8, 3 * 10**8]), 255), labels=["7"]))
    elif deed == 1:
        told += [
            _bulk(told, number=_next(told) + n, n_lessons=5000, drawings=full, labels=["7"] * 5000)
            for n in range(_any(rng, [2, 5, 30]))
        ]
    elif deed == 2:
        told.append({"event": "lose", "number": _next(told), "label": "7", "drawing": _unfolding(10**8, 0)})
    elif deed == 3:
        told.append(
            _bulk(told, drawings=_any(rng, ["", "!", "x" * 10**6, "\ud800", full[:-9], full + "0" * 99]), labels=["7"])
        )
    elif deed == 4:
        source = [7] if rng.integers(2) else {"a": 7}
        for _ in range(int(rng.integers(5, 900))):
            source = [source] if rng.integers(2) else {"a": source}
        told.append(_bulk(told, source={"task": source}))
    else:
        shown = pack(preprocessing.to_thumbnail(np.eye(28, dtype=np.uint8) * 255)[None])
        more = {"event": "lesson", "label": "7", "drawing": shown, "when": 1, "guessed": None}
        told += [more | {"number": _next(told) + n} for n in range(int(rng.integers(1, 4000)))]
    return files | _told(told)


def cards(files, rng):
    """A README.md or labels.png that is something else."""
    if rng.integers(2):
        front = f"---\n{_any(rng, CARD_FRONTS)}\n---\n" if rng.integers(4) else "---\n" + "- x\n" * 9000
        text = _any(rng, ["", front, front, front, f"# {_any(rng, HOSTILE_TEXTS)}", "x" * 200_001, "<script>" * 20_000])
        return files | {"README.md": text.encode(errors="surrogatepass")}
    picture = io.BytesIO()
    Image.new("1", (int(rng.integers(1, 9000)), 9000)).save(picture, "PNG")
    vector = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
    return files | {
        "labels.png": _any(
            rng, [picture.getvalue(), vector, b"", bytes(500_001), b"\x89PNG\r\n\x1a\n", b"PK\5\6" + bytes(18)]
        )
    }


def paths(files, rng):
    """Files that are missing, too many, or elsewhere; what a link in a repo holds is where it leads to."""
    deed, odd = int(rng.integers(5)), {path: rng.bytes(9) for path in rng.choice(ODD_PATHS, 5).tolist()}
    name = _any(rng, files)
    if deed == 0:
        return files | odd | {name: None}
    if deed == 1:
        return files | {
            name: _any(rng, [b"/etc/passwd", b"../../../../etc/passwd", b"config.json", b".", b"/dev/zero"])
        }
    if deed == 2:
        return files | {f"{_any(rng, ['a/', './', '../', 'A', ' '])}{name}": files[name], name: None}
    if deed == 3:
        return files | {f"x/{number}": b"x" for number in range(int(rng.integers(300)))} | odd
    rules = b"".join(b"*.%s filter=lfs diff=lfs merge=lfs -text\n" % kind for kind in (b"json", b"jsonl", b"md"))
    return files | odd | {".gitattributes": _any(rng, [rules, rng.bytes(999), b"* filter=lfs\n"])}


def sizes(files, rng):
    """What is told of the sizes of files: path -> anything."""
    return {name: _any(rng, SIZES) for name in rng.choice(sorted(files), int(rng.integers(1, 4))).tolist()}


FAMILIES = (
    cut,
    flipped,
    overwritten,
    exchanged,
    repeated,
    header,
    arrays,
    corrections,
    settings,
    config,
    names,
    labels,
    lineage,
    log,
    bombs,
    cards,
    paths,
    sizes,
)


EVERY = 25  # of the spoiled agents one is among the largest


def repos(n, seed=0):
    """``n`` spoiled agents, every family and every agent in turn; the next seed goes on with those after them."""
    rng, small, large = np.random.default_rng(seed), list(agents().items()), list(largest().items())
    for number in range(seed * n, seed * n + n):
        family, turn = FAMILIES[number % len(FAMILIES)], number // len(FAMILIES)
        agent, files = small[turn % len(small)] if number % EVERY else large[number // EVERY % len(large)]
        told = sizes(files, rng) if family is sizes else {}
        files = files if family is sizes else family(files, rng)
        is_signed = bool(rng.integers(2)) and all(isinstance(files.get(path), bytes) for path in serialization.FILES)
        name = f"{number}: {family.__name__} of {agent}{', signed' * is_signed}"
        yield Repo(name, family.__name__, _signed(files) if is_signed else files, told)


# Odds and ends


def _any(rng, choices):
    choices = list(choices)
    return choices[int(rng.integers(len(choices)))]


def _signed(files):
    """The files with a digest that fits, where there is a config to put it in."""
    try:
        return signed(files)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return files


def _header(files):
    content = files["agent.safetensors"]
    size = int.from_bytes(content[:8], "little")
    return json.loads(content[8 : 8 + size]), content[8 + size :]


def _packed(files, text, rest):
    return files | {"agent.safetensors": struct.pack("<Q", len(text)) + text + rest}


@lru_cache
def _unfolding(n_bytes, byte):
    """Text of drawings that unfolds to so many bytes, all the same."""
    packer = zlib.compressobj(9)
    parts = [packer.compress(bytes([byte]) * min(10**6, n_bytes - done)) for done in range(0, n_bytes, 10**6)]
    return base64.b85encode(b"".join([*parts, packer.flush()])).decode()


def _log(files):
    return [json.loads(line) for line in files["lessons.jsonl"].decode().splitlines()]


def _told(events, more=b""):
    return {"lessons.jsonl": "".join(json.dumps(event) + "\n" for event in events).encode() + more}


def _next(events):
    return 1 + max(event["number"] for event in events)


def _bulk(events, **fields):
    return {"event": "bulk", "number": _next(events), "n_lessons": 1, "source": None, "start": 0} | fields
