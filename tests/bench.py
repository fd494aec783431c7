"""Every number the README quotes, peers beside it: ``python -m tests.bench``.

The test set is asked once for each row; settings were chosen on a part of the training set. Times are medians of one
thread on the machine at hand, so only their ratios mean anything elsewhere.
"""

from __future__ import annotations

import argparse
import importlib
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

import agent
from agent.kinds import KINDS
from agent.tasks import digits, strokes
from tests import copied, drawn, peers, protocols, sharded, starts, watching

README = Path(__file__).resolve().parents[1] / "README.md"
CURVE = Path(__file__).resolve().parent / "golden" / "learning.png"
SHEET = CURVE.with_name("drawn.png")
FRAMES = CURVE.with_name("frames.png")
MARKS = "<!-- {part}:begin -->", "<!-- {part}:end -->"
ALL = 60_000
FEW_SEEDS = {"small CNN, shifts": 3, "support vectors on pixels": 3, "wisardpkg": 3}  # these take long
HELD_OUT_STYLES = strokes.styles()[1::4]
STATES_ASKED = {60: 1000, 1000: 100}  # test digits, others for each seed: a thousand lessons take a while to look up
Row = dict[str, str]
Draw = tuple[str, int]  # "balanced" or "unbalanced", and how many; ALL in the given order


def one_accuracy(task: tuple[str, Draw, int]) -> float:
    """Teach one learner one draw and ask it the test set."""
    name, (how, n_lessons), seed = task
    lessons = digits.mnist("train") if n_lessons == ALL else getattr(protocols, how)(n_lessons, seed)
    test = digits.mnist("test")
    if name in ("recall", "recall, studied", "nearest"):
        pupil = protocols.taught(lessons, seed, name.split(",")[0])
        if name.endswith("studied"):
            pupil.study()
        return protocols.share_right(pupil, *test)
    peer = peers.PEERS[name][0](seed).fit(np.asarray(lessons[0]), np.array(lessons[1], int))
    return float(np.mean(peer.predict(np.asarray(test[0])) == np.array(test[1], int)))


def each(work: Callable[..., object], tasks: Sequence[object]) -> list:
    """Do tasks side by side, one process a core."""
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as workers:
        return list(workers.map(work, tasks))


def accuracies(n_seeds: int, n_full: int) -> list[Row]:
    """Accuracy on the 10,000 test digits after few and all lessons, the same draws for everyone."""
    learners = ["recall", "nearest", *peers.installed()]
    draws: list[tuple[str, Draw, int]] = [
        ("10, balanced", ("balanced", 10), n_seeds),
        ("60, balanced", ("balanced", 60), n_seeds),
        ("60, any", ("unbalanced", 60), n_seeds),
        ("600, balanced", ("balanced", 600), n_seeds),
        ("6,000, balanced", ("balanced", 6000), n_full),
        ("60,000, one pass", ("balanced", ALL), n_full),
    ]
    rows, figures = [], {}
    for title, draw, n_draws in draws:
        row: Row = {"lessons": title}
        for name in learners:
            if name == "support vectors on pixels" and draw[1] == ALL:
                row[name] = "–"  # a quarter of an hour
                continue
            n = min(n_draws, FEW_SEEDS.get(name, n_draws))
            if draw[1] == ALL and name not in ("recall", "small CNN, shifts", "classic WiSARD"):
                n = 1  # nothing is drawn
            found = each(one_accuracy, [(name, draw, seed) for seed in range(n)])
            row[name] = spread(found)
            figures.setdefault(name, {})[draw] = found
        rows.append(row)
        print(row, flush=True)
    studied = [one_accuracy(("recall, studied", ("balanced", ALL), seed)) for seed in range(n_full)]
    rows.append({"lessons": "60,000, studied", **dict.fromkeys(learners, "–"), "recall": spread(studied)})
    draw_curve(figures)
    return rows


