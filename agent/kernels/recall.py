"""The recall agent's ways through the other kernels: looking at copies of a drawing, and adding up an answer."""

import numpy as np
from numba import njit

from agent.kernels import edges, ram, retina
from agent.kernels.retina import SIDE


@njit(nogil=True, cache=True)
def look_at_copies(kept, fields, start, stop, pixels, planes, addresses, codes, signatures):
    """Look at drawings and at warped copies of them: copy 0 is the drawing, copy c is bent by field c - 1.

    kept (N, S, S) uint8, fields (F, 2, S+4, S+4) float32, 0 <= start < stop <= F + 1, pixels (M, T) int32,
    planes (M, T) uint8 -> addresses (N*(stop-start), M) uint16, codes (…, S, S) uint8, signatures (…, 22) uint64
    """
    seen = np.empty((SIDE, SIDE), np.uint8)
    bent = np.empty((SIDE + 4, SIDE + 4), np.uint8)
    maps = np.empty((8, SIDE, SIDE), np.float32)
    slopes = np.empty((2, SIDE, SIDE), np.float32)
    plane_bits = np.empty(SIDE * SIDE, np.uint64)
    row = 0
    for n in range(kept.shape[0]):
        for c in range(start, stop):
            if c == 0:
                retina.canonical(kept[n], seen)
            else:
                retina.warp(kept[n], fields[c - 1], bent)
                retina.canonical(bent, seen)
            edges.edge_maps(seen, maps)
            edges.planes(maps, plane_bits)
            edges.gradients(seen, slopes)
            edges.code(slopes, codes[row])
            edges.signature(slopes, signatures[row])
            ram.addresses(plane_bits, pixels, planes, addresses[row])
            row += 1


@njit(nogil=True, cache=True)
def responses(votes, smallest, n_found, n_nodes, votes_weight, scale, out):
    """Add up what remembered drawings and RAM nodes say of each label.

    A label loses by how much farther its three nearest rows are than the three nearest of all, and by the votes it
    lacks. With fewer than three rows among the candidates a label is taken to be a little farther; without any,
    farther than all of them.

    votes (L,) int32, smallest (L+1, 3) int32, n_found (L+1,) int32 -> out (L,) int32, 0 … scale
    """
    n_labels = out.shape[0]
    nearest = np.int64(0)
    n_nearest = min(3, n_found[n_labels])
    for place in range(n_nearest):
        nearest += smallest[n_labels, place]
    nearest = max(np.int64(1), nearest * 6 // n_nearest)  # six times a mean: thirds and halves stay whole
    farthest = np.int64(0)
    most = np.int32(0)
    for label in range(n_labels):
        most = max(most, votes[label])
        for place in range(min(3, n_found[label])):
            farthest = max(farthest, np.int64(smallest[label, place]))
    for label in range(n_labels):
        n = min(3, n_found[label])
        away = np.int64(0)
        for place in range(n):
            away += smallest[label, place]
        if n == 0:
            away = farthest * 6 * 130 // 100
        elif n == 3:
            away = away * 2
        else:
            away = away * 6 // n * 115 // 100
        lost = (away * scale) // nearest - scale + np.int64(votes_weight) * (most - votes[label]) // n_nodes
        out[label] = np.int32(max(np.int64(0), scale - max(np.int64(0), lost)))
