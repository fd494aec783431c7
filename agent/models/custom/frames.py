"""A user's class, function or object that predicts frames, and acts by what it predicts.

What has ``observe(frame)`` does all itself: it is shown each frame, (n_cells,) float32 with NaN where nothing was
observed, and gives the next frame, or that and an action. Every other interface learns (frame, action) -> next frame as
one row; of a few random actions the one is taken after which it predicts the best score, which is cell 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np

from agent.errors import AgentError
from agent.models.custom.adapters import Adapter, FittedRows, adapter_of, check_interface
from agent.models.custom.signature import MAX_TENSORS, Spaces, make
from agent.models.frames import Decision, FrameModel, FrameSpec
from agent.user_code import own_code
from agent.validation import check_arrays

N_CANDIDATES, EXPLORED = 8, 0.1  # actions compared, and the share of frames with a random one
N_WAITING = 32  # frames before it is asked


class CustomFrames(FrameModel):
    """A user's model in an environment: made when that is entered, it keeps what it was shown."""

    NAME: ClassVar[str] = "plain"
    MAX_TENSORS: ClassVar[int] = MAX_TENSORS
    SUMMARY: ClassVar[str] = "a class of your own"
    made_of: ClassVar[Any]
    path: ClassVar[str]
    adapter: Adapter | None = None

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.expected = np.zeros(0, np.float32)
        self._inner: Any = None
        self._seen: list[np.ndarray] = []  # rows that it learned from: frame, action and next frame; or the frames
        self._last = np.zeros(0, np.float32)  # frame and action before this one

    @property
    def max_saved_bytes(self) -> int:
        return getattr(self.adapter, "n_state_bytes", 0) + 100 * self.spec.n_cells

    @property
    def lesson_bytes(self) -> int:
        """Bytes of a file for each frame."""
        keeps_state = self.adapter is not None and self.adapter.KEEPS_STATE
        return 0 if keeps_state else 5 * (2 * self.spec.n_cells + self.spec.n_actions)

    def enter(self, spec: FrameSpec) -> None:
        sizes = spec.n_cells, spec.n_actions
        if self._inner is not None and sizes != (self.spec.n_cells, self.spec.n_actions):
            known = f"{self.spec.n_cells} cells and {self.spec.n_actions} actions"
            raise AgentError(f"expected an environment of {known}, as {self.path} was made for, got one of {sizes}.")
        self.spec = spec
        if self._inner is not None or not spec.n_actions:
            return
        spaces = Spaces((), (sum(sizes),), spec.n_cells)
        with own_code(self.path):
            self._inner = make(self.made_of, self.config, spaces)
            if not hasattr(self._inner, "observe"):
                check_interface(self._inner, self.path)
                self.adapter = adapter_of(self._inner, spaces, self.config, self._lessons)
        if isinstance(self.adapter, FittedRows):
            raise AgentError(
                f"expected {self.path} to learn frame by frame, with learn_one or partial_fit, got fit alone."
            )
        self.expected = np.zeros(spec.n_cells, np.float32)

    def observe(self, frame: np.ndarray) -> Decision:
        rng = np.random.default_rng([self.config.seed, self.n_frames])
        action = rng.uniform(self.spec.low, 1).astype(np.float32)
        with own_code(self.path):
            if self.adapter is None:
                self._seen.append(frame)
                answer = self._inner.observe(frame.copy())
                prediction, action = answer if isinstance(answer, tuple) and len(answer) == 2 else (answer, action)
            else:
                prediction, action = self._learn_and_act(frame, action, rng)
        self.n_frames += 1
        self.expected = self._checked("the next frame", prediction, self.spec.n_cells)
        return Decision(self.expected, self._checked("an action", action, self.spec.n_actions), "as its own code says")

    def _learn_and_act(self, frame: np.ndarray, action: np.ndarray, rng: np.random.Generator) -> tuple[Any, Any]:
        assert self.adapter is not None
        known = np.where(np.isnan(frame), self.expected, frame).astype(np.float32)
        if len(self._last):
            row = np.concatenate([self._last, frame if self.adapter.KEEPS_STATE else known])
            self._seen += [] if self.adapter.KEEPS_STATE else [row]
            self._learn([row])
        actions = action[None]
        if rng.random() >= EXPLORED and self.n_frames >= N_WAITING:
            actions = rng.uniform(self.spec.low, 1, (N_CANDIDATES, len(action))).astype(np.float32)
        predictions = [known]
        if self.n_frames >= N_WAITING:
            inputs = np.hstack([np.tile(known, (len(actions), 1)), actions])
            predictions = [np.asarray(one, np.float32).ravel() for one in self.adapter.answer(inputs)]
        best = max(range(len(predictions)), key=lambda place: predictions[place][0])
        self._last = np.concatenate([known, actions[best]])
        return predictions[best], actions[best]

    def _learn(self, rows: Sequence[np.ndarray]) -> None:
        assert self.adapter is not None
        n_inputs = self.spec.n_cells + self.spec.n_actions
        for row in rows:
            self.adapter.learn(row[None, :n_inputs], row[None, n_inputs:])

    def _lessons(self) -> tuple[np.ndarray, np.ndarray]:
        n_inputs = self.spec.n_cells + self.spec.n_actions
        rows = np.stack(self._seen)
        return rows[:, :n_inputs], rows[:, n_inputs:]

    def _checked(self, what: str, numbers: Any, size: int) -> np.ndarray:
        try:
            array = np.asarray(numbers, np.float32).ravel()
        except (TypeError, ValueError) as error:
            raise AgentError(
                f"expected {what} of {self.path} as numbers, got {str(numbers)[:60]} ({error})."
            ) from error
        if array.shape != (size,) or not np.isfinite(array).all():
            raise AgentError(f"expected {what} of {self.path} as {size} finite numbers, got {str(numbers)[:60]}.")
        return np.clip(array, -1, 1)

    def stats(self) -> dict[str, str]:
        return {"rows": f"{len(self._seen):,}"}

    def tensors(self) -> dict[str, np.ndarray]:
        state = self.adapter.tensors() if self.adapter else {}
        width = self.spec.n_cells if self.adapter is None else 2 * self.spec.n_cells + self.spec.n_actions
        seen = np.stack(self._seen) if self._seen else np.zeros((0, width), np.float32)
        arrays = {"seen": np.nan_to_num(seen), "unseen": np.isnan(seen).astype(np.uint8), "last": self._last}
        arrays |= {"expected": self.expected, "n_frames": np.array([self.n_frames]), **self.spec.tensors()}
        return arrays | state

    @classmethod
    def restore(cls, config: Any, labels: Sequence[str], tensors: Mapping[str, np.ndarray]) -> Self:
        model, spec = cls(config), FrameSpec.from_tensors(tensors)
        model.enter(spec)
        arrays = {name: tensors[name] for name in ("seen", "unseen", "last", "expected", "n_frames") if name in tensors}
        seen, last = arrays.get("seen", np.zeros((0, 0))), arrays.get("last", np.zeros(0))
        shape = seen.shape if seen.ndim == 2 else (0, 0)
        check_arrays(
            arrays,
            {
                "seen": (shape, np.float32),
                "unseen": (shape, np.uint8),
                "last": ((last.size,), np.float32),
                "expected": ((spec.n_cells,), np.float32),
                "n_frames": ((1,), np.int64, 0, 2**40),
            },
        )
        rows = [*np.where(arrays["unseen"] != 0, np.float32(np.nan), seen)]
        state = {name: array for name, array in tensors.items() if name not in {*arrays, *spec.tensors()}}
        with own_code(cls.path):
            if model.adapter is None:
                for row in rows:
                    model._inner.observe(row)
            elif state:
                model.adapter.load(state)
            else:
                model._learn(rows)
        model._seen, model._last, model.expected = rows, last, arrays["expected"]
        model.n_frames = int(arrays["n_frames"][0])
        return model
