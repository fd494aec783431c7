"""A user's labelled arrays, of any shape: files, folders of pictures, data sets of Hugging Face.

NAME.npz           arrays of inputs and labels, or of these for train and test: names such as x, images, x_train
NAME.npy           inputs; the labels are in labels.npy beside it, or in NAME_labels.npy, or y_… beside x_…
NAME.csv, .tsv     a row of numbers and a label each; the column label, class, target or y, else the last one
NAME.arff          the same, the label being the nominal attribute
FOLDER/LABEL/*     pictures; or FOLDER/train/LABEL/* and FOLDER/test/LABEL/*
hf://OWNER/NAME    where the package datasets is installed; also a folder that it saved
"""

from __future__ import annotations

import csv
import functools
import hashlib
import importlib
import io
import itertools
import math
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from agent.errors import AgentError, nearest
from agent.validation import is_visible

ENDINGS = (".npz", ".npy", ".csv", ".tsv", ".arff")
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff")
HUB = "hf://"
INPUTS = ("drawings", "images", "image", "img", "x", "data", "inputs", "features", "pictures")
LABELS = ("labels", "label", "y", "targets", "target", "class", "classes")
TEST = ("test", "val", "valid", "validation")  # the first there is, is the test
MAX_CHARS = 40  # of a label
MAX_FILES, MAX_BYTES = 1_000_000, 2**30  # of a folder, and of its pictures once they are opened
CHANNELS = (1, 3, 4)  # of a picture with channels
FAINT = 32  # pixels that are all below it are levels, such as 0 to 1 or 0 to 16
_SAVED = ("dataset_info.json", "dataset_dict.json", "state.json")


class Arrays(NamedTuple):
    """Inputs, (N, …) of one shape, or a list of N pictures of several; and N labels."""

    inputs: np.ndarray | list[np.ndarray]
    labels: list[str]

    def rows(self, numbers: np.ndarray) -> Arrays:
        """Give those of these numbers."""
        labels = [self.labels[number] for number in numbers]
        inputs = self.inputs
        return Arrays(inputs[numbers] if isinstance(inputs, np.ndarray) else [inputs[n] for n in numbers], labels)


class Splits(NamedTuple):
    """What is taught, and what is asked; None where they come together."""

    train: Arrays
    test: Arrays | None


def is_data(path: object) -> bool:
    """Say whether a word names data: by the ending of a file, as a folder with a slash, or at the Hub.

    Examples
    --------
    >>> is_data("./7.npz"), is_data("iris.csv"), is_data("hf://owner/name"), is_data("digits")
    (True, True, True, False)
    """
    if not isinstance(path, str):
        return False
    return path.lower().endswith(ENDINGS) or path.startswith(HUB) or ("/" in path and Path(path).is_dir())


def digest(path: str) -> str:
    """Give a digest of the content of a file, or of the files of a folder that are read; nothing for what is none."""
    source, result = Path(path), hashlib.sha256()
    if path.startswith(HUB) or not (source.is_dir() or source.is_file()):
        return ""
    files = [source] if source.is_file() else sorted(itertools.chain(*_files_of(source).values()))
    if source.suffix.lower() == ".npy":
        files += [file for file in _label_files(source) if file.is_file()]
    for file in files:
        result.update(file.as_posix().removeprefix(source.as_posix()).encode())
        with file.open("rb") as opened:
            hashlib.file_digest(opened, lambda: result)  # type: ignore[arg-type, return-value]
    return result.hexdigest()[:16]


def read(path: str) -> Splits:
    """Read data by its path; AgentError that says what is wrong and what is expected."""
    source = Path(path)
    if path.startswith(HUB):
        return _from_hub(path)
    if not source.exists():
        files = [file.name for file in source.parent.glob("*") if is_data(f"./{file.name}")]
        hint = nearest(source.name, files)
        raise AgentError(f"expected a file of drawings and labels, got nothing at {path}.{hint}")
    return _read(source, digest(path))


