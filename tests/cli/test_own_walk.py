"""A net of torch, estimators of scikit-learn and river, and recall: one sweep and one comparison, on digits and vectors."""

import csv

import numpy as np
import pytest

from agent.__main__ import main
from agent.experiments.compare import compare

pytestmark = [pytest.mark.usefixtures("here"), pytest.mark.nightly]
NET = '''
from torch import nn


class CNN(nn.Module):
    """two convolutions; of rows, a hidden layer"""

    def __init__(self, in_shape, n_labels, width=16):
        super().__init__()
        convolutions = [nn.Conv2d(in_shape[0], width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(2)]
        convolutions += [nn.Conv2d(width, 2 * width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
        hidden = [nn.Linear(in_shape[0], 64), nn.ReLU()]
        self.layers = nn.Sequential(*(convolutions if len(in_shape) == 3 else hidden), nn.LazyLinear(n_labels))

    def forward(self, x):
        return self.layers(x)
'''
AGENTS = ("./net.py:CNN", "sklearn.linear_model.SGDClassifier", "river.tree.HoeffdingTreeClassifier", "recall")


def test_four_models_of_four_libraries_in_one_sweep_and_one_comparison(here, capsys):
    for library in ("torch", "sklearn", "river"):
        pytest.importorskip(library)
    from sklearn.datasets import load_digits

    (here / "net.py").write_text(NET)
    x, y = load_digits(return_X_y=True)
    with (here / "vectors.csv").open("w", newline="") as file:
        csv.writer(file).writerows([[*(f"p{place}" for place in range(64)), "label"]])
        csv.writer(file).writerows([*row, label] for row, label in zip(x.tolist(), y.tolist(), strict=True))
    words = ["-m", f"agent={','.join(AGENTS)}", "task=digits,./vectors.csv", "lessons=400", "stream=false", "epochs=3"]
    assert main([*words, "n_test=300", "n_held_out=20", "n_asked=5"]) == 0, capsys.readouterr()
    where, groups, left_out = compare()
    scores = {(group.agent, group.task): group.score("accuracy")[0] for group in groups}
    assert len(scores) == 8 and not left_out and {"learning.svg", "confusion.svg"} <= {f.name for f in where.iterdir()}
    assert scores["recall", "digits"] > 0.95 and scores["recall", "vectors"] > 0.95
    assert min(scores.values()) > 0.5  # chance is 0.1


def test_a_net_learns_colour_pictures_made_by_a_script(here, capsys):
    pytest.importorskip("torch")
    (here / "net.py").write_text(NET)
    rng = np.random.default_rng(0)
    y = rng.integers(0, 10, 1500)
    x = rng.integers(0, 120, (1500, 32, 32, 3)).astype(np.uint8)
    for picture, number in zip(x, y, strict=True):
        row, column = rng.integers(2, 20, 2)
        picture[row : row + 10, column : column + (10 if number < 5 else 4), number % 3] = 150 + 20 * (number % 5)
    np.savez("colours.npz", x_train=x[:1200], y_train=y[:1200], x_test=x[1200:], y_test=y[1200:])
    words = ["agent=./net.py:CNN", "task=./colours.npz", "lessons=1200", "agent.epochs=6", "agent.lr=0.003"]
    assert main(words) == 0
    out, _ = capsys.readouterr()
    assert float(out.split(" %")[0].split()[-1]) > 60
