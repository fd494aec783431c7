"""Connected parts of a picture's ink."""

import numpy as np

from agent.kernels import compiled, inner

# Parts with less ink than this share of the largest part's are specks: anywhere, farther from it than FAR times its
# longest side, and farther than that side
TINY, SPECK, FAR_SPECK = 0.005, 0.05, 0.15
FAR = 0.3
MANY_GAPS = 5  # bands of paper that part no single symbol
FAINT_SHARE = 0.23  # ink below this share of the darkest connects nothing
ASIDE = np.float32(0.02)  # what a step aside costs a cut, in pixels of ink


@compiled
def label_parts(mask, out):
    """Number the connected parts of a mask, neighbours along edges and corners.

    mask (H, W) bool -> out (H, W) int32, 0 where the mask is False, else 1 …; returns how many parts
    """
    height, width = mask.shape
    stack = np.empty(height * width, np.int64)
    out[:] = 0
    n_parts = 0
    for start in range(height * width):
        if not mask[start // width, start % width] or out[start // width, start % width]:
            continue
        n_parts += 1
        out[start // width, start % width] = n_parts
        stack[0], depth = start, 1
        while depth > 0:
            depth -= 1
            y, x = stack[depth] // width, stack[depth] % width
            for row in range(max(0, y - 1), min(height, y + 2)):
                for column in range(max(0, x - 1), min(width, x + 2)):
                    if mask[row, column] and out[row, column] == 0:
                        out[row, column] = n_parts
                        stack[depth] = row * width + column
                        depth += 1
    return n_parts


@compiled
def boxes(parts, n_parts):
    """Boxes of numbered parts: (n_parts + 1, 4) int64 top, bottom, left, right, the ends exclusive.

    parts (H, W) int32, 0 … n_parts
    """
    result = np.zeros((n_parts + 1, 4), np.int64)
    result[:, 0], result[:, 2] = parts.shape[0], parts.shape[1]
    for y in range(parts.shape[0]):
        for x in range(parts.shape[1]):
            part = parts[y, x]
            result[part, 0], result[part, 1] = min(result[part, 0], y), max(result[part, 1], y + 1)
            result[part, 2], result[part, 3] = min(result[part, 2], x), max(result[part, 3], x + 1)
    return result


@compiled
def drop_far_specks(drawing):
    """Remove small marks far from the rest of the ink, such as a tap of the pen in a corner.

    Only a drawing whose ink leaves a wide band of rows or columns empty, or is in many pieces, is looked at. The
    smallest marks go wherever they are.

    drawing (H, W) uint8, 0 paper … 255 ink -> the same, in place
    """
    height, width = drawing.shape
    of_row, of_column, darkest = np.zeros(height, np.uint8), np.zeros(width, np.uint8), np.uint8(0)
    for y in range(height):
        for x in range(width):
            value = drawing[y, x]
            of_row[y], of_column[x] = max(of_row[y], value), max(of_column[x], value)
        darkest = max(darkest, of_row[y])
    floor = darkest * FAINT_SHARE
    if darkest == 0 or not (_is_scattered(of_row, floor) or _is_scattered(of_column, floor)):
        return
    parts = np.empty((height, width), np.int32)
    n_parts = label_parts(drawing > floor, parts)
    mass = np.zeros(n_parts + 1, np.int64)
    for y in range(height):
        for x in range(width):
            if parts[y, x]:
                mass[parts[y, x]] += drawing[y, x]
    main = np.argmax(mass)
    around = boxes(parts, n_parts)
    longest = max(around[main, 1] - around[main, 0], around[main, 3] - around[main, 2])
    for part in range(1, n_parts + 1):
        down = max(around[main, 0] - around[part, 1], around[part, 0] - around[main, 1])
        across = max(around[main, 2] - around[part, 3], around[part, 2] - around[main, 3])
        gap = max(down, across)
        if mass[part] < (FAR_SPECK if gap > longest else SPECK if gap > FAR * longest else TINY) * mass[main]:
            drawing[
                max(0, around[part, 0] - 1) : around[part, 1] + 1, max(0, around[part, 2] - 1) : around[part, 3] + 1
            ] = 0


@inner
def _is_scattered(profile, floor):
    """Whether the ink along an axis leaves a band empty that is wide, compared with all of it, or many bands."""
    first, last, gap, widest, n_gaps = -1, -1, 0, 0, 0
    for i in range(profile.shape[0]):
        if profile[i] > floor:
            if first < 0:
                first = i
            n_gaps += gap > 0
            last, widest, gap = i, max(widest, gap), 0
        elif first >= 0:
            gap += 1
    return widest > 0.15 * (last - first + 1) or n_gaps >= MANY_GAPS


@compiled
def seams(drawing, above, below):
    """Cost of the cheapest cut from top to bottom through each pixel: ink crossed, and a little for each step aside.

    A cut goes down row by row, straight or one pixel aside.

    drawing (H, W) uint8 -> above (H, W) float32, the cost of the way down to each pixel, and below, that of the rest;
    both with the pixel's own cost
    """
    height, width = drawing.shape
    for step in range(height):
        for row, costs, before in ((step, above, step - 1), (height - 1 - step, below, height - step)):
            for x in range(width):
                cheapest = np.float32(0.0)
                if step > 0:
                    cheapest = costs[before, x]
                    for side in (max(0, x - 1), min(width - 1, x + 1)):
                        cheapest = min(cheapest, costs[before, side] + ASIDE)
                costs[row, x] = cheapest + np.float32(drawing[row, x]) / np.float32(255.0)


@compiled
def seam_through(above, below, row, column, out):
    """The cheapest cut through a pixel, from the costs of `seams`.

    above, below (H, W) float32 -> out (H,) int64, the column in each row
    """
    height, width = above.shape
    out[row] = column
    for direction, costs in ((-1, above), (1, below)):
        x, y = column, row + direction
        while 0 <= y < height:
            best, cheapest = x, costs[y, x]
            for side in (max(0, x - 1), min(width - 1, x + 1)):
                if costs[y, side] + ASIDE < cheapest:
                    best, cheapest = side, costs[y, side] + ASIDE
            x = best
            out[y] = x
            y += direction
