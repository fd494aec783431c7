"""From the canonical drawing to what the memories read: planes of bits, a fine code, a signature.

Planes say at every pixel which orientation wins there, for gradients and for ridges; RAM nodes read them.
The code is a gradient in fifteen steps each way at every pixel; deformable matching reads it.
The signature is one bit for every place and direction that stands out; the first look at many rows reads it.
"""

import numpy as np
from numba import njit

from agent.kernels.retina import SIDE

PLANES = 48  # 2 kinds of map x 12 ordered pairs of orientations x 2 thresholds
PLANE_STEP = np.float32(10.0)  # the second threshold, in grey values
CODE_ZERO = 7  # a code is gx + 7 in the low four bits, gy + 7 in the high ones, each 0 … 14
CODE_GAIN = np.float32(7.0)  # code steps of a gradient of the drawing's own mean strength
POINTS = 13  # signature points along one side, at pixels 2, 4 … 26
SIGNATURE_BITS = 8 * POINTS * POINTS
SIGNATURE_WORDS = -(-SIGNATURE_BITS // 64)
SIGNATURE_SHARE = 0.15  # share of the bits that are on
BINS = 1024  # levels in which the share is counted off

_BLUR5 = np.array([0.0545, 0.244, 0.403, 0.244, 0.0545], np.float32)
_BLUR3 = np.array([0.2304, 0.5392, 0.2304], np.float32)  # a Gaussian of sigma 0.7
_POOL9 = np.exp(-0.5 * (np.arange(-4, 5) / 1.7) ** 2).astype(np.float32)
_RIM = 4


@njit(nogil=True, cache=True)
def blur(seen, taps, out, scratch):
    """Blur a drawing along both sides into a frame with a rim of 4 empty pixels.

    seen (S, S) uint8, taps (3,) or (5,) float32 -> out (S+8, S+8) float32; scratch likewise
    """
    side = SIDE + 2 * _RIM
    reach = len(taps) // 2
    out[:] = 0.0
    scratch[:] = 0.0
    for y in range(SIDE):
        for t in range(len(taps)):
            weight = taps[t]
            for x in range(SIDE):
                scratch[y + _RIM, x + _RIM + t - reach] += weight * seen[y, x]
    for y in range(reach, side - reach):
        for t in range(len(taps)):
            weight = taps[t]
            for x in range(side):
                out[y, x] += weight * scratch[y + t - reach, x]


@njit(nogil=True, cache=True, fastmath=True)
def edge_maps(seen, out):
    """Measure gradients and ridges of a drawing in four orientations each.

    Maps 0 … 3 are gradients across x, the falling diagonal, y, the rising diagonal; 4 … 7 ridges likewise.

    seen (S, S) uint8 -> out (8, S, S) float32, at least 0
    """
    frame = np.empty((SIDE + 2 * _RIM, SIDE + 2 * _RIM), np.float32)
    scratch = np.empty((SIDE + 2 * _RIM, SIDE + 2 * _RIM), np.float32)
    blur(seen, _BLUR5, frame, scratch)
    rough = np.empty((8, SIDE + 2, SIDE + 2), np.float32)
    half, slant, ridge, none = np.float32(0.5), np.float32(np.sqrt(0.5)), np.float32(0.7), np.float32(0.0)
    for i in range(SIDE + 2):
        for j in range(SIDE + 2):
            y, x = i + _RIM - 1, j + _RIM - 1
            ink = frame[y, x]
            gx = frame[y, x + 1] - frame[y, x - 1]
            gy = frame[y + 1, x] - frame[y - 1, x]
            rough[0, i, j] = abs(gx)
            rough[1, i, j] = abs(gx + gy) * slant
            rough[2, i, j] = abs(gy)
            rough[3, i, j] = abs(gx - gy) * slant
            rough[4, i, j] = max(none, ink - half * (frame[y, x + 2] + frame[y, x - 2]))
            rough[5, i, j] = max(none, ridge * (2 * ink - frame[y + 1, x + 1] - frame[y - 1, x - 1]))
            rough[6, i, j] = max(none, ink - half * (frame[y + 2, x] + frame[y - 2, x]))
            rough[7, i, j] = max(none, ridge * (2 * ink - frame[y + 1, x - 1] - frame[y - 1, x + 1]))
    row = np.empty(SIDE + 2, np.float32)
    quarter = np.float32(0.25)
    for k in range(8):
        for i in range(SIDE):
            for j in range(SIDE + 2):
                row[j] = quarter * (rough[k, i, j] + 2 * rough[k, i + 1, j] + rough[k, i + 2, j])
            for j in range(SIDE):
                out[k, i, j] = quarter * (row[j] + 2 * row[j + 1] + row[j + 2])


@njit(nogil=True, cache=True)
def planes(maps, out):
    """Say at every pixel, for each kind of map, which orientation beats which, and by more than a step.

    Bit ``24 kind + 2 pair + threshold``; pairs (a, b) of different orientations in counting order.

    maps (8, S, S) float32 -> out (S*S,) uint64, the low 48 bits
    """
    flat = maps.reshape(8, SIDE * SIDE)
    one = np.uint64(1)
    for p in range(SIDE * SIDE):
        word = np.uint64(0)
        bit = np.uint64(0)
        for kind in range(2):
            for a in range(4):
                strength = flat[4 * kind + a, p]
                for b in range(4):
                    if a != b:
                        lead = strength - flat[4 * kind + b, p]
                        word |= np.uint64(lead > np.float32(0.0)) << bit
                        word |= np.uint64(lead > PLANE_STEP) << (bit + one)
                        bit += one + one
        out[p] = word


@njit(nogil=True, cache=True, fastmath=True)
def gradients(seen, out):
    """Take Sobel gradients of the slightly blurred drawing.

    seen (S, S) uint8 -> out (2, S, S) float32: along x, along y
    """
    frame = np.empty((SIDE + 2 * _RIM, SIDE + 2 * _RIM), np.float32)
    scratch = np.empty((SIDE + 2 * _RIM, SIDE + 2 * _RIM), np.float32)
    blur(seen, _BLUR3, frame, scratch)
    for i in range(SIDE):
        for j in range(SIDE):
            y, x = i + _RIM, j + _RIM
            falling = frame[y + 1, x + 1] - frame[y - 1, x - 1]
            rising = frame[y - 1, x + 1] - frame[y + 1, x - 1]
            out[0, i, j] = falling + rising + 2 * (frame[y, x + 1] - frame[y, x - 1])
            out[1, i, j] = falling - rising + 2 * (frame[y + 1, x] - frame[y - 1, x])


@njit(nogil=True, cache=True)
def code(slopes, out):
    """Write gradients in fifteen steps each way, measured against the drawing's own mean strength.

    slopes (2, S, S) float32 -> out (S, S) uint8: gx + 7 in the low four bits, gy + 7 in the high ones
    """
    total, n_edges = np.float32(0.0), 0
    for y in range(SIDE):
        for x in range(SIDE):
            strength = abs(slopes[0, y, x]) + abs(slopes[1, y, x])
            if strength > np.float32(76.5):  # 0.3 of full ink
                total += strength
                n_edges += 1
    gain = CODE_GAIN * n_edges / total if n_edges > 0 else np.float32(0.0)
    for y in range(SIDE):
        for x in range(SIDE):
            gx = min(CODE_ZERO, max(-CODE_ZERO, int(np.floor(slopes[0, y, x] * gain + 0.5))))
            gy = min(CODE_ZERO, max(-CODE_ZERO, int(np.floor(slopes[1, y, x] * gain + 0.5))))
            out[y, x] = np.uint8((gx + CODE_ZERO) | ((gy + CODE_ZERO) << 4))


@njit(nogil=True, cache=True, fastmath=True)
def signature(slopes, out):
    """Mark the 15 % of places and directions where the drawing's edges are strongest.

    Gradients fall softly into 8 signed directions, are pooled around 13 x 13 points, and the strongest are on.

    slopes (2, S, S) float32 -> out (22,) uint64, 1352 bits: direction x row x column
    """
    slant, none = np.float32(np.sqrt(0.5)), np.float32(0.0)
    parts = np.empty((8, SIDE, SIDE), np.float32)
    for y in range(SIDE):
        for x in range(SIDE):
            gx, gy = slopes[0, y, x], slopes[1, y, x]
            falling, rising = (gx + gy) * slant, (gy - gx) * slant
            floor = np.sqrt(gx * gx + gy * gy) * slant  # what lies 45 degrees away counts nothing
            parts[0, y, x] = max(none, gx - floor)
            parts[1, y, x] = max(none, falling - floor)
            parts[2, y, x] = max(none, gy - floor)
            parts[3, y, x] = max(none, rising - floor)
            parts[4, y, x] = max(none, -gx - floor)
            parts[5, y, x] = max(none, -falling - floor)
            parts[6, y, x] = max(none, -gy - floor)
            parts[7, y, x] = max(none, -rising - floor)
    pooled = np.zeros(SIGNATURE_BITS, np.float32)
    row = np.empty(SIDE + 2 * _RIM, np.float32)
    peak = none
    for k in range(8):
        for i in range(POINTS):
            row[:] = none
            for t in range(9):
                y = 2 * i + 2 + t - 4
                if 0 <= y < SIDE:
                    weight = _POOL9[t]
                    for x in range(SIDE):
                        row[x + _RIM] += weight * parts[k, y, x]
            for j in range(POINTS):
                total = none
                for t in range(9):
                    total += _POOL9[t] * row[2 * j + 2 + t - 4 + _RIM]
                pooled[(k * POINTS + i) * POINTS + j] = total
                peak = max(peak, total)
    _mark_strongest(pooled, peak, out)


@njit(nogil=True, cache=True)
def _mark_strongest(pooled, peak, out):
    """Switch on at most 15 % of the bits, the strongest; equal levels stay off together."""
    out[:] = np.uint64(0)
    if peak <= np.float32(0.0):
        return
    scale = np.float32(BINS - 1) / peak
    counts = np.zeros(BINS, np.int64)
    levels = np.empty(SIGNATURE_BITS, np.int64)
    for i in range(SIGNATURE_BITS):
        levels[i] = int(pooled[i] * scale)
        counts[levels[i]] += 1
    room = int(SIGNATURE_BITS * SIGNATURE_SHARE)
    level = BINS - 1
    while level > 0 and counts[level] <= room:
        room -= counts[level]
        level -= 1
    for i in range(SIGNATURE_BITS):
        if levels[i] > level:
            out[i >> 6] |= np.uint64(1) << np.uint64(i & 63)