def draw_curve(figures: dict[str, dict[Draw, list[float]]]) -> None:
    """Draw the learning curves, the spread of the draws shaded."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 4.5), dpi=100)
    for name, found in figures.items():
        points = sorted((n, np.mean(values), np.std(values)) for (how, n), values in found.items() if how == "balanced")
        n_lessons, mean, sd = np.array(points).T
        wrong = 100 * (1 - mean)
        (line,) = axes.loglog(n_lessons, wrong, marker="o", ms=4, lw=2.5 if name == "recall" else 1.2, label=name)
        axes.fill_between(n_lessons, np.maximum(0.1, wrong - 100 * sd), wrong + 100 * sd, color=line.get_color(),
                          alpha=0.15, lw=0)  # fmt: skip
    axes.set(xlabel="lessons", ylabel="wrong of 100 test digits")
    axes.set_xticks([10, 60, 600, 6000, ALL], ["10", "60", "600", "6,000", "60,000"])
    axes.set_yticks([0.5, 1, 2, 5, 10, 20, 50], ["0.5", "1", "2", "5", "10", "20", "50"])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(CURVE)


def promises(n_seeds: int, n_full: int) -> list[Row]:
    """What corrections do to the rest, what the order of lessons and joining change."""
    rows = []
    for title, study, n in (("600", False, n_seeds), ("60,000", False, 1), ("60,000, studied", True, 1)):
        runs = []
        for seed in range(n):
            base = digits.mnist("train") if title != "600" else protocols.balanced(600, seed)
            runs.append(protocols.own_errors(base, seed, study))
        row = {
            "own mistakes taught to an agent of": title,
            "how many": f"{np.mean([run['taught'] for run in runs]):.0f}",
        }
        row |= {name: spread([run[name] for run in runs]) for name in runs[0] if name != "taught"}
        rows.append(row)
        print(row, flush=True)
    return rows


def one_state(task: tuple[str, str, int, int]) -> float:
    """Teach a state machine of a preset, or the baseline, one draw and ask it some of the test set."""
    kind, preset, n_lessons, seed = task
    drawings, labels = digits.mnist("test")
    asked = np.random.default_rng(seed).choice(len(labels), STATES_ASKED[n_lessons], replace=False)
    pupil = protocols.taught(protocols.balanced(n_lessons, seed), seed, kind, **KINDS[kind].PRESETS[preset])
    return protocols.share_right(pupil, np.asarray(drawings)[asked], [labels[row] for row in asked])


def states(n_seeds: int, n_full: int) -> list[Row]:
    """State machines of each preset after 60 and 1,000 lessons, the nearest drawing beside them."""
    rows = []
    for kind, preset in [
        *(("state", name) for name in KINDS["state"].PRESETS if name != "grey"),
        ("nearest", "as it is"),
    ]:
        row: Row = {"kind": kind, "design": preset}
        for n_lessons, n_asked in STATES_ASKED.items():
            found = each(one_state, [(kind, preset, n_lessons, seed) for seed in range(n_seeds)])
            row[f"{n_lessons:,} lessons, {n_asked:,} asked"] = spread(found)
        rows.append(row)
        print(row, flush=True)
    return rows


def drawings(n_seeds: int, n_full: int) -> list[Row]:
    """Digits drawn from memory after 6,000 lessons, a hundred of each; the sheet shows twenty."""
    shares, pages = drawn.measured(6000, 100)
    drawn.sheet(pages[:, :20]).save(SHEET)
    apart = {name: f"{shares.pop(name):.2f}" for name in list(shares) if name.startswith("apart")}
    return [{"drawn": f"{pages.shape[0] * pages.shape[1]:,}"} | {name: spread([n]) for name, n in shares.items()} | apart]


def orders(n_seeds: int, n_full: int) -> list[Row]:
    """All of MNIST in other orders and in two halves."""
    return [
        {"60,000 lessons": "01, then 23, 45, 67, 89", "right": spread([protocols.class_by_class(0)])},
        {"60,000 lessons": "01, then 23, 45, 67, 89, studied", "right": spread([protocols.class_by_class(0, True)])},
        {"60,000 lessons": "two halves, joined", "right": spread([protocols.joined_halves(0)])},
    ]


def transfers(n_seeds: int, n_full: int) -> list[Row]:
    """Other hands than MNIST's: strokes and print, at once and after some of their own."""

    def all_mnist(study: bool = False, kind: str = "recall") -> agent.pupil.Pupil:
        pupil = protocols.taught(digits.mnist("train"), 0, kind)
        if study:
            pupil.study()
        return pupil

    fonts = digits.fonts()
    hands = {
        "pen strokes, all styles": (strokes.Selection(1000, seed=99).draw(), 100),
        "pen strokes, styles held out": (strokes.Selection(1000, styles=HELD_OUT_STYLES, seed=99).draw(), 100),
        "print, one lesson of each of 10 fonts": (protocols.printed([*fonts[::2], *fonts[1::2]]), 10 * len(fonts[::2])),
    }
    makers = {
        "recall, MNIST": all_mnist,
        "recall, MNIST studied": lambda: all_mnist(study=True),
        "recall, everyday hand without the styles held out": lambda: protocols.starter_without(HELD_OUT_STYLES),
        "nearest, MNIST": lambda: all_mnist(kind="nearest"),
    }
    rows = []
    for name, make in makers.items():
        row: Row = {"taught": name}
        for hand, ((drawings, labels), n_own) in hands.items():
            if "everyday" in name and hand != "pen strokes, styles held out":
                row[hand] = "–"  # it has seen them
                continue
            before, after = protocols.transfer(make, drawings, labels, n_own)
            row[hand] = f"{100 * before:.1f} → {100 * after:.1f}"
        rows.append(row)
        print(row, flush=True)
    return rows


