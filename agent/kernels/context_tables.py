"""Kernels of table-based frame models: hashed contexts predict the next frame, tile-coded Q-learning picks actions.

A slot of a table holds one context: a tag that identifies it, how often it occurred, the mean of the value that
followed, and the mean squared error of that mean. Shape letters here: N cells ·
D directions (8) · C contexts (5) · S slots · M nodes · A choices.
"""

import numpy as np

from agent.kernels import compiled, inner

CONTEXTS = 5
NO_NEIGHBOUR = 31  # value of a neighbour that does not exist
MAX_COUNT = 255
WAYS = 4  # slots probed for a context
MAX_MEAN_WEIGHT = 16  # after so many occurrences a mean becomes an exponential moving average


@compiled
def levels(frame, n_levels, out):
    """Quantise values.

    frame (N,) float32 in −1 … 1, n_levels int up to 30 -> out (N,) uint8 from 0
    """
    for i in range(frame.shape[0]):
        out[i] = np.uint8(min(n_levels - 1, max(0, int((frame[i] + 1) * 0.5 * n_levels))))


@compiled
def mix_hash(word, part):
    """Mix a number into a hash: uint64, uint64 -> uint64."""
    word = (word ^ part) * np.uint64(0x9E3779B97F4A7C15)
    return word ^ (word >> np.uint64(29))


@compiled
def frame_codes(now, before, n_still, out):
    """Hash a frame together with the previous one and the number of unchanged frames, and the frame alone.

    now, before (N,) uint8, n_still int -> out (2,) uint64, never 0
    """
    alone, old = np.uint64(0x51ED270B), np.uint64(0x51ED270B)
    for i in range(now.shape[0]):
        alone, old = mix_hash(alone, np.uint64(now[i])), mix_hash(old, np.uint64(before[i]))
    out[0] = mix_hash(mix_hash(alone, np.uint64(n_still + 1)), old) | np.uint64(1)
    out[1] = alone | np.uint64(1)


@compiled
def drift(now, before, neighbours):
    """Direction of motion: that of the neighbour whose previous value most cells show now.

    now, before (N,) uint8, neighbours (N, D) int32, −1 for none -> int 0 … D; D where no motion explains as much
    """
    n_directions = neighbours.shape[1]
    best, max_equal = n_directions, 0
    for i in range(now.shape[0]):
        max_equal += now[i] == before[i]
    for d in range(n_directions):
        n_equal, n_valid = 0, 0
        for i in range(now.shape[0]):
            j = neighbours[i, d]
            if j >= 0:
                n_valid += 1
                n_equal += now[i] == before[j]
        if n_valid > 0 and n_equal * now.shape[0] > max_equal * n_valid:
            best, max_equal = d, n_equal * now.shape[0] // n_valid
    return best


@compiled
def contexts(now, before, neighbours, colours, direction, out):
    """Context hashes of each cell, the largest first: two frames of its surroundings, one frame, the value that moves
    towards it, its previous value, and its value at any place.

    now, before (N,) uint8, neighbours (N, D) int32, colours (N,) uint8, direction int as `drift` gives it
    -> out (N, C) uint64
    """
    n_directions = neighbours.shape[1]
    for i in range(now.shape[0]):
        here = mix_hash(mix_hash(np.uint64(direction), np.uint64(colours[i])), np.uint64(now[i]))
        around, past = mix_hash(here, np.uint64(1)), mix_hash(here, np.uint64(before[i]))
        for d in range(n_directions):
            j = neighbours[i, d]
            around = mix_hash(around, np.uint64(now[j]) if j >= 0 else np.uint64(NO_NEIGHBOUR))
            past = mix_hash(past, np.uint64(before[j]) if j >= 0 else np.uint64(NO_NEIGHBOUR))
        source = neighbours[i, direction] if direction < n_directions else np.int32(i)
        coming = np.uint64(now[source]) if source >= 0 else np.uint64(NO_NEIGHBOUR + 1 + i)
        out[i, 0] = mix_hash(around, past)
        out[i, 1] = mix_hash(around, np.uint64(2))
        out[i, 2] = mix_hash(mix_hash(here, coming), np.uint64(3))
        own_past = mix_hash(mix_hash(np.uint64(now[i]), np.uint64(before[i])), np.uint64(i + 4))
        out[i, 3] = mix_hash(own_past, np.uint64(direction + 1000))
        out[i, 4] = mix_hash(np.uint64(now[i]), np.uint64(colours[i]) + np.uint64(5))


