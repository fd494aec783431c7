"""The same as the kernels, plain and slow, as obvious as possible: the oracle of `test_kernels`."""

import math

import numpy as np

SIDE = 28


def ink_box(drawing, floor):
    rows, columns = np.nonzero(drawing > floor)
    return (rows.min(), rows.max() + 1, columns.min(), columns.max() + 1) if len(rows) else (0, 0, 0, 0)


def shrink(drawing, box, longest):
    """Area averaging by spreading every pixel over 1/n x 1/n parts of the small one."""
    part = drawing[box[0] : box[1], box[2] : box[3]].astype(float)
    height, width = part.shape
    if max(height, width) <= longest:
        return part
    scale = max(height, width) / longest
    rows, columns = (max(1, min(longest, round(side / scale))) for side in (height, width))
    return _shares(height, rows) @ part @ _shares(width, columns).T


def _shares(n_from, n_to):
    """How much of each large pixel falls into each small one, divided by the small one's size."""
    step = n_from / n_to
    shares = np.zeros((n_to, n_from))
    for small in range(n_to):
        for large in range(n_from):
            overlap = min((small + 1) * step, large + 1) - max(small * step, large)
            shares[small, large] = max(0.0, overlap) / step
    return shares


def keep(drawing):
    out = np.zeros((SIDE, SIDE), np.uint8)
    if drawing.max() == 0:
        return out
    small = shrink(drawing, ink_box(drawing, drawing.max() * 3.5 / 15), 24)
    levels = np.floor(small.astype(np.float32) * 15 / np.float32(small.max()) + 0.5).astype(int)
    top, bottom, left, right = ink_box(levels, 3)
    down, across = (SIDE - (bottom - top)) // 2, (SIDE - (right - left)) // 2
    out[down : down + bottom - top, across : across + right - left] = levels[top:bottom, left:right] * 17
    return out


def bilinear(picture, y, x, box):
    """The value between four pixels; pixels outside the box are 0."""
    row, column = math.floor(y), math.floor(x)
    value = 0.0
    for i in (row, row + 1):
        for j in (column, column + 1):
            if box[0] <= i < box[1] and box[2] <= j < box[3]:
                value += (1 - abs(y - i)) * (1 - abs(x - j)) * float(picture[i, j])
    return value


def canonical(thumbnail, power=1.0):
    box = ink_box(thumbnail, 51)
    out = np.zeros((SIDE, SIDE))
    if box[1] == 0:
        return out.astype(np.uint8)
    ink = np.zeros(thumbnail.shape)
    ink[box[0] : box[1], box[2] : box[3]] = thumbnail[box[0] : box[1], box[2] : box[3]]
    ys, xs = np.mgrid[: thumbnail.shape[0], : thumbnail.shape[1]]
    mean_y, mean_x = (ink * ys).sum() / ink.sum(), (ink * xs).sum() / ink.sum()
    var_y, cov = (ink * (ys - mean_y) ** 2).sum(), (ink * (ys - mean_y) * (xs - mean_x)).sum()
    shear = min(0.7, max(-0.7, cov / var_y)) if var_y > 1e-9 else 0.0
    var_x = (ink * (xs - mean_x - shear * (ys - mean_y)) ** 2).sum()
    wider = min(1.0, max(0.05, math.sqrt(var_x / var_y))) ** (1 - power) if var_y > 1e-9 else 1.0
    scale = max(box[1] - box[0], box[3] - box[2]) / 20
    for i in range(SIDE):
        for j in range(SIDE):
            y = mean_y + (i - 13.5) * scale
            out[i, j] = bilinear(thumbnail, y, mean_x + (j - 13.5) * scale * wider + shear * (y - mean_y), box)
    return np.floor(out / out.max() * 255 + 0.5).astype(np.uint8)


def warp(thumbnail, field):
    out = np.zeros((SIDE + 4, SIDE + 4), np.uint8)
    for i in range(SIDE + 4):
        for j in range(SIDE + 4):
            value = bilinear(
                thumbnail, i - 2 + float(field[0, i, j]), j - 2 + float(field[1, i, j]), (0, SIDE, 0, SIDE)
            )
            out[i, j] = int(value + 0.5)
    return out


def blurred(seen, taps):
    """A drawing blurred along both sides, in a frame with a rim of 4 empty pixels."""
    frame = np.pad(seen.astype(float), 4)
    for axis in (0, 1):
        frame = np.apply_along_axis(lambda line: np.convolve(line, taps, mode="same"), axis, frame)
    return frame


