"""Linearithmic dense layers (butterfly factorisation): every input reaches every output in O(n log n).

The place of a number is written with d digits, and sub-layer i mixes digit i alone. Its plan (8,) int64 is hi, a, b,
lo, where its weights begin, where its biases begin, and the turns before and after it: input k of group (h, l) lies at
(h·a + k)·lo + l, output o at (h·b + o)·lo + l. The weight between them, unique, is W[k, o, l, h] and the bias
B[o, l, h]: all groups lie side by side, so that compiled loops run over them. Turning numbers by one digit between two
sub-layers is what brings each digit to the front; after all of them they lie in order again.
Shape letters here: P parameters · d sub-layers.
"""

import numpy as np

from agent.kernels import compiled, inner


@compiled
def forward(weights, plan, soft, skip, x, tape, scratch, out):
    """Forward pass; the tape stores the input of each sub-layer, its digit first.

    weights (P,) float, plan (d, 8) int64, soft bool: x / (1 + |x|) before every sub-layer but the first, skip bool: add
    the input where a = b, x (n_in,) float, scratch (3, widest) float
    -> tape (Σ hi·a·lo,) float, out (n_out,) float
    """
    now, sums = scratch[0], scratch[1]
    _fill(now, x, plan[0, 0] * plan[0, 1] * plan[0, 3])
    start, turns = 0, 1
    for i in range(plan.shape[0]):
        hi, a, b, lo, of_weights, of_biases, before, after = plan[i]
        n = hi * lo
        into = tape[start : start + a * n]
        turn(now, turns * before, into)
        if soft and i > 0:
            for j in range(a * n):
                into[j] = into[j] / (1 + abs(into[j]))
        _fill(sums, weights[of_biases : of_biases + b * n], b * n)
        _mix(into, weights[of_weights : of_weights + a * b * n], a, b, n, sums)
        if skip and a == b:
            for j in range(b * n):
                sums[j] = (sums[j] + into[j]) * sums.dtype.type(np.sqrt(0.5))
        now, sums, turns = sums, now, after
        start += a * n
    n_last = plan[-1, 0] * plan[-1, 2] * plan[-1, 3]
    turn(now, turns, sums[:n_last])
    _fill(out, sums, out.shape[0])


