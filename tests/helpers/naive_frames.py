"""The same as the kernels for frames, plain and slow, as obvious as possible."""

import math

import numpy as np


def layer(weights, plan, soft, skip, x):
    """A linearithmic layer, number by number."""
    now = list(x)
    for place, (hi, a, b, lo, of_weights, of_biases, *_) in enumerate(plan.tolist()):
        now += [0.0] * (hi * a * lo - len(now))
        if soft and place > 0:
            now = [value / (1 + abs(value)) for value in now]
        after = [0.0] * (hi * b * lo)
        for h in range(hi):
            for low in range(lo):
                for o in range(b):
                    total = weights[of_biases + (o * lo + low) * hi + h]
                    for k in range(a):
                        at = of_weights + ((k * b + o) * lo + low) * hi + h
                        total += weights[at] * now[(h * a + k) * lo + low]
                    if skip and a == b:
                        total = (total + now[(h * a + o) * lo + low]) * math.sqrt(0.5)
                    after[(h * b + o) * lo + low] = total
        now = after
    return np.array(now)


def turn(numbers, n_rows, n_all):
    return np.asarray(numbers[:n_all]).reshape(n_rows, -1).T.ravel()


def adam(weights, gradients, rate):
    """Adam as it was published, over several gradients."""
    mean, square = np.zeros_like(weights), np.zeros_like(weights)
    for step, gradient in enumerate(gradients, 1):
        mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
        weights = weights - rate * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
    return weights


def levels(frame, n_levels):
    return [min(n_levels - 1, max(0, math.floor((float(value) + 1) * 0.5 * n_levels))) for value in frame]


def mixed(word, part):
    word = (word ^ part) * 0x9E3779B97F4A7C15 % 2**64
    return word ^ (word >> 29)


def frame_codes(now, before, still):
    alone = old = 0x51ED270B
    for one, other in zip(now, before, strict=True):
        alone, old = mixed(alone, int(one)), mixed(old, int(other))
    return [mixed(mixed(alone, still + 1), old) | 1, alone | 1]


def drift(now, before, neighbours):
    """The direction whose neighbours explain the largest share of the cells that have one."""
    best, most = neighbours.shape[1], int(np.sum(now == before))
    for d in range(neighbours.shape[1]):
        there = [i for i in range(len(now)) if neighbours[i, d] >= 0]
        alike = sum(now[i] == before[neighbours[i, d]] for i in there)
        if there and alike * len(now) > most * len(there):
            best, most = d, alike * len(now) // len(there)
    return best


def contexts(now, before, neighbours, colours, way):
    """Texts in place of hashes: equal where the hashes must be."""
    found = []
    for i in range(len(now)):
        near = [int(now[j]) if j >= 0 else None for j in neighbours[i]]
        past = [int(before[j]) if j >= 0 else None for j in neighbours[i]]
        here = (way, int(colours[i]), int(now[i]))
        source = neighbours[i, way] if way < neighbours.shape[1] else i
        coming = int(now[source]) if source >= 0 else ("edge", i)
        found.append(
            [
                str((here, near, int(before[i]), past)),
                str((here, near)),
                str((here, coming)),
                str((int(now[i]), int(before[i]), i, way)),
                str((int(now[i]), int(colours[i]))),
            ]
        )
    return found


def credit(trail, did, n_trail, surprise, rate, fade, worth):
    for m in range(trail.shape[1]):
        credited = set()
        for k in range(n_trail):
            key = (int(trail[k, m]), int(did[k]))
            if key not in credited:
                credited.add(key)
                worth[m, key[0], key[1]] += rate * surprise * fade**k
    return worth


def slot(code, tags, met):
    """Where a context lies, and whether it does: else the least met of the four places it may take."""
    places = [(int(code) + way) % len(tags) for way in range(4)]
    known = [place for place in places if met[place] and tags[place] == int(code) >> 32]
    return (known[0], True) if known else (min(places, key=lambda place: met[place]), False)


def expect(codes, tags, met, means, errors, priors, out):
    """The most exact known context of each cell, and what followed in it."""
    chosen = []
    for i, row in enumerate(codes):
        found = []
        for c, code in enumerate(row):
            place, known = slot(code, tags, met)
            if known:
                n = int(met[place])
                found.append(((errors[place] * (n - 1) + priors[c, min(4, n) - 1]) / n, c, means[place]))
        best = min(found, default=None)
        chosen.append(len(row) if best is None else best[1])
        out[i] = out[i] if best is None else best[2]
    return chosen, out


def learn(codes, seen, frame, tags, met, means, errors, priors):
    """Running means of what followed, and of how far it was from the mean before."""
    for i in np.flatnonzero(seen):
        for c, code in enumerate(codes[i]):
            place, known = slot(code, tags, met)
            if not known:
                tags[place], met[place], means[place], errors[place] = int(code) >> 32, 1, frame[i], 0
                continue
            n, away = int(met[place]), frame[i] - means[place]
            priors[c, min(4, n) - 1] += 0.002 * (away**2 - priors[c, min(4, n) - 1])
            met[place] = min(255, n + 1)
            means[place] += away / min(16, n + 1)
            errors[place] += (away**2 - errors[place]) / min(16, n)


def addresses(values, reads, shifts, n_tiles, n_slots):
    found = []
    for m, (read, shift) in enumerate(zip(reads, shifts, strict=True)):
        word = m
        for t, (place, moved) in enumerate(zip(read, shift, strict=True)):
            word = mixed(word, 64 * int((values[place] + 1) / 2 * n_tiles + moved) + t)
        found.append((word >> 7) % n_slots)
    return found


def look_up(places, worth, tried):
    rows = [(worth[m, place], tried[m, place]) for m, place in enumerate(places)]
    return np.mean([row[0] for row in rows], axis=0), np.mean([row[1] for row in rows], axis=0)
