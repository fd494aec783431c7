"""Preprocessing of drawings: crop, shrink, deskew, centre, warp."""

import numpy as np

from agent.kernels import FLOAT_FLAGS, compiled, inner, parts

SMALL_PX = 32  # pictures up to this side are drawings, however their paper looks
SIDE = 28  # pixels along one side of a thumbnail or a canonical drawing
THUMBNAIL_SIDE = 24  # longest side of the ink in a thumbnail: a rim of paper always remains around it
FRAME = SIDE + 4  # a warped drawing may reach two pixels farther on each side
BOX = 20.0  # longest side of the ink in a canonical drawing, as in MNIST
LEVELS = 15  # thumbnails have 16 levels of ink: 0 … 15
LEVEL_STEP = 255 // LEVELS
FAINT = 3  # levels up to this one do not count when the box of the ink is measured
MAX_SHEAR = 0.7  # steeper handwriting than 35° is left slanted
AS_DRAWN, WIDENED = 1.0, 0.6  # powers of how slim a drawing is: as it is, or wider the slimmer it is
SLIMMEST = 0.05  # a line is as slim as this
POWER_STEPS = 2.0**32  # powers are rounded to these, so that no mathematical library makes a difference
_MIDDLE = (SIDE - 1) / 2
_PADDING = 2  # pixels of paper on either side of a line that is sampled


@compiled
def ink(grey, contrast, out):
    """Separate ink from paper: whatever covers most of the border is paper and becomes 0.

    Where the border does not say, the smaller part of the picture is ink. A picture whose brightest and darkest pixel
    differ by less than ``contrast`` holds no ink.

    grey (H, W) uint8 -> out (H, W) uint8, 0 paper … 255 ink
    """
    height, width = grey.shape
    low, high = np.uint8(255), np.uint8(0)
    for y in range(height):
        for x in range(width):
            low, high = min(low, grey[y, x]), max(high, grey[y, x])
    if int(high) - int(low) < contrast:
        out[:] = 0
        return
    middle = (int(low) + int(high)) / 2
    bright = 0
    for x in range(width):
        bright += (grey[0, x] > middle) + (grey[height - 1, x] > middle)
    for y in range(1, height - 1):
        bright += (grey[y, 0] > middle) + (grey[y, width - 1] > middle)
    share = bright / (2 * width + 2 * height - 4)
    if 0.4 < share < 0.6:
        bright = 0
        for y in range(height):
            for x in range(width):
                bright += grey[y, x] > middle
        share = bright / (height * width)
    for y in range(height):
        for x in range(width):
            out[y, x] = high - grey[y, x] if share > 0.5 else grey[y, x] - low


@compiled
def ink_box(drawing, floor, out):
    """Find the smallest box that holds every pixel above ``floor``.

    drawing (H, W) uint8, floor int -> out (4,) int64: top, bottom, left, right, the ends exclusive;
    all 0 when no pixel is above the floor
    """
    height, width = drawing.shape
    top, bottom, left, right = height, 0, width, 0
    of_column = np.zeros(width, np.uint8)
    for y in range(height):
        row, of_row = drawing[y], np.uint8(0)
        for x in range(width):
            of_row = max(of_row, row[x])
            of_column[x] = max(of_column[x], row[x])
        if of_row > floor:
            top = min(top, y)
            bottom = y + 1
    for x in range(width):
        if of_column[x] > floor:
            left = min(left, x)
            right = x + 1
    if bottom == 0:
        top = left = right = 0
    out[0], out[1], out[2], out[3] = top, bottom, left, right


@inner
def shrink(drawing, box, out, size):
    """Copy a box of the drawing to the top left of ``out``, shrunk by area averaging if it is larger than that.

    drawing (H, W) uint8, box (4,) int64 -> out (S, S) float32, 0 … 255; size (2,) int64: rows and columns used
    """
    top, left = box[0], box[2]
    height, width = box[1] - top, box[3] - left
    longest = max(height, width)
    out[:] = 0.0
    if longest <= THUMBNAIL_SIDE:
        size[0], size[1] = height, width
        for y in range(height):
            for x in range(width):
                out[y, x] = drawing[top + y, left + x]
        return
    scale = longest / THUMBNAIL_SIDE
    rows = max(1, min(THUMBNAIL_SIDE, int(round(height / scale))))
    columns = max(1, min(THUMBNAIL_SIDE, int(round(width / scale))))
    size[0], size[1] = rows, columns
    step_y, step_x = height / rows, width / columns
    for y in range(height):
        low = y / step_y
        high = (y + 1) / step_y
        row = min(int(low), rows - 1)
        share_next = max(0.0, high - (row + 1)) / (high - low) if row + 1 < rows else 0.0
        for x in range(width):
            ink = drawing[top + y, left + x]
            if ink == 0:
                continue
            low_x = x / step_x
            high_x = (x + 1) / step_x
            column = min(int(low_x), columns - 1)
            across = max(0.0, high_x - (column + 1)) / (high_x - low_x) if column + 1 < columns else 0.0
            out[row, column] += ink * (1.0 - share_next) * (1.0 - across)
            if across > 0.0:
                out[row, column + 1] += ink * (1.0 - share_next) * across
            if share_next > 0.0:
                out[row + 1, column] += ink * share_next * (1.0 - across)
                if across > 0.0:
                    out[row + 1, column + 1] += ink * share_next * across
    area = step_y * step_x
    for y in range(rows):
        for x in range(columns):
            out[y, x] /= area