ABLATIONS: dict[str, dict[str, object]] = {
    "all of it": {},
    "no warped copies": {"n_warps": 0},
    "half the copies": {"n_rows": 3000},
    "votes alone": {"clear_lead": 0.0, "plausible_lag": 0.0},
    "differences alone": {"votes_weight": 0, "studied_weight": 0, "plausible_lag": 1.0, "clear_lead": 1.0},
    "a tenth of the rows compared": {"n_candidates": 20},
    "a third of the nodes": {"n_nodes": 100},
    "8 bits a node, not 12": {"tuple_size": 8},
}


def one_ablation(task: tuple[dict[str, object], int, int]) -> float:
    """Teach an agent with other settings and ask the validation digits."""
    settings, n_lessons, seed = task
    lessons, asked = protocols.validation(n_lessons, seed)
    return protocols.share_right(protocols.taught(lessons, seed, **settings), *asked)


def ablations(n_seeds: int, n_full: int) -> list[Row]:
    """Each part of the method switched off, on validation digits."""
    sizes = {"60": (60, n_seeds), "600": (600, n_seeds), "50,000": (50_000, 1)}
    rows = []
    for name, settings in ABLATIONS.items():
        row: Row = {"": name}
        for title, (n_lessons, n) in sizes.items():
            row[title] = spread(each(one_ablation, [(settings, n_lessons, seed) for seed in range(n)]))
        rows.append(row)
        print(row, flush=True)
    return rows


def spread(values: Sequence[float]) -> str:
    """Mean and standard deviation, in per cent."""
    return f"{100 * np.mean(values):.2f} ± {100 * np.std(values):.2f}" if len(values) > 1 else f"{100 * values[0]:.2f}"


def timed(work: Callable[[int], object], n: int) -> str:
    """Median and 95th percentile of one call, in microseconds."""
    times = []
    for number in range(n):
        start = time.perf_counter()
        work(number)
        times.append(time.perf_counter() - start)
    return f"{1e6 * np.median(times):,.0f} / {1e6 * np.quantile(times, 0.95):,.0f}"


def costs(n_seeds: int, n_full: int) -> list[Row]:
    """What a guess, a lesson and an agent cost after 60, 600 and 60,000 lessons, warm, on one core."""
    drawings, labels = digits.mnist("train")
    asked, told = digits.mnist("test")
    warm_up = agent.new("recall")
    warm_up.learn_one(drawings[0], labels[0])
    timed(lambda i: warm_up.predict_one(drawings[i]).because, 2)
    rows = []
    for n_lessons in (60, 600, 60_000):
        pupil = agent.new("recall")
        start = time.perf_counter()
        pupil.learn_many(drawings[:n_lessons], labels[:n_lessons])
        seconds = time.perf_counter() - start
        peer = peers.OneNearest(0).fit(drawings[:n_lessons], np.array(labels[:n_lessons], int))
        row: Row = {"lessons": f"{n_lessons:,}", "taught in, s": f"{seconds:.2f}"}
        row["predict_one, µs (median / p95)"] = timed(lambda i, p=pupil: p.predict_one(asked[i]), 500)
        guesses = [pupil.predict_one(drawing) for drawing in asked[:200]]
        row["reasons, when read, µs"] = timed(lambda i, g=guesses: g[i].because, len(guesses))
        row["1-NN on pixels, µs"] = timed(lambda i, p=peer: p.predict(asked[i : i + 1]), 50)
        row["memory, MB"] = f"{pupil.memory.n_bytes / 1e6:.1f}"
        with tempfile.TemporaryDirectory() as folder:
            row["file, MB"] = f"{agent.save(pupil, Path(folder) / 'agent.zip').stat().st_size / 1e6:.2f}"
            size = sum(file.stat().st_size for file in agent.save(pupil, Path(folder) / "agent").iterdir())
            row["folder, MB"] = f"{size / 1e6:.2f}"
        row["learn_one, µs"] = timed(lambda i, p=pupil: p.learn_one(asked[i], told[i]), 60)
        row["undo, µs"] = timed(lambda _, p=pupil: p.undo(), 60)
        rows.append(row)
        print(row, flush=True)
    return rows


