"""Cells that look up what followed what they and their neighbours showed, and what an action brought.

A slot of a table is what was learned in one context: a tag that tells contexts apart, how often it was met, the mean of
what followed, and how far what followed was from the mean before (squared, a mean too). Shape letters here: N cells ·
D directions (8) · C contexts (5) · S slots · M nodes · A choices.
"""

import numpy as np
from numba import njit

CONTEXTS = 5
NOBODY = 31  # what a cell sees where it has no neighbour
MOST_MET = 255
WAYS = 4  # slots that a context may lie in
SLOW_MEAN = 16  # times after which a mean forgets as fast as it learns


@njit(nogil=True, cache=True)
def levels(frame, n_levels, out):
    """Bring values to levels.

    frame (N,) float32 in −1 … 1, n_levels int up to 30 -> out (N,) uint8 from 0
    """
    for i in range(frame.shape[0]):
        out[i] = np.uint8(min(n_levels - 1, max(0, int((frame[i] + 1) * 0.5 * n_levels))))


@njit(nogil=True, cache=True)
def mixed(word, part):
    """Stir a number into a hash: uint64, uint64 -> uint64."""
    word = (word ^ part) * np.uint64(0x9E3779B97F4A7C15)
    return word ^ (word >> np.uint64(29))


@njit(nogil=True, cache=True)
def frame_codes(now, before, still, out):
    """Give the codes of a whole frame together with the one before it and for how long nothing has changed, and alone.

    now, before (N,) uint8, still int -> out (2,) uint64, never 0
    """
    alone, old = np.uint64(0x51ED270B), np.uint64(0x51ED270B)
    for i in range(now.shape[0]):
        alone, old = mixed(alone, np.uint64(now[i])), mixed(old, np.uint64(before[i]))
    out[0] = mixed(mixed(alone, np.uint64(still + 1)), old) | np.uint64(1)
    out[1] = alone | np.uint64(1)


@njit(nogil=True, cache=True)
def drift(now, before, neighbours):
    """Say from which neighbour things came: the direction in which most cells show what that neighbour showed before.

    now, before (N,) uint8, neighbours (N, D) int32, −1 for none -> int 0 … D; D where standing still explains as much
    """
    n_directions = neighbours.shape[1]
    best, most = n_directions, 0
    for i in range(now.shape[0]):
        most += now[i] == before[i]
    for d in range(n_directions):
        alike, there = 0, 0
        for i in range(now.shape[0]):
            j = neighbours[i, d]
            if j >= 0:
                there += 1
                alike += now[i] == before[j]
        if there > 0 and alike * now.shape[0] > most * there:
            best, most = d, alike * now.shape[0] // there
    return best


@njit(nogil=True, cache=True)
def contexts(now, before, neighbours, colours, way, out):
    """Give each cell its contexts, the largest first: two frames of its surroundings, one, what comes towards it, its
    own past, and its own value wherever it lies.

    now, before (N,) uint8, neighbours (N, D) int32, colours (N,) uint8, way int as `drift` gives it
    -> out (N, C) uint64
    """
    n_directions = neighbours.shape[1]
    for i in range(now.shape[0]):
        here = mixed(mixed(np.uint64(way), np.uint64(colours[i])), np.uint64(now[i]))
        around, past = mixed(here, np.uint64(1)), mixed(here, np.uint64(before[i]))
        for d in range(n_directions):
            j = neighbours[i, d]
            around = mixed(around, np.uint64(now[j]) if j >= 0 else np.uint64(NOBODY))
            past = mixed(past, np.uint64(before[j]) if j >= 0 else np.uint64(NOBODY))
        source = neighbours[i, way] if way < n_directions else np.int32(i)
        coming = np.uint64(now[source]) if source >= 0 else np.uint64(NOBODY + 1 + i)
        out[i, 0] = mixed(around, past)
        out[i, 1] = mixed(around, np.uint64(2))
        out[i, 2] = mixed(mixed(here, coming), np.uint64(3))
        own = mixed(mixed(np.uint64(now[i]), np.uint64(before[i])), np.uint64(i + 4))
        out[i, 3] = mixed(own, np.uint64(way + 1000))
        out[i, 4] = mixed(np.uint64(now[i]), np.uint64(colours[i]) + np.uint64(5))


