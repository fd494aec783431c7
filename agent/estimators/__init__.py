"""Agents as estimators of other libraries, each in a file that is imported when it is asked for."""

from __future__ import annotations

import importlib
from typing import Any

from agent.errors import AgentError


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
