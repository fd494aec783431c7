"""Benchmarks of the agents and the app, with peers: ``python -m tests.bench`` writes RESULTS.md.

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
from agent import charts
from agent.datasets import digits, strokes
from agent.models import MODELS
from tests.bench import drawing, frames, peers, protocols, regression, sharding, startup

RESULTS = Path(__file__).with_name("RESULTS.md")
README = Path(__file__).resolve().parents[2] / "README.md"
CURVE = Path(__file__).resolve().parents[1] / "golden" / "learning.svg"
SHEET = CURVE.with_name("drawn.png")
FRAMES = CURVE.with_name("frames.svg")
MARKS = "<!-- {part}:begin -->", "<!-- {part}:end -->"
HEADLINE = (  # columns of the accuracy table that the README shows
    "lessons",
    "recall",
    "1-nearest neighbour on pixels",
    "support vectors on pixels",
    "classic WiSARD",
    "small CNN, shifts",
)
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


def accuracies(n_seeds: int, n_full: int, learners: Sequence[str] = ()) -> list[Row]:
    """Accuracy on the 10,000 test digits after few and all lessons, the same draws for everyone.

    Where only some learners are measured, the others keep what the table says of them.
    """
    before = {row["lessons"]: row for row in read_table("accuracy")} if learners else {}
    learners = learners or ["recall", "nearest", *peers.installed()]
    draws: list[tuple[str, Draw, int]] = [
        ("10, balanced", ("balanced", 10), n_seeds),
        ("60, balanced", ("balanced", 60), n_seeds),
        ("60, any", ("unbalanced", 60), n_seeds),
        ("600, balanced", ("balanced", 600), n_seeds),
        ("6,000, balanced", ("balanced", 6000), n_full),
        ("60,000, one pass", ("balanced", ALL), n_full),
    ]
    rows = []
    for title, draw, n_draws in draws:
        row: Row = before.get(title, {}) | {"lessons": title}
        for name in learners:
            if name == "support vectors on pixels" and draw[1] == ALL:
                row[name] = "–"  # a quarter of an hour
                continue
            n = min(n_draws, FEW_SEEDS.get(name, n_draws))
            if draw[1] == ALL and name not in ("recall", "small CNN, shifts", "classic WiSARD"):
                n = 1  # nothing is drawn
            row[name] = spread(each(one_accuracy, [(name, draw, seed) for seed in range(n)]))
        rows.append(row)
        print(row, flush=True)
    studied = [one_accuracy(("recall, studied", ("balanced", ALL), seed)) for seed in range(n_full)]
    rows.append(dict.fromkeys(rows[0], "–") | {"lessons": "60,000, studied", "recall": spread(studied)})
    draw_curve(rows)
    return rows


def draw_curve(rows: list[Row]) -> None:
    """Draw the learning curves of the accuracy table, the standard deviation of the draws shaded."""
    curves: dict[str, list[tuple[int, float, float]]] = {}
    for row in rows:
        n_lessons, _, draw = row["lessons"].partition(", ")
        if draw not in ("balanced", "one pass"):
            continue
        for name, cell in row.items():
            mean, _, deviation = cell.partition(" ± ")
            if name != "lessons" and cell != "–":
                point = int(n_lessons.replace(",", "")), 1 - float(mean) / 100, float(deviation or 0) / 100
                curves.setdefault(name, []).append(point)
    CURVE.write_bytes(charts.errors(curves, "share of 10,000 test digits read wrong"))


def headline(rows: list[Row]) -> str:
    """Choose what the README shows of the accuracy table."""
    shown = [row for row in rows if not row["lessons"].endswith("any")]
    caption = (
        "Accuracy on MNIST's 10,000 test digits in per cent, mean ± standard deviation, by the number of lessons. All\n"
        "learners get the same lessons, up to 6,000 of them balanced over the digits:"
    )
    return f"{caption}\n\n{table([{name: row.get(name, '–') for name in HEADLINE} for row in shown])}"


def promises(n_seeds: int, n_full: int) -> list[Row]:
    """What corrections do to the rest, what the order of lessons and joining change."""
    rows = []
    for title, study, n in (("600", False, n_seeds), ("60,000", False, 1), ("60,000, studied", True, 1)):
        runs = []
        for seed in range(n):
            base = digits.mnist("train") if title != "600" else protocols.balanced(600, seed)
            runs.append(protocols.own_errors(base, seed, study))
        row = {
            "lessons before": title,
            "mistakes taught": f"{np.mean([run['taught'] for run in runs]):.0f}",
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
    pupil = protocols.taught(protocols.balanced(n_lessons, seed), seed, kind, **MODELS[kind].PRESETS[preset])
    return protocols.share_right(pupil, np.asarray(drawings)[asked], [labels[row] for row in asked])


def states(n_seeds: int, n_full: int) -> list[Row]:
    """State machines of each preset after 60 and 1,000 lessons, the nearest drawing beside them."""
    rows = []
    for kind, preset in [
        *(("state", name) for name in MODELS["state"].PRESETS if name != "grey"),
        ("nearest", "as it is"),
    ]:
        row: Row = {"model": kind, "preset": preset}
        for n_lessons, n_asked in STATES_ASKED.items():
            found = each(one_state, [(kind, preset, n_lessons, seed) for seed in range(n_seeds)])
            row[f"{n_lessons:,} lessons, {n_asked:,} tested"] = spread(found)
        rows.append(row)
        print(row, flush=True)
    return rows


def drawings(n_seeds: int, n_full: int) -> list[Row]:
    """Digits drawn from memory after 6,000 lessons, a hundred of each; the sheet shows twenty."""
    shares, pages = drawing.measured(6000, 100)
    drawing.sheet(pages[:, :20]).save(SHEET)
    apart = {name: f"{shares.pop(name):.2f}" for name in list(shares) if name.startswith("distance")}
    return [
        {"drawn": f"{pages.shape[0] * pages.shape[1]:,}"} | {name: spread([n]) for name, n in shares.items()} | apart
    ]


def orders(n_seeds: int, n_full: int) -> list[Row]:
    """All of MNIST in other orders and in two halves."""
    return [
        {"60,000 lessons": "0 and 1 first, then 2 and 3, and so on", "accuracy": spread([protocols.class_by_class(0)])},
        {
            "60,000 lessons": "0 and 1 first, then 2 and 3, and so on, studied",
            "accuracy": spread([protocols.class_by_class(0, True)]),
        },
        {"60,000 lessons": "two agents with half each, joined", "accuracy": spread([protocols.joined_halves(0)])},
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
    "complete": {},
    "no warped copies": {"n_warps": 0},
    "half the copies": {"n_rows": 3000},
    "votes alone": {"clear_lead": 0.0, "plausible_lag": 0.0},
    "differences alone": {"votes_weight": 0, "studied_weight": 0, "plausible_lag": 1.0, "clear_lead": 1.0},
    "at most 20 rows compared": {"n_candidates": 20},
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
        row: Row = {"variant": name}
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
        row["memory, MB"] = f"{pupil.model.n_bytes / 1e6:.1f}"
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
    """How many times as fast lessons are taught in two threads."""
    times = sorted(sharding.measured(2))
    return [
        {
            "60,000 lessons": "in 2 threads",
            "speed-up, median": f"{np.median(times):.2f}",
            "least and most": f"{times[0]:.2f} … {times[-1]:.2f}",
        }
    ]


def table(rows: list[Row]) -> str:
    """Write rows as a Markdown table."""
    names = list(rows[0])
    lines = [names, ["---"] * len(names), *([row[name] for name in names] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def read_table(part: str) -> list[Row]:
    """Read the rows of a part's table in the results."""
    begin, end = (mark.format(part=part) for mark in MARKS)
    text = RESULTS.read_text(encoding="utf-8").partition(begin)[2].partition(end)[0]
    lines = [line[2:-2].split(" | ") for line in text.splitlines() if line.startswith("|")]
    return [dict(zip(lines[0], cells, strict=True)) for cells in lines[2:]]