@compiled
def to_thumbnail(drawing, out):
    """Reduce a drawing to its thumbnail: the ink alone, at most 24 x 24 pixels, in 16 levels.

    Idempotent. Returns False, and an empty ``out``, for a drawing without ink.

    drawing (H, W) uint8 -> out (S, S) uint8, multiples of 17, the box of the ink in the middle
    """
    out[:] = 0
    darkest = np.uint8(0)
    for y in range(drawing.shape[0]):
        for x in range(drawing.shape[1]):
            darkest = max(darkest, drawing[y, x])
    if darkest == 0:
        return False
    box = np.empty(4, np.int64)
    ink_box(drawing, int(darkest * (FAINT + 0.5) / LEVELS), box)
    small = np.empty((SIDE, SIDE), np.float32)
    size = np.empty(2, np.int64)
    shrink(drawing, box, small, size)
    peak = np.float32(0.0)
    for y in range(size[0]):
        for x in range(size[1]):
            peak = max(peak, small[y, x])
    if peak <= 0.0:
        return False
    levels = np.zeros((SIDE, SIDE), np.uint8)
    for y in range(size[0]):
        for x in range(size[1]):
            levels[y, x] = np.uint8(small[y, x] * LEVELS / peak + 0.5)
    # Shrinking may have left a faint rim: the box is measured again on the levels
    ink_box(levels, np.int64(FAINT), box)
    top = (SIDE - (box[1] - box[0])) // 2
    left = (SIDE - (box[3] - box[2])) // 2
    for y in range(box[0], box[1]):
        for x in range(box[2], box[3]):
            out[top + y - box[0], left + x - box[2]] = levels[y, x] * LEVEL_STEP
    return True


@compiled
def to_thumbnails(pictures, contrast, page, out):
    """Find the ink of each picture, as `ink` does, and reduce it to a thumbnail.

    pictures (N, H, W) uint8, page (H, W) uint8 scratch -> out (N, S, S) uint8
    """
    for row in range(pictures.shape[0]):
        ink(pictures[row], contrast, page)
        if max(page.shape) > SMALL_PX:
            parts.drop_far_specks(page)
        to_thumbnail(page, out[row])


@compiled
def canonical(thumbnail, power, out):
    """Deskew a thumbnail, scale it to 20 pixels and centre its mass, in one bilinear resampling.

    The shear is that of the second moments, cov(x, y) / var(y); the brightest pixel becomes 255. A drawing whose ink
    spreads across only a share of what it does down is made wider, so that it spreads that share to the ``power``.

    thumbnail (S, S) uint8, or larger, power float, `AS_DRAWN` or less -> out (S, S) uint8
    """
    out[:] = 0
    box = np.empty(4, np.int64)
    ink_box(thumbnail, FAINT * LEVEL_STEP, box)
    top, bottom, left, right = box[0], box[1], box[2], box[3]
    longest = max(bottom - top, right - left)
    if longest == 0:
        return
    mean_y, mean_x, shear, slim = _moments(thumbnail, box)
    scale = longest / BOX
    across = scale * np.round(slim ** (1.0 - power) * POWER_STEPS) / POWER_STEPS
    line = np.zeros(thumbnail.shape[1] + 2 * _PADDING)
    columns, shares = np.empty(SIDE, np.uint32), np.empty(SIDE)
    values = np.zeros((SIDE, SIDE), np.float32)
    for i in range(SIDE):
        y = mean_y + (i - _MIDDLE) * scale
        row = int(np.floor(y))
        if row < top - 1 or row >= bottom:
            continue
        share = y - row
        for x in range(left, right):
            if row < top:
                line[x + _PADDING] = share * thumbnail[row + 1, x]
            elif row + 1 == bottom:
                line[x + _PADDING] = (1.0 - share) * thumbnail[row, x]
            else:
                line[x + _PADDING] = (1.0 - share) * thumbnail[row, x] + share * thumbnail[row + 1, x]
        _sample_positions(mean_x + shear * (y - mean_y), across, thumbnail.shape[1], columns, shares)
        _interpolate(line, columns, shares, values[i])
    peak = max_value(values.ravel())
    if peak > 0.0:
        _scale_to_255(values.ravel(), peak, out.ravel())


