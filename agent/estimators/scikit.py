"""An agent as a classifier of scikit-learn."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from agent.datasets import arrays, shuffled
from agent.errors import AgentError
from agent.estimators import Learner, settings_of_kind

try:
    from sklearn.base import BaseEstimator, ClassifierMixin
except ImportError:  # `agent.as_estimator` says so
    BaseEstimator = ClassifierMixin = object


class PupilEstimator(ClassifierMixin, BaseEstimator):
    """See `agent.as_estimator`; ``classes_`` are the labels, and ``agent_`` is the agent."""

    def __init__(self, agent: Any = "recall", **settings: Any) -> None:
        self.agent = agent
        self.settings = settings_of_kind(agent, settings)

    @property
    def agent_(self) -> Any:
        """The agent that was taught."""
        return self._learner.agent

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Give the kind, as ``agent``, and its settings."""
        return {"agent": self.agent, **self.settings}

    def set_params(self, **params: Any) -> Self:
        """Change settings; those of another kind begin with its defaults."""
        kind = params.pop("agent", self.agent)
        self.settings = settings_of_kind(kind, {**(self.settings if kind == self.agent else {}), **params})
        self.agent = kind
        return self

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803
        """Learn N inputs and their labels, and nothing that was learned before."""
        self.__dict__.pop("_learner", None)
        self.partial_fit(X, y)
        for epoch in range(1, self._learner.n_epochs):
            order = shuffled(len(y), self.settings["seed"] + epoch)
            self._learner.learn(np.asarray(X)[order], np.asarray(y)[order])
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> Self:  # noqa: N803
        """Learn more; ``classes`` are all labels there will be, where the first lessons lack some."""
        inputs, labels = _checked(X), np.asarray(y)
        arrays.checked(inputs, labels, "the inputs")
        if not hasattr(self, "_learner"):
            names = np.unique(labels if classes is None else classes)
            self._learner = Learner(
                self.agent, self.settings, names.tolist(), inputs.shape[1:], arrays.scale_of(inputs)
            )
            self.classes_, self.n_features_in_ = names, int(np.prod(inputs.shape[1:]))
        self.classes_ = np.union1d(self.classes_, labels)
        self._learner.learn(inputs, labels.tolist())
        return self

    def predict_proba(self, X: Any) -> np.ndarray:  # noqa: N803
        """Give a share for each of ``classes_``: (N, L)."""
        if not hasattr(self, "_learner"):
            raise AgentError("expected an estimator that was taught, got one that was not. Call fit first.")
        return self._learner.shares(_checked(X), self.classes_.tolist())

    def predict(self, X: Any) -> np.ndarray:  # noqa: N803
        """Give the best label of each."""
        places = self.predict_proba(X).argmax(1)
        return self.classes_[places]

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_learner")


def _checked(inputs: Any) -> np.ndarray:
    array = np.asarray(inputs)
    if array.ndim < 2 or array.dtype.kind not in "fiub":
        raise AgentError(f"expected inputs (N, D), (N, H, W) or (N, H, W, C), got {array.dtype} of {array.shape}.")
    return array
