"""What differs between runs of the three families of agents: drawings, numbers and frames.

`agent.experiments.runner` conducts every run in the same order; a `FamilyRun` says what the lessons are, how they are
taught, what is asked in the end, and which pictures are drawn.
"""

from __future__ import annotations

import dataclasses
import io
import itertools
import statistics
import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from agent import charts, expressions, metrics, render
from agent.agents.frame_agent import FrameAgent, frame_of
from agent.agents.pupil import Pupil
from agent.agents.regressor import Regressor
from agent.datasets.copy_numbers import Copy
from agent.errors import AgentError
from agent.experiments import results
from agent.experiments.config import RunSpec, load_agent, resolve_model, without
from agent.experiments.curriculum import Curriculum, check_shards, curriculum, iter_teach, iter_teach_parallel
from agent.models.base import LESSON_BYTES
from agent.progress import Progress
from agent.storage import serialization
from agent.tasks import CHUNK, LAST, N_FRAMES, Frames, Generate, iter_random, mean_known
from agent.training import Evaluation, evaluate, share_right
from agent.user_code import copied, is_path

PROBES = (*map(str, range(11)), "123", "123123123123")  # numbers that every run of regressors is asked in the end
ERRORS = ("error", "repeat_error", "mean_error")
TRACED, MAX_TRACED = ("step", "input", "answer", "error", "reward"), 100_000
EPISODES = ("episode_return", "episode_length")
N_SHOWN, N_FILMED = 8, 150  # frames of the picture and of the film of a run
SHEET_COLUMNS = 10  # drawings side by side


@dataclass
class ProgressLog:
    """Learning curve of a run: the rows of progress.csv."""

    folder: Path
    tracker: Any  # the `agent.experiments.runner.Tracker` that the rows go to
    rows: list[dict[str, Any]] = field(default_factory=list)
    n_saved: int = 0  # n_done of the checkpoint on the disk

    @property
    def n_done(self) -> int:
        """The lessons taught so far."""
        return self.rows[-1]["n_done"] if self.rows else 0

    @property
    def seconds(self) -> float:
        """The time taken so far, earlier parts of an interrupted run included."""
        return self.rows[-1]["seconds"] if self.rows else 0.0

    def append(self, **row: Any) -> None:
        """Append a row, ``n_done`` and ``seconds`` among its cells, and write progress.csv."""
        self.rows.append(row)
        results.write_csv(self.folder / results.PROGRESS, self.rows)
        self.tracker.log(row)

    def curve(self, column: str) -> charts.Curve:
        """Give the numbers of a column, where there are any, for a chart."""
        return [(row["n_done"], row[column], 0.0) for row in self.rows if row.get(column) is not None]