@functools.lru_cache(maxsize=2)
def _read(source: Path, content: str) -> Splits:
    """Read a file or a folder, cached by its content."""
    if source.is_dir():
        return _from_folder(source)
    readers = {".npz": _from_npz, ".npy": _from_npy, ".csv": _from_table, ".tsv": _from_table, ".arff": _from_arff}
    try:
        return readers[source.suffix.lower()](source)
    except AgentError:
        raise
    except Exception as error:  # whatever zipfile, numpy and csv raise at a damaged file, or one too large
        expected = (
            "arrays of inputs and labels"
            if source.suffix.lower() in (".npz", ".npy")
            else "rows of numbers and a label"
        )
        message = " ".join(str(error).split())[:160].rstrip(".")
        message = "objects, which would be pickled: save numbers and words" if "pickle" in message else message
        raise AgentError(f"expected {expected} in {source.name}, got {message or type(error).__name__}.") from error


def scale_of(inputs: Any) -> tuple[float, float]:
    """Give the least and the greatest number of inputs: paper and ink where they are drawings."""
    return (float(inputs.min()), float(inputs.max())) if isinstance(inputs, np.ndarray) else (0.0, 255.0)


def has_channels_first(shape: tuple[int, ...]) -> bool:
    """Say whether a picture of a shape has its channels first, as torch has them.

    Examples
    --------
    >>> has_channels_first((3, 32, 32)), has_channels_first((32, 32, 3)), has_channels_first((28, 28))
    (True, False, False)
    """
    return len(shape) == 3 and shape[0] in CHANNELS and shape[2] not in CHANNELS


def white_of(high: float) -> int:
    """Give what is white in pictures of uint8 whose greatest number is ``high``: that where they are faint, else 255.

    Examples
    --------
    >>> white_of(16), white_of(200)
    (16, 255)
    """
    return int(high) if 1 <= high < FAINT else 255


def as_pictures(inputs: Any, name: str, scale: tuple[float, float]) -> list[np.ndarray] | np.ndarray:
    """Give inputs as pictures that `agent.preprocessing` takes: rows of a square number of pixels become squares.

    Numbers of other types than uint8, and small ones, are scaled from ``scale``, their least and greatest.

    Examples
    --------
    >>> as_pictures(np.arange(128.0).reshape(2, 64), "x", (0, 127)).shape
    (2, 8, 8)
    """
    if not isinstance(inputs, np.ndarray):
        return inputs
    side = math.isqrt(inputs.shape[1]) if inputs.ndim == 2 else 0
    if inputs.ndim == 2 and side * side == inputs.shape[1] and side >= 8:
        inputs = inputs.reshape(-1, side, side)
    inputs = np.moveaxis(inputs, 1, -1) if has_channels_first(inputs.shape[1:]) else inputs
    if inputs.ndim not in (3, 4) or (inputs.ndim == 4 and inputs.shape[3] not in CHANNELS):
        expected = "pictures (N, H, W) or (N, H, W, 3), or rows of a square number of pixels from 64 on"
        shape = f"(N, {', '.join(map(str, inputs.shape[1:]))})"
        raise AgentError(
            f"expected {expected} in {name} for an agent of drawings, got {shape}. Take a model of your own: "
            "agent=./net.py:Net, or agent=sklearn.linear_model.SGDClassifier."
        )
    low, high = scale
    if inputs.dtype == np.uint8 and max(high, inputs.max(initial=0)) >= FAINT:
        return inputs
    return np.round(np.clip((inputs - low) * (255 / (high - low) if high > low else 0), 0, 255)).astype(np.uint8)


def short_labels(labels: Sequence[str], name: str, max_chars: int) -> list[str]:
    """Cut labels to so many characters, if that leaves them different."""
    short = {label: label[:max_chars].strip() for label in set(labels)}
    if len(set(short.values())) < len(short):
        longest = max(short, key=len)
        raise AgentError(
            f"expected labels in {name} that differ in {max_chars} characters, got {longest!r}. Rename it."
        )
    return [short[label] for label in labels]