def shards(n_seeds: int, n_full: int) -> list[Row]:
    """How many times as fast lessons are taught in two processes."""
    times = sorted(sharded.measured(2))
    return [{"60,000 lessons": "in 2 processes", "times as fast as in one, median": f"{np.median(times):.2f}",
             "least and most": f"{times[0]:.2f} … {times[-1]:.2f}"}]  # fmt: skip


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


def elsewhere(module: str, function: str) -> Callable[[int, int], list[Row]]:
    """Measure with a module that needs the app, a browser or clients, which others do without."""
    return lambda *_: getattr(importlib.import_module(f"tests.{module}"), function)()


PARTS: dict[str, tuple[Callable[[int, int], list[Row]], str]] = {
    "accuracy": (
        accuracies,
        "Accuracy on MNIST's 10,000 test digits, per cent, mean ± standard deviation over {seeds} draws ({full} from "
        "6,000 lessons on, at most 3 for those that take long; of those who draw nothing, one):",
    ),
    "promises": (promises, "Per cent right when an agent is taught its own mistakes among the even test digits, one by "
                 "one; the rest are the odd ones:"),
    "orders": (orders, "Per cent of the test digits right:"),
    "states": (
        states,
        "State machines (class-balanced draws of MNIST, one state of chance, then ten steps; per cent with all output "
        "bits right, mean ± standard deviation over {seeds} seeds):",
    ),
    "drawings": (
        drawings,
        "Digits that `recall` draws after 6,000 lessons, per cent: read as what they are by agents that were taught 6,000 "
        "other digits; nearer to a lesson than the two lessons of the label that are most alike. How far two drawings of "
        "a label are apart, over how far two lessons are:",
    ),
    "published": (
        lambda *_: copied.published(),
        "Answers to 123: what was published, single runs without a seed, and the same settings with 20 seeds:",
    ),
    "copied": (
        lambda *_: copied.reached(),
        "Learners that copy a number, shown numbers from 0 to 10, 20 seeds; how far they are off, and the time of their "
        "steps, the median (one core, warm; the reward of a try is computed with it):",
    ),
    "transfers": (transfers, "Per cent right on other hands: at once → after 100 of them (print: after 10 fonts) were "
                  "taught one by one:"),
    "ablations": (ablations, "Per cent of validation digits right, mean ± standard deviation over {seeds} draws:"),
    "shards": (shards, "The same agent taught in two processes and in one, in turn, on two cores:"),
    "layers": (
        lambda n_seeds, n_full: watching.layers(),
        "Linearithmic layers against dense ones of numpy, one core, the least of many times (784 numbers by 10, others by "
        "16):",
    ),
    "expectations": (
        lambda n_seeds, n_full: watching.expectations(FRAMES),
        "Mean squared error of the next frame, mean ± standard deviation over five seeds; with twice the frames an update, "
        "unroll 2 has had half the updates of unroll 1 in as many frames, and as many in twice as many:",
    ),
    "seeking": (
        lambda n_seeds, n_full: watching.seeking(),
        "Scores a frame, mean ± standard deviation over five seeds; by chance, over stretches of 500 frames:",
    ),
    "costs": (costs, "Costs on one core, warm (absolute times are this machine's: compare across a row):"),
    "visit": (elsewhere("visits", "visit"), "What a visit costs, each the first of a new server and a new browser, five times:"),
    "load": (
        elsewhere("load", "load"),
        "Fifty visitors with clients of gradio's, each with an agent of its own, draw once a second for three minutes, "
        "every tenth time to teach, while two others teach all of MNIST again and again; all of it on two cores:",
    ),
    "killed": (elsewhere("killed", "killed"), "The server is killed with -9 in the middle of lessons, each time started again "
               "and the same page opened again:"),
    "fuzzed": (elsewhere("fuzzed", "harm"), "Requests made up by chance from what the server says it takes, spoiled or not:"),
    "starts": (lambda n_seeds, _: starts.measured(n_seeds), "Seconds until a new process has started and ended, warm, "
               "two cores, {seeds} times each:"),
}  # fmt: skip


def main() -> None:
    """Measure, print, and write the tables into the README."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=[*PARTS], help=f"{', '.join(PARTS)} (default: all)")
    parser.add_argument("--seeds", type=int, default=10, help="draws of up to 600 lessons")
    parser.add_argument("--full", type=int, default=3, help="draws of more")
    parser.add_argument("--dry", action="store_true", help="leave the README alone")
    options = parser.parse_args()
    for part in options.parts:
        measure, caption = PARTS[part]
        text = (
            f"{caption.format(seeds=options.seeds, full=options.full)}\n\n{table(measure(options.seeds, options.full))}"
        )
        print(text)
        if not options.dry:
            write(part, text)


if __name__ == "__main__":
    main()