def edge_maps(seen):
    frame = np.pad(blurred(seen, [0.0545, 0.244, 0.403, 0.244, 0.0545]), 1)

    def at(down, right):
        return np.roll(frame, (-down, -right), (0, 1))

    gx, gy, slant = at(0, 1) - at(0, -1), at(1, 0) - at(-1, 0), math.sqrt(0.5)
    rough = [
        abs(gx),
        abs(gx + gy) * slant,
        abs(gy),
        abs(gx - gy) * slant,
        frame - (at(0, 2) + at(0, -2)) / 2,
        0.7 * (2 * frame - at(1, 1) - at(-1, -1)),
        frame - (at(2, 0) + at(-2, 0)) / 2,
        0.7 * (2 * frame - at(1, -1) - at(-1, 1)),
    ]
    smooth = []
    for part in rough:
        part = np.maximum(part, 0)
        for axis in (0, 1):
            part = np.apply_along_axis(lambda line: np.convolve(line, [0.25, 0.5, 0.25], mode="same"), axis, part)
        smooth.append(part[5:-5, 5:-5])
    return np.stack(smooth)


def planes(maps):
    out = []
    for kind in (0, 4):
        for a in range(4):
            for b in range(4):
                if a != b:
                    out += [maps[kind + a] - maps[kind + b] > step for step in (0, 10)]
    return np.array(out).ravel().astype(np.uint8)


def gradients(seen):
    frame = blurred(seen, [0.2304, 0.5392, 0.2304])
    out = np.zeros((2, SIDE, SIDE))
    sobel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    for i in range(SIDE):
        for j in range(SIDE):
            around = frame[i + 3 : i + 6, j + 3 : j + 6]
            out[:, i, j] = (around * sobel).sum(), (around * sobel.T).sum()
    return out


def code(slopes):
    strengths = np.abs(slopes).sum(axis=0)
    strong = strengths[strengths > 76.5]
    gain = 7 / strong.mean() if len(strong) else 0.0
    steps = np.clip(np.floor(slopes * gain + 0.5), -7, 7).astype(int) + 7
    return padded(steps[0] | steps[1] << 4, 32)


def padded(codes, width):
    """Codes with no gradient beside them, (…, width) uint8."""
    return np.pad(codes, ((0, 0), (0, width - codes.shape[1])), constant_values=7 + 7 * 16).astype(np.uint8)


def sketch(codes):
    halves = []
    for steps in (codes[:, :28] & 15, codes[:, :28] >> 4):
        sums = (steps.astype(int) - 7).reshape(14, 2, 14, 2).sum(axis=(1, 3))
        halves.append(np.clip(np.floor(sums / 2 + 0.5), -7, 7).astype(int) + 7)
    return padded(halves[0] | halves[1] << 4, 16)


def signature_strengths(slopes):
    """What the signature thresholds: 8 directions x 13 x 13 points."""
    gx, gy = slopes
    floor = np.hypot(gx, gy) * math.sqrt(0.5)
    out = np.zeros((8, 13, 13))
    for k in range(8):
        angle = k * math.pi / 4
        part = np.maximum(0, gx * math.cos(angle) + gy * math.sin(angle) - floor)
        for i in range(13):
            for j in range(13):
                for y in range(max(0, 2 * i - 2), min(SIDE, 2 * i + 7)):
                    for x in range(max(0, 2 * j - 2), min(SIDE, 2 * j + 7)):
                        far = (y - 2 * i - 2) ** 2 + (x - 2 * j - 2) ** 2
                        out[k, i, j] += part[y, x] * math.exp(-far / (2 * 1.7**2))
    return out.ravel()


def addresses(bits, reads):
    return [int("".join(str(int(bits[place])) for place in node), 2) for node in reads]


def votes(row, one, other, n_labels):
    words = [int(one[m, a]) | int(other[m, a]) for m, a in enumerate(row)]
    return [sum(word >> slot & 1 for word in words) for slot in range(n_labels)]


def voting_pixels(row, one, other, pixels, slot, rival):
    out = [0] * (SIDE * SIDE)
    for m, a in enumerate(row):
        word = int(one[m, a]) | int(other[m, a])
        if word >> slot & 1 and not (rival >= 0 and word >> rival & 1):
            for p in pixels[m]:
                out[p] += 1
    return out


def mark(rows, labels, presence, counters):
    for row, label in zip(rows, labels, strict=True):
        for m, a in enumerate(row):
            counters[m, a, label] = presence


