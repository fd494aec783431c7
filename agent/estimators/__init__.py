"""Agents as estimators of other libraries, each in a file that is imported when it is asked for.

They share `Learner`: an agent for inputs of any shape and labels of any type.
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from agent.agents import Agent, Classifier, Pupil, family_of, new_from_config, register
from agent.datasets import arrays
from agent.errors import AgentError
from agent.experiments.config import resolve_model, without
from agent.models.custom.signature import Spaces, class_settings, is_kind
from agent.user_code import given_path, is_given, is_path, maker_of


def as_estimator(agent: Any = "recall", **settings: Any) -> Any:
    """Give an agent as a classifier of scikit-learn: fit, partial_fit, predict, predict_proba, score.

    Its settings are its parameters, so that ``clone``, ``cross_val_score`` and ``GridSearchCV`` know them.

    Parameters
    ----------
    agent : str, class, function or object
        A kind such as ``"recall"``, or what `agent.run` takes as a model of one's own, which gets the inputs as they
        are. Agents of drawings get (N, H, W) or (N, H, W, 3) as pictures, and rows of a square number of pixels.
    **settings
        Of that kind, and ``seed``.

    Raises
    ------
    AgentError
        scikit-learn is not installed, or there is no such kind or setting.

    Examples
    --------
    >>> import agent
    >>> drawings, labels = agent.datasets.mnist("test")
    >>> estimator = agent.as_estimator("nearest", threshold=100).fit(drawings[:60], labels[:60])  # doctest: +SKIP
    >>> estimator.score(drawings[:60], labels[:60]), estimator.get_params()["threshold"]  # doctest: +SKIP
    (1.0, 100)
    """
    return _home("scikit", "sklearn", "scikit-learn").PupilEstimator(agent, **settings)


def as_river(agent: Any = "recall", **settings: Any) -> Any:
    """Give an agent as a classifier of river: learn_one, predict_one, predict_proba_one.

    Parameters as those of `as_estimator`; inputs are dicts of numbers, pixel by pixel in the order of the dict.
    """
    return _home("streaming", "river", "river").PupilClassifier(agent, **settings)


def _home(module: str, needed: str, package: str) -> Any:
    try:
        importlib.import_module(needed)
    except ImportError as error:
        raise AgentError(f"expected {package}, got none. Install it: pip install {package}.") from error
    return importlib.import_module(f"agent.estimators.{module}")


def settings_of_kind(kind: Any, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Give the settings of a kind or of a user's model, those given in place of the defaults; and its seed."""
    path = given_path(kind) if is_given(kind) else kind
    if is_path(path) and not is_kind(maker_of(path)):
        known = {"seed": 0, **class_settings(maker_of(path)), **settings}
        resolve_model(path, without(known, "seed"), Spaces(("0",)), 0, Classifier.FAMILY)
        return known
    model, config = resolve_model(path, without(settings, "seed"), Spaces(("0",)), settings.get("seed", 0))
    if not is_path(path) and family_of(model.NAME) is not Pupil:
        raise AgentError(f"expected a kind that learns labels, got {model.NAME}.")
    return {field.name: getattr(config, field.name) for field in dataclasses.fields(config)}


class Learner:
    """An agent, made for the labels and the shape of its first lessons.

    Parameters
    ----------
    kind, settings
        As for `agent.as_estimator`.
    labels : sequence
        All there will be, of any type that can be written; more may follow for kinds that take them.
    shape : tuple of int
        Of one input.
    low, high : float
        The least and the greatest number of the inputs: paper and ink of drawings.
    """

    def __init__(
        self,
        kind: Any,
        settings: Mapping[str, Any],
        labels: Sequence[Any],
        shape: tuple[int, ...],
        scale: tuple[float, float],
    ) -> None:
        path = given_path(kind) if is_given(kind) else kind
        self.scale, self.by_name = scale, {str(label): label for label in labels}
        is_own = is_path(path) and not is_kind(maker_of(path))
        family = Classifier.FAMILY if is_own else Pupil.FAMILY
        spaces = Spaces(tuple(sorted(self.by_name)), shape, white=arrays.white_of(scale[1]))
        given, seed = without(settings, "seed"), settings.get("seed", 0)
        model, config = resolve_model(path, given, spaces, seed, family)
        if is_path(path):
            register(family, model)
        self.n_epochs = settings.get("epochs", 1) if "epochs" in getattr(model, "training", ()) else 1
        self.agent: Agent = new_from_config(model.NAME, config)

    def learn(self, inputs: np.ndarray, labels: Sequence[Any]) -> None:
        """Learn N inputs with N labels."""
        self.by_name |= {str(label): label for label in labels}
        self.agent.learn_many(self._inputs(inputs), [str(label) for label in labels])  # type: ignore[attr-defined]

    def shares(self, inputs: np.ndarray, labels: Sequence[Any]) -> np.ndarray:
        """Give a share for each of L labels: (N, L) float64; all alike where nothing responds."""
        places = [str(label) for label in labels]
        result = np.zeros((len(inputs), len(places)))
        guesses = self.agent.predict_many(self._inputs(inputs))  # type: ignore[attr-defined]
        known = [places.index(name) for name in self.agent.labels]
        for row, guess in zip(result, guesses, strict=True):
            row[known] = guess.responses
            row[:] = row / row.sum() if row.any() else 1 / len(row)
        return result

    def _inputs(self, inputs: np.ndarray) -> Any:
        """Give pictures to an agent of drawings, and inputs as they are to another."""
        if isinstance(self.agent, Classifier):
            return inputs
        return arrays.as_pictures(inputs, "the inputs", self.scale)
