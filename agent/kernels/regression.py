"""Regression models: a line fitted by five teachers, n-tuple regression, tables of symbols, and reward formulas.

Shape letters here: N lessons · I instructions and C constants of a formula · B bits of the thermometer, M nodes, A
locations of a node · S symbols that are read (13), E events: symbols of all lessons, one after another.
"""

from typing import NamedTuple

import numpy as np

from agent.kernels import compiled, inner
from agent.kernels.matching import popcount
from agent.kernels.rng import uniform

DEPTH = 32  # numbers that the stack of a formula holds
CONSTANT, UNKNOWN, ADD, SUB, MUL, DIV, POW, NEG, ABS, EXP, LOG, SQRT, MIN, MAX, LESS, MORE = range(16)
N_TERMS = 6  # of the reward's model: 1, x, x², d, x·d, d²
START = 13  # stands before the first symbol of a lesson


class RewardedLessons(NamedTuple):
    """Lessons of a line, xs and ys (N,), and the formula of their reward as `value` runs it: codes and constants."""

    xs: np.ndarray
    ys: np.ndarray
    codes: np.ndarray
    constants: np.ndarray


class Steps(NamedTuple):
    """Which steps to take: from ``first`` on, ``n`` of the ``n_total`` of a course, ``before`` in earlier courses."""

    first: int
    n: int
    n_total: int
    before: int


# ---------------------------------------------------------------- formulas of one unknown, run on a small stack


@compiled
def value(codes, constants, unknown, stack):
    """Evaluate a formula.

    codes (I,) uint8, constants (C,) float64 in the order of their use, unknown float64, stack (2, 32)
    float64 to work on -> float64; nan where it has no value
    """
    return value_and_slope(codes, constants, unknown, stack)[0]


@compiled
def value_and_slope(codes, constants, unknown, stack):
    """Evaluate a formula and its derivative side by side (forward mode; Wengert 1964).

    A comparison is 1 or 0 and has no slope; the slope of abs at 0 is 0.

    codes (I,) uint8, constants (C,) float64, unknown float64, stack (2, 32) float64 -> value and slope, float64
    """
    values, slopes = stack[0], stack[1]
    top, n_constants = -1, 0
    for code in codes:
        if code == CONSTANT:
            top += 1
            values[top], slopes[top] = constants[n_constants], 0.0
            n_constants += 1
        elif code == UNKNOWN:
            top += 1
            values[top], slopes[top] = unknown, 1.0
        elif code in (NEG, ABS, EXP, LOG, SQRT):
            values[top], slopes[top] = _of_one(code, values[top], slopes[top])
        else:
            top -= 1
            values[top], slopes[top] = _of_two(code, values[top], slopes[top], values[top + 1], slopes[top + 1])
    return values[0], slopes[0]


@inner
def _of_one(code, a, da):
    """Apply a function of one number: its value and slope."""
    if code == NEG:
        return -a, -da
    if code == ABS:
        return abs(a), da * np.sign(a)
    if code == EXP:
        grown = np.exp(min(a, 709.0))
        return grown, da * grown
    if code == LOG:
        return (np.log(a), da / a) if a > 0 else (np.nan, np.nan)
    root = np.sqrt(a) if a >= 0 else np.nan
    return root, da / (2 * root) if root > 0 else np.nan


@inner
def _of_two(code, a, da, b, db):
    """Apply an operation on two numbers: its value and slope."""
    if code == ADD:
        return a + b, da + db
    if code == SUB:
        return a - b, da - db
    if code == MUL:
        return a * b, da * b + a * db
    if code == DIV:
        return (a / b, (da * b - a * db) / (b * b)) if b != 0 else (np.nan, np.nan)
    if code == POW:
        return _power(a, da, b, db)
    if code == MIN:
        return (a, da) if a <= b else (b, db)
    if code == MAX:
        return (a, da) if a >= b else (b, db)
    if code == LESS:
        return (1.0 if a < b else 0.0), 0.0
    return (1.0 if a > b else 0.0), 0.0