def checked(inputs: Any, labels: Any, name: str) -> Arrays:
    """Check inputs and labels: as many of each, finite numbers, labels that can be read."""
    values, names = inputs, np.asarray(labels)
    if names.ndim == 2 and 1 in names.shape:
        names = names.ravel()
    if names.ndim != 1:
        raise AgentError(f"expected labels (N,) in {name}, a word or a whole number each, got {names.shape}.")
    if names.dtype.kind == "f":
        bad = ~((names == np.round(names)) & (np.abs(names) < 2**53))  # NaN and infinity, too
        if bad.any():
            raise AgentError(f"expected labels as words or whole numbers in {name}, got {names[bad][0]}.")
        names = names.astype(np.int64)
    if names.dtype.kind not in "iuUSb":
        raise AgentError(f"expected labels as words or whole numbers in {name}, got {names.dtype}.")
    texts = [(one.decode() if isinstance(one, bytes) else str(one)).strip() for one in names.tolist()]
    for text in set(texts):
        if not 1 <= len(text) <= MAX_CHARS or not is_visible(text):
            raise AgentError(f"expected labels of 1 to {MAX_CHARS} visible characters in {name}, got {text[:60]!r}.")
    is_array = isinstance(values, np.ndarray)
    if is_array and (values.ndim < 2 or values.dtype.kind not in "fiub" or not values.size):
        raise AgentError(
            f"expected inputs (N, H, W), (N, H, W, C) or (N, D) of numbers in {name}, got {values.dtype} of the shape "
            f"{values.shape}."
        )
    if len(values) != len(texts) or not texts:
        raise AgentError(f"expected as many labels as drawings in {name}, got {len(texts)} and {len(values)}.")
    if is_array:
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            row = int(np.flatnonzero(~np.isfinite(values.reshape(len(values), -1)).all(1))[0])
            raise AgentError(f"expected finite numbers in {name}, got NaN or infinity in row {row}. Fill it in.")
        is_pixels = values.ndim > 2 and values.dtype.kind in "iu" and values.min() >= 0 and values.max() <= 255
        values = values.astype(np.uint8) if is_pixels else values
        values = values.astype(np.float32) if values.dtype in (bool, np.float16, np.longdouble) else values
    return Arrays(values, texts)


def _split_name(name: str) -> tuple[str, str]:
    """Read the name of an array: its split, and whether it holds inputs or labels.

    >>> _split_name("x_train"), _split_name("test_images"), _split_name("labels"), _split_name("notes")
    (('train', 'x'), ('test', 'x'), ('', 'y'), ('', ''))
    """
    words = re.findall("[a-z]+", name.lower())
    split = next((word for word in words if word in ("train", "training", *TEST)), "")
    part = next((part for part, known in (("x", INPUTS), ("y", LABELS)) if set(words) & set(known)), "")
    return "train" if split == "training" else split, part


def _of_splits(tables: Mapping[str, Arrays]) -> Splits:
    test = next((tables[split] for split in TEST if split in tables), None)
    train = next((tables[split] for split in ("train", "") if split in tables), None)
    if train is None:
        train, test = next(iter(tables.values())), None
    return Splits(train, test)


def _from_npz(source: Path) -> Splits:
    if not zipfile.is_zipfile(source):
        raise ValueError("something else: save them with numpy.savez")
    with np.load(source, allow_pickle=False) as archive:
        result: dict[str, dict[str, Any]] = {}
        for name in archive.files:
            split, part = _split_name(name)
            if part:
                result.setdefault(split, {})[part] = archive[name]
        whole = {split: parts for split, parts in result.items() if set(parts) == {"x", "y"}}
        if not whole:
            got = ", ".join(archive.files[:8]) or "nothing"
            raise AgentError(
                f"expected the arrays drawings and labels in {source.name}, or x and y, or x_train, y_train, x_test "
                f"and y_test, got {got}."
            )
        return _of_splits({split: checked(parts["x"], parts["y"], source.name) for split, parts in whole.items()})


def _label_files(source: Path) -> list[Path]:
    stem, names = source.stem, [f"{source.stem}_labels", f"{source.stem}_y", "labels", "y"]
    names += [re.sub("^" + start, end, stem) for start, end in (("x", "y"), ("X", "y"), ("images", "labels"))]
    return [source.with_name(f"{name}.npy") for name in dict.fromkeys(names) if name != stem]


def _from_npy(source: Path) -> Splits:
    files = [file for file in _label_files(source) if file.is_file()]
    if not files:
        raise AgentError(f"expected the labels of {source.name} in {source.stem}_labels.npy beside it, got none.")
    inputs, labels = (np.load(file, allow_pickle=False) for file in (source, files[0]))
    return Splits(checked(inputs, labels, source.name), None)


