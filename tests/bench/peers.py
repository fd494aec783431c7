"""Who `tests.bench` compares with: each learns the same draws and is asked the same digits.

A peer is a class with ``fit(drawings, labels)`` and ``predict(drawings)``; drawings are (N, 28, 28) uint8, labels int64.
Peers whose package is not installed are left out.
"""

from __future__ import annotations

import importlib.util
from typing import Any, Self

import numpy as np
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC


class OneNearest:
    """The label of the nearest drawing, by the distance of pixels."""

    def __init__(self, seed: int) -> None:
        self.model = KNeighborsClassifier(1, algorithm="brute")

    def fit(self, drawings: np.ndarray, labels: np.ndarray) -> Self:
        self.model.fit(_flat(drawings), labels)
        return self

    def predict(self, drawings: np.ndarray) -> np.ndarray:
        return self.model.predict(_flat(drawings))


class SupportVectors(OneNearest):
    """A support vector machine on pixels, RBF kernel, C = 5, gamma = 1 / (784 variance)."""

    def __init__(self, seed: int) -> None:
        self.model = SVC(C=5.0, gamma="scale", cache_size=1500)


class Wisard:
    """The classic WiSARD: pixels above half ink, random tuples of 28, one discriminator a digit, bleaching."""

    def __init__(self, seed: int) -> None:
        self.mapping = np.random.default_rng(seed).permutation(784).reshape(28, 28)
        self.weights = (1 << np.arange(28)).astype(np.int64)

    def fit(self, drawings: np.ndarray, labels: np.ndarray) -> Self:
        addresses = self._addresses(drawings)
        self.nodes = []
        for node in range(28):
            known, places = np.unique(addresses[:, node], return_inverse=True)
            counts = np.zeros((len(known) + 1, 10), np.int32)  # the last line: an address never seen
            np.add.at(counts, (places, labels), 1)
            self.nodes.append((known, counts))
        return self

    def predict(self, drawings: np.ndarray) -> np.ndarray:
        addresses = self._addresses(drawings)
        seen = np.empty((len(drawings), 28, 10), np.int32)
        for node, (known, counts) in enumerate(self.nodes):
            places = np.minimum(np.searchsorted(known, addresses[:, node]), len(known) - 1)
            places = np.where(known[places] == addresses[:, node], places, len(known))
            seen[:, node] = counts[places]
        return np.array([self._bleached(counts) for counts in seen])

    def _addresses(self, drawings: np.ndarray) -> np.ndarray:
        bits = drawings.reshape(len(drawings), 784) > 127
        return bits[:, self.mapping] @ self.weights

    @staticmethod
    def _bleached(counts: np.ndarray) -> int:
        """Raise the count a location must exceed until one label stands alone."""
        best = 0
        for bleach in range(int(counts.max(initial=0)) + 1):
            responses = (counts > bleach).sum(axis=0)
            if responses.max() == 0:
                break
            best = int(responses.argmax())
            if (responses == responses.max()).sum() == 1:
                break
        return best


class WisardPackage:
    """The WiSARD of the package wisardpkg 1.6, with bleaching; pixels above half ink, tuples of 28."""

    def __init__(self, seed: int) -> None:
        import wisardpkg

        self.package, self.model = wisardpkg, wisardpkg.Wisard(28, bleachingActivated=True)

    def fit(self, drawings: np.ndarray, labels: np.ndarray) -> Self:
        self.model.train(self._bits(drawings), [str(label) for label in labels])
        return self

    def predict(self, drawings: np.ndarray) -> np.ndarray:
        return np.array([int(label) for label in self.model.classify(self._bits(drawings))])

    @staticmethod
    def _bits(drawings: np.ndarray) -> list[list[int]]:
        return (drawings.reshape(len(drawings), 784) > 127).astype(int).tolist()


class SmallCNN:
    """A small convolutional network taught with shifts of up to two pixels: 2 x (conv 3x3, pool), 128 units, Adam."""

    def __init__(self, seed: int) -> None:
        import torch

        self.torch = torch
        torch.manual_seed(seed)
        layers = torch.nn
        self.rng = np.random.default_rng(seed)
        self.model = layers.Sequential(
            layers.Conv2d(1, 32, 3, padding=1),
            layers.ReLU(),
            layers.MaxPool2d(2),
            layers.Conv2d(32, 64, 3, padding=1),
            layers.ReLU(),
            layers.MaxPool2d(2),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Linear(64 * 49, 128),
            layers.ReLU(),
            layers.Linear(128, 10),
        )

    def fit(self, drawings: np.ndarray, labels: np.ndarray) -> Self:
        torch = self.torch
        n_steps = max(600, 3 * len(labels) // 64)  # three passes over all of MNIST, many more over few drawings
        optimizer = torch.optim.Adam(self.model.parameters(), 1e-3)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=n_steps)
        self.model.train()
        for _ in range(n_steps):
            batch = self.rng.integers(0, len(labels), min(64, max(16, len(labels))))
            moved = [np.roll(drawings[row], self.rng.integers(-2, 3, 2), (0, 1)) for row in batch]
            loss = torch.nn.functional.cross_entropy(
                self.model(self._input(np.stack(moved))), torch.tensor(labels[batch])
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        return self

    def predict(self, drawings: np.ndarray) -> np.ndarray:
        self.model.eval()
        with self.torch.no_grad():
            parts = np.array_split(drawings, max(1, len(drawings) // 1000))
            return np.concatenate([self.model(self._input(part)).argmax(1).numpy() for part in parts])

    def _input(self, drawings: np.ndarray) -> Any:
        return self.torch.tensor(drawings[:, None].astype(np.float32) / 255.0 - 0.13)


PEERS: dict[str, tuple[type, str]] = {  # name: class and the package it needs
    "1-nearest neighbour on pixels": (OneNearest, "sklearn"),
    "support vectors on pixels": (SupportVectors, "sklearn"),
    "classic WiSARD": (Wisard, "numpy"),
    "wisardpkg": (WisardPackage, "wisardpkg"),
    "small CNN, shifts": (SmallCNN, "torch"),
}


def installed() -> dict[str, type]:
    """Give the peers whose packages are here."""
    return {name: peer for name, (peer, package) in PEERS.items() if importlib.util.find_spec(package)}


def _flat(drawings: np.ndarray) -> np.ndarray:
    return drawings.reshape(len(drawings), -1) / np.float32(255)