@compiled
def backward(weights, plan, soft, skip, tape, up, scratch, gradient, down):
    """Backward pass: from the gradient of a loss in the outputs to those in the weights and the inputs.

    tape as `forward` left it, up (n_out,) float, scratch (3, widest) float
    -> gradient (P,) float, added to; down (n_in,) float
    """
    now, ups, downs = scratch[0], scratch[1], scratch[2]
    last, start, turns = plan.shape[0] - 1, tape.shape[0], 1
    _fill(now, up, plan[last, 0] * plan[last, 2] * plan[last, 3])
    for i in range(last, -1, -1):
        hi, a, b, lo, of_weights, of_biases, before, after = plan[i]
        n = hi * lo
        start -= a * n
        into = tape[start : start + a * n]
        turn(now, b * n // (turns * after), ups[: b * n])
        for j in range(a * n):
            downs[j] = 0
        if skip and a == b:
            for j in range(b * n):
                ups[j] *= ups.dtype.type(np.sqrt(0.5))
                downs[j] = ups[j]
        biases = gradient[of_biases : of_biases + b * n]
        for j in range(b * n):
            biases[j] += ups[j]
        slopes = gradient[of_weights : of_weights + a * b * n]
        _unmix(into, weights[of_weights : of_weights + a * b * n], a, b, n, ups, slopes, downs)
        if soft and i > 0:  # the slope of x / (1 + |x|) is (1 - |x / (1 + |x|)|)²
            for j in range(a * n):
                downs[j] *= (1 - abs(into[j])) * (1 - abs(into[j]))
        now, downs, turns = downs, now, before
    turn(now, plan[0, 0] * plan[0, 1] * plan[0, 3] // turns, downs[: plan[0, 0] * plan[0, 1] * plan[0, 3]])
    _fill(down, downs, down.shape[0])


@compiled
def turn(numbers, n_rows, out):
    """Transpose: (n_rows, n_columns) -> (n_columns, n_rows), both flat, as many as ``out`` has."""
    n_columns = out.shape[0] // n_rows
    if n_rows == 1 or n_columns == 1:
        _fill(out, numbers, out.shape[0])
    elif n_rows > n_columns:
        for j in range(n_columns):
            column = out[j * n_rows : (j + 1) * n_rows]
            for i in range(n_rows):
                column[i] = numbers[i * n_columns + j]
    else:
        _turn_few(numbers, n_rows, n_columns, out)


@inner
def _turn_few(numbers, n_rows, n_columns, out):
    """Transpose few long rows, four at a time."""
    i = 0
    while i + 4 <= n_rows:
        rows = numbers[i * n_columns : (i + 4) * n_columns]
        row0, row1 = rows[:n_columns], rows[n_columns : 2 * n_columns]
        row2, row3 = rows[2 * n_columns : 3 * n_columns], rows[3 * n_columns :]
        for j in range(n_columns):
            to = j * n_rows + i
            out[to], out[to + 1], out[to + 2], out[to + 3] = row0[j], row1[j], row2[j], row3[j]
        i += 4
    while i < n_rows:
        row0 = numbers[i * n_columns : (i + 1) * n_columns]
        for j in range(n_columns):
            out[j * n_rows + i] = row0[j]
        i += 1


@inner
def _fill(out, numbers, n_out):
    """Copy numbers as far as they fit, and 0 for the rest; slice assignment takes four times as long."""
    n_given = min(numbers.shape[0], n_out)
    for j in range(n_given):
        out[j] = numbers[j]
    for j in range(n_given, n_out):
        out[j] = 0


@inner
def _mix(into, weights, a, b, n, sums):
    """Add the products of a sub-layer's inputs and weights, all groups at once and four inputs at a time.

    into (a, n), weights (a, b, n) -> sums (b, n), all flat
    """
    k = 0
    while k + 4 <= a:
        x0, x1, x2 = into[k * n : (k + 1) * n], into[(k + 1) * n : (k + 2) * n], into[(k + 2) * n : (k + 3) * n]
        x3 = into[(k + 3) * n : (k + 4) * n]
        for o in range(b):
            of, step, total = (k * b + o) * n, b * n, sums[o * n : (o + 1) * n]
            w0, w1 = weights[of : of + n], weights[of + step : of + step + n]
            w2, w3 = weights[of + 2 * step : of + 2 * step + n], weights[of + 3 * step : of + 3 * step + n]
            for j in range(n):
                total[j] += x0[j] * w0[j] + x1[j] * w1[j] + x2[j] * w2[j] + x3[j] * w3[j]
        k += 4
    while k < a:
        x0 = into[k * n : (k + 1) * n]
        for o in range(b):
            total, w0 = sums[o * n : (o + 1) * n], weights[(k * b + o) * n : (k * b + o + 1) * n]
            for j in range(n):
                total[j] += x0[j] * w0[j]
        k += 1


@inner
def _unmix(into, weights, a, b, n, ups, gradient, downs):
    """Add the gradients of a sub-layer's weights and inputs."""
    for k in range(a):
        x, down = into[k * n : (k + 1) * n], downs[k * n : (k + 1) * n]
        for o in range(b):
            of, up = (k * b + o) * n, ups[o * n : (o + 1) * n]
            heavy, slope = weights[of : of + n], gradient[of : of + n]
            for j in range(n):
                slope[j] += x[j] * up[j]
                down[j] += heavy[j] * up[j]


@compiled
def adam(weights, gradient, mean, square, step, rate):
    """Take one step of Adam (Kingma and Ba 2015) and clear the gradient.

    gradient (P,) float, step int from 1, rate float -> weights, mean, square (P,) float, changed
    """
    kind = weights.dtype.type
    size = kind(rate * np.sqrt(1 - 0.999**step) / (1 - 0.9**step))
    for j in range(weights.shape[0]):
        slope = gradient[j]
        mean[j] += (slope - mean[j]) * kind(0.1)
        square[j] += (slope * slope - square[j]) * kind(0.001)
        weights[j] -= size * mean[j] / (kind(np.sqrt(square[j])) + kind(1e-8))
        gradient[j] = 0