def _from_table(source: Path) -> Splits:
    with source.open(newline="", encoding="utf-8-sig") as file:
        head = [line for line in (file.readline() for _ in range(3)) if line.strip()]
    if not head:
        raise ValueError("an empty file")
    delimiter = "\t" if source.suffix.lower() == ".tsv" else max(",;\t", key=head[0].count)
    rows = list(csv.reader(head, delimiter=delimiter))
    names = [cell.strip().lower() for cell in rows[0]]
    has_head = _is_head(names, rows[1] if len(rows) > 1 else [])
    named = [place for place, name in enumerate(names) if name in LABELS] if has_head else []
    if has_head and len(rows) < 2:
        raise ValueError("a head without rows")
    words = [place for place, cell in enumerate(rows[-1]) if not _is_number(cell)]
    place = (named or words or [len(names) - 1])[0]
    n_unnamed = int(has_head and not names[0])  # the numbers of rows, as pandas writes them
    return _loaded(source, delimiter, place, range(n_unnamed, len(names)), int(has_head), '"')


def _from_arff(source: Path) -> Splits:
    attributes: list[tuple[str, str]] = []
    with source.open(encoding="utf-8") as file:
        for n_head, line in enumerate(file, 1):  # noqa: B007
            if result := re.match(r"\s*@attribute\s+('[^']*'|\"[^\"]*\"|\S+)\s+(.+)", line, re.I):
                attributes.append((result[1].strip("'\""), result[2].strip()))
            elif line.strip().lower() == "@data":
                break
        else:
            raise ValueError("no line @data")
    nominal = [place for place, (_, kind) in enumerate(attributes) if kind.startswith("{")]
    if len(nominal) != 1:
        raise ValueError(f"{len(nominal)} nominal attributes, where one is the label")
    return _loaded(source, ",", nominal[0], range(len(attributes)), n_head, "'")


def _loaded(source: Path, delimiter: str, place: int, columns: range, n_head: int, quote: str) -> Splits:
    """Load a table: the column at ``place`` is the label, the others of ``columns`` are numbers."""
    others = [column for column in columns if column != place]
    if not others:
        raise ValueError("one column")
    how: dict[str, Any] = {"delimiter": delimiter, "quotechar": quote, "comments": None}
    with source.open(encoding="utf-8-sig") as file:
        rows = [line for line in itertools.islice(file, n_head, None) if line.strip()]
    rows = [row for row in rows if not row.lstrip().startswith("%")] if source.suffix.lower() == ".arff" else rows
    if not rows:
        raise ValueError("no rows")
    labels = np.loadtxt(rows, usecols=place, dtype=str, ndmin=1, **how)
    if quote == '"' and all(map(_is_number, labels)) and (labels.astype(float) % 1).any():
        labels = labels.astype(float)  # which are refused
    try:
        numbers = np.loadtxt(rows, usecols=others, ndmin=2, **how)
    except ValueError as error:
        for place, line in enumerate(csv.reader(rows, delimiter=delimiter, quotechar=quote), 1):
            for cell in (line[column] for column in others if column < len(line)):
                if not _is_number(cell):
                    message = f"{cell[:40]!r} for a number in row {place}; write or leave out what is missing"
                    raise ValueError(message) from error
        raise
    return Splits(checked(numbers, labels, source.name), None)


def _is_head(names: Sequence[str], row: Sequence[str]) -> bool:
    """Say whether names of columns are above a row; these may be numbers that count up, as pandas writes them.

    >>> _is_head(["0", "1", "label"], ["7", "7", "a"]), _is_head(["0", "1", "kind"], ["7", "7", "3"])
    (True, True)
    >>> _is_head(["5.1", "3.5", "a"], ["4.9", "3", "b"]), _is_head(["5.1", "3.5", "y"], ["4.9", "3", "n"])
    (False, False)
    """
    numbers = [float(name) for name in names if _is_number(name)]
    counts_up = all(one < other for one, other in itertools.pairwise(numbers))
    is_word_above_number = any(not _is_number(n) and _is_number(cell) for n, cell in zip(names, row, strict=False))
    known = {*names} & {*LABELS}
    return not numbers or bool(known - {"y"}) or (counts_up and (bool(known) or is_word_above_number))


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _files_of(source: Path) -> dict[str, list[Path]]:
    """Give the files of a folder that are data, by their split; what lies elsewhere in it is not looked at.

    Those that the package datasets has saved are under `HUB`. AgentError where there are none.
    """
    if any((source / name).is_file() for name in _SAVED):
        return {HUB: [file for pattern in ("*", "*/*") for file in source.glob(pattern) if file.is_file()]}
    splits = {folder.name.lower(): folder for folder in sorted(source.iterdir()) if folder.is_dir()}
    parts = {name: splits[name] for name in ("train", *TEST) if name in splits} if "train" in splits else {"": source}
    files = {split: pictures_in(folder, "*/*") for split, folder in parts.items()}
    for split, folder in parts.items():
        if not files[split]:
            expected, ends = f"pictures in {folder / 'LABEL'}/, a folder for each label", " ".join(PICTURES)
            raise AgentError(f"expected {expected}, got none there that ends in {ends}.")
    return files


