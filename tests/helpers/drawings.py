"""Random drawings and their features."""

import numpy as np

from agent.kernels import edges, recall


def random_drawing(seed, height=61, width=43):
    """Some thick random strokes on a page that is not square."""
    rng = np.random.default_rng(seed)
    drawing = np.zeros((height, width), np.uint8)
    for _ in range(3):
        (y0, x0), (y1, x1) = rng.uniform(0.1, 0.9, (2, 2)) * (height, width)
        for t in np.linspace(0, 1, 200):
            y, x = int(y0 + t * (y1 - y0)), int(x0 + t * (x1 - x0))
            drawing[y : y + 3, x : x + 3] = rng.integers(150, 256)
    return drawing


def encoded(thumbnails, reads):
    """Features of drawings: addresses, codes, sketches, signatures."""
    n, no_fields = len(thumbnails), np.zeros((0, 2, 32, 32), np.float32)
    addresses, codes = np.empty((n, len(reads)), np.uint16), np.empty((n, 28, 32), np.uint8)
    sketches, signatures = np.empty((n, 14, 16), np.uint8), np.empty((n, edges.SIGNATURE_WORDS), np.uint64)
    features = recall.Features(addresses, codes, sketches, signatures)
    recall.encode_copies(thumbnails, no_fields, 0, 1, reads, features)
    return features
