"""Agents as classifiers of scikit-learn and river, used by those libraries themselves."""

import pickle

import numpy as np
import pytest

import agent
from agent.errors import AgentError


class Last:
    """answers with the label taught last"""

    def __init__(self, labels, power=1):
        self.label = labels[0]

    def learn_one(self, x, y):
        self.label = y

    def predict_one(self, x):
        return self.label


@pytest.fixture(scope="module")
def digits():
    pytest.importorskip("sklearn")
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    return x[:240], y[:240]


def test_scikit_learn_clones_validates_and_searches(digits):
    from sklearn.base import clone
    from sklearn.model_selection import GridSearchCV, cross_val_score

    estimator = agent.as_estimator("nearest", threshold=100)
    assert clone(estimator).get_params() == estimator.get_params() and estimator.get_params()["threshold"] == 100
    assert cross_val_score(estimator, *digits, cv=3).mean() > 0.8
    search = GridSearchCV(agent.as_estimator("nearest"), {"threshold": [96, 120], "seed": [1]}, cv=3, n_jobs=2)
    assert search.fit(*digits).best_score_ > 0.8 and search.best_params_["seed"] == 1
    found = pickle.loads(pickle.dumps(search.best_estimator_))
    assert (found.predict(digits[0]) == search.best_estimator_.predict(digits[0])).all()


def test_scikit_learn_clones_a_model_of_ones_own(digits):
    from sklearn.base import clone
    from sklearn.linear_model import SGDClassifier

    estimator = clone(agent.as_estimator(SGDClassifier, alpha=0.01))
    assert estimator.fit(*digits).score(*digits) > 0.7 and estimator.agent_.model._inner.alpha == 0.01
    assert clone(agent.as_estimator(Last, power=3)).get_params()["power"] == 3


def test_an_estimator_learns_more_and_gives_shares_for_labels_of_any_type(digits):
    x, y = digits
    names = np.array(["class zero", "one"])[y % 2]
    estimator = agent.as_estimator(Last)
    estimator.partial_fit(x[:1], names[:1], classes=["class zero", "one"]).partial_fit(x[1:2], names[1:2])
    assert estimator.classes_.tolist() == ["class zero", "one"] and estimator.predict(x[:3]).tolist() == [names[1]] * 3
    drawn = agent.as_estimator("nearest").fit(x.reshape(-1, 8, 8), y % 2 == 0)
    shares = drawn.predict_proba(x.reshape(-1, 8, 8)[:5])
    assert shares.shape == (5, 2) and np.allclose(shares.sum(1), 1) and drawn.classes_.tolist() == [False, True]
    assert drawn.score(x.reshape(-1, 8, 8), y % 2 == 0) > 0.9


def test_what_cannot_be_an_estimator_is_refused(digits):
    x, y = digits
    with pytest.raises(AgentError, match="expected settings of nearest among .* got thresh. Did you mean threshold?"):
        agent.as_estimator("nearest", thresh=3)
    with pytest.raises(AgentError, match="expected a kind that learns labels, got linear"):
        agent.as_estimator("linear")
    with pytest.raises(AgentError, match="Call fit first"):
        agent.as_estimator("nearest").predict(x)
    with pytest.raises(AgentError, match=r"rows of a square number of pixels .* got \(N, 7\)"):
        agent.as_estimator("nearest").fit(x[:, :7], y)
    with pytest.raises(AgentError, match="expected finite numbers in the inputs"):
        agent.as_estimator("nearest").fit(np.full_like(x, np.nan), y)


def test_river_validates_progressively(digits):
    pytest.importorskip("river")
    from river import evaluate, metrics

    x, y = digits
    model = agent.as_river("nearest", high=16.0)
    assert model.clone()._get_params() == model._get_params() and model.predict_proba_one({0: 1.0}) == {}
    stream = [(dict(enumerate(row)), int(label)) for row, label in zip(x.tolist(), y.tolist(), strict=True)]
    assert evaluate.progressive_val_score(stream, model, metrics.Accuracy()).get() > 0.6
    shares = model.predict_proba_one(stream[0][0])
    assert set(shares) == set(range(10)) and sum(shares.values()) == pytest.approx(1)
    own = agent.as_river(Last, labels=(0, 1))
    own.learn_one({"a": 1.0, "b": 2.0}, 1)
    assert own.predict_one({"a": 1.0, "b": 2.0}) == 1


def test_a_library_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "sklearn", None)
    with pytest.raises(AgentError, match="expected scikit-learn, got none. Install it: pip install scikit-learn"):
        agent.as_estimator("nearest")