@inner
def _slot(code, tags, counts):
    """Slot of a context and True, or the least used slot among those probed and False."""
    mask, tag = np.uint64(tags.shape[0] - 1), np.uint32(code >> np.uint64(32))
    place_taken, smallest = np.int64(code & mask), 1 << 30
    for probe in range(WAYS):
        place = np.int64((code + np.uint64(probe)) & mask)
        if counts[place] and tags[place] == tag:
            return place, True
        if counts[place] < smallest:
            place_taken, smallest = place, counts[place]
    return place_taken, False


@compiled
def expect(codes, tags, counts, means, errors, priors, context_used, out):
    """Predict each cell from its known context with the smallest error.

    The error of a context is averaged with a prior: the error of all contexts of its kind that occurred as often.

    codes (N, C) uint64, tags (S,) uint32, counts (S,) uint8, means, errors (S,) float32, priors (C, 4) float32
    -> context_used (N,) int8, C where nothing is known; out (N,) float32, changed where something is
    """
    for i in range(codes.shape[0]):
        best, smallest = CONTEXTS, np.float32(1e9)
        for c in range(codes.shape[1]):
            place, known = _slot(codes[i, c], tags, counts)
            if known:
                n = np.float32(counts[place])
                error = (errors[place] * (n - 1) + priors[c, min(3, counts[place] - 1)]) / n
                if error < smallest:
                    best, smallest = c, error
                    out[i] = means[place]
        context_used[i] = best


@compiled
def learn(codes, mask, frame, tags, counts, means, errors, priors):
    """Update every context of every observed cell with the value that followed.

    codes (N, C) uint64 of the frame before, mask (N,) bool, frame (N,) float32 -> tags, counts, means, errors, priors
    as `expect` takes them
    """
    for i in range(codes.shape[0]):
        if not mask[i]:
            continue
        for c in range(codes.shape[1]):
            place, known = _slot(codes[i, c], tags, counts)
            if known:
                n, error = counts[place], frame[i] - means[place]
                squared_error = error * error
                part = min(3, n - 1)
                priors[c, part] += (squared_error - priors[c, part]) * np.float32(0.002)
                counts[place] = min(MAX_COUNT, n + 1)
                means[place] += error / min(n + 1, MAX_MEAN_WEIGHT)
                errors[place] += (squared_error - errors[place]) / min(n, MAX_MEAN_WEIGHT)
            else:
                tags[place] = np.uint32(codes[i, c] >> np.uint64(32))
                counts[place], means[place], errors[place] = 1, frame[i], 0


# ---------------------------------------------------------------- tile-coded Q(λ) (Sutton & Barto, ch. 9 and 12)


@compiled
def tile_addresses(values, reads, shifts, n_tiles, n_slots, out):
    """Tile coding: hash the tiles in which each node finds its inputs; every node has its own offsets.

    values (V,) float32 in −1 … 1, reads (M, T) int32 below V, shifts (M, T) float32 in 0 … 1, n_tiles int, n_slots int,
    a power of two -> out (M,) int64 below n_slots
    """
    for m in range(reads.shape[0]):
        word = np.uint64(m)
        for t in range(reads.shape[1]):
            tile = int((values[reads[m, t]] + 1) * 0.5 * n_tiles + shifts[m, t])
            word = mix_hash(word, np.uint64(tile * 64 + t))
        out[m] = np.int64((word >> np.uint64(7)) & np.uint64(n_slots - 1))


@compiled
def mean_q_values(places, q_values, visit_counts, values, visits):
    """Action values and visit counts at a state: means over the nodes.

    places (M,) int64, q_values (M, S, A) float32, visit_counts (M, S, A) uint16 -> values (A,) and visits (A,) float32
    """
    values[:] = 0
    visits[:] = 0
    for m in range(places.shape[0]):
        for a in range(values.shape[0]):
            values[a] += q_values[m, places[m], a]
            visits[a] += visit_counts[m, places[m], a]
    for a in range(values.shape[0]):
        values[a] /= places.shape[0]
        visits[a] /= places.shape[0]


@compiled
def apply_td_error(trace, actions, n_trace, td_error, rate, trace_decay, q_values):
    """Q(λ) update with replacing traces: add the TD error to the states and actions of the trace, decaying with age.

    trace (K, M) int64 and actions (K,) int64, the newest first, n_trace int, td_error, rate, trace_decay float
    -> q_values (M, S, A) float32
    """
    share = rate * td_error
    for k in range(n_trace):
        for m in range(trace.shape[1]):
            is_repeated = False
            for newer in range(k):
                is_repeated = is_repeated or (actions[newer] == actions[k] and trace[newer, m] == trace[k, m])
            if not is_repeated:
                q_values[m, trace[k, m], actions[k]] += share
        share *= trace_decay