def write(part: str, text: str, page: Path = RESULTS) -> None:
    """Put a text between a part's marks on a page."""
    begin, end = (mark.format(part=part) for mark in MARKS)
    old = page.read_text(encoding="utf-8")
    before, after = old[: old.index(begin)], old[old.index(end) :]
    page.write_text(f"{before}{begin}\n{text}\n{after}", encoding="utf-8")


def elsewhere(module: str, function: str) -> Callable[[int, int], list[Row]]:
    """Measure with a module that needs the app, a browser or clients, which others do without."""
    return lambda *_: getattr(importlib.import_module(f"tests.bench.{module}"), function)()


PARTS: dict[str, tuple[Callable[..., list[Row]], str]] = {
    "accuracy": (
        accuracies,
        "Accuracy on MNIST's 10,000 test digits, in per cent: mean ± standard deviation over {seeds} draws of the "
        "lessons ({full} from 6,000 lessons on, at most 3 for slow peers, one where nothing is random):",
    ),
    "promises": (
        promises,
        "The test digits are split by their places, even and odd. An agent is taught those at even places that it "
        "gets wrong, one by one. Per cent right of these, of mild warps of them, and of those at odd places before and "
        "after:",
    ),
    "orders": (
        orders,
        "Accuracy when all of MNIST is taught in another order or to two agents, in per cent of the test digits:",
    ),
    "states": (
        states,
        "State machines on class-balanced draws of MNIST: a random first state, then ten steps. Per cent with all "
        "output bits right, mean ± standard deviation over {seeds} seeds:",
    ),
    "drawings": (
        drawings,
        "Digits that `recall` draws after 6,000 lessons. In per cent: recognised by agents that were taught 6,000 "
        "other digits; closer to a lesson than the two most similar lessons of that label are to each other. As a "
        "ratio: the distance between two drawings of a label over that between two lessons:",
    ),
    "published": (
        lambda *_: regression.published(),
        "Answers to 123: the published ones, from single runs without a seed (Machine-Learning-Simple-Net by "
        "anestercommprod, 2024), and those of the same settings over 20 seeds:",
    ),
    "copied": (
        lambda *_: regression.reached(),
        "Learners that copy a number, taught numbers from 0 to 10, over 20 seeds: their absolute errors, and the "
        "median time of training (one core, warm, computing the rewards included):",
    ),
    "transfers": (
        transfers,
        "Accuracy on other handwriting, in per cent: before → after 100 lessons of it (print: lessons of 10 fonts):",
    ),
    "strangers": (
        elsewhere("strangers", "measured"),
        "People the agent has not met, and what it was never taught, in per cent. Real pen digits are those of Alpaydin and "
        "Alimoglu (1998), 30 writers, the second 3,000 of the file; the first 3,000 were looked at while the method was "
        "chosen, so writers are not held out. The everyday hand of made-up people is without their ways of writing:",
    ),
    "ablations": (
        ablations,
        "Accuracy on validation digits by the number of lessons, in per cent: mean ± standard deviation over "
        "{seeds} draws, one draw of 50,000:",
    ),
    "shards": (
        shards,
        "One agent taught in two threads, compared with one, measured in turn on two cores:",
    ),
    "layers": (
        lambda *_: frames.layers(),
        "Linearithmic layers and dense ones of numpy on one core, the best of many runs (radix 10 for 784 "
        "numbers, 16 for others):",
    ),
    "expectations": (
        lambda *_: frames.expectations(FRAMES),
        "Mean squared error of the next frame: mean ± standard deviation over five seeds. With unroll 2 there is "
        'an update every two frames; "as many updates" has twice the frames of unroll 1:',
    ),
    "seeking": (
        lambda *_: frames.seeking(),
        "Score per frame: mean ± standard deviation over five seeds; for random actions over stretches of 500 frames. "
        "The recurrent agent of Antipurity/webenv ran about 14.6 frames a second on its author's machine (its "
        "examples/Python/README.md, 2021):",
    ),
    "elsewhere": (
        lambda *_: frames.elsewhere(),
        "Environments that other packages bring, one run of 3,000 frames each with seed 0: means of the last 500, the error "
        "squared; random actions over stretches of 500 frames:",
    ),
    "photographs": (
        elsewhere("photographs", "photographed"),
        "Digits on paper, photographed or scanned, and on pads, right of 100: mean (least … most) of three hundreds, half test "
        "digits of MNIST inked anew, half in ways of writing that the everyday hand of this table was not taught:",
    ),
    "read": (
        elsewhere("reading", "read"),
        "Several symbols in a picture, read by the everyday agent; numbers are in the hand of `strokes`, one in ten "
        "gaps of which is closed by touching; sheets are in perspective, uneven light, noise, most of them ruled:",
    ),
    "costs": (
        costs,
        "Costs on one core, warm (absolute times depend on the machine; compare within a row):",
    ),
    "wake": (
        elsewhere("wake", "woken"),
        "Seconds until an app that starts can be used, from the command on, on two cores: three starts each, medians. The "
        "app is asked over its API as soon as its page is served:",
    ),
    "compile": (
        elsewhere("wake", "compiled"),
        "What compiling costs, in seconds of processor; functions without those that they call:",
    ),
    "visit": (
        elsewhere("first_visit", "visit"),
        "The first visit to a newly started server with a new browser, five times; below what Lighthouse measures three times, "
        "on a simulated slow phone and on a desktop, in turn with a bare page of gradio that holds a Sketchpad:",
    ),
    "presses": (
        elsewhere("presses", "measured"),
        "What tasks take on the page, in presses of the mouse, of a finger, or of keys that do something, and on the page as it "
        "was before it was laid out anew. Drawing, writing, Tab and arrows are none:",
    ),
    "page": (
        elsewhere("web_page", "pages"),
        "An agent as one web page, opened five times in Chromium from a file: medians, and what 95 % stay below:",
    ),
    "load": (
        elsewhere("load", "load"),
        "Fifty visitors, each with an agent of its own, draw once a second for three minutes and teach every "
        "tenth time, while two others keep training on all of MNIST; server and clients share two cores:",
    ),
    "classroom": (
        elsewhere("classroom", "classroom"),
        "A class: clients draw once a second and teach every tenth time, pages in Chromium are drawn on meanwhile; in the "
        "middle of it agents are handed in and tested; server, browser and clients share two cores:",
    ),
    "killed": (
        elsewhere("crash", "killed"),
        "The server is killed (`kill -9`) in the middle of lessons, restarted with an empty cache of kernels, and the same page "
        "opened again:",
    ),
    "mixed": (
        elsewhere("mixed", "measured"),
        "Twenty minutes in which thirty visitors draw, teach, undo, save, load, train, photograph numbers, open the page and "
        "call tools, and stay for two minutes after they left. What the server holds: medians of the first four minutes of the "
        "last ten and of the last four. Files are deleted every two minutes. Sessions differ tenfold, so what they hold together differs by a tenth; what must not "
        "grow is the memory besides:",
    ),
    "attacks": (
        elsewhere("attacks", "measured"),
        "Attacks on a new server on loopback, each for itself, while an honest visitor asks for guesses:",
    ),
    "exponents": (
        elsewhere("growth", "exponents"),
        "How the processor time of work grows with what a file or a visitor may ask for: the exponent of its size, 1 for "
        "work in proportion, as a straight line fits the logarithms of four sizes (each twice as large as the one before, "
        "pictures four times). Below a millisecond it says little; what is bounded stays level:",
    ),
    "fuzzed": (
        elsewhere("fuzz", "harm"),
        "Random requests built from what the server says it accepts, some of them deliberately malformed:",
    ),
    "features": (
        elsewhere("features", "measured"),
        "What three systems can do that this one stands for, each feature by the commands in `tests/cli/rows.py`, which "
        "holds their names and what must be seen:",
    ),
    "starts": (
        lambda n_seeds, _: startup.measured(n_seeds),
        "Seconds from start to end of a new process on two cores, warm but for the last, {seeds} times each:",
    ),
}


def main() -> None:
    """Measure, print, and write the tables into RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=[*PARTS], help=f"{', '.join(PARTS)} (default: all)")
    parser.add_argument("--seeds", type=int, default=10, help="draws of up to 600 lessons")
    parser.add_argument("--full", type=int, default=3, help="draws of more")
    parser.add_argument("--learners", nargs="+", default=[], help="measure only these for accuracy, as recall")
    parser.add_argument("--dry", action="store_true", help="only print")
    options = parser.parse_args()
    for part in options.parts:
        measure, caption = PARTS[part]
        chosen = {"learners": options.learners} if part == "accuracy" else {}
        rows = measure(options.seeds, options.full, **chosen)
        text = f"{caption.format(seeds=options.seeds, full=options.full)}\n\n{table(rows)}"
        print(text)
        if not options.dry:
            write(part, text)
            if part == "accuracy":
                write("headline", headline(rows), README)


if __name__ == "__main__":
    importlib.import_module("tests.bench.__main__").main()  # by this name other processes find its functions
