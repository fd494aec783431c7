"""Numbers of several digits written by one simulated hand, and photographs of sheets with lines of digits."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
from PIL import Image

from agent.datasets import pen, strokes

CANVAS = pen.CANVAS
STYLES = {label: [name for name in strokes.styles() if name[0] == label] for label in "0123456789"}


def hand_of(stream, height_px):
    """A hand that writes about as high as this, on a canvas of 280."""
    hand = pen.Hand.sample(stream)
    return dataclasses.replace(hand, height_px=height_px, radius_px=min(hand.radius_px, height_px / 9))


def digit(style, hand, stream):
    """One digit in a style, cropped to its ink: (H, W) uint8, and how far its top is from the middle of the line."""
    own = dataclasses.replace(
        hand,
        height_px=hand.height_px * stream.between(0.9, 1.1),
        width=hand.width * stream.between(0.93, 1.07),
        slant=hand.slant + 0.06 * float(stream.normal(1)[0]),
        bends=0.07 * stream.normal(2, 4),
    )
    paths = strokes.strokes_of(style)
    lines = [pen._line(path, own, stream, is_first=path is paths[0]) for path in paths]
    radii = np.concatenate([pen._radii(len(line), own, stream) for line in lines])
    points = np.concatenate(lines)
    low = points.min(axis=0) - radii.max() - 2
    page = pen.ink(points - low, radii, CANVAS)
    rows, columns = np.flatnonzero(page.any(axis=1)), np.flatnonzero(page.any(axis=0))
    cropped = page[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return cropped, round(low[1]) + int(rows[0])


def scaled(drawing, share):
    """A drawing at another size, by area averaging."""
    height, width = drawing.shape
    size = max(1, round(width * share)), max(1, round(height * share))
    return np.asarray(Image.fromarray(drawing).resize(size, Image.Resampling.BOX))


def gap_between(left, right, reach):
    """Least horizontal distance of the ink of two strips of the same height, heeding ``reach`` rows up and down."""
    ends = np.where((left > 60).any(axis=1), left.shape[1] - 1 - (left > 60)[:, ::-1].argmax(axis=1), -(10**6))
    starts = np.where((right > 60).any(axis=1), (right > 60).argmax(axis=1), 10**6)
    gaps = [
        starts[max(0, row - reach) : row + reach + 1].min() - ends[row] for row in range(len(ends)) if ends[row] >= 0
    ]
    return min(gaps)


def row_of_digits(digits, gaps, height, rng):
    """Digits set beside each other, the ink of neighbours so far apart: (H, W) uint8 and boxes (left, top, right, bottom)."""
    half, slope = round(height), rng.normal(0, 0.03)
    page, boxes, at = np.zeros((4 * half, 0), np.uint8), [], 0
    for number, (drawing, top) in enumerate(digits):
        row = round(2 * half + top + slope * at + rng.normal(0, 0.03) * height)
        strip = np.zeros((4 * half, drawing.shape[1]), np.uint8)
        strip[row : row + drawing.shape[0]] = drawing
        left = 0
        if number:
            gap, (before, _, end, _) = gaps[number - 1], boxes[-1]
            near = gap_between(page[:, before:end], strip, max(0, int(gap)))
            left = round(before - near + gap + 1)
            left = max(left, before + round(0.3 * (end - before)), end - round(0.35 * height))
        right = left + drawing.shape[1]
        page = np.pad(page, ((0, 0), (0, max(0, right - page.shape[1]))))
        page[:, left:right] = np.maximum(page[:, left:right], strip)
        boxes.append((left, row, right, row + drawing.shape[0]))
        at = right
    return page, boxes


def number(text, seed, touching=0.1):
    """A number as one hand writes it: (H, W) uint8 ink on paper 0, boxes, and whether any digits touch.

    Gaps are shares of the height: most from 0.04 to 0.4, some next to nothing; a share of ``touching`` touch,
    overlapping by up to six tenths of a stroke.
    """
    rng, stream = np.random.default_rng(seed), pen.RandomStream(seed, text)
    hand = hand_of(stream, 140.0)
    height = rng.uniform(45, 110)
    share = height / 140.0
    digits = []
    for label in text:
        drawing, top = digit(STYLES[label][rng.integers(len(STYLES[label]))], hand, stream)
        digits.append((scaled(drawing, share), round(top * share)))
    width_px = 2 * hand.radius_px * share
    gaps = []
    for _ in text[1:]:
        kind = rng.uniform()
        if kind < touching:
            gaps.append(-rng.uniform(0.0, 0.6) * width_px)
        else:
            gaps.append(height * (rng.uniform(0.04, 0.4) if kind < 0.85 else rng.uniform(0.02, 0.06)) + 1)
    page, boxes = row_of_digits(digits, gaps, height, rng)
    rows = np.flatnonzero(page.any(axis=1))
    page = page[rows[0] : rows[-1] + 1]
    margin = round(rng.uniform(0.15, 0.5) * height) + 4
    boxes = [(a + margin, b - rows[0] + margin, c + margin, d - rows[0] + margin) for a, b, c, d in boxes]
    return np.pad(page, margin), boxes, any(gap < 1 for gap in gaps)


def broken(drawing, seed, n_gaps=2):
    """A drawing whose strokes the pen left out here and there: bands of paper, up to a thirtieth of its height."""
    rng = np.random.default_rng(seed)
    rows, columns = np.nonzero(drawing > 60)
    height, page = np.ptp(rows) + 1, drawing.copy()
    down, across = np.mgrid[0 : drawing.shape[0], 0 : drawing.shape[1]]
    for _ in range(n_gaps):
        point, angle = rng.integers(len(rows)), rng.uniform(0, np.pi)
        y, x = down - rows[point], across - columns[point]
        reach = np.hypot(x, y) < 0.2 * height
        page[(abs(x * np.cos(angle) + y * np.sin(angle)) < height / 60) & reach] = 0
    return page


def sheet(lines, seed, width_px=1400):
    """A photograph of a sheet with lines of digits: a PIL picture, in perspective, uneven light, ruled, noisy, JPEG."""
    rng = np.random.default_rng(seed)
    n = max(map(len, lines))
    height = round(width_px / (1.75 * n))
    page = np.zeros((round(height * 1.9 * len(lines) + height), width_px), np.float32)
    stream = pen.RandomStream(seed, "sheet")
    hand = hand_of(stream, 140.0)
    share = height / 140.0
    for line_number, text in enumerate(lines):
        digits, gaps = [], height * rng.uniform(0.15, 0.75, len(text) - 1)
        for label in text:
            drawing, top = digit(STYLES[label][rng.integers(len(STYLES[label]))], hand, stream)
            digits.append((scaled(drawing, share), round(top * share)))
        strip, _ = row_of_digits(digits, gaps, height, rng)
        strip = strip[:, : width_px - 2 * height]
        rows = np.flatnonzero(strip.any(axis=1))
        strip = strip[rows[0] : rows[-1] + 1]
        middle = round(height * (1.45 + 1.9 * line_number))
        top, left = middle - len(strip) // 2, round(0.06 * width_px + 0.2 * height)
        page[top : top + len(strip), left : left + strip.shape[1]] = strip
    ink = page / 255
    rows, columns = np.mgrid[0 : page.shape[0], 0:width_px]
    if rng.uniform() < 0.6:
        step = round(height * rng.uniform(0.4, 0.95))
        paper = np.where((rows % step) < 2, rng.uniform(0.72, 0.88), 1.0)
    else:
        paper = np.ones_like(ink)
    dark = rng.uniform(0.15, 0.45)
    picture = 235 * paper * (1 - ink * (1 - dark))
    flat = Image.fromarray(picture.astype(np.uint8))
    picture = np.asarray(_in_perspective(flat, rng), np.float32)
    angle, depth = rng.uniform(0, 2 * np.pi), rng.uniform(0.1, 0.45)
    across = (np.cos(angle) * columns / width_px + np.sin(angle) * rows / page.shape[0] + 1) / 2
    picture = picture * (1 - depth * across) + rng.normal(0, rng.uniform(1, 5), picture.shape)
    file = io.BytesIO()
    Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(file, "JPEG", quality=85)
    return Image.open(file)


def _in_perspective(picture, rng):
    """A sheet seen from a little aside, the paper going on around it."""
    width, height = picture.size
    shift = 0.04 * rng.uniform(-1, 1, (4, 2)) * (width, height)
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], float)
    rows = []
    for (x, y), (u, v) in zip(corners + shift, corners, strict=True):  # where a corner is seen, and where it is
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    solved = np.linalg.solve(np.array(rows), corners.ravel())
    return picture.transform(
        (width, height), Image.Transform.PERSPECTIVE, solved, Image.Resampling.BICUBIC, fillcolor=235
    )