class FamilyRun:
    """Part of a run that depends on the family of its agent; see `FAMILY_RUNS`."""

    agent: Any  # set by `begin`
    log: ProgressLog  # set by the runner before the first lesson
    prepared: tuple[type[Any], Any] | None = None  # what `prepare` gave, if it was called ahead

    def __init__(self, spec: RunSpec) -> None:
        self.spec, self.settings = spec, spec.settings

    def prepare(self) -> tuple[type[Any], Any]:
        """Draw what needs no agent; give the class of the model and its configuration."""
        return self.spec.model, self.spec.model_config

    def begin(self, agent: Any) -> None:
        """Take the agent that the run begins with; AgentError when it cannot learn the task."""
        self.agent = agent

    def resume(self, agent: Any, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Take the agent of a checkpoint; give the rows of the curve up to there, or none where they do not fit."""
        raise NotImplementedError

    def first_row(self) -> dict[str, Any]:
        """Give the cells of the curve before the first lesson."""
        raise NotImplementedError

    def iter_teach(self) -> Iterator[Progress]:
        """Teach what the log says has not been taught yet."""
        raise NotImplementedError

    def iter_test(self) -> Generator[Progress, None, dict[str, Any]]:
        """Ask what is asked in the end, and return the scores for result.json."""
        raise NotImplementedError

    def pictures(self, scores: Mapping[str, Any]) -> dict[str, bytes]:
        """Draw pictures, by the names of their files."""
        raise NotImplementedError

    def check_size(self) -> None:
        """Check before the first lesson that the agent can be saved after the last one."""
        serialization.check_size(self.agent.model.max_saved_bytes)

    def save(self) -> None:
        """Write a checkpoint."""
        if self.settings.save:
            serialization.save(self.agent, self.spec.folder / results.AGENT)
        self.log.n_saved = self.log.n_done

    def save_if_due(self) -> None:
        """Write a checkpoint where ``save_every`` lessons were taught since the last one."""
        if self.settings.save_every and self.log.n_done - self.log.n_saved >= self.settings.save_every:
            self.save()

    def close(self) -> None:
        """Release what the run holds open."""

    def add_metrics(self, scores: dict[str, Any]) -> None:
        """Compute the formulas of ``metrics`` from the scores, and add them."""
        for name, formula in self.settings.metrics.items():
            scores[name] = expressions.evaluate(formula, scores)


# ---------------------------------------------------------------- drawings


class DrawingsRun(FamilyRun):
    """Run of a `Pupil`: lessons of drawings, test drawings, shards, study, and a table of forgetting."""

    agent: Pupil

    def prepare(self) -> tuple[type[Any], Any]:
        spec, settings = self.spec, self.settings
        log = None
        if settings.replay:
            replayed = load_agent(settings.folder, settings.replay)
            if not isinstance(replayed, Pupil):
                kind = replayed.kind
                raise AgentError(f"expected lessons of drawings to replay, got an agent of the kind {kind}.")
            log = replayed.lessons
        n_epochs = spec.agent.get("epochs", 1) if "epochs" in getattr(spec.model, "training", ()) else 1
        if settings.epochs == 1 and n_epochs > 1:
            settings = dataclasses.replace(settings, stream=False, epochs=n_epochs)
        self.lessons: Curriculum = curriculum(spec.tasks, settings, log)
        self.held_out = self.lessons.held_out(settings.n_held_out)
        self.forgetting: list[dict[str, Any]] = []
        self.evaluations: dict[str, Evaluation] = {}
        model, config = spec.model, spec.model_config
        if is_path(spec.agent["kind"]):  # a user's class is given the labels, which are known only now
            given = without(spec.agent, "kind", "name")
            model, config = resolve_model(spec.agent["kind"], given, self.lessons.spaces, settings.seed, spec.family)
        check_shards(model, settings.shards, len(self.lessons.parts))
        return model, config

    def begin(self, agent: Pupil) -> None:
        self.agent = agent
        labels = {*agent.labels, *(label for part in self.lessons.parts for label in part.lessons.labels)}
        if len(labels) > agent.model.MAX_LABELS:
            raise AgentError(f"expected at most {agent.model.MAX_LABELS} labels, got {len(labels)}. Leave some out.")
        label, known = self.settings.label, sorted({*agent.labels, *self.lessons.spaces.labels})
        if label and label not in known:
            raise AgentError(f"expected label among {' '.join(known)}, got {label[:40]!r}.")
        if self.settings.study and not agent.model.STUDIES:
            raise AgentError(f"expected a kind that studies, got {agent.kind}. Set study=false.")

    def check_size(self) -> None:
        model = self.agent.model
        n_bytes = (self.agent.n_lessons + len(self.lessons)) * getattr(model, "lesson_bytes", LESSON_BYTES)
        serialization.check_size(n_bytes + getattr(model, "n_state_bytes", 0))

    def resume(self, agent: Pupil, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        n_taught = agent.n_lessons - rows[0]["n_lessons"]
        rows = [row for row in rows if row["n_done"] <= n_taught]
        if rows[-1]["n_done"] != n_taught:
            return []
        self.agent = agent
        forgetting = results.read_csv(self.spec.folder / results.FORGETTING)
        self.forgetting = [row for row in forgetting if row["n_done"] <= n_taught]
        return rows

    def first_row(self) -> dict[str, Any]:
        accuracy = share_right(self.agent, *self.held_out) if self.held_out else None
        return self._row("", 0, 0, 0, accuracy, 0.0)

    def iter_teach(self) -> Iterator[Progress]:
        settings, n_total = self.settings, len(self.lessons)
        if settings.shards > 1 and self.log.n_done == 0:
            yield from self._iter_teach_shards()
        start = 0
        for part in self.lessons.parts:
            seconds, n_taught = self.log.seconds, max(0, self.log.n_done - start)
            progress = iter_teach(self.agent, part, n_taught, self.held_out, settings.n_asked)
            for state in progress if n_taught < len(part) else ():
                n_right = round(state.prequential * state.n_asked)
                accuracy, n_done = state.accuracy, start + state.n_done
                row = self._row(part.name, n_done, state.n_asked, n_right, accuracy, seconds + state.seconds)
                self.log.append(**row)
                self.save_if_due()
                yield Progress(n_done, n_total, "teaching", accuracy)
            start += len(part)
            is_between = settings.order == "one_after_another" and start < n_total
            if is_between and self.log.n_done == start and start not in [row["n_done"] for row in self.forgetting]:
                yield from self._iter_evaluate()
                self._append_forgetting(part.name, start)
        if settings.study and self.agent.lessons.events[-1]["event"] != "study":
            yield from self.agent.iter_study()
            self.log.n_saved = -1

    def iter_test(self) -> Generator[Progress, None, dict[str, Any]]:
        yield from self._iter_evaluate()
        if self.settings.order == "one_after_another":
            self._append_forgetting(self.lessons.parts[-1].name, len(self.lessons))
        for task in self.spec.tasks.values():
            if isinstance(task, Generate):
                sheet = memory_sheet(self.agent, self.settings.label, task.n_drawings, self.settings.seed)
                results.write_file(self.spec.folder / results.SHEET, sheet)
                break
        return self._scores()

    def pictures(self, scores: Mapping[str, Any]) -> dict[str, bytes]:
        curve, table = self.log.curve("held_out"), np.array(scores["confusion"])
        pictures = {results.CONFUSION: charts.confusions({self.spec.agent["name"]: (table, scores["labels"])})}
        if len(curve) > 1:
            pictures[results.LEARNING] = charts.learning({self.spec.agent["name"]: curve})
        return pictures

    def _row(
        self, task: str, n_done: int, n_asked: int, n_right: int, held_out: float | None, seconds: float
    ) -> dict[str, Any]:
        return {
            "task": task,
            "n_done": n_done,
            "n_lessons": self.agent.n_lessons,
            "n_asked": n_asked,
            "n_right": n_right,
            "held_out": held_out,
            "seconds": round(seconds, 3),
        }

    def _iter_teach_shards(self) -> Iterator[Progress]:
        begun, part = time.perf_counter(), self.lessons.parts[0]
        for n_done in iter_teach_parallel(self.agent, part, self.settings.shards):
            yield Progress(n_done, len(self.lessons), "teaching")
        self.log.append(**self._row(part.name, len(self.lessons), 0, 0, None, time.perf_counter() - begun))

    def _iter_evaluate(self) -> Iterator[Progress]:
        """Ask all test drawings, task by task, and keep the last evaluation of each."""
        tests, n_before, n_right = self.lessons.tests, 0, 0
        n_total = sum(len(test.labels) for test in tests.values())
        for name, test in tests.items():
            for evaluation in evaluate(self.agent, test):
                self.evaluations[name] = evaluation
                n_done = n_before + evaluation.n_done
                yield Progress(n_done, n_total, "testing", (n_right + evaluation.n_right) / n_done)
            n_before, n_right = n_before + evaluation.n_done, n_right + evaluation.n_right

    def _append_forgetting(self, task: str, n_done: int) -> None:
        """Add a row to forgetting.csv: the accuracy on every task after one of them was taught."""
        accuracies = {name: evaluation.accuracy for name, evaluation in self.evaluations.items()}
        self.forgetting.append({"after": task, "n_done": n_done} | accuracies)
        results.write_csv(self.spec.folder / results.FORGETTING, self.forgetting)

    def _scores(self) -> dict[str, Any]:
        rows, evaluations = self.log.rows, self.evaluations
        tables = [(evaluation.confusion, evaluation.labels) for evaluation in evaluations.values()]
        confusion, labels = metrics.sum_confusions(tables)
        n_asked = sum(row["n_asked"] for row in rows)
        scores: dict[str, Any] = metrics.scores(confusion)
        scores |= {
            "prequential": sum(row["n_right"] for row in rows) / n_asked if n_asked else None,
            "n_test": int(confusion.sum()),
            "n_lessons": self.log.n_done,
            "seconds": self.log.seconds,
        }
        self.add_metrics(scores)
        scores["n_known"] = rows[0]["n_lessons"]
        if len(evaluations) > 1:
            scores["tasks"] = {
                name: {**metrics.scores(evaluation.confusion), "n_test": evaluation.n_done}
                for name, evaluation in evaluations.items()
            }
        if self.forgetting:
            scores["forgetting"] = self.forgetting
        scores |= {"labels": labels, "by_label": metrics.of_labels(confusion, labels)}
        scores["confusion"] = confusion.tolist()
        return scores


def memory_sheet(pupil: Pupil, label: str | None, n_drawings: int, seed: int) -> bytes:
    """Draw from memory onto a sheet, ``n_drawings`` of the label or of each label: a PNG file."""
    labels = [label] if label else pupil.labels
    drawings = [pupil.draw_one(name, seed + number) for name in labels for number in range(n_drawings)]
    return render.png(render.sheet(drawings, SHEET_COLUMNS))


# ---------------------------------------------------------------- numbers


class NumbersRun(FamilyRun):
    """Run of a `Regressor`: lessons of numbers, then numbers inside and outside their range."""

    agent: Regressor

    def prepare(self) -> tuple[type[Any], Any]:
        task = next(iter(self.spec.tasks.values()))
        if not isinstance(task, Copy):
            raise AgentError(f"expected task=copy for an agent of numbers, got {', '.join(self.spec.tasks)}.")
        self.task, config = task, self.spec.model_config
        self.is_batch = "steps" in {field.name for field in dataclasses.fields(config)}
        if self.is_batch and self.settings.steps is not None:
            config = dataclasses.replace(config, steps=self.settings.steps)
        return self.spec.model, config

    def begin(self, agent: Regressor) -> None:
        self.agent = agent
        self.traced: list[dict[str, Any]] = []
        steps = None if self.is_batch else self.settings.steps  # a batch learner goes over its lessons in every step
        self.lessons = self.task.lessons(agent.model.n_lessons if steps is None else steps, self.settings.seed)
        n_total = agent.model.n_steps(self.lessons)
        if self.settings.trace and n_total > MAX_TRACED:
            raise AgentError(f"expected at most {MAX_TRACED:,} steps with trace=true, got {n_total:,}. Take fewer.")
        agent.iter_learn(self.lessons)  # checks that it can learn from them; a generator takes no step yet

    def resume(self, agent: Regressor, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        rows = [row for row in rows if row["n_lessons"] <= agent.n_lessons]
        if not rows or rows[-1]["n_lessons"] != agent.n_lessons:
            return []
        self.begin(agent)
        self.traced = results.read_csv(self.spec.folder / results.STEPS)[: rows[-1]["n_done"]]
        return [dict.fromkeys(self.first_row()) | row for row in rows]

    def first_row(self) -> dict[str, Any]:
        return {
            "n_done": 0,
            "n_lessons": self.agent.n_lessons,
            **dict.fromkeys(("error", "mse", "w", "b")),
            "seconds": 0.0,
        }

    def iter_teach(self) -> Iterator[Progress]:
        n_total, seconds = self.agent.model.n_steps(self.lessons), self.log.seconds
        trace = self._trace if self.settings.trace else None
        for state in self.agent.iter_learn(self.lessons, trace) if self.log.n_done < n_total else ():
            if trace:
                results.write_csv(self.spec.folder / results.STEPS, self.traced)
            w, b = state.line or (None, None)
            self.log.append(
                n_done=state.n_done,
                n_lessons=self.agent.n_lessons,
                error=state.error,
                mse=state.squared_error,
                w=w,
                b=b,
                seconds=round(seconds + state.seconds, 4),
            )
            self.save_if_due()
            yield dataclasses.replace(state, n_total=n_total)

    def iter_test(self) -> Generator[Progress, None, dict[str, Any]]:
        yield from ()
        answers = self.agent.predict_many(self.task.test(None, self.settings.seed).tolist())
        errors = [abs(float(answer.error)) for answer in answers if answer.error is not None]
        w, b = self.agent.model.line or (None, None)
        scores: dict[str, Any] = {
            "error": sum(errors) / len(errors) if errors else None,  # mean absolute, of those answered
            "mse": sum(error**2 for error in errors) / len(errors) if errors else None,
            "unsure": 1 - len(errors) / len(answers),
            "w": w,
            "b": b,
            "n_lessons": self.log.n_done,
            "n_test": len(answers),
            "seconds": self.log.seconds,
        }
        self.add_metrics(scores)
        probes = dict(zip(PROBES, self.agent.predict_many(PROBES), strict=True))
        scores["answers"] = {x: _json_number(answer.value) for x, answer in probes.items()}
        scores["errors"] = {x: _json_number(answer.error) for x, answer in probes.items()}
        scores["extrapolated"] = [x for x, answer in probes.items() if answer.extrapolated]
        return scores

    def pictures(self, scores: Mapping[str, Any]) -> dict[str, bytes]:
        columns = {"mean absolute error": "error", "mean squared error": "mse"}
        curves = {name: curve for name, column in columns.items() if len(curve := self.log.curve(column)) > 1}
        return {results.LEARNING: charts.errors(curves, f"error of {self.spec.agent['name']}")} if curves else {}

    def _trace(self, *row: Any) -> None:
        self.traced.append(dict(zip(TRACED, (*row, None, None, None, None), strict=False)))


def _json_number(value: Decimal | None) -> float | int | None:
    """Give an answer as JSON holds it: whole numbers with all their digits."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


# ---------------------------------------------------------------- frames


class FramesRun(FamilyRun):
    """Run of a `FrameAgent` in an environment, compared with baselines that cost nothing.

    An environment is determined by its seed and the actions taken, so the actions are saved: a run that was interrupted
    replays them while the agent only updates its baselines, and continues to the same bytes.
    """

    agent: FrameAgent
    env: Any = None

    def prepare(self) -> tuple[type[Any], Any]:
        task = next(iter(self.spec.tasks.values()))
        if not isinstance(task, Frames):
            raise AgentError(f"expected task=frames for an agent that watches, got {', '.join(self.spec.tasks)}.")
        self.task, self.n_total = task, self.settings.steps or N_FRAMES
        return self.spec.model, self.spec.model_config

    def begin(self, agent: FrameAgent) -> None:
        self.agent, self.env = agent, self.task.make_environment()
        self.frame = frame_of(self.env.reset(seed=self.settings.seed))
        agent.enter(self.env, self.task.world)
        self.actions: list[np.ndarray] = []
        self.scores: list[float | None] = []
        self.errors: list[tuple[float | None, ...]] = []

    def resume(self, agent: FrameAgent, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        path = self.spec.folder / results.ACTIONS
        if not path.exists() or not isinstance(agent, FrameAgent):
            return []
        actions = np.load(path, allow_pickle=False)
        if rows[0]["n_lessons"] + len(actions) != agent.n_lessons:
            return []
        self.begin(agent)
        for action in actions:
            agent.baselines.update(self.frame)
            self._act(action)
        self.errors += [(None, None, None)] * len(actions)
        return [dict.fromkeys(self.first_row()) | row for row in rows if row["n_done"] <= len(actions)]

    def first_row(self) -> dict[str, Any]:
        errors = dict.fromkeys(ERRORS)
        scores = {"score": None, **dict.fromkeys(EPISODES if hasattr(self.env, "returns") else ())}
        return {"n_done": 0, "n_lessons": self.agent.n_lessons, **errors, **scores, "seconds": 0.0}

    def check_size(self) -> None:
        model = self.agent.model
        serialization.check_size(model.max_saved_bytes + self.n_total * getattr(model, "lesson_bytes", 0))

    def iter_teach(self) -> Iterator[Progress]:
        begun, seconds = time.perf_counter(), self.log.seconds
        n_episodes = self._n_episodes(self.log.n_done)
        while len(self.actions) < self.n_total:
            prediction = self.agent.observe(self.frame)
            self.errors.append((prediction.error, prediction.repeat_error, prediction.mean_error))
            self._act(prediction.action)
            n_done = len(self.actions)
            if n_done % CHUNK and n_done != self.n_total:
                continue
            n_new = n_done - self.log.n_done
            columns = zip(*self.errors[-n_new:], strict=True)
            errors = {name: mean_known(column) for name, column in zip(ERRORS, columns, strict=True)}
            self.log.append(
                n_done=n_done,
                n_lessons=self.agent.n_lessons,
                **errors,
                score=mean_known(self.scores[-n_new:]),
                **self._episodes(n_episodes),
                seconds=round(seconds + time.perf_counter() - begun, 3),
            )
            n_episodes = self._n_episodes(n_done)
            self.save_if_due()
            yield Progress(n_done, self.n_total, "watching", error=errors["error"])

    def iter_test(self) -> Generator[Progress, None, dict[str, Any]]:
        rows, random, returns = self.log.rows[1:], [], []
        last = [row for row in rows if row["n_done"] > self.log.n_done - LAST]
        episodes = self._episodes(self._n_episodes(self.log.n_done - LAST))
        yield from self._iter_film()
        if self.task.chance:
            self.env.close()  # Playwright takes one browser at a time
            random, returns = yield from iter_random(self.task, self.settings.seed, min(self.n_total, LAST * 4))
        seconds = self.log.seconds
        scores: dict[str, Any] = {name: mean_known([row[name] for row in last]) for name in ERRORS}
        scores |= {
            "score": mean_known([row["score"] for row in last]),
            "random_score": mean_known(random),
            "random_spread": statistics.stdev(random) if len(random) > 1 else None,
            **episodes,
            **({"random_return": mean_known(returns)} if returns else {}),
            "n_lessons": self.log.n_done,
            "frames_per_second": round(self.log.n_done / seconds, 1) if seconds else None,
            "seconds": seconds,
        }
        self.add_metrics(scores)
        return scores

    def pictures(self, scores: Mapping[str, Any]) -> dict[str, bytes]:
        name, last, pictures = self.spec.agent["name"], self.log.n_done, {}
        baselines = {"score": "random_score", "episode_return": "random_return"}
        errors = dict(zip(ERRORS, (name, "the last frame again", "the mean so far"), strict=True))
        charted = {results.LEARNING: errors, results.SCORE: {"score": name}, results.RETURNS: {"episode_return": name}}
        titles = ("mean squared error", "score a frame", "return of an episode")
        for (file, columns), what in zip(charted.items(), titles, strict=True):
            curves = {title: self.log.curve(column) for column, title in columns.items()}
            by_chance = scores.get(baselines.get(next(iter(columns)), ""))
            curves |= {"by chance": [(0, by_chance, 0.0), (last, by_chance, 0.0)]} if by_chance is not None else {}
            if all(len(curve) > 1 for curve in curves.values()):
                pictures[file] = charts.values(curves, what)
        return pictures

    def _iter_film(self) -> Iterator[Progress]:
        """Let a copy of the agent watch on, and draw what it sees beside what it expected."""
        n_frames, pages, expected = N_FILMED if self.settings.render else N_SHOWN, [], None
        if not (self.settings.render or self.settings.plots):
            return
        agent, frame, picture = copied(self.agent, "film and frames.png"), self.frame, self.env.picture
        if agent is None:
            return
        while len(pages) < n_frames:
            if expected is not None:
                pages.append(np.concatenate([picture(frame), picture(expected.prediction)], axis=1))
            expected = agent.observe(frame)
            frame = frame_of(self.env.step(expected.action))
            if len(pages) % N_SHOWN == 0:
                yield Progress(len(pages), n_frames, "drawing")
        results.write_file(self.spec.folder / results.SEEN, render.png(render.rows(pages[:N_SHOWN])))
        if self.settings.render:
            results.write_file(self.spec.folder / results.FILM, render.film(pages))

    def save(self) -> None:
        super().save()
        if not self.settings.save:
            return
        content = io.BytesIO()
        actions = np.array(self.actions, np.float32).reshape(len(self.actions), -1)
        np.save(content, actions, allow_pickle=False)
        results.write_file(self.spec.folder / results.ACTIONS, content.getvalue())

    def close(self) -> None:
        if self.env is not None:
            self.env.close()

    def _n_episodes(self, n_frames: int) -> int:
        """Count the episodes that were over after ``n_frames``."""
        return sum(end <= n_frames for end in itertools.accumulate(getattr(self.env, "lengths", ())))

    def _episodes(self, n_before: int) -> dict[str, float | None]:
        """Give the mean return and length of the episodes after the first ``n_before``; nothing without episodes."""
        if not hasattr(self.env, "returns"):
            return {}
        episodes = self.env.returns[n_before:], self.env.lengths[n_before:]
        return dict(zip(EPISODES, map(mean_known, episodes), strict=True))

    def _act(self, action: np.ndarray) -> None:
        self.actions.append(action)
        step = self.env.step(action)
        self.frame = frame_of(step)
        self.scores.append(step[4]["score"])


FAMILY_RUNS: dict[str, type[FamilyRun]] = {
    **dict.fromkeys(("drawings", "arrays"), DrawingsRun),
    "numbers": NumbersRun,
    "frames": FramesRun,
}