@inner
def _moments(thumbnail, box):
    """Centre of mass (y, x), shear and slimness of the ink in a box, from integer sums.

    Slimness is the spread across of the deskewed ink divided by its spread down, SLIMMEST … 1.
    """
    mass, sum_y, sum_x, sum_yy, sum_xy, sum_xx = 0, 0, 0, 0, 0, 0
    for y in range(box[0], box[1]):
        of_row, of_row_x = 0, 0
        for x in range(box[2], box[3]):
            of_row += thumbnail[y, x]
            of_row_x += thumbnail[y, x] * x
            sum_xx += thumbnail[y, x] * x * x
        mass += of_row
        sum_x += of_row_x
        sum_y += of_row * y
        sum_yy += of_row * y * y
        sum_xy += of_row_x * y
    var_y, cov = mass * sum_yy - sum_y * sum_y, mass * sum_xy - sum_x * sum_y
    var_x = mass * sum_xx - sum_x * sum_x
    shear, slim = 0.0, 1.0
    if var_y > 0:
        shear = min(MAX_SHEAR, max(-MAX_SHEAR, cov / var_y))
        upright = var_x - 2.0 * shear * cov + shear * shear * var_y
        slim = min(1.0, max(SLIMMEST, np.sqrt(max(0.0, upright / var_y))))
    return sum_y / mass, sum_x / mass, shear, slim


@inner
def _sample_positions(middle, scale, width, columns, shares):
    """Positions on a padded line at which the pixels of a row are sampled: columns (S,) uint32, shares (S,)."""
    for j in range(SIDE):
        x = middle + (j - _MIDDLE) * scale
        column = np.floor(x)
        shares[j] = x - column
        columns[j] = np.uint32(min(float(width + _PADDING), max(0.0, column + _PADDING)))


@inner
def _interpolate(line, columns, shares, out):
    """Interpolate a row of pixels linearly from a line: columns (S,) uint32, shares (S,) -> (S,) float32."""
    for j in range(SIDE):
        at = columns[j]
        out[j] = (1.0 - shares[j]) * line[at] + shares[j] * line[at + np.uint32(1)]


@inner(fastmath=FLOAT_FLAGS)
def max_value(values):
    """Largest of values that are at least 0: (N,) float32."""
    peak = np.float32(0.0)
    for i in range(values.shape[0]):
        peak = max(peak, values[i])
    return peak


@inner
def _scale_to_255(values, peak, out):
    """Scale values so that the peak becomes 255: (N,) float32 -> (N,) uint8."""
    for i in range(values.shape[0]):
        out[i] = np.uint8(values[i] * np.float32(255.0) / peak + np.float32(0.5))


@inner(fastmath=FLOAT_FLAGS)
def warp(thumbnail, field, out):
    """Warp a thumbnail: each pixel of a wider frame is sampled where the field points.

    thumbnail (S, S) uint8, field (2, S+4, S+4) float32 displacements down and right in pixels -> out (S+4, S+4) uint8
    """
    width = SIDE + 2  # a rim of paper: pixels from far outside are fetched there
    ink = np.zeros(width * width + 1, np.float32)
    for y in range(SIDE):
        for x in range(SIDE):
            ink[(y + 1) * width + x + 1] = thumbnail[y, x]
    n, bent = FRAME * FRAME, out.ravel()
    at, share_down, share_right = np.empty(n, np.int32), np.empty(n, np.float32), np.empty(n, np.float32)
    down, right = field[0].ravel(), field[1].ravel()
    zero, limit, rim = np.float32(0.0), np.float32(SIDE + 0.999), np.float32(1 - (FRAME - SIDE) // 2)
    for y in range(FRAME):
        for x in range(FRAME):
            p = y * FRAME + x
            from_y = min(limit, max(zero, np.float32(y) + rim + down[p]))
            from_x = min(limit, max(zero, np.float32(x) + rim + right[p]))
            row, column = np.int32(from_y), np.int32(from_x)
            share_down[p], share_right[p] = from_y - np.float32(row), from_x - np.float32(column)
            at[p] = row * width + column
    for p in range(n):
        i = at[p]
        above = ink[i] + share_right[p] * (ink[i + 1] - ink[i])
        below = ink[i + width] + share_right[p] * (ink[i + width + 1] - ink[i + width])
        bent[p] = np.uint8(above + share_down[p] * (below - above) + np.float32(0.5))


@inner
def canonical_copy(thumbnail, fields, copy, power, bent, out):
    """Canonical drawing of a thumbnail or of a warped copy of it: copy 0 is as drawn, copy c is warped by field c - 1.

    thumbnail (S, S) uint8, fields (F, 2, S+4, S+4) float32, copy int, 0 … F, power as for `canonical`; bent (S+4,
    S+4) uint8 scratch -> out (S, S) uint8, canonical
    """
    if copy == 0:
        canonical(thumbnail, power, out)
    else:
        warp(thumbnail, fields[copy - 1], bent)
        canonical(bent, power, out)