@njit(nogil=True, cache=True)
def _slot(code, tags, met):
    """Find the slot of a context, or the one that it may take: the least met of those it may lie in."""
    mask, tag = np.uint64(tags.shape[0] - 1), np.uint32(code >> np.uint64(32))
    taken, least = np.int64(code & mask), 1 << 30
    for way in range(WAYS):
        place = np.int64((code + np.uint64(way)) & mask)
        if met[place] and tags[place] == tag:
            return place, True
        if met[place] < least:
            taken, least = place, met[place]
    return taken, False


@njit(nogil=True, cache=True)
def expect(codes, tags, met, means, errors, priors, chosen, out):
    """Expect what followed in the context that is known to be most exact.

    A context's error is the mean of its own and, weighing as much as one time, of all its size met as often.

    codes (N, C) uint64, tags (S,) uint32, met (S,) uint8, means, errors (S,) float32, priors (C, 4) float32
    -> chosen (N,) int8, C where nothing is known; out (N,) float32, changed where something is
    """
    for i in range(codes.shape[0]):
        best, least = CONTEXTS, np.float32(1e9)
        for c in range(codes.shape[1]):
            place, known = _slot(codes[i, c], tags, met)
            if known:
                n = np.float32(met[place])
                error = (errors[place] * (n - 1) + priors[c, min(3, met[place] - 1)]) / n
                if error < least:
                    best, least = c, error
                    out[i] = means[place]
        chosen[i] = best


@njit(nogil=True, cache=True)
def learn(codes, seen, frame, tags, met, means, errors, priors):
    """Count what followed in every context of every cell that was observed.

    codes (N, C) uint64 of the frame before, seen (N,) bool, frame (N,) float32 -> tags, met, means, errors, priors
    as `expect` takes them
    """
    for i in range(codes.shape[0]):
        if not seen[i]:
            continue
        for c in range(codes.shape[1]):
            place, known = _slot(codes[i, c], tags, met)
            if known:
                n, away = met[place], frame[i] - means[place]
                square = away * away
                part = min(3, n - 1)
                priors[c, part] += (square - priors[c, part]) * np.float32(0.002)
                met[place] = min(MOST_MET, n + 1)
                means[place] += away / min(n + 1, SLOW_MEAN)
                errors[place] += (square - errors[place]) / min(n, SLOW_MEAN)
            else:
                tags[place] = np.uint32(codes[i, c] >> np.uint64(32))
                met[place], means[place], errors[place] = 1, frame[i], 0


@njit(nogil=True, cache=True)
def addresses(values, reads, shifts, n_tiles, n_slots, out):
    """Read each node's address off what a moment is like: its values, each in a tile; nodes have tiles of their own.

    values (V,) float32 in −1 … 1, reads (M, T) int32 below V, shifts (M, T) float32 in 0 … 1, n_tiles int, n_slots int,
    a power of two -> out (M,) int64 below n_slots
    """
    for m in range(reads.shape[0]):
        word = np.uint64(m)
        for t in range(reads.shape[1]):
            tile = int((values[reads[m, t]] + 1) * 0.5 * n_tiles + shifts[m, t])
            word = mixed(word, np.uint64(tile * 64 + t))
        out[m] = np.int64((word >> np.uint64(7)) & np.uint64(n_slots - 1))


@njit(nogil=True, cache=True)
def look_up(places, worth, tried, values, times):
    """Look up what each choice was followed by: the mean over the nodes, and how often it was tried.

    places (M,) int64, worth (M, S, A) float32, tried (M, S, A) uint16 -> values (A,) float32, times (A,) float32
    """
    values[:] = 0
    times[:] = 0
    for m in range(places.shape[0]):
        for a in range(values.shape[0]):
            values[a] += worth[m, places[m], a]
            times[a] += tried[m, places[m], a]
    for a in range(values.shape[0]):
        values[a] /= places.shape[0]
        times[a] /= places.shape[0]


@njit(nogil=True, cache=True)
def credit(trail, did, n_trail, surprise, rate, fade, worth):
    """Credit what came to what was done before, less and less the longer ago, each only once.

    trail (K, M) int64 and did (K,) int64, the newest first, n_trail int, surprise, rate, fade float -> worth (M, S, A)
    """
    share = rate * surprise
    for k in range(n_trail):
        for m in range(trail.shape[1]):
            again = False
            for newer in range(k):
                again = again or (did[newer] == did[k] and trail[newer, m] == trail[k, m])
            if not again:
                worth[m, trail[k, m], did[k]] += share
        share *= fade
