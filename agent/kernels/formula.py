"""A formula of one unknown, run without Python: its value, and its value with its slope.

A formula comes as instructions, one after another, for a small stack of numbers. Shape letters of this file: I
instructions, C constants.
"""

import numpy as np
from numba import njit

DEPTH = 32  # numbers that the stack holds
CONSTANT, UNKNOWN, ADD, SUB, MUL, DIV, POW, NEG, ABS, EXP, LOG, SQRT, MIN, MAX, LESS, MORE = range(16)


@njit(nogil=True, cache=True)
def value(codes, constants, unknown, stack):
    """Run a formula.

    codes (I,) uint8, constants (C,) float64 in the order in which they are taken, unknown float64, stack (2, 32)
    float64 to work on -> float64; nan where it has no value
    """
    return with_slope(codes, constants, unknown, stack)[0]


@njit(nogil=True, cache=True)
def with_slope(codes, constants, unknown, stack):
    """Run a formula and its derivative side by side (forward mode; Wengert 1964).

    A comparison is 1 or 0 and has no slope; the slope of abs at 0 is 0.

    codes (I,) uint8, constants (C,) float64, unknown float64, stack (2, 32) float64 -> value and slope, float64
    """
    values, slopes = stack[0], stack[1]
    top, taken = -1, 0
    for code in codes:
        if code == CONSTANT:
            top += 1
            values[top], slopes[top] = constants[taken], 0.0
            taken += 1
        elif code == UNKNOWN:
            top += 1
            values[top], slopes[top] = unknown, 1.0
        elif code in (NEG, ABS, EXP, LOG, SQRT):
            values[top], slopes[top] = _of_one(code, values[top], slopes[top])
        else:
            top -= 1
            values[top], slopes[top] = _of_two(code, values[top], slopes[top], values[top + 1], slopes[top + 1])
    return values[0], slopes[0]


@njit(nogil=True, cache=True)
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


@njit(nogil=True, cache=True)
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


@njit(nogil=True, cache=True)
def _power(a, da, b, db):
    """Raise a to the power b; nan where that is no real number."""
    if (a < 0 and b != np.floor(b)) or (a == 0 and b < 0) or abs(b) > 100:
        return np.nan, np.nan
    raised = a**b
    slope = b * a ** (b - 1) * da if da != 0 and b != 0 and (a != 0 or b >= 1) else 0.0
    if db != 0:
        slope += np.log(a) * raised * db if a > 0 else np.nan
    return raised, slope
