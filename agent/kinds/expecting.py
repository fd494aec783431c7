"""What `cells` expects to see: whole frames that it remembers, else what followed in each cell's surroundings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from agent.errors import AgentError
from agent.kernels import cells as kernel

DIRECTIONS = 8
MAX_FILM_NUMBERS = 4_000_000  # in all frames remembered whole
FORGETS = 0.02  # how fast errors are forgotten


def neighbours_of(places: np.ndarray) -> np.ndarray:
    """Find each cell's neighbour in eight directions: the nearest of its colour within 22.5 degrees; −1 for none.

    Cells that lie nowhere have those beside them in the frame for neighbours.

    Examples
    --------
    >>> here = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32)
    >>> neighbours_of(here)[0].tolist()
    [1, -1, 2, -1, -1, -1, -1, -1]
    """
    found = np.full((len(places), DIRECTIONS), -1, np.int32)
    nowhere = np.flatnonzero(np.isnan(places[:, 0]))
    for d, step in enumerate((1, 2, 3, 4, -1, -2, -3, -4)):
        beside = np.arange(len(nowhere)) + step
        there = (0 <= beside) & (beside < len(nowhere))
        found[nowhere[there], d] = nowhere[beside[there]]
    for colour in np.unique(places[~np.isnan(places[:, 0]), 2]):
        same = np.flatnonzero(places[:, 2] == colour)
        x, y = places[same, 0], places[same, 1]
        for place, cell in enumerate(same):
            dx, dy = x - x[place], y - y[place]
            away = np.hypot(dx, dy)
            away[place] = np.inf
            sector = np.round(np.arctan2(dy, dx) / (np.pi / 4)).astype(int) % DIRECTIONS
            reach = 2.5 * away.min()
            for d in range(DIRECTIONS):
                in_sector = np.where((sector == d) & (away <= reach), away, np.inf)
                if np.isfinite(in_sector).any():
                    found[cell, d] = same[np.argmin(in_sector)]
    return found


class Expecting:
    """Memory of what followed what.

    Parameters
    ----------
    config : agent.kinds.cells.CellsConfig
        Its n_levels, slots and n_film.
    """

    def __init__(self, config: Any) -> None:
        self.config = config
        n_slots = 1 << config.slots
        self.tags, self.met = np.zeros(n_slots, np.uint32), np.zeros(n_slots, np.uint8)
        self.means, self.errors = np.zeros(n_slots, np.float32), np.zeros(n_slots, np.float32)
        base = np.array([0.0, 0.02, 0.05, 0.1, 0.2], np.float32)  # larger contexts first, as long as nothing is known
        self.priors = np.repeat(base[:, None], 4, axis=1)
        self.trust = np.array([0.0, 0.02, 0.05], np.float32)  # errors of frames remembered by two, by one, of tables
        self.enter(np.zeros((0, 3), np.float32))

    def enter(self, places: np.ndarray) -> None:
        """Get ready for frames with cells at these places; frames remembered whole are let go."""
        self.places, n_cells = places.astype(np.float32), len(places)
        self._neighbours = neighbours_of(self.places)
        self._colours = np.nan_to_num(self.places[:, 2], nan=15).astype(np.uint8)
        n_film = min(self.config.n_film, MAX_FILM_NUMBERS // max(1, n_cells))
        self.film, self.film_codes = np.zeros((n_film, n_cells), np.float32), np.zeros((n_film, 2), np.uint64)
        self.n_filmed = 0
        self.expected = np.zeros(n_cells, np.float32)
        self.guesses = np.zeros((2, n_cells), np.float32)  # by the film and by the tables, whichever was believed
        self.by = np.array([-1], np.int64)  # how the film knew: 0 by two frames, 1 by one, −1 not at all
        self.codes = np.zeros((n_cells, kernel.CONTEXTS), np.uint64)
        self.frame_codes = np.zeros(2, np.uint64)  # of the last frame with the one before it, and alone
        self.levels = np.zeros(n_cells, np.uint8)
        self.still = np.zeros(1, np.int64)  # frames since something changed
        self.chosen = np.full(n_cells, kernel.CONTEXTS, np.int8)

    def learn(self, got: np.ndarray, seen: np.ndarray) -> None:
        """Learn that this frame followed, where it was seen; (n_cells,) float32 without NaN, and bool."""
        if not self.frame_codes[1]:
            return
        kernel.learn(self.codes, seen, got, self.tags, self.met, self.means, self.errors, self.priors)
        if seen.any():
            tables = float(np.mean((self.guesses[1] - got)[seen] ** 2))
            self.trust[2] += FORGETS * (tables - self.trust[2])
            if self.by[0] >= 0:
                film = float(np.mean((self.guesses[0] - got)[seen] ** 2))
                self.trust[self.by[0]] += FORGETS * 5 * (film - self.trust[self.by[0]])
            if len(self.film):
                place = self.n_filmed % len(self.film)
                self.film[place], self.film_codes[place] = got, self.frame_codes
                self.n_filmed += 1

    def expect(self, got: np.ndarray) -> np.ndarray:
        """Expect the frame after this one: (n_cells,) float32."""
        now, before = np.empty(len(got), np.uint8), self.levels
        kernel.levels(got, self.config.n_levels, now)
        way = kernel.drift(now, before, self._neighbours)
        kernel.contexts(now, before, self._neighbours, self._colours, way, self.codes)
        self.still = self.still + 1 if np.array_equal(now, before) else np.zeros(1, np.int64)
        self.frame_codes = np.empty(2, np.uint64)
        kernel.frame_codes(now, before, int(self.still[0]), self.frame_codes)
        self.levels = now
        guess = got.copy()
        kernel.expect(self.codes, self.tags, self.met, self.means, self.errors, self.priors, self.chosen, guess)
        self.guesses[1] = guess
        self.by[0] = -1
        for known in (0, 1):
            same = np.flatnonzero(self.film_codes[:, known] == self.frame_codes[known])
            if len(same):
                age = (self.n_filmed - 1 - same) % max(1, len(self.film))
                self.guesses[0] = self.film[same[np.argmin(age)]]
                self.by[0] = known
                break
        believed = self.by[0] >= 0 and self.trust[self.by[0]] <= self.trust[2]
        self.expected = self.guesses[0 if believed else 1].copy()
        return self.expected

    def why(self) -> str:
        """Say where the last expectation comes from."""
        if self.by[0] >= 0 and self.trust[self.by[0]] <= self.trust[2]:
            return ("it has met the last two frames before", "it has met this frame before")[self.by[0]]
        known = int(np.count_nonzero(self.chosen < kernel.CONTEXTS))
        return f"{known:,} of {len(self.chosen):,} cells looked up what followed"

    def tensors(self) -> dict[str, np.ndarray]:
        """Give every array that must be saved."""
        names = ("tags", "met", "means", "errors", "priors", "trust", "expected", "guesses", "by", "codes")
        names += ("frame_codes", "levels", "still", "chosen")
        n_known = min(self.n_filmed, len(self.film))
        film = {"film": self.film[:n_known], "film_codes": self.film_codes[:n_known]}
        return {name: getattr(self, name) for name in names} | film | {"n_filmed": np.array([self.n_filmed], np.int64)}

    def fill(self, tensors: Mapping[str, np.ndarray]) -> None:
        """Take back what `tensors` gave, already checked, of a memory that has entered the same places.

        What could make it read where nothing is, is refused.
        """
        if not -1 <= int(tensors["by"][0]) <= 1 or int(tensors["n_filmed"][0]) < len(tensors["film"]):
            raise AgentError("expected what a memory of frames can hold, got other numbers. The file was changed.")
        n_known = len(tensors["film"])
        self.film[:n_known], self.film_codes[:n_known] = tensors["film"], tensors["film_codes"]
        self.n_filmed = int(tensors["n_filmed"][0])
        for name, array in tensors.items():
            if name not in ("film", "film_codes", "n_filmed"):
                setattr(self, name, array.copy())