def study(rows, lessons, bends, taught, margin, step, counters):
    """Correct counters that answer wrong or right by little; give what was corrected."""
    events = []
    for row, lesson, bend in zip(rows, lessons, bends, strict=True):
        right = int(taught[lesson])
        score = [sum(int(counters[m, a, label]) for m, a in enumerate(row)) for label in range(counters.shape[2])]
        rival = max((label for label in range(len(score)) if label != right), key=lambda label: score[label])
        gap = score[right] - score[rival]
        if gap <= margin:
            by = min(step, (margin - gap) // (2 * len(row)) + 1)
            for m, a in enumerate(row):
                counters[m, a, right] = min(127, int(counters[m, a, right]) + by)
                counters[m, a, rival] = max(-127, int(counters[m, a, rival]) - by)
            events.append([lesson, bend, rival, by])
    return events


def hamming(bits, row):
    return sum((int(a) ^ int(b)).bit_count() for a, b in zip(bits, row, strict=True))


def difference(one, other, reach=2):
    """Sum over pixels of the squared least 3x3 difference within some pixels; codes are spread to (gx, gy)."""
    return sum(quarters(one, other, reach))


def quarters(one, other, reach=2):
    """The same in each quarter: top left, top right, bottom left, bottom right."""
    side, half = len(one), len(one) // 2

    def spread(codes):
        steps = np.stack([codes[:, :side] & 15, codes[:, :side] >> 4]).astype(int)
        return np.pad(steps, ((0, 0), (reach + 1,) * 2, (reach + 1,) * 2), constant_values=7)

    a, b = spread(one), spread(other)
    totals = [0, 0, 0, 0]
    for y in range(reach + 1, side + reach + 1):
        for x in range(reach + 1, side + reach + 1):
            mine = a[:, y - 1 : y + 2, x - 1 : x + 2]
            least = min(
                np.abs(mine - b[:, y + dy - 1 : y + dy + 2, x + dx - 1 : x + dx + 2]).sum()
                for dy in range(-reach, reach + 1)
                for dx in range(-reach, reach + 1)
            )
            row, column = y - reach - 1, x - reach - 1
            totals[2 * (row >= half) + (column >= half)] += int(least * least)
    return totals


def sum_of_squares(code):
    """Sum of the squared gradients of a code, (28, 32), whose last columns hold none."""
    return int((((code & 15).astype(int) - 7) ** 2 + ((code >> 4).astype(int) - 7) ** 2).sum())


def away(of_label, scale):
    """How much farther each label is than the nearest, from the quarters of its rows, (4,) each."""

    def whole(rows):
        nearest = sorted(map(sum, rows))[:3]
        return 2 * sum(nearest) if len(nearest) == 3 else 6 * sum(nearest) // len(nearest) * 115 // 100

    def least(rows, parts):
        return sum(min(sum(row[quarter] for quarter in part) for row in rows) for part in parts)

    out = [0] * len(of_label)
    for weight, measure in (
        (100, whole),
        (50, lambda rows: least(rows, ((0,), (1,), (2,), (3,)))),
        (25, lambda rows: least(rows, ((0, 1), (2, 3), (0, 2), (1, 3)))),
    ):
        values = [measure(rows) if rows else None for rows in of_label]
        smallest = max(1, min(value for value in values if value is not None))
        for label, value in enumerate(values):
            farther = 600 if value is None else min(600, value * 1000 // smallest - 1000)
            out[label] += farther * weight * scale // 100_000
    return out


def responses(votes, of_label, again, n_nodes, votes_weight, scale):
    """The recall agent's responses from two comparisons."""
    out = []
    for n_votes, lost, lost_again in zip(votes, away(of_label, scale), away(again, scale), strict=True):
        total = (lost + lost_again) // 2 + votes_weight * (max(votes) - n_votes) // n_nodes
        out.append(max(0, scale - total))
    return out


# ------------------------------------------------------------------------------------------------ state machine


def scramble(seed, moment, place):
    whole = (1 << 64) - 1
    word = (seed * 0x9E3779B97F4A7C15 + moment * 0xBF58476D1CE4E5B9 + place) & whole
    for multiplier in (0xBF58476D1CE4E5B9, 0x94D049BB133111EB):
        word = ((word ^ (word >> 30)) * multiplier) & whole
    return word ^ (word >> 31)


def coin(seed, moment, neuron):
    return scramble(seed, moment, neuron) & 1


def around(page, y, x):
    """The 49 pixels before a pixel: four rows above, five to either side; then five to the left."""
    places = [(y + dy, x + dx) for dy in range(-4, 0) for dx in range(-5, 6)] + [(y, x + dx) for dx in range(-5, 0)]
    height, width = len(page), len(page[0])
    return [int(page[row][column]) if 0 <= row < height and 0 <= column < width else 0 for row, column in places]


def draw(remembered, seed, slack):
    height, width = remembered.shape[1:]
    page = [[0] * width for _ in range(height)]
    for y in range(height):
        for x in range(width):
            now = around(page, y, x)
            away = [sum(a != b for a, b in zip(around(one, y, x), now, strict=True)) for one in remembered]
            alike = [row for row, distance in enumerate(away) if distance <= min(away) + slack]
            page[y][x] = int(remembered[min(alike, key=lambda row: scramble(seed, y, row))][y][x])
    return page


class Neuron:
    """One neuron: its connections, and the rows it was taught, bit for bit."""

    def __init__(self, connections):
        self.connections = [int(place) for place in np.flatnonzero(connections)]
        self.rows = []

    def learn(self, shown, bit):
        self.rows.append(([shown[place] for place in self.connections], bit))

    def look_up(self, shown, coin, dd, hamming, default):
        now = [shown[place] for place in self.connections]
        zeros, ones = ([row for row, bit in self.rows if bit == wanted] for wanted in (0, 1))
        if dd and zeros and ones:
            total = 0
            for line, bit in enumerate(now):
                weight = sum(row[line] for row in ones) * len(zeros) - sum(row[line] for row in zeros) * len(ones)
                total += weight if bit else -weight
            if total:
                return int(total > 0)
        if hamming and self.rows:
            away = [sum(a != b for a, b in zip(row, now, strict=True)) for row, _ in self.rows]
            bits = {bit for (_, bit), distance in zip(self.rows, away, strict=True) if distance == min(away)}
            if len(bits) == 1:
                return bits.pop()
        return coin if default else 0


class StateMachine:
    """Input, inner and output neurons, one Python object each."""

    def __init__(self, wiring, seed):
        self.seed, self.number, self.story = seed, 0, []
        self.inner = [Neuron(row) for row in np.hstack([wiring.q_inputs, wiring.q_neighbours])]
        self.outputs = [Neuron(row) for row in np.hstack([wiring.z_inputs, wiring.z_inner, wiring.z_neighbours])]
        self.i, self.q, self.z = [0] * len(self.inner), [0] * len(self.inner), [0] * len(self.outputs)
        self.taught = set()

    def reset_state(self):
        n = len(self.inner)
        self.i = [coin(self.seed, self.number, 2 * n + k) for k in range(n)]
        self.q = [coin(self.seed, self.number, k) for k in range(n)]
        self.z = [coin(self.seed, self.number, n + k) for k in range(len(self.outputs))]
        self._enter()

    def next_state(
        self,
        inputs,
        label=None,
        pleasure=False,
        pain=False,
        dd=False,
        hamming=True,
        default=True,
        unsequenced=False,
    ):
        if unsequenced:
            self.reset_state()
        shown, n = [int(bit) for bit in inputs], len(self.inner)
        if label is not None or pleasure or pain:
            z = list(self.z)
            if label is not None:
                z = [int(bit) for bit in label]
            elif pain and not pleasure:
                z = [1 - bit for bit in self.z]
            lesson = (tuple(shown), tuple(self.q), tuple(self.z), tuple(z))
            if lesson not in self.taught:
                self.taught.add(lesson)
                for k, neuron in enumerate(self.inner):
                    neuron.learn(shown + self.q, shown[k])
                for k, neuron in enumerate(self.outputs):
                    neuron.learn(shown + shown + self.z, z[k])
            self.i, self.q, self.z = shown, shown, z
        else:
            how = (dd, hamming, default)
            q = [
                neuron.look_up(shown + self.q, coin(self.seed, self.number, k), *how)
                for k, neuron in enumerate(self.inner)
            ]
            z = [
                neuron.look_up(shown + q + self.z, coin(self.seed, self.number, n + k), *how)
                for k, neuron in enumerate(self.outputs)
            ]
            self.i, self.q, self.z = shown, q, z
        self._enter()

    def _enter(self):
        self.story.append((self.i, self.q, self.z))
        self.number += 1


def seam_cost(drawing, row, column, aside=0.02):
    """Ink crossed by the cheapest cut through a pixel, and a little for each step aside, row by row from there."""

    def way(rows):
        costs = {column: 0.0}
        for at in rows:
            steps = {}
            for x, cost in costs.items():
                for to in (x - 1, x, x + 1):
                    if 0 <= to < drawing.shape[1]:
                        new = cost + drawing[at, to] / 255 + aside * (to != x)
                        steps[to] = min(new, steps.get(to, float("inf")))
            costs = steps
        return min(costs.values())

    return drawing[row, column] / 255 + way(range(row - 1, -1, -1)) + way(range(row + 1, drawing.shape[0]))
