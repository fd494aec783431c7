"""Every number the README quotes, peers beside it: ``python -m tests.bench``.

The test set is asked once for each row; settings were chosen on a part of the training set. Times are medians of one
thread on the machine at hand, so only their ratios mean anything elsewhere.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

import agent
from agent.tasks import digits

README = Path(__file__).resolve().parents[1] / "README.md"
MARKS = "<!-- {part}:begin -->", "<!-- {part}:end -->"
SIZES = (10, 60, 600)
Row = dict[str, str]


class Wisard:
    """The classic WiSARD: pixels above half ink, random tuples of 28, one discriminator a digit, bleaching."""

    def __init__(self, seed: int) -> None:
        self.mapping = np.random.default_rng(seed).permutation(784).reshape(28, 28)
        self.weights = (1 << np.arange(28)).astype(np.int64)

    def fit(self, drawings: np.ndarray, labels: np.ndarray) -> Wisard:
        addresses = self._addresses(drawings)
        self.nodes = []
        for node in range(28):
            known, places = np.unique(addresses[:, node], return_inverse=True)
            counts = np.zeros((len(known) + 1, 10), np.int32)  # the last line: an address never seen
            np.add.at(counts, (places, labels), 1)
            self.nodes.append((known, counts))
        return self

    def predict(self, drawings: np.ndarray) -> np.ndarray:
        addresses = self._addresses(drawings)
        seen = np.empty((len(drawings), 28, 10), np.int32)
        for node, (known, counts) in enumerate(self.nodes):
            places = np.minimum(np.searchsorted(known, addresses[:, node]), len(known) - 1)
            places = np.where(known[places] == addresses[:, node], places, len(known))
            seen[:, node] = counts[places]
        return np.array([self._bleached(counts) for counts in seen])

    def _addresses(self, drawings: np.ndarray) -> np.ndarray:
        bits = drawings.reshape(len(drawings), 784) > 127
        return bits[:, self.mapping] @ self.weights

    @staticmethod
    def _bleached(counts: np.ndarray) -> int:
        """Raise the count a location must exceed until one label stands alone."""
        best = 0
        for bleach in range(int(counts.max(initial=0)) + 1):
            responses = (counts > bleach).sum(axis=0)
            if responses.max() == 0:
                break
            best = int(responses.argmax())
            if (responses == responses.max()).sum() == 1:
                break
        return best


def recall_accuracy(drawings: np.ndarray, labels: Sequence[str], test: tuple, seed: int, kind: str = "recall") -> float:
    """Teach a newborn agent and ask it the whole test set."""
    pupil = agent.new(kind, seed=seed)
    pupil.learn_many(drawings, labels)
    guesses = pupil.predict_many(test[0])
    return float(np.mean([guess.label == label for guess, label in zip(guesses, test[1], strict=True)]))


def peer_accuracy(
    make: Callable[[int], object], drawings: np.ndarray, labels: Sequence[str], test: tuple, seed: int
) -> float:
    """Teach a peer and ask it the whole test set."""
    peer = make(seed).fit(drawings if make is Wisard else drawings.reshape(len(drawings), -1), np.array(labels, int))
    got = peer.predict(test[0] if make is Wisard else test[0].reshape(len(test[0]), -1))
    return float(np.mean(got == np.array(test[1], int)))


def spread(values: Sequence[float]) -> str:
    """Mean and standard deviation, in per cent."""
    return f"{100 * np.mean(values):.2f} ± {100 * np.std(values):.2f}" if len(values) > 1 else f"{100 * values[0]:.2f}"


def accuracies(n_seeds: int, n_full: int) -> list[Row]:
    """Accuracy on the 10,000 test digits after few and all lessons, the same draws for everyone."""
    train, test = digits.mnist("train"), digits.mnist("test")
    peers = {
        "1-nearest neighbour on pixels": lambda seed: KNeighborsClassifier(1, algorithm="brute"),
        "classic WiSARD": Wisard,
    }
    rows = []
    for n_lessons in (*SIZES, 60_000):
        full = n_lessons == 60_000
        row: Row = {"lessons": f"{n_lessons:,}" + (", one pass" if full else ", balanced")}
        draws = [
            train if full else digits.Selection({"mnist": n_lessons}, seed=seed).draw()
            for seed in range(n_full if full else n_seeds)
        ]
        row["recall"] = spread([recall_accuracy(*draw, test, seed) for seed, draw in enumerate(draws)])
        row["nearest"] = spread(
            [recall_accuracy(*draw, test, seed, "nearest") for seed, draw in enumerate(draws[: 1 if full else None])]
        )
        for name, make in peers.items():
            used = draws[:1] if full and make is not Wisard else draws
            row[name] = spread([peer_accuracy(make, *draw, test, seed) for seed, draw in enumerate(used)])
        rows.append(row)
        print(row, flush=True)
    return rows


def timed(work: Callable[[int], object], n: int) -> str:
    """Median and 95th percentile of one call, in microseconds."""
    times = []
    for number in range(n):
        start = time.perf_counter()
        work(number)
        times.append(time.perf_counter() - start)
    return f"{1e6 * np.median(times):,.0f} / {1e6 * np.quantile(times, 0.95):,.0f}"


def costs() -> list[Row]:
    """What a guess, a lesson and an agent cost after 60, 600 and 60,000 lessons, warm, on one core."""
    drawings, labels = digits.mnist("train")
    asked = digits.mnist("test")[0]
    warm_up = agent.new("recall")
    warm_up.learn_one(drawings[0], labels[0])
    warm_up.predict_one(drawings[1])
    rows = []
    for n_lessons in (60, 600, 60_000):
        pupil = agent.new("recall")
        start = time.perf_counter()
        pupil.learn_many(drawings[:n_lessons], labels[:n_lessons])
        seconds = time.perf_counter() - start
        peer = KNeighborsClassifier(1, algorithm="brute").fit(
            drawings[:n_lessons].reshape(n_lessons, -1), labels[:n_lessons]
        )
        row: Row = {"lessons": f"{n_lessons:,}", "taught in, s": f"{seconds:.2f}"}
        row["predict_one, µs (median / p95)"] = timed(lambda i, p=pupil: p.predict_one(asked[i]), 500)
        row["1-NN on pixels, µs"] = timed(lambda i, p=peer: p.predict(asked[i].reshape(1, -1)), 50)
        row["memory, MB"] = f"{pupil.memory.n_bytes / 1e6:.1f}"
        with tempfile.TemporaryDirectory() as folder:
            row["file, MB"] = f"{agent.save(pupil, Path(folder) / 'agent.zip').stat().st_size / 1e6:.2f}"
            size = sum(file.stat().st_size for file in agent.save(pupil, Path(folder) / "agent").iterdir())
            row["folder, MB"] = f"{size / 1e6:.2f}"
        row["learn_one, µs"] = timed(lambda i, p=pupil: p.learn_one(asked[i], "5"), 60)
        row["undo, µs"] = timed(lambda _, p=pupil: p.undo(), 60)
        rows.append(row)
        print(row, flush=True)
    return rows


def table(rows: list[Row]) -> str:
    """Write rows as a Markdown table."""
    names = list(rows[0])
    lines = [names, ["---"] * len(names), *([row[name] for name in names] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def write(part: str, text: str) -> None:
    """Put a part's text between its marks in the README."""
    begin, end = (mark.format(part=part) for mark in MARKS)
    old = README.read_text(encoding="utf-8")
    before, after = old[: old.index(begin)], old[old.index(end) :]
    README.write_text(f"{before}{begin}\n{text}\n{after}", encoding="utf-8")


def main() -> None:
    """Measure, print, and write the tables into the README."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=["accuracy", "costs"], help="accuracy, costs (default: both)")
    parser.add_argument("--seeds", type=int, default=10, help="draws of 10, 60 and 600 lessons")
    parser.add_argument("--full", type=int, default=3, help="agents taught all 60,000")
    parser.add_argument("--dry", action="store_true", help="leave the README alone")
    options = parser.parse_args()
    captions = {
        "accuracy": "Accuracy on MNIST's 10,000 test digits, per cent, mean ± standard deviation over "
        f"{options.seeds} draws ({options.full} agents for all 60,000; of those who draw nothing, one):",
        "costs": "Costs on one core, warm (absolute times are this machine's: compare across a row):",
    }
    for part in options.parts:
        rows = accuracies(options.seeds, options.full) if part == "accuracy" else costs()
        text = f"{captions[part]}\n\n{table(rows)}"
        print(text)
        if not options.dry:
            write(part, text)


if __name__ == "__main__":
    main()