@inner
def _power(a, da, b, db):
    """Raise a to the power b; nan where that is no real number."""
    if (a < 0 and b != np.floor(b)) or (a == 0 and b < 0) or abs(b) > 100:
        return np.nan, np.nan
    raised = a**b
    slope = b * a ** (b - 1) * da if da != 0 and b != 0 and (a != 0 or b >= 1) else 0.0
    if db != 0:
        slope += np.log(a) * raised * db if a > 0 else np.nan
    return raised, slope


# ---------------------------------------------------------------- a line y = w·x + b: an array (w, b) of floats


@compiled
def batch_descent(xs, ys, rate, n_steps, line):
    """Full-batch steps down the slope of the mean squared error.

    xs and ys (N,), rate of the line's dtype, n_steps int -> line (2,) changed
    """
    share = (rate + rate) / xs.dtype.type(len(xs))
    for _ in range(n_steps):
        w, b = line[0], line[1]
        by_w, by_b = xs.dtype.type(0), xs.dtype.type(0)
        for row in range(len(xs)):
            error = w * xs[row] + b - ys[row]
            by_w += error * xs[row]
            by_b += error
        line[0] = w - share * by_w
        line[1] = b - share * by_b


@compiled
def online_descent(xs, ys, rate, first, n_steps, line):
    """One lesson a step down the slope of its squared error.

    xs and ys (N,), gone through again and again from step first on, rate of the line's dtype -> line (2,) changed
    """
    twice = rate + rate
    for step in range(first, first + n_steps):
        x = xs[step % len(xs)]
        error = line[0] * x + line[1] - ys[step % len(xs)]
        line[0] -= twice * error * x
        line[1] -= twice * error


@compiled
def reward_ascent(lessons, steps, rate, falls, line):
    """One lesson a step up the slope of the reward, as if the reward's formula were known.

    lessons RewardedLessons, steps Steps, rate float64, falls bool: whether the rate falls to 0 over all steps
    -> line (2,) changed
    """
    xs, ys, codes, constants = lessons
    stack = np.empty((2, DEPTH))
    for step in range(steps.first, steps.first + steps.n):
        x = xs[step % len(xs)]
        error = line[0] * x + line[1] - ys[step % len(xs)]
        slope = value_and_slope(codes, constants, np.float64(error), stack)[1]
        step_rate = rate * (1.0 - step / steps.n_total) if falls else rate
        line[0] += step_rate * slope * x
        line[1] += step_rate * slope


@compiled
def two_point_ascent(lessons, steps, seed, rate, reach, line):
    """Try two answers to each lesson, one above and one below, and move towards the one with the better reward.

    The slope is estimated from the two rewards alone (a two-point estimate, as in Kiefer and Wolfowitz 1952). The
    distance of the answers and the step size fall to 0 over all steps.

    lessons RewardedLessons, steps Steps, seed uint64, rate and reach float64 -> line (2,) changed
    """
    xs, ys, codes, constants = lessons
    stack = np.empty((2, DEPTH))
    for step in range(steps.first, steps.first + steps.n):
        x = xs[step % len(xs)]
        remaining = 1.0 - step / steps.n_total
        up = (
            reach * remaining
            if uniform(seed, np.uint64(steps.before + step), np.uint64(1)) < 0.5
            else -reach * remaining
        )
        error = np.float64(line[0] * x + line[1] - ys[step % len(xs)])
        better = value(codes, constants, error + up, stack) - value(codes, constants, error - up, stack)
        move = rate * remaining * better / (up + up)
        line[0] += move * x
        line[1] += move


