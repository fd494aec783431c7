"""Neurons of a state machine: each looks up the bit it was taught for the most similar row.

A row is the common input of a layer, packed in words; a neuron compares only the words and bits that its connections
reach. So a lesson is stored once, however many neurons learned it.

Shape letters of this file: N neurons, R rows, W words of a row, K words that one neuron reaches.
"""

from typing import NamedTuple

import numpy as np

from agent.kernels import compiled
from agent.kernels.matching import popcount
from agent.kernels.rng import scramble

BY_CHANCE, BY_DISCRIMINATION, BY_HAMMING, BY_TIE = 0, 1, 2, 3  # which rule decided
NOWHERE = np.int32(1 << 30)


class Layer(NamedTuple):
    """A layer of neurons and its rows.

    rows (R, W) uint64, targets (R, V) uint64, words (N, K) int32, masks (N, K) uint64; weights (N, 64 K) int64 of
    `weigh`, or (0, 0) to leave discrimination out
    """

    rows: np.ndarray
    targets: np.ndarray
    words: np.ndarray
    masks: np.ndarray
    weights: np.ndarray


@compiled
def chance(seed, moment, neuron):
    """Random bit that depends only on three numbers.

    seed, moment, neuron uint64 -> uint64, 0 or 1
    """
    return scramble(seed, moment, neuron) & np.uint64(1)


@compiled
def noise(seed, moment, first, n, out):
    """Random bits of some neurons.

    seed, moment uint64; first and n int: which neurons -> out (W,) uint64, their bits packed, the rest 0
    """
    out[:] = 0
    for neuron in range(n):
        bit = chance(np.uint64(seed), np.uint64(moment), np.uint64(first + neuron))
        out[neuron >> 6] |= bit << np.uint64(neuron & 63)


@compiled
def differ(now, rows, out):
    """XOR of each row with the present input.

    now (W,) uint64, rows (R, W) uint64 -> out (R, W) uint64
    """
    for row in range(rows.shape[0]):
        for w in range(rows.shape[1]):
            out[row, w] = rows[row, w] ^ now[w]


@compiled
def distances(differences, words, masks, neuron, out):
    """Hamming distances of rows on the connections of one neuron.

    differences (R, W) uint64 of `differ`, words (N, K) int32, masks (N, K) uint64, neuron int -> out (R,) int32
    """
    for row in range(differences.shape[0]):
        distance = np.uint64(0)
        for k in range(words.shape[1]):
            distance += popcount(differences[row, words[neuron, k]] & masks[neuron, k])
        out[row] = np.int32(distance)


@compiled
def nearest(differences, targets, words, masks, neuron):
    """Whether the rows nearest on one neuron's connections taught it 0, and whether 1.

    The search stops as soon as rows without any difference taught both.

    differences (R, W) uint64 of `differ`, targets (R, V) uint64, words (N, K) int32, masks (N, K) uint64, neuron int
    -> returns two bool
    """
    smallest, zero, one = NOWHERE, False, False
    word, shift = neuron >> 6, np.uint64(neuron & 63)
    for row in range(differences.shape[0]):
        distance = np.uint64(0)
        for k in range(words.shape[1]):
            distance += popcount(differences[row, words[neuron, k]] & masks[neuron, k])
        away = np.int32(distance)
        if away <= smallest:
            bit = (targets[row, word] >> shift) & np.uint64(1)
            if away < smallest:
                smallest, zero, one = away, False, False
            zero, one = zero or bit == 0, one or bit == 1
            if smallest == 0 and zero and one:
                break
    return zero, one


@compiled
def weigh(rows, targets, words, masks, out):
    """Weight of each connection: how much more often it was on when the neuron was taught 1 than when taught 0.

    The difference of the two shares, times both numbers of rows so that it stays whole; all 0 where only one bit was
    ever taught.

    rows (R, W), targets (R, V), words (N, K) int32, masks (N, K) -> out (N, 64 K) int64
    """
    out[:] = 0
    on = np.empty((2, out.shape[1]), np.int64)
    n_targets = np.empty(2, np.int64)
    for neuron in range(words.shape[0]):
        on[:], n_targets[:] = 0, 0
        for row in range(rows.shape[0]):
            bit = (targets[row, neuron >> 6] >> np.uint64(neuron & 63)) & np.uint64(1)
            n_targets[bit] += 1
            for k in range(words.shape[1]):
                line = rows[row, words[neuron, k]] & masks[neuron, k]
                for place in range(64):
                    on[bit, 64 * k + place] += np.int64((line >> np.uint64(place)) & np.uint64(1))
        for place in range(out.shape[1]):
            out[neuron, place] = on[1, place] * n_targets[0] - on[0, place] * n_targets[1]


@compiled
def discriminate(now, words, masks, weights, neuron):
    """Sum of one neuron's weights, each with the sign of the present input.

    now (W,), words (N, K) int32, masks (N, K), weights (N, 64 K) int64, neuron int -> int64, 0 = undecided
    """
    total = np.int64(0)
    for k in range(words.shape[1]):
        line, mask = now[words[neuron, k]], masks[neuron, k]
        for place in range(64):
            if (mask >> np.uint64(place)) & np.uint64(1):
                weight = weights[neuron, 64 * k + place]
                total += weight if (line >> np.uint64(place)) & np.uint64(1) else -weight
    return total


@compiled
def fire(now, layer, hamming, default, seed, moment, first, out, rules):
    """Next bit of every neuron of a layer: by discrimination, else by the nearest rows, else by chance.

    now (W,) uint64, layer Layer, hamming and default bool: whether those rules apply, seed and moment int, first: the
    number of the layer's first neuron -> out (V,) uint64, rules (N,) uint8: which rule decided
    """
    rows, targets, words, masks, weights = layer
    out[:] = 0
    differences = np.empty_like(rows)
    if hamming:
        differ(now, rows, differences)
    for neuron in range(words.shape[0]):
        bit, rule = np.uint64(0), BY_CHANCE
        if weights.shape[0]:
            total = discriminate(now, words, masks, weights, neuron)
            if total != 0:
                bit, rule = np.uint64(total > 0), BY_DISCRIMINATION
        if rule == BY_CHANCE and hamming and rows.shape[0]:
            zero, one = nearest(differences, targets, words, masks, neuron)
            bit, rule = np.uint64(one), BY_TIE if zero and one else BY_HAMMING
        if rule in (BY_TIE, BY_CHANCE):
            bit = chance(np.uint64(seed), np.uint64(moment), np.uint64(first + neuron)) if default else np.uint64(0)
        out[neuron >> 6] |= bit << np.uint64(neuron & 63)
        rules[neuron] = rule
