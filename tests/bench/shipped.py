"""Draw the strokes that are shipped, so that nobody waits for them: ``python -m tests.bench.shipped``.

They are the digits that the everyday hand is taught, and its background: drawings of what is no digit that the hand
would take for a digit if it knew only those of the rounds before.
"""

import tomllib
from pathlib import Path

import numpy as np

from agent import preprocessing
from agent.agents import new
from agent.datasets import pen, strokes
from agent.models.recall import decision, model
from agent.models.recall.row_store import background_rows, drawing_hashes

WAYS = tomllib.loads(Path(__file__).with_name("background.toml").read_text(encoding="utf-8"))
N_ROUNDS = 6  # of one drawing of each way
STRICTER = 120, 170, 1.15  # bounds of the background, so that what is told by little is kept, too


def main() -> None:
    """Draw them and write the files."""
    drawings, _ = strokes.SHIPPED.draw()
    thumbnails = preprocessing.to_thumbnails(drawings)
    strokes.THUMBNAILS.parent.mkdir(exist_ok=True)
    np.savez_compressed(strokes.THUMBNAILS, drawings=preprocessing.pack(thumbnails))
    decision.NEARER_BACKGROUND, decision.NEAR_BACKGROUND, model.BESIDE_BACKGROUND = STRICTER
    kept: list[tuple[str, int]] = []
    for seed in range(N_ROUNDS + 1):
        kept_drawings = [thumbnail_of(*drawing) for drawing in kept]
        np.savez_compressed(
            strokes.BACKGROUND,
            ways=np.array([way for way, _ in kept], str),
            seeds=np.array([of_way for _, of_way in kept], np.uint8),
            drawings=preprocessing.pack(np.array(kept_drawings, np.uint8).reshape(-1, 28, 28)),
            mark=drawing_hashes(thumbnails[-1:]),
        )
        strokes.background.cache_clear()
        background_rows.cache_clear()
        if seed < N_ROUNDS:
            guesses = new("recall", starter="everyday").predict_many([thumbnail_of(way, seed) for way in WAYS])
            kept += [(way, seed) for way, guess in zip(WAYS, guesses, strict=True) if not guess.unfamiliar]


def thumbnail_of(way: str, seed: int) -> np.ndarray:
    """Draw what is no digit in one of `WAYS`: a thumbnail, (28, 28) uint8."""
    drawing = pen.draw_strokes(strokes.parsed(WAYS[way]), pen.RandomStream(seed, way), strokes.SIDE)
    return preprocessing.to_thumbnail(drawing)


if __name__ == "__main__":
    main()
