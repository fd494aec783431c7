"""Edge features of the canonical drawing: bit planes, gradient code, sketch, signature.

Planes: at every pixel, which of two orientations is stronger, for gradients and for ridges; RAM nodes read them.
Code: the gradient at every pixel in fifteen steps each way, for deformable matching. Sketch: the code at half the size.
Signature: one bit for each place and direction with a strong edge, for prefiltering by Hamming distance.

Loops run over whole pictures as flat float arrays, so that the compiler vectorises them.
"""

import numba
import numpy as np

from agent.kernels import FLOAT_FLAGS, inner
from agent.kernels.preprocessing import SIDE, max_value

PIXELS = SIDE * SIDE
PLANES = 48  # 2 kinds of map x 12 ordered pairs of orientations x 2 thresholds
PLANE_STEP = np.float32(10.0)  # the second threshold, in grey values
CODE_ZERO = 7  # a code is gx + 7 in the low four bits, gy + 7 in the high ones, each 0 … 14
CODE_GAIN = np.float32(7.0)  # code steps of a gradient of the drawing's mean strength
CODE_STRIDE = 32  # pixels from one row of a code to the next: codes are padded with no gradient at all
NO_GRADIENT = np.uint8(CODE_ZERO | CODE_ZERO << 4)
SKETCH = SIDE // 2
SKETCH_STRIDE = 16
CODE_FAINT = np.float32(76.5)  # 0.3 of full ink: gradients below do not count for the mean
POINTS = 13  # signature points along one side, at pixels 2, 4 … 26
SIGNATURE_BITS = 8 * POINTS * POINTS
SIGNATURE_WORDS = -(-SIGNATURE_BITS // 64)
SIGNATURE_TYPES = (numba.float32[:, :, ::1], numba.uint64[::1])  # of the arguments of `signature`
SIGNATURE_SHARE = 0.15  # share of the bits that are on
BINS = 1024  # levels in which the share is counted off

_WIDE = np.array([0.0545, 0.244, 0.403], np.float32)  # blurs, from the rim to the middle: this one for maps
_FINE = np.array([0.0, 0.2304, 0.5392], np.float32)  # a Gaussian of sigma 0.7, for gradients
_POOL = np.exp(-0.5 * (np.arange(-4, 1) / 1.7) ** 2).astype(np.float32)
_RIM = 4  # empty pixels around a drawing
_WIDTH = SIDE + 2 * _RIM
_CELLS = _WIDTH * _WIDTH
_ROUGH = SIDE + 2  # rough maps reach one pixel farther than smooth ones


@inner(fastmath=FLOAT_FLAGS)
def _blur(seen, taps, out):
    """Blur a drawing along both sides into a frame with a rim of 4 pixels.

    seen (S, S) uint8, taps (3,) float32, the last in the middle -> out ((S+8)**2,) float32
    """
    frame = np.zeros(_CELLS, np.float32)
    for y in range(SIDE):
        for x in range(SIDE):
            frame[(y + _RIM) * _WIDTH + _RIM + x] = seen[y, x]
    far, near, middle = taps[0], taps[1], taps[2]
    start = 2 * _WIDTH
    out[:] = 0.0
    for i in range(_CELLS - 2 * start):
        at = start + i
        out[at] = middle * frame[at] + near * (frame[at - 1] + frame[at + 1]) + far * (frame[at - 2] + frame[at + 2])
    for i in range(_CELLS - 2 * start):
        at = start + i
        beside = near * (out[at - _WIDTH] + out[at + _WIDTH])
        frame[at] = middle * out[at] + beside + far * (out[at - 2 * _WIDTH] + out[at + 2 * _WIDTH])
    for at in range(_CELLS):  # numba compiles `out[:] = frame` for seconds: its check of shapes writes a message
        out[at] = frame[at]


@inner(fastmath=FLOAT_FLAGS)
def edge_maps(seen, out):
    """Measure gradients and ridges of a drawing in four orientations each.

    Maps 0 … 3 are gradients across x, the falling diagonal, y, the rising diagonal; 4 … 7 ridges likewise.

    seen (S, S) uint8 -> out (8, S, S) float32, at least 0
    """
    frame, rough = np.empty(_CELLS, np.float32), np.zeros(_CELLS, np.float32)
    _blur(seen, _WIDE, frame)
    zero, half, two = np.float32(0.0), np.float32(0.5), np.float32(2.0)
    slant, ridge = np.float32(np.sqrt(0.5)), np.float32(0.7)
    start = (_RIM - 1) * (_WIDTH + 1)  # rough maps begin one pixel outside the drawing
    n = _ROUGH * _WIDTH - 2 * (_RIM - 1)
    for i in range(n):
        at = start + i
        rough[i] = abs(frame[at + 1] - frame[at - 1])
    _smooth(rough, out[0])
    for i in range(n):
        at = start + i
        rough[i] = slant * abs(frame[at + 1] - frame[at - 1] + frame[at + _WIDTH] - frame[at - _WIDTH])
    _smooth(rough, out[1])
    for i in range(n):
        at = start + i
        rough[i] = abs(frame[at + _WIDTH] - frame[at - _WIDTH])
    _smooth(rough, out[2])
    for i in range(n):
        at = start + i
        rough[i] = slant * abs(frame[at + 1] - frame[at - 1] - frame[at + _WIDTH] + frame[at - _WIDTH])
    _smooth(rough, out[3])
    for i in range(n):
        at = start + i
        rough[i] = max(zero, frame[at] - half * (frame[at + 2] + frame[at - 2]))
    _smooth(rough, out[4])
    for i in range(n):
        at = start + i
        rough[i] = max(zero, ridge * (two * frame[at] - frame[at + _WIDTH + 1] - frame[at - _WIDTH - 1]))
    _smooth(rough, out[5])
    for i in range(n):
        at = start + i
        rough[i] = max(zero, frame[at] - half * (frame[at + 2 * _WIDTH] + frame[at - 2 * _WIDTH]))
    _smooth(rough, out[6])
    for i in range(n):
        at = start + i
        rough[i] = max(zero, ridge * (two * frame[at] - frame[at + _WIDTH - 1] - frame[at - _WIDTH + 1]))
    _smooth(rough, out[7])


@inner(fastmath=FLOAT_FLAGS)
def _smooth(rough, out):
    """Smooth a map by [1 2 1] / 4 both ways: (_CELLS,) float32, one pixel outside the drawing first -> (S, S)."""
    quarter, two = np.float32(0.25), np.float32(2.0)
    rows = np.empty(_CELLS, np.float32)
    for i in range(SIDE * _WIDTH):
        rows[i] = quarter * (rough[i] + two * rough[i + _WIDTH] + rough[i + 2 * _WIDTH])
    for y in range(SIDE):
        for x in range(SIDE):
            at = y * _WIDTH + x
            out[y, x] = quarter * (rows[at] + two * rows[at + 1] + rows[at + 2])


@inner
def planes(maps, out):
    """Compare the orientations of each kind of map at every pixel: one is stronger, and stronger by more than a step.

    Plane ``24 kind + 2 pair + threshold``; pairs (a, b) of different orientations in counting order.

    maps (8, S, S) float32 -> out (48*S*S,) uint8, 0 or 1, plane after plane
    """
    flat = maps.reshape(8, PIXELS)
    plane = 0
    for kind in range(2):
        for a in range(4):
            for b in range(4):
                if a != b:
                    one, other = flat[4 * kind + a], flat[4 * kind + b]
                    leads, clearly = out[plane * PIXELS :], out[(plane + 1) * PIXELS :]
                    for p in range(PIXELS):
                        leads[p] = one[p] - other[p] > np.float32(0.0)
                    for p in range(PIXELS):
                        clearly[p] = one[p] - other[p] > PLANE_STEP
                    plane += 2


@inner(fastmath=FLOAT_FLAGS)
def gradients(seen, out):
    """Sobel gradients of the slightly blurred drawing.

    seen (S, S) uint8 -> out (2, S, S) float32: along x, along y
    """
    frame = np.empty(_CELLS, np.float32)
    _blur(seen, _FINE, frame)
    two = np.float32(2.0)  # an integer 2 would make all of it float64
    for y in range(SIDE):
        start = (y + _RIM) * _WIDTH + _RIM
        for x in range(SIDE):
            at = start + x
            falling = frame[at + _WIDTH + 1] - frame[at - _WIDTH - 1]
            rising = frame[at - _WIDTH + 1] - frame[at + _WIDTH - 1]
            out[0, y, x] = falling + rising + two * (frame[at + 1] - frame[at - 1])
            out[1, y, x] = falling - rising + two * (frame[at + _WIDTH] - frame[at - _WIDTH])


@inner(fastmath=FLOAT_FLAGS)
def code(slopes, out):
    """Quantise gradients to fifteen steps each way, relative to the mean strength of the drawing's edges.

    slopes (2, S, S) float32 -> out (S, 32) uint8: gx + 7 in the low four bits, gy + 7 in the high ones
    """
    across, down = slopes[0].ravel(), slopes[1].ravel()
    total, n_edges = np.int32(0), np.int32(0)  # in whole 256ths: their sum is the same in any order
    for p in range(PIXELS):
        strength = abs(across[p]) + abs(down[p])
        strong = strength > CODE_FAINT
        total += np.int32(strength * np.float32(256.0)) if strong else np.int32(0)
        n_edges += np.int32(strong)
    gain = np.float32(256.0) * CODE_GAIN * np.float32(n_edges) / np.float32(total) if n_edges > 0 else np.float32(0.0)
    zero, limit, half = np.float32(0.0), np.float32(2 * CODE_ZERO), np.float32(0.5)
    out[:] = NO_GRADIENT
    for y in range(SIDE):
        for x in range(SIDE):
            gx = np.int32(min(limit, max(zero, across[y * SIDE + x] * gain + CODE_ZERO)) + half)
            gy = np.int32(min(limit, max(zero, down[y * SIDE + x] * gain + CODE_ZERO)) + half)
            out[y, x] = np.uint8(gx | (gy << 4))


@inner
def sketch(codes, out):
    """Halve a code: twice the mean gradient of 2 x 2 pixels, in the same fifteen steps.

    codes (S, 32) uint8 -> out (14, 16) uint8
    """
    out[:] = NO_GRADIENT
    for y in range(SKETCH):
        for x in range(SKETCH):
            gx, gy = 1 - 4 * CODE_ZERO, 1 - 4 * CODE_ZERO
            for i in range(2):
                for j in range(2):
                    gx += codes[2 * y + i, 2 * x + j] & 15
                    gy += codes[2 * y + i, 2 * x + j] >> 4
            gx = min(CODE_ZERO, max(-CODE_ZERO, gx >> 1)) + CODE_ZERO
            gy = min(CODE_ZERO, max(-CODE_ZERO, gy >> 1)) + CODE_ZERO
            out[y, x] = np.uint8(gx | (gy << 4))


@inner(fastmath=FLOAT_FLAGS)
def signature(slopes, out):
    """Mark the 15 % of places and directions where the drawing's edges are strongest.

    Gradients fall softly into 8 signed directions, are pooled around 13 x 13 points, and the strongest are on.

    slopes (2, S, S) float32 -> out (22,) uint64, 1352 bits: direction x row x column
    """
    across, down = slopes[0].ravel(), slopes[1].ravel()
    falling, rising = np.empty(PIXELS, np.float32), np.empty(PIXELS, np.float32)
    floor = np.empty(PIXELS, np.float32)  # a gradient 45 degrees away contributes nothing
    slant = np.float32(np.sqrt(0.5))
    for p in range(PIXELS):
        gx, gy = across[p], down[p]
        falling[p], rising[p] = (gx + gy) * slant, (gy - gx) * slant
        floor[p] = np.sqrt(gx * gx + gy * gy) * slant
    pooled = np.empty(SIGNATURE_BITS, np.float32)
    for k, slope in enumerate((across, falling, down, rising)):
        _pool(slope, floor, np.float32(1.0), pooled[k * POINTS * POINTS :])
        _pool(slope, floor, np.float32(-1.0), pooled[(k + 4) * POINTS * POINTS :])
    _mark_strongest(pooled, out)


@inner(fastmath=FLOAT_FLAGS)
def _pool(slope, floor, sign, out):
    """Pool one direction around each point with Gaussian weights.

    slope and floor (S*S,) float32, sign 1 or -1 -> out (13*13,) float32
    """
    part = np.zeros((SIDE + 2 * _RIM) * SIDE, np.float32)
    first = _RIM * SIDE
    for p in range(PIXELS):
        part[first + p] = max(np.float32(0.0), sign * slope[p] - floor[p])
    row, wide = np.zeros(_WIDTH, np.float32), np.empty(SIDE, np.float32)
    w4, w3, w2, w1, w0 = _POOL[0], _POOL[1], _POOL[2], _POOL[3], _POOL[4]
    for i in range(POINTS):
        for x in range(SIDE):
            at = first + (2 * i + 2) * SIDE + x
            one, two = part[at - SIDE] + part[at + SIDE], part[at - 2 * SIDE] + part[at + 2 * SIDE]
            three, four = part[at - 3 * SIDE] + part[at + 3 * SIDE], part[at - 4 * SIDE] + part[at + 4 * SIDE]
            row[x + _RIM] = w0 * part[at] + w1 * one + w2 * two + w3 * three + w4 * four
        for x in range(SIDE):
            at = x + _RIM
            one, two = row[at - 1] + row[at + 1], row[at - 2] + row[at + 2]
            three, four = row[at - 3] + row[at + 3], row[at - 4] + row[at + 4]
            wide[x] = w0 * row[at] + w1 * one + w2 * two + w3 * three + w4 * four
        for j in range(POINTS):
            out[i * POINTS + j] = wide[2 * j + 2]


@inner
def _mark_strongest(pooled, out):
    """Switch on at most 15 % of the bits, the strongest; equal levels stay off together."""
    out[:] = np.uint64(0)
    peak = max_value(pooled)
    if peak <= np.float32(0.0):
        return
    scale = np.float32(BINS - 1) / peak
    counts, others = np.zeros(BINS, np.int32), np.zeros(BINS, np.int32)
    levels = np.empty(SIGNATURE_BITS, np.uint32)
    for i in range(SIGNATURE_BITS):
        levels[i] = np.uint32(pooled[i] * scale)
    for i in range(0, SIGNATURE_BITS, 2):  # two histograms: consecutive increments of one counter would stall
        counts[levels[i]] += 1
        others[levels[i + 1]] += 1
    for level in range(BINS):  # numba compiles `counts += others` for seconds, like `out[:] = frame`
        counts[level] += others[level]
    room = int(SIGNATURE_BITS * SIGNATURE_SHARE)
    level = BINS - 1
    while level > 0 and counts[level] <= room:
        room -= counts[level]
        level -= 1
    for w in range(SIGNATURE_WORDS):
        word = np.uint64(0)
        for i in range(min(64, SIGNATURE_BITS - 64 * w)):
            word |= np.uint64(levels[64 * w + i] > level) << np.uint64(i)
        out[w] = word
