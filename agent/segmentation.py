"""Reading of several symbols: a picture is parted into symbols, in the order in which a person reads them.

    picture ─ ink ─ connected parts ─ strokes of one symbol together ─ lines ─ cuts ─ the best way to group them

Touching symbols are cut into pieces along the cheapest ways through the ink; of all ways to group pieces that lie
side by side, the one is taken whose symbols the model has seen most alike, by dynamic programming. This is
over-segmentation as in the recognition of handwritten numeral strings (Casey and Lecolinet 1996). A model that knows
little has no say: gaps and proportions decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from agent import photos, preprocessing
from agent.kernels import parts as kernels
from agent.kernels import preprocessing as ink_kernels
from agent.models import Guess, Model

MAX_LOOKS = 300  # of the model at ways to part a picture: more are decided by gaps and proportions
MAX_PARTS = 150  # the largest ones of a picture: the rest is not read
SMALL = 0.52  # of the height of a symbol: a lower part is a stroke of a symbol, or a dot
NEAR = 0.07  # of the height: strokes of one symbol are as near to each other, where the pen was lifted
NEAR_STACKED = 0.12  # likewise of strokes right above each other
BREAK = 0.08  # of the height: the ink of a stroke that breaks off goes on as near, …
BESIDE = 0.4  # … and its parts share less than this of the rows of the lower one
FAR_ABOVE = 0.3  # a dot or bar may be as far above or below
STACKED_ASPECT = 1.2  # width over height of what two strokes above each other make at most
SPECK = 0.012  # of the square of the height of a symbol: a smaller part is no ink, unless it is near others
KNOWS_ENOUGH = 100  # lessons from which on a model has a say where one symbol ends
WIDE = 0.6  # width over height from which on a part may be several symbols that touch …
WELL_KNOWN = 2.75  # … if its nearest lesson is farther than so many units, and …
VERY_WIDE = 1.0  # it is wider than this, …
SURE = 0.55  # … or the model is less confident than this, …
LITTLE_KNOWN = 2.5  # … or its nearest lesson is farther than so many units
SOLID = 0.72  # share of its box that the ink of a dash fills, which is not cut
PAIR, PAIR_ALONE = 1.25, 1.6  # for who knows little, the width over height of several; of the only part of a picture
ALONE = 1.0  # how much less it costs to take the only part of a picture for one symbol
N_CUTS = 8  # at most, for each height of a symbol along a part
MAX_INSIDE = 2.0  # cost of all gaps inside a symbol
MAX_SPAN = 1.4  # width over height of a symbol put together of several pieces
MAX_PIECES = 6  # of one symbol
THICK, THICK_COST = 10.0, 0.02  # how fast ink thicker than strokes gets cheaper to cut; down to this share
CUT_COST = 0.18  # of a cut through as much ink as strokes are wide
GAP_COST = 4.5  # of a gap inside a symbol as wide as symbols are high …
OVERLAP = 0.1  # … beyond an overlap of this share
WIDTH_COST = 6.5  # of each height that a symbol is wider than …
WIDEST = 0.8  # … this many
SYMBOL_COST = 1.0  # of every symbol
HEIGHT_COST = 5.0  # of each height that a symbol is lower than …
LOWEST = 0.77  # … this share
AROUND = 1.2  # heights to either side: what stands there is as high as a symbol
UNIT = 55_000.0  # distance of a symbol to its nearest lesson that costs 1
MAX_COST = 8.0  # of a symbol that is like nothing known
UNFAMILIAR_COST = 0.7  # in addition, of one that the model has seen nothing like


class Symbol(NamedTuple):
    """One symbol of a picture."""

    box: tuple[int, int, int, int]  # left, top, right and bottom in pixels of the picture, upright, the ends exclusive
    line: int  # the line it stands in, the topmost being 0
    drawing: np.ndarray  # (28, 28) uint8, its thumbnail: what `Pupil.learn_one` learns


class Reading(NamedTuple):
    """One symbol of a picture, as `Symbol`, and the guess what it is."""

    box: tuple[int, int, int, int]
    line: int
    drawing: np.ndarray
    guess: Guess


def segment(
    picture: object, model: Model | None, thumbnail: np.ndarray | None = None, is_one_stroke: bool = False
) -> list[Symbol]:
    """Part a picture into symbols, line by line, from left to right; see `agent.agents.pupil.Pupil.segment`.

    The model says which ways to part it make sense; None leaves that to gaps and proportions.
    """
    drawing, size = preprocessing.read_page(picture)
    around = np.empty(4, np.int64)
    ink_kernels.ink_box(drawing, 0, around)
    y, x = int(around[0]), int(around[2])
    ink = np.ascontiguousarray(drawing[y : around[1], x : around[3]])
    if not ink.size:
        return []
    if max(drawing.shape) <= ink_kernels.SMALL_PX:  # a drawing of one symbol, however it was reduced
        page, groups = None, [(0, np.array([0, ink.shape[0], 0, ink.shape[1]]), [])]
    else:
        page = _Page(ink, model, is_one_stroke)
        groups = page.groups()
    scale_y, scale_x = size[0] / drawing.shape[0], size[1] / drawing.shape[1]
    symbols = []
    for line, (top, bottom, left, right), pieces in groups:
        corners = (x + left) * scale_x, (y + top) * scale_y, (x + right) * scale_x, (y + bottom) * scale_y
        part = None
        if len(groups) == 1:  # as if nothing had been parted
            part = preprocessing.to_thumbnail(picture) if thumbnail is None else thumbnail
        if page is not None and (part is None or not part.any()):
            part = page.thumbnail(pieces)
        symbols.append(Symbol(tuple(round(corner) for corner in corners), line, part))
    return symbols


def text_of(readings: Sequence[Reading]) -> str:
    """What was read, line by line; ``?`` for a symbol whose guess is unsure.

    Examples
    --------
    >>> unsure = Guess(None, 0.0, np.zeros(0, np.int32), True)
    >>> text_of([Reading((0, 0, 8, 8), line, np.zeros((28, 28), np.uint8), unsure) for line in (0, 0, 1)])
    '??\\n?'
    """
    lines: list[list[str]] = [[] for _ in range(1 + max((reading.line for reading in readings), default=0))]
    for reading in readings:
        lines[reading.line].append(reading.guess.label or "?")
    return "\n".join("".join(line) for line in lines)


class _Page:
    """The ink of a picture in pieces: ``pieces`` (H, W) int32 has the number of each pixel's piece, 0 being paper."""

    def __init__(self, drawing: np.ndarray, model: Model | None, is_one_stroke: bool) -> None:
        self.drawing, self.model, self.is_one_stroke = drawing, model, is_one_stroke
        self.pieces = np.zeros(drawing.shape, np.int32)
        self.boxes = np.zeros((1, 4), np.int64)
        self.scale = 1.0  # how high symbols are, in pixels
        self.slope = 0.0  # of the lines, downwards
        self.is_alone = False  # whether there is only one cluster of strokes
        self._seen: dict[tuple[int, ...], tuple[Guess, float]] = {}

    def groups(self) -> list[tuple[int, np.ndarray, list[int]]]:
        """Line, box (top, bottom, left, right) and pieces of every symbol, in order."""
        return [
            (number, self._box(group), group)
            for number, line in enumerate(self._lines())
            for group in self._grouped(line)
        ]

    # ---------------------------------------------------------------- parts and lines

    def _lines(self) -> list[list[list[int]]]:
        """Find parts, put the strokes of one symbol together, and these clusters of parts in lines, left to right."""
        darkest = int(self.drawing.max())
        if darkest == 0:
            return []
        mask = self.drawing > darkest * kernels.FAINT_SHARE
        n_parts = kernels.label_parts(mask, self.pieces)
        area = np.bincount(self.pieces.ravel(), minlength=n_parts + 1)
        if n_parts > MAX_PARTS:
            n_parts = self._renumber(np.sort(np.argsort(-area[1:], kind="stable")[:MAX_PARTS] + 1))
            area = np.bincount(self.pieces.ravel(), minlength=n_parts + 1)
        self.boxes = kernels.boxes(self.pieces, n_parts)
        clusters = self._clusters(area)
        self.is_alone = len(clusters) == 1
        return self._in_lines(clusters)

    def _renumber(self, remaining: np.ndarray) -> int:
        """Keep some pieces alone, numbered anew; gives how many."""
        new = np.zeros(int(self.pieces.max()) + 1, np.int32)
        new[remaining] = np.arange(1, len(remaining) + 1)
        self.pieces = new[self.pieces]
        return len(remaining)

    def _clusters(self, area: np.ndarray) -> list[list[int]]:
        """Put parts together that are surely strokes of one symbol; specks belong to none.

        First parts above each other with next to no paper between them, then small ones with what they are nearest to.
        """
        clusters = [[part] for part in range(1, len(self.boxes))]
        clusters = _merged(clusters, self._stacked(self.boxes[1:]))
        clusters = self._mended(clusters, area)
        boxes, mass, heights = self._measured(clusters, area)
        pairs = []
        for place in np.flatnonzero(heights < SMALL * self.scale):
            across, down = _gaps(boxes[place], boxes)
            narrower = np.minimum(boxes[place, 3] - boxes[place, 2], boxes[:, 3] - boxes[:, 2])
            below = (across < -0.25 * narrower) & (down < FAR_ABOVE * self.scale)
            near = np.maximum(across, down) < NEAR * np.maximum(heights[place], heights)
            gaps = np.where((below | near) & (mass > mass[place]), np.maximum(across, 0) + np.maximum(down, 0), np.inf)
            gaps[place] = np.inf
            if np.isfinite(gaps).any():
                pairs.append((int(place), int(np.argmin(gaps))))
        clusters = _merged(clusters, pairs)
        return [cluster for cluster in clusters if area[cluster].sum() >= SPECK * self.scale * self.scale]

    def _measured(self, clusters: list[list[int]], area: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Boxes (N, 4), ink and heights of clusters; sets how high symbols are."""
        boxes = np.array([self._box(cluster) for cluster in clusters])
        mass, heights = np.array([area[cluster].sum() for cluster in clusters]), boxes[:, 1] - boxes[:, 0]
        self.scale = _weighted_median(heights, mass)
        return boxes, mass, heights

    def _mended(self, clusters: list[list[int]], area: np.ndarray) -> list[list[int]]:
        """Put parts together that continue each other downwards after a break, where the pen left out."""
        if len(clusters) < 2:
            return clusters
        boxes, _, heights = self._measured(clusters, area)
        reach = max(1, round(BREAK * self.scale / 2))
        page = np.pad(self.pieces > 0, reach)
        for axis in (0, 1):
            page = np.logical_or.reduce([np.roll(page, shift, axis) for shift in range(-reach, reach + 1)])
        joined = np.zeros(page.shape, np.int32)
        kernels.label_parts(page, joined)
        joined = joined[reach:-reach, reach:-reach]
        whole = np.array([self._one_of(joined, cluster[0]) for cluster in clusters])
        widths, pairs = boxes[:, 3] - boxes[:, 2], []
        for place, box in enumerate(boxes):
            _, down = _gaps(box, boxes)
            tall, wide = _size_together(box, boxes)
            is_continued = (whole == whole[place]) & (-down < BESIDE * np.minimum(heights, heights[place]))
            is_continued &= (wide < STACKED_ASPECT * tall) & (wide < widths + widths[place])
            pairs += [(place, int(other)) for other in np.flatnonzero(is_continued) if other > place]
        return _merged(clusters, pairs)

    def _one_of(self, numbers: np.ndarray, piece: int) -> int:
        """The number at one pixel of a piece."""
        top, bottom, left, right = self.boxes[piece]
        return int(numbers[top:bottom, left:right][self.pieces[top:bottom, left:right] == piece][0])

    @staticmethod
    def _stacked(boxes: np.ndarray) -> list[tuple[int, int]]:
        """Pairs of boxes above each other that have next to no paper between them and make no wide shape."""
        pairs = []
        heights, widths = boxes[:, 1] - boxes[:, 0], boxes[:, 3] - boxes[:, 2]
        for place, box in enumerate(boxes):
            across, down = _gaps(box, boxes)
            tall, wide = _size_together(box, boxes)
            stacked = (across < -0.5 * np.minimum(widths, widths[place])) & (wide < STACKED_ASPECT * tall)
            stacked &= (down < NEAR_STACKED * np.maximum(heights, heights[place])) & (
                down > -0.5 * np.minimum(heights, heights[place])
            )
            pairs += [(place, int(other)) for other in np.flatnonzero(stacked) if other > place]
        return pairs

    def _in_lines(self, clusters: list[list[int]]) -> list[list[list[int]]]:
        """Lines of clusters: neighbours that see each other sideways, then what continues at the same height."""
        boxes = np.array([self._box(cluster) for cluster in clusters], np.float64).reshape(-1, 4)
        n = len(boxes)
        right_of = [self._neighbour(boxes, place, 1) for place in range(n)]
        left_of = [self._neighbour(boxes, place, -1) for place in range(n)]
        chains, slopes = [], []
        middle = boxes[:, :2].mean(axis=1), boxes[:, 2:].mean(axis=1)
        starts = [place for place in range(n) if left_of[place] < 0 or right_of[left_of[place]] != place]
        for start in starts:
            chain = [start]
            while (after := right_of[chain[-1]]) >= 0 and left_of[after] == chain[-1]:
                chain.append(after)
                first, second = chain[-2:]
                slopes.append((middle[0][second] - middle[0][first]) / max(1.0, middle[1][second] - middle[1][first]))
            chains.append(chain)
        self.slope = slope = float(np.median(slopes)) if slopes else 0.0
        heights = [float(np.mean(middle[0][chain] - slope * middle[1][chain])) for chain in chains]
        lines: list[list[int]] = []
        levels: list[float] = []
        for place in np.argsort(heights, kind="stable"):
            chain = chains[place]
            if lines and heights[place] - levels[-1] < 0.6 * self.scale:
                lines[-1] += chain
            else:
                lines.append([*chain])
                levels.append(heights[place])
        return [[clusters[place] for place in sorted(line, key=lambda place: middle[1][place])] for line in lines]

    def _neighbour(self, boxes: np.ndarray, which: int, side: int) -> int:
        """The nearest cluster to the right (1) or left (-1) that stands at about the same height; -1 for none."""
        top, bottom, left, right = boxes[which]
        shared = np.minimum(bottom, boxes[:, 1]) - np.maximum(top, boxes[:, 0])
        level = shared > 0.3 * np.minimum(bottom - top, boxes[:, 1] - boxes[:, 0])
        way = side * (boxes[:, 2:].mean(axis=1) - (left + right) / 2)
        level &= (way > 0) & (way < 12 * self.scale)
        level[which] = False
        return int(np.argmin(np.where(level, way, np.inf))) if level.any() else -1

    # ---------------------------------------------------------------- cutting and grouping

    def _grouped(self, line: list[list[int]]) -> list[list[int]]:
        """The best way to group the pieces of a line: each symbol as the numbers of its pieces."""
        boxes = np.array([self._box(cluster) for cluster in line])
        heights = boxes[:, 1] - boxes[:, 0]
        self.scale = _weighted_median(heights, heights * (boxes[:, 3] - boxes[:, 2]))
        units: list[list[int]] = []  # that stay together
        between: list[float] = []  # what it costs to put a unit to the one before
        gap_cost = GAP_COST if self.model is not None else 2 * GAP_COST
        for cluster in line:
            pieces, costs = self._cut(cluster)
            if units:
                gap = (self._box(pieces[0])[2] - self._box(units[-1])[3]) / self.scale
                between.append(gap_cost * max(0.0, gap + OVERLAP))
            units += pieces
            between += costs
        if not units:
            return []
        n, boxes = len(units), np.array([self._box(unit) for unit in units])
        best, cut_at = [0.0, *[np.inf] * n], [0] * (n + 1)
        for end in range(1, n + 1):
            for start in range(end - 1, max(-1, end - 1 - MAX_PIECES), -1):
                joined = sum(units[start:end], [])
                inside = sum(max(0.0, cost) for cost in between[start : end - 1])
                if end - start > 1 and (self._is_too_wide(joined, line) or inside > MAX_INSIDE):
                    continue
                cut = -min(0.0, between[start - 1]) if start else 0.0  # paid where two pieces become two symbols
                cost = best[start] + cut + inside
                cost += self._shape_cost(joined, boxes) if n > 1 and cost < best[end] + ALONE else 0.0
                cost += self._unlikeness(joined) if n > 1 and cost < best[end] + ALONE else 0.0
                cost -= ALONE if self.is_alone and end - start == n else 0.0
                if cost < best[end]:
                    best[end], cut_at[end] = cost, start
        groups, end = [], n
        while end:
            groups.append(sum(units[cut_at[end] : end], []))
            end = cut_at[end]
        return groups[::-1]

    def _is_too_wide(self, pieces: list[int], line: list[list[int]]) -> bool:
        top, bottom, left, right = self._box(pieces)
        return right - left > MAX_SPAN * max(self.scale, bottom - top) and sorted(pieces) not in map(sorted, line)

    def _shape_cost(self, pieces: list[int], line: np.ndarray) -> float:
        """Cost of a symbol: one, and for how wide it is and how much lower than what is around it.

        line (N, 4): boxes of all that stands in its line
        """
        top, bottom, left, right = self._box(pieces)
        width = (right - left) / max(self.scale, bottom - top)
        aside = line[:, 2:].mean(axis=1) - (left + right) / 2
        near = (line[:, :2] - self.slope * aside[:, None])[np.abs(aside) < AROUND * self.scale]
        around = min(1.5, np.ptp(near) / self.scale) * self.scale if len(near) else self.scale
        low = max(0.0, LOWEST - (bottom - top) / around)
        return SYMBOL_COST + WIDTH_COST * max(0.0, width - WIDEST) + HEIGHT_COST * low

    def _unlikeness(self, pieces: list[int]) -> float:
        """Cost of a symbol: its distance to the nearest lesson of what it is taken for, and that it is unfamiliar."""
        if self.model is None or len(self._seen) > MAX_LOOKS:
            return 0.0
        guess, distance = self._look(pieces)
        return min(MAX_COST, distance / UNIT + UNFAMILIAR_COST * guess.unfamiliar)

    def _cut(self, cluster: list[int]) -> tuple[list[list[int]], list[float]]:
        """Cut a cluster that may be several symbols: its pieces in order, and the negative costs of the cuts."""
        top, bottom, left, right = self._box(cluster)
        height, width = max(bottom - top, 0.8 * self.scale), right - left
        if width < WIDE * height or (self.is_one_stroke and self.is_alone):
            return [cluster], []
        inside = np.isin(self.pieces[top:bottom, left:right], cluster)
        if inside.mean() > SOLID:
            return [cluster], []
        if self.model is None:
            is_one = width < (PAIR_ALONE if self.is_alone else PAIR) * height
        else:
            guess, distance = self._look(cluster)
            is_sure = width < VERY_WIDE * height and guess.confidence > SURE and distance < LITTLE_KNOWN * UNIT
            is_one = is_sure or distance < WELL_KNOWN * UNIT
        paths, costs = ([], []) if is_one else _cuts(self.drawing[top:bottom, left:right], inside, height)
        if not paths:
            return [cluster], []
        columns = np.arange(width)
        of_piece = sum((columns[None, :] > path[:, None]).astype(np.int32) for path in paths)
        first = len(self.boxes)
        region = self.pieces[top:bottom, left:right]
        region[inside] = first + of_piece[inside]
        numbers = list(range(first, first + len(paths) + 1))
        self.boxes = kernels.boxes(self.pieces, first + len(paths))
        present = [number for number in numbers if self.boxes[number, 1] > self.boxes[number, 0]]
        costs = [cost for number, cost in zip(numbers[1:], costs, strict=True) if number in present[1:]]
        return [[number] for number in present], [-CUT_COST * cost for cost in costs]

    # ---------------------------------------------------------------- single symbols

    def _box(self, pieces: list[int]) -> np.ndarray:
        """Box of some pieces: top, bottom, left, right."""
        boxes = self.boxes[pieces]
        return np.array([boxes[:, 0].min(), boxes[:, 1].max(), boxes[:, 2].min(), boxes[:, 3].max()])

    def thumbnail(self, pieces: list[int]) -> np.ndarray:
        """Thumbnail of some pieces together: (28, 28) uint8."""
        top, bottom, left, right = self._box(pieces)
        inside = np.isin(self.pieces[top:bottom, left:right], pieces)
        drawing = np.where(inside, self.drawing[top:bottom, left:right], 0).astype(np.uint8)
        thumbnail = np.empty((preprocessing.SIDE, preprocessing.SIDE), np.uint8)
        ink_kernels.to_thumbnail(np.ascontiguousarray(drawing), thumbnail)
        return thumbnail

    def _look(self, pieces: list[int]) -> tuple[Guess, float]:
        """What some pieces look like together, and the distance to the nearest lesson."""
        key = tuple(sorted(pieces))
        if key not in self._seen:
            guess = self.model.predict_one(self.thumbnail(pieces))
            distance = guess.because[0].distance if guess.because else MAX_COST * UNIT
            self._seen[key] = guess, distance
        return self._seen[key]


def _merged(clusters: list[list[int]], pairs: list[tuple[int, int]]) -> list[list[int]]:
    """Put clusters together by pairs of their places."""
    parent = list(range(len(clusters)))

    def root(place: int) -> int:
        while parent[place] != place:
            place = parent[place]
        return place

    for first, second in pairs:
        low, high = sorted((root(first), root(second)))
        parent[high] = low
    merged: dict[int, list[int]] = {}
    for place, cluster in enumerate(clusters):
        merged.setdefault(root(place), []).extend(cluster)
    return list(merged.values())


def _gaps(box: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gaps across and down between a box and others; negative where they overlap."""
    across = np.maximum(box[2] - others[:, 3], others[:, 2] - box[3])
    down = np.maximum(box[0] - others[:, 1], others[:, 0] - box[1])
    return across, down


def _size_together(box: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Height and width of a box together with each of the others."""
    return tuple((np.maximum(others[:, 1::2], box[1::2]) - np.minimum(others[:, ::2], box[::2])).T)


def _weighted_median(values: np.ndarray, weights: np.ndarray) -> float:
    order = np.argsort(values, kind="stable")
    sums = np.cumsum(weights[order])
    return float(max(1, values[order][np.searchsorted(sums, sums[-1] / 2)]))


def _stroke_width(mask: np.ndarray) -> float:
    """Mean width of strokes: twice the area over the rim."""
    return 2 * float(mask.sum()) / max(1, int((mask & ~photos.eroded(mask)).sum()))


def _cuts(drawing: np.ndarray, inside: np.ndarray, height: float) -> tuple[list[np.ndarray], list[float]]:
    """The cheapest cuts through touching symbols, left to right: columns by row, and the stroke widths each crosses.

    Ink that is thicker than a stroke costs next to nothing: there two strokes touch, or cross.
    """
    above, below, depth = (np.zeros(inside.shape, np.float32) for _ in range(3))
    stroke, left = max(1.0, _stroke_width(inside)), inside
    while left.any():
        depth += left
        left = photos.eroded(left)
    ink = (drawing * inside * np.clip(1 - THICK * (2 * depth / stroke - 1), THICK_COST, 1)).astype(np.uint8)
    kernels.seams(ink, above, below)
    row = ink.shape[0] // 2
    costs = above[row] + below[row] - ink[row] / np.float32(255)
    near, columns = max(2, round(0.12 * height)), []
    low, high = round(0.15 * height), ink.shape[1] - round(0.15 * height)
    for column in np.argsort(costs, kind="stable").tolist():
        if low <= column < high and all(abs(column - other) >= near for other in columns):
            columns.append(column)
        if len(columns) >= N_CUTS * ink.shape[1] / height:
            break
    paths, spent = [], []
    for column in sorted(columns):
        path = np.empty(ink.shape[0], np.int64)
        kernels.seam_through(above, below, row, column, path)
        if not paths or np.abs(path - paths[-1]).max() >= near:
            path = path if not paths else np.maximum(path, paths[-1])
            paths.append(path)
            spent.append(float(costs[column]) / stroke)
    return paths, spent
