"""Draw the strokes that are shipped, so that nobody waits for them: ``python -m tests.bench.shipped``."""

import numpy as np

from agent import preprocessing
from agent.datasets import strokes


def main() -> None:
    """Draw them and write the file."""
    drawings, _ = strokes.SHIPPED.draw()
    strokes.THUMBNAILS.parent.mkdir(exist_ok=True)
    np.savez_compressed(strokes.THUMBNAILS, drawings=preprocessing.pack(preprocessing.to_thumbnails(drawings)))


if __name__ == "__main__":
    main()
