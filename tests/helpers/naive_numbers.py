"""The same as the kernels of numbers, plain and slow, as obvious as possible: the oracle of `test_number_kernels`."""

import math

import numpy as np

WORD = 2**64
START = 13


def scramble(seed, moment, place):
    word = (seed * 0x9E3779B97F4A7C15 + moment * 0xBF58476D1CE4E5B9 + place) % WORD
    for multiplier in (0xBF58476D1CE4E5B9, 0x94D049BB133111EB):
        word = (word ^ word >> 30) * multiplier % WORD
    return word ^ word >> 31


def uniform(seed, moment, place):
    return (scramble(seed, moment, place) >> 11) / 2**53


def draw(seed, first, low, high, whole, n):
    shares = [uniform(seed, first + row, 0) for row in range(n)]
    return [float(int(np.floor(low + s * (high - low + 1)))) if whole else low + s * (high - low) for s in shares]


def computed(formula, values):
    """Python's own value of an expression; None where it has none."""
    functions = {"abs": abs, "min": min, "max": max, "sqrt": math.sqrt, "log": math.log, "exp": math.exp}
    try:
        value = eval(formula, {"__builtins__": {}}, functions | values)
    except (ZeroDivisionError, OverflowError, ValueError):
        return None
    return None if isinstance(value, complex) else float(value)


def reward(formula, error):
    return computed(formula, {"e": float(error)})


def slope(formula, error, step=1e-6):
    return (reward(formula, error + step) - reward(formula, error - step)) / (2 * step)


def batch(xs, ys, rate, n_steps, line):
    w, b = line
    for _ in range(n_steps):
        errors = [w * x + b - y for x, y in zip(xs, ys, strict=True)]
        by_w = np.mean([2 * e * x for e, x in zip(errors, xs, strict=True)])
        by_b = np.mean([2 * e for e in errors])
        w, b = w - rate * by_w, b - rate * by_b
    return w, b


def online(xs, ys, rate, first, n_steps, line):
    w, b = line
    for step in range(first, first + n_steps):
        x, y = xs[step % len(xs)], ys[step % len(xs)]
        e = w * x + b - y
        w, b = w - rate * 2 * e * x, b - rate * 2 * e
    return w, b


def up_the_slope(xs, ys, formula, rate, falls, first, n_steps, n_total, line):
    w, b = line
    for step in range(first, first + n_steps):
        x, y = xs[step % len(xs)], ys[step % len(xs)]
        now = rate * (1 - step / n_total) if falls else rate
        uphill = slope(formula, w * x + b - y)
        w, b = w + now * uphill * x, b + now * uphill
    return w, b


def two_tries(xs, ys, formula, seed, rate, reach, before, first, n_steps, n_total, line):
    """Only ever calls `reward`, of two answers."""
    w, b = line
    for step in range(first, first + n_steps):
        x, y = xs[step % len(xs)], ys[step % len(xs)]
        left = 1 - step / n_total
        side = 1 if uniform(seed, before + step, 1) < 0.5 else -1
        one, other = (w * x + b + sign * side * reach * left for sign in (1, -1))
        better = reward(formula, one - y) - reward(formula, other - y)
        move = rate * left * better / (one - other)
        w, b = w + move * x, b + move
    return w, b


def explore(xs, ys, formula, seed, reach, before, first, n_steps, middle, half, line):
    rows, rewards = [], []
    for step in range(first, first + n_steps):
        x, y = xs[step % len(xs)], ys[step % len(xs)]
        d, u = 2 * uniform(seed, before + step, 1) - 1, (x - middle) / half
        rows.append([1, u, u**2, d, u * d, d**2])
        rewards.append(reward(formula, line[0] * x + line[1] + reach * d - y))
    rows = np.array(rows)
    return np.concatenate([rows.T @ rows, (rows.T @ rewards)[:, None]], axis=1)


def tuples(mapping, levels, ys, asked):
    """Nodes as dicts from their address, bit by bit, to everything that was right there."""
    told = [{} for _ in mapping]

    def address(bits, level):
        return tuple(bool(bit < level) for bit in bits)

    for level, y in zip(levels, ys, strict=True):
        for bits, table in zip(mapping, told, strict=True):
            table.setdefault(address(bits, level), []).append(y)
    answers = []
    for level in asked:
        said = [
            np.mean(table[a]) for bits, table in zip(mapping, told, strict=True) if (a := address(bits, level)) in table
        ]
        answers.append((np.mean(said) if said else 0.0, len(said)))
    return answers


def symbols(lessons, asked):
    """Tables as dicts from a context to the set of what was written there; None where none of them decides."""
    known = {}
    for read, written in lessons:
        before = (START, START)
        for one, other in zip(read, written, strict=True):
            for context in ((one,), (one, before[0]), (one, *before)):
                known.setdefault(context, set()).add(other)
            before = (one, other)
    out, before = [], (START, START)
    for one in asked:
        found = next((known[c] for c in ((one,), (one, before[0]), (one, *before)) if len(known.get(c, ())) == 1), None)
        if found is None:
            return None, len(out)
        out += found
        before = (one, out[-1])
    return out, len(out)