def _from_folder(source: Path) -> Splits:
    tables, room, files = {}, MAX_BYTES, _files_of(source)
    if HUB in files:
        return _from_hub(str(source))
    for split, paths in files.items():
        pictures = []
        for path in paths:
            pictures.append(pixels(opened(path, decode=True)))
            room -= pictures[-1].nbytes
            if room < 0:
                raise AgentError(
                    f"expected pictures of at most {MAX_BYTES:,} bytes in {source}, got more. Shrink them."
                )
        tables[split] = checked(_stacked(pictures), [path.parent.name for path in paths], str(source))
    return _of_splits(tables)


def pictures_in(folder: Path, pattern: str, limit: int = MAX_FILES) -> list[Path]:
    """Give the files of a folder that are pictures by their ending, none of them hidden, as macOS writes some.

    AgentError where the pattern fits more than ``limit`` files and folders.
    """
    files = []
    for number, file in enumerate(folder.glob(pattern)):
        if number == limit:
            raise AgentError(f"expected a folder of at most {limit:,} files, got more in {folder}. Name one in it.")
        is_shown = not any(part.startswith(".") for part in file.relative_to(folder).parts)
        if is_shown and file.suffix.lower() in PICTURES and file.is_file():
            files.append(file)
    return sorted(files)


def opened(file: str | Path, decode: bool = False) -> Image.Image:
    """Open a picture, and ``decode`` it, which a photo is only when its size is known; AgentError when it is none."""
    try:
        with Path(file).open("rb") as content:  # a device may have no end
            image = Image.open(io.BytesIO(content.read(MAX_BYTES)))
        if decode:
            image.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        reason = getattr(error, "strerror", None) or str(error).partition(" <_io")[0]
        raise AgentError(f"expected a picture at {file}, got none that can be read ({reason}).") from error
    return image


def pixels(image: Image.Image) -> np.ndarray:
    """Give the pixels of a picture: (H, W) or (H, W, C)."""
    if image.mode in ("P", "PA", "CMYK", "YCbCr"):
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    return np.asarray(image.convert("L") if image.mode == "1" else image)


def _stacked(pictures: Iterable[np.ndarray]) -> np.ndarray | list[np.ndarray]:
    """Put pictures of one shape into one array."""
    result = list(pictures)
    return np.stack(result) if len({(picture.shape, picture.dtype) for picture in result}) == 1 else result


def _from_hub(path: str) -> Splits:
    """Read a data set of Hugging Face, from a folder it was saved to or by its name."""
    try:
        datasets = importlib.import_module("datasets")
    except ImportError as error:
        raise AgentError(f"expected the package datasets for {path}, got none. pip install datasets.") from error
    try:
        result = datasets.load_dataset(path[len(HUB) :]) if path.startswith(HUB) else datasets.load_from_disk(path)
    except Exception as error:  # whatever the package raises: no such name, no network
        raise AgentError(f"expected a data set at {path}, got {' '.join(str(error).split())[:200]}.") from error
    return _of_splits(
        {
            split: _of_table(table, path)
            for split, table in (result if hasattr(result, "items") else {"": result}).items()
        }
    )


def _of_table(table: Any, path: str) -> Arrays:
    columns = {_split_name(name)[1]: name for name in reversed(table.column_names)}
    if not {"x", "y"} <= set(columns):
        numbers = [name for name in table.column_names if name != columns.get("y")]
        if "y" not in columns or not numbers:
            raise AgentError(
                f"expected columns such as image and label in {path}, got {', '.join(table.column_names)}."
            )
        inputs: Any = np.stack([np.asarray(table[name][:], np.float64) for name in numbers], 1)
    else:
        values = table[columns["x"]][:]
        inputs = _stacked(pixels(one) if isinstance(one, Image.Image) else np.asarray(one) for one in values)
    names = getattr(table.features[columns["y"]], "names", None)
    labels = table[columns["y"]][:]
    return checked(inputs, [names[number] for number in labels] if names else labels, path)