@compiled
def sample_rewards(lessons, steps, seed, reach, middle, half, line, moments):
    """Try answers around those of the line and accumulate the moments from which a model of the reward is fitted.

    The model: 1, x, x², d, x·d, d², where x is measured from the middle of the lessons in halves of their range, and d
    is how far a try is from the line, in reaches.

    lessons RewardedLessons, steps Steps, seed uint64, reach, middle and half float64, line (2,)
    -> moments (6, 7) float64: sums of products of terms, and of terms with rewards
    """
    xs, ys, codes, constants = lessons
    terms, stack = np.empty(N_TERMS), np.empty((2, DEPTH))
    for step in range(steps.first, steps.first + steps.n):
        x = xs[step % len(xs)]
        offset = 2.0 * uniform(seed, np.uint64(steps.before + step), np.uint64(1)) - 1.0
        error = np.float64(line[0] * x + line[1] - ys[step % len(xs)])
        reward = value(codes, constants, error + reach * offset, stack)
        place = (np.float64(x) - middle) / half
        terms[0], terms[1], terms[2] = 1.0, place, place * place
        terms[3], terms[4], terms[5] = offset, place * offset, offset * offset
        for row in range(N_TERMS):
            for column in range(N_TERMS):
                moments[row, column] += terms[row] * terms[column]
            moments[row, N_TERMS] += terms[row] * reward


# ---------------------------------------------------------------- n-tuple regression: RAM nodes that keep means


@compiled
def write_means(levels, ys, places, sums, counts):
    """Add each lesson's value at the location that each node reads.

    levels (N,) int32: how many bits of the thermometer are on, ys (N,) float64, places (M, B + 1) uint16: the location
    of each level -> sums (M, A) float64, counts (M, A) int64 changed
    """
    for row in range(len(levels)):
        for node in range(len(places)):
            place = places[node, levels[row]]
            sums[node, place] += ys[row]
            counts[node, place] += 1


@compiled
def read_means(levels, places, sums, counts, means, n_nodes):
    """Average the means of all nodes that were ever written at their location.

    levels (N,) int32, places (M, B + 1) uint16, sums (M, A) float64, counts (M, A) int64
    -> means (N,) float64 over these nodes, n_nodes (N,) int32: how many they are
    """
    for row in range(len(levels)):
        total, n_nodes[row] = 0.0, 0
        for node in range(len(places)):
            place = places[node, levels[row]]
            if counts[node, place] > 0:
                total += sums[node, place] / counts[node, place]
                n_nodes[row] += 1
        means[row] = total / max(1, n_nodes[row])


# ---------------------------------------------------------------- tables of symbols: one bit a symbol


@compiled
def write_symbols(read, written, ends, alone, after, between):
    """Store which symbols were written for each symbol read, in three contexts: a bit for each.

    read and written (E,) uint8, ends (N,) int64: where each lesson ends -> alone (S,) uint16 by the symbol read, after
    (S, S + 1) by the one read before it too, between (S, S + 1, S + 1) by the one written before it too: changed
    """
    first = 0
    for end in ends:
        last_read, last_written = START, START
        for event in range(first, end):
            now, bit = read[event], np.uint16(1) << np.uint16(written[event])
            alone[now] |= bit
            after[now, last_read] |= bit
            between[now, last_read, last_written] |= bit
            last_read, last_written = read[event], written[event]
        first = end


@compiled
def read_symbols(read, alone, after, between, out):
    """Write a symbol for each one read: by the smallest context in which only one was ever written.

    read (E,) uint8, the tables of `write_symbols` -> out (E,) uint8; returns how many were written
    before one that no context decides, E if none
    """
    last_read, last_written = START, START
    for event in range(len(read)):
        now = read[event]
        candidates = alone[now]
        if popcount(np.uint64(candidates)) > 1:
            candidates = after[now, last_read]
        if popcount(np.uint64(candidates)) > 1:
            candidates = between[now, last_read, last_written]
        if popcount(np.uint64(candidates)) != 1:
            return event
        symbol = 0
        while (candidates >> np.uint16(symbol)) != 1:
            symbol += 1
        out[event] = symbol
        last_read, last_written = now, np.uint8(symbol)
    return len(read)
