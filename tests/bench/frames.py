"""Benchmarks of frame models: time of their layers, errors beside trivial predictions, scores beside random actions."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import itertools
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import agent
from agent import charts
from agent.agents.frame_agent import FrameAgent, frame_of
from agent.environments import make
from agent.kernels import linearithmic
from agent.models.frames.layers import Layer, Tape
from agent.progress import run_to_completion
from agent.tasks import Frames, iter_random

SIZES = (784, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536)
SEEDS = range(5)
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "cells": ("cells", {}),
    "recurrent, unroll 2": ("recurrent", {}),
    "recurrent, unroll 2, no synthetic gradient": ("recurrent", {"synth": False}),
    "recurrent, unroll 4": ("recurrent", {"unroll": 4}),
    "recurrent, unroll 1": ("recurrent", {"unroll": 1}),
    "recurrent, unroll 2, as many updates": ("recurrent", {}),  # as unroll 1, which has one at every frame
}
ELSEWHERE: dict[str, tuple[str, dict[str, Any]]] = {  # environments, the packages that bring them, their settings
    "InvertedPendulum-v5": ("mujoco", {}),
    "HalfCheetah-v5": ("mujoco", {}),
    "ALE/Pong-v5": ("ale-py", {"obs_type": "ram"}),
}
Row = dict[str, str]


def fastest(work: Callable[[], object], n_times: int) -> float:
    """The least time of several, in seconds: what others on the machine do only adds."""
    times = []
    for _ in range(n_times):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return min(times)


def layer_seconds(size: int, base: int, dtype: type) -> float:
    """Time of one pass through a linearithmic layer of a size."""
    layer, rng = Layer(size, size, base), np.random.default_rng(0)
    tape, x, out = Tape.of(layer, dtype), rng.standard_normal(size).astype(dtype), np.empty(size, dtype)
    given = layer.init(rng, dtype), layer.plan, False, False, x, tape.activations, tape.scratch, out
    linearithmic.forward(*given)
    return fastest(lambda: linearithmic.forward(*given), 2000 if size < 9000 else 200)


def dense_seconds(size: int, dtype: type) -> float:
    """Time of the same with a full matrix in numpy."""
    rng = np.random.default_rng(0)
    weights, x = rng.standard_normal((size, size)).astype(dtype), rng.standard_normal(size).astype(dtype)
    return fastest(lambda: weights @ x + x, 2000 if size < 2000 else 20)


def exponent(seconds: Mapping[int, float]) -> float:
    """Exponent of N log N with which times grow."""
    sizes = np.array(list(seconds), float)
    return float(np.polyfit(np.log(sizes * np.log(sizes)), np.log(list(seconds.values())), 1)[0])


def watched(
    model: str, settings: Mapping[str, Any], environment: str, seed: int, n_frames: int, **env_settings: Any
) -> dict:
    """Run an agent in an environment: errors (n_frames, 3), NaN where none, scores (n_frames,), frames per second."""
    made, watcher = make(environment, **env_settings), agent.new(model, seed=seed, **settings)
    frame = frame_of(made.reset(seed=seed))
    assert isinstance(watcher, FrameAgent)
    watcher.enter(made, environment)
    errors, scores, begun = np.full((n_frames, 3), np.nan), np.zeros(n_frames), time.perf_counter()
    for number in range(n_frames):
        seen = watcher.observe(frame)
        if seen.error is not None:
            errors[number] = seen.error, seen.repeat_error, seen.mean_error
        step = made.step(seen.action)
        frame, scores[number] = frame_of(step), step[1]
    rate = n_frames / (time.perf_counter() - begun)
    return {"errors": errors, "scores": scores, "rate": rate, "environment": made}


def layers() -> list[Row]:
    """Linearithmic layers against dense ones."""
    rows = []
    for dtype in (np.float64, np.float32):
        times = {size: layer_seconds(size, 16, dtype) for size in SIZES}
        turns = [(layer_seconds(784, 10, dtype), dense_seconds(784, dtype)) for _ in range(10)]  # side by side
        best, dense = (min(column) for column in zip(*turns, strict=True))
        rows.append(
            {
                "numbers": np.dtype(dtype).name,
                "784 → 784, µs": f"{1e6 * best:.1f}",
                "dense, µs": f"{1e6 * dense:.1f}",
                "speed-up": f"{dense / best:.1f}",
                "4,096, µs": f"{1e6 * times[4096]:.0f}",
                "dense, 4,096, µs": f"{1e6 * dense_seconds(4096, dtype):,.0f}",
                "65,536, µs": f"{1e6 * times[65_536]:,.0f}",
                "exponent of N log N": f"{exponent(times):.2f}",
            }
        )
        print(rows[-1], flush=True)
    return rows


def expectations(picture: Any) -> list[Row]:
    """Errors of every model in the same environments, beside those of the last frame again and of the mean so far."""
    rows, curves = [], {}
    for environment, n_frames in (("scroller", 4000), ("sketch", 1000)):
        for name, (model, settings) in MODELS.items():
            if environment == "sketch" and "unroll" in name and name != "recurrent, unroll 2":
                continue
            n_seen = n_frames * (1 + name.endswith("as many updates"))
            found = [watched(model, {**settings, "reward": False}, environment, seed, n_seen) for seed in SEEDS]
            errors = np.array([each["errors"] for each in found])
            if environment == "scroller" and n_seen == n_frames:
                curves[name] = errors
            first, last = errors[:, 1:500].mean(axis=1), errors[:, -500:].mean(axis=1)
            rows.append(
                {
                    "environment": environment,
                    "model": name,
                    "first 500 frames": spread(first[:, 0]),
                    f"last 500 of {n_frames:,}" if environment == "scroller" else "last 500": spread(last[:, 0]),
                    "the last frame again": spread(last[:, 1]),
                    "the mean": spread(last[:, 2]),
                    "seeds below the last frame": f"{int((last[:, 0] < last[:, 1]).sum())} of {len(SEEDS)}",
                    "frames a second": f"{np.median([each['rate'] for each in found]):.0f}",
                }
            )
            print(rows[-1], flush=True)
    draw(curves, picture)
    return [{key.replace("last 500 of 4,000", "last 500"): value for key, value in row.items()} for row in rows]


def seeking() -> list[Row]:
    """Scores of both models beside those of random actions; and how long a pole is balanced."""
    rows = []
    chance = np.array(
        [each for seed in SEEDS for each in run_to_completion(iter_random(Frames("page"), seed, 1000))[0]]
    )
    for model in ("recurrent", "cells"):
        found = [watched(model, {}, "page", seed, 5000) for seed in SEEDS]
        last = np.array([each["scores"][-500:].mean() for each in found])
        beyond = (last - chance.mean()) / chance.std()
        rows.append(
            {
                "environment": "page, 5,000 frames",
                "model": model,
                "score of the last 500": spread(last),
                "random actions": spread(chance),
                "standard deviations above random, least": f"{beyond.min():.1f}",
                "frames a second": f"{np.median([each['rate'] for each in found]):.0f}",
            }
        )
        print(rows[-1], flush=True)
    settings = {"discount": 0.97, "curiosity": 0.05}
    poles = [watched("cells", settings, "CartPole-v1", seed, 20_000, sutton_barto_reward=True) for seed in SEEDS]
    ends = np.array([np.mean(each["environment"].lengths[-20:]) for each in poles])
    begins = np.array([np.mean(random_lengths(seed)) for seed in SEEDS])
    rows.append(
        {
            "environment": "CartPole-v1, 20,000 frames",
            "model": "cells, far-sighted",
            "score of the last 500": f"{spread(ends, 0)} frames an episode",
            "random actions": f"{spread(begins, 0)}",
            "standard deviations above random, least": f"{(ends.min() - begins.mean()) / begins.std():.0f}",
            "frames a second": f"{np.median([each['rate'] for each in poles]):.0f}",
        }
    )
    print(rows[-1], flush=True)
    return rows


def elsewhere() -> list[Row]:
    """One run in each environment of `ELSEWHERE` whose package is installed."""
    rows = []
    for (world, (package, given)), kind in itertools.product(ELSEWHERE.items(), ("cells", "recurrent")):
        if importlib.util.find_spec(package.replace("-", "_")) is None:
            continue
        with tempfile.TemporaryDirectory() as folder:
            task = {"frames": {"world": world, "settings": given}}
            scores = agent.run(task, kind, steps=3000, folder=folder, plots=False).scores
        rows.append(
            {
                "environment": " ".join([world, *(f"{key}={value}" for key, value in given.items())]),
                "package": f"{package} {importlib.metadata.version(package)}",
                "model": kind,
                "error": f"{scores['error']:.4f}",
                "the last frame again": f"{scores['repeat_error']:.4f}",
                "score of a frame": f"{scores['score']:.3f}",
                "random actions": f"{scores['random_score']:.3f} ± {scores['random_spread']:.3f}",
                "frames a second": f"{scores['frames_per_second']:.0f}",
            }
        )
        print(rows[-1], flush=True)
    return rows


def random_lengths(seed: int) -> list[int]:
    """How long random actions balance a pole, in twenty episodes."""
    environment, rng = make("CartPole-v1"), np.random.default_rng(seed)
    environment.reset(seed=seed)
    while len(environment.lengths) < 20:
        environment.step(rng.random(2))
    return environment.lengths


def spread(values: Sequence[float], n_digits: int = 3) -> str:
    """Mean and standard deviation."""
    return f"{np.mean(values):.{n_digits}f} ± {np.std(values):.{n_digits}f}"


def draw(curves: Mapping[str, np.ndarray], picture: Path) -> None:
    """Draw the errors of all models, means of seeds over a hundred frames."""
    lines = {name: errors[:, :, 0] for name, errors in curves.items()}
    some = next(iter(curves.values()))  # trivial predictions are the same beside every model
    lines |= {"the last frame again": some[:, :, 1], "the mean so far": some[:, :, 2]}
    points = {
        name: [(int(n), float(mean), 0.0) for n, mean in zip(*smooth(errors), strict=True)]
        for name, errors in lines.items()
    }
    picture.write_bytes(charts.errors(points, "mean squared error in the scroller"))


def smooth(errors: np.ndarray, n_frames: int = 100) -> tuple[np.ndarray, np.ndarray]:
    """Means over seeds and a hundred frames each: where, and how large."""
    n_parts = errors.shape[1] // n_frames
    parts = errors[:, : n_parts * n_frames].reshape(len(errors), n_parts, n_frames)
    return (np.arange(n_parts) + 0.5) * n_frames, np.nanmean(parts, axis=(0, 2))
