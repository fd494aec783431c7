"""A line y = w·x + b, taught in five ways. The line is an array (w, b), float32 or float64; steps are taken in its
precision. Shape letter of this file: N lessons."""

import numpy as np
from numba import njit

from agent.kernels.chance import uniform
from agent.kernels.formula import DEPTH, value, with_slope

N_TERMS = 6  # of the reward's model: 1, x, x², d, x·d, d²


@njit(nogil=True, cache=True)
def batch(xs, ys, rate, n_steps, line):
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


@njit(nogil=True, cache=True)
def online(xs, ys, rate, first, n_steps, line):
    """One lesson a step down the slope of its squared error.

    xs and ys (N,), gone through again and again from step first on, rate of the line's dtype -> line (2,) changed
    """
    twice = rate + rate
    for step in range(first, first + n_steps):
        x = xs[step % len(xs)]
        error = line[0] * x + line[1] - ys[step % len(xs)]
        line[0] -= twice * error * x
        line[1] -= twice * error


@njit(nogil=True, cache=True)
def up_the_slope(xs, ys, codes, constants, rate, falls, first, n_steps, n_total, line):
    """One lesson a step up the slope of the reward, as if the reward's formula were known.

    xs and ys (N,), codes and constants of `formula.with_slope`, rate float64, falls bool: whether the rate falls to 0
    over n_total steps -> line (2,) changed
    """
    stack = np.empty((2, DEPTH))
    for step in range(first, first + n_steps):
        x = xs[step % len(xs)]
        error = line[0] * x + line[1] - ys[step % len(xs)]
        slope = with_slope(codes, constants, np.float64(error), stack)[1]
        now = rate * (1.0 - step / n_total) if falls else rate
        line[0] += now * slope * x
        line[1] += now * slope


@njit(nogil=True, cache=True)
def two_tries(xs, ys, codes, constants, seed, rate, reach, before, first, n_steps, n_total, line):
    """Give two answers to each lesson, one above and one below, and move towards the one with the better reward.

    What the two rewards differ by, over what the answers differ by, is all that is known of a slope. How far apart the
    answers are and how far the line moves fall to 0 over n_total steps.

    xs and ys (N,), codes and constants of `formula.value`, seed uint64, rate and reach float64, before int: steps of
    earlier courses -> line (2,) changed
    """
    stack = np.empty((2, DEPTH))
    for step in range(first, first + n_steps):
        x = xs[step % len(xs)]
        left = 1.0 - step / n_total
        up = reach * left if uniform(seed, np.uint64(before + step), np.uint64(1)) < 0.5 else -reach * left
        error = np.float64(line[0] * x + line[1] - ys[step % len(xs)])
        better = value(codes, constants, error + up, stack) - value(codes, constants, error - up, stack)
        move = rate * left * better / (up + up)
        line[0] += move * x
        line[1] += move


@njit(nogil=True, cache=True)
def explore(xs, ys, codes, constants, seed, reach, before, first, n_steps, middle, half, line, moments):
    """Try answers around the line's own and add what each reward says to the sums a model of the reward is fitted from.

    The model: 1, x, x², d, x·d, d², where x is measured from the middle of the lessons in halves of their range, and d
    is how far a try is from the line, in reaches.

    xs and ys (N,), codes and constants of `formula.value`, seed uint64, reach, middle and half float64, before int:
    steps of earlier courses -> moments (6, 7) float64: sums of products of terms, and of terms with rewards
    """
    terms, stack = np.empty(N_TERMS), np.empty((2, DEPTH))
    for step in range(first, first + n_steps):
        x = xs[step % len(xs)]
        away = 2.0 * uniform(seed, np.uint64(before + step), np.uint64(1)) - 1.0
        error = np.float64(line[0] * x + line[1] - ys[step % len(xs)])
        reward = value(codes, constants, error + reach * away, stack)
        place = (np.float64(x) - middle) / half
        terms[0], terms[1], terms[2] = 1.0, place, place * place
        terms[3], terms[4], terms[5] = away, place * away, away * away
        for one in range(N_TERMS):
            for other in range(N_TERMS):
                moments[one, other] += terms[one] * terms[other]
            moments[one, N_TERMS] += terms[one] * reward
