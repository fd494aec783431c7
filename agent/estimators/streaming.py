"""An agent as a classifier of river."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from agent.estimators import Learner, settings_of_kind

try:
    from river.base import Classifier
except ImportError:  # `agent.as_river` says so
    Classifier = object


class PupilClassifier(Classifier):
    """See `agent.as_river`. A user's model needs ``labels``, all there will be.

    ``low`` and ``high`` are the least and the greatest number of an input.
    """

    def __init__(
        self,
        agent: Any = "recall",
        labels: tuple[Any, ...] | None = None,
        low: float = 0.0,
        high: float = 255.0,
        **settings: Any,
    ) -> None:
        self.agent, self.labels, self.low, self.high = agent, labels, low, high
        self.settings = settings_of_kind(agent, settings)
        self._learner: Learner | None = None

    @property
    def _multiclass(self) -> bool:
        return True

    def _get_params(self) -> dict[str, Any]:
        return {"agent": self.agent, "labels": self.labels, "low": self.low, "high": self.high, **self.settings}

    def learn_one(self, x: Mapping[Any, float], y: Any) -> None:
        """Learn one input, a number for each feature, with its label."""
        row = np.array([[*x.values()]], np.float64)
        if self._learner is None:
            scale = self.low, self.high
            self._learner = Learner(self.agent, self.settings, self.labels or (y,), row.shape[1:], scale)
        self._learner.learn(row, [y])

    def predict_proba_one(self, x: Mapping[Any, float]) -> dict[Any, float]:
        """Give a share for each label taught so far."""
        if self._learner is None:
            return {}
        labels = [self._learner.by_name[name] for name in self._learner.agent.labels]
        return dict(
            zip(labels, self._learner.shares(np.array([[*x.values()]], np.float64), labels)[0].tolist(), strict=True)
        )
