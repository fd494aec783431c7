// Twins of agent/kernels: the same integers from the same drawings. What is float32 there is rounded at each step here.
"use strict";
const f = Math.fround;

// ---------------------------------------------------------------- preprocessing.py

const SIDE = 28, PIXELS = SIDE * SIDE, THUMBNAIL_SIDE = 24, FRAME = SIDE + 4, SMALL_PX = 32;
const BOX = 20, LEVELS = 15, LEVEL_STEP = 17, FAINT = 3, MAX_SHEAR = 0.7, MIDDLE = (SIDE - 1) / 2, PADDING = 2;
const PAPER_CONTRAST = 8;

/** Round a half to the even neighbour, as Python does. */
function round_half_even(value) {
  const low = Math.floor(value), share = value - low;
  return share < 0.5 || (share === 0.5 && low % 2 === 0) ? low : low + 1;
}

/** Separate ink from paper: whatever covers most of the border is paper and becomes 0. */
function ink(grey, height, width) {
  const out = new Uint8Array(grey.length);
  let low = 255, high = 0, bright = 0;
  for (let p = 0; p < grey.length; p++) {
    if (grey[p] < low) low = grey[p];
    if (grey[p] > high) high = grey[p];
  }
  if (high - low < PAPER_CONTRAST) return out;
  const middle = (low + high) / 2;
  const is_bright = (y, x) => Number(grey[y * width + x] > middle);
  for (let x = 0; x < width; x++) bright += is_bright(0, x) + is_bright(height - 1, x);
  for (let y = 1; y < height - 1; y++) bright += is_bright(y, 0) + is_bright(y, width - 1);
  let share = bright / (2 * width + 2 * height - 4);
  if (0.4 < share && share < 0.6) share = grey.reduce((n, value) => n + Number(value > middle), 0) / grey.length;
  for (let p = 0; p < grey.length; p++) out[p] = share > 0.5 ? high - grey[p] : grey[p] - low;
  return out;
}

/** The smallest box that holds every pixel above the floor: top, bottom, left, right, the ends exclusive. */
function ink_box(drawing, height, width, floor) {
  let top = height, bottom = 0, left = width, right = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (drawing[y * width + x] > floor) {
        if (y < top) top = y;
        if (x < left) left = x;
        if (x >= right) right = x + 1;
        bottom = y + 1;
      }
    }
  }
  return bottom ? [top, bottom, left, right] : [0, 0, 0, 0];
}

/** Copy a box of the drawing to the top left of `out`, shrunk by area averaging if it is larger than that. */
function shrink(drawing, width_px, box, out) {
  const [top, bottom, left, right] = box, height = bottom - top, width = right - left;
  const longest = Math.max(height, width);
  if (longest <= THUMBNAIL_SIDE) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) out[y * SIDE + x] = drawing[(top + y) * width_px + left + x];
    }
    return [height, width];
  }
  const scale = longest / THUMBNAIL_SIDE;
  const fitting = (side) => Math.max(1, Math.min(THUMBNAIL_SIDE, round_half_even(side / scale)));
  const rows = fitting(height), columns = fitting(width), step_y = height / rows, step_x = width / columns;
  for (let y = 0; y < height; y++) {
    const low = y / step_y, high = (y + 1) / step_y, row = Math.min(Math.trunc(low), rows - 1);
    const next = row + 1 < rows ? Math.max(0, high - (row + 1)) / (high - low) : 0;
    for (let x = 0; x < width; x++) {
      const value = drawing[(top + y) * width_px + left + x];
      if (value === 0) continue;
      const low_x = x / step_x, high_x = (x + 1) / step_x, column = Math.min(Math.trunc(low_x), columns - 1);
      const across = column + 1 < columns ? Math.max(0, high_x - (column + 1)) / (high_x - low_x) : 0;
      const at = row * SIDE + column;
      out[at] += value * (1 - next) * (1 - across);
      if (across > 0) out[at + 1] += value * (1 - next) * across;
      if (next > 0) {
        out[at + SIDE] += value * next * (1 - across);
        if (across > 0) out[at + SIDE + 1] += value * next * across;
      }
    }
  }
  const area = step_y * step_x;
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) out[y * SIDE + x] /= area;
  }
  return [rows, columns];
}

/** Reduce ink to its thumbnail: at most 24 x 24 pixels in 16 levels, the box of the ink in the middle. */
function ink_to_thumbnail(drawing, height, width) {
  const out = new Uint8Array(PIXELS);
  const darkest = max_value(drawing);
  if (darkest === 0) return out;
  const small = new Float32Array(PIXELS);
  const floor = Math.trunc((darkest * (FAINT + 0.5)) / LEVELS);
  const [rows, columns] = shrink(drawing, width, ink_box(drawing, height, width, floor), small);
  let peak = 0;
  for (const value of small) peak = Math.max(peak, value);
  if (peak <= 0) return out;
  const levels = new Uint8Array(PIXELS);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) levels[y * SIDE + x] = Math.trunc((small[y * SIDE + x] * LEVELS) / peak + 0.5);
  }
  const [top, bottom, left, right] = ink_box(levels, SIDE, SIDE, FAINT); // shrinking may have left a faint rim
  const down = (SIDE - (bottom - top)) >> 1, across = (SIDE - (right - left)) >> 1;
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      out[(down + y - top) * SIDE + across + x - left] = levels[y * SIDE + x] * LEVEL_STEP;
    }
  }
  return out;
}

/** Thumbnail of a grey picture of the pad, as agent.preprocessing.to_thumbnail gives it for one that is no photograph. */
function to_thumbnail(grey, height, width) {
  const drawing = ink(grey, height, width);
  if (Math.max(height, width) > SMALL_PX) drop_far_specks(drawing, height, width);
  return ink_to_thumbnail(drawing, height, width);
}

const line = new Float64Array(FRAME + 2 * PADDING), values = new Float32Array(PIXELS); // scratch, as others below

/** Deskew ink, scale it to 20 pixels and centre its mass: a square drawing of `width` -> (28 x 28). */
function canonical(thumbnail, width, out) {
  out.fill(0);
  const box = ink_box(thumbnail, width, width, FAINT * LEVEL_STEP), [top, bottom, left, right] = box;
  const longest = Math.max(bottom - top, right - left);
  if (longest === 0) return;
  const [mean_y, mean_x, shear] = moments(thumbnail, width, box), scale = longest / BOX;
  line.fill(0);
  values.fill(0);
  for (let i = 0; i < SIDE; i++) {
    const y = mean_y + (i - MIDDLE) * scale, row = Math.floor(y);
    if (row < top - 1 || row >= bottom) continue;
    const share = y - row;
    for (let x = left; x < right; x++) {
      const above = thumbnail[row * width + x], below = thumbnail[(row + 1) * width + x];
      if (row < top) line[x + PADDING] = share * below;
      else if (row + 1 === bottom) line[x + PADDING] = (1 - share) * above;
      else line[x + PADDING] = (1 - share) * above + share * below;
    }
    const middle = mean_x + shear * (y - mean_y);
    for (let j = 0; j < SIDE; j++) {
      const x = middle + (j - MIDDLE) * scale, column = Math.floor(x), part = x - column;
      const at = Math.min(width + PADDING, Math.max(0, column + PADDING));
      values[i * SIDE + j] = (1 - part) * line[at] + part * line[at + 1];
    }
  }
  const peak = max_value(values);
  if (peak > 0) for (let p = 0; p < PIXELS; p++) out[p] = f(f(f(values[p] * 255) / peak) + 0.5);
}

/** Centre of mass (y, x) and shear of the ink in a box, from integer sums. */
function moments(thumbnail, width, [top, bottom, left, right]) {
  let mass = 0, sum_y = 0, sum_x = 0, sum_yy = 0, sum_xy = 0;
  for (let y = top; y < bottom; y++) {
    let of_row = 0, of_row_x = 0;
    for (let x = left; x < right; x++) {
      of_row += thumbnail[y * width + x];
      of_row_x += thumbnail[y * width + x] * x;
    }
    mass += of_row;
    sum_x += of_row_x;
    sum_y += of_row * y;
    sum_yy += of_row * y * y;
    sum_xy += of_row_x * y;
  }
  const var_y = mass * sum_yy - sum_y * sum_y, cov = mass * sum_xy - sum_x * sum_y;
  const shear = var_y > 0 ? Math.min(MAX_SHEAR, Math.max(-MAX_SHEAR, cov / var_y)) : 0;
  return [sum_y / mass, sum_x / mass, shear];
}

function max_value(values) {
  let peak = 0;
  for (let i = 0; i < values.length; i++) if (values[i] > peak) peak = values[i];
  return peak;
}

const with_rim = new Float32Array((SIDE + 2) ** 2 + 1);

/** Warp a thumbnail: each pixel of a wider frame is sampled where the field, (2, 32, 32) float32, points. */
function warp(thumbnail, field, out) {
  const width = SIDE + 2, n = FRAME * FRAME;
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) with_rim[(y + 1) * width + x + 1] = thumbnail[y * SIDE + x];
  }
  const limit = f(SIDE + 0.999), rim = 1 - ((FRAME - SIDE) >> 1);
  for (let y = 0; y < FRAME; y++) {
    for (let x = 0; x < FRAME; x++) {
      const p = y * FRAME + x;
      const from_y = Math.min(limit, Math.max(0, f(y + rim + field[p])));
      const from_x = Math.min(limit, Math.max(0, f(x + rim + field[n + p])));
      const row = Math.trunc(from_y), column = Math.trunc(from_x), i = row * width + column;
      const down = f(from_y - row), right = f(from_x - column);
      const above = f(with_rim[i] + f(right * f(with_rim[i + 1] - with_rim[i])));
      const below = f(with_rim[i + width] + f(right * f(with_rim[i + width + 1] - with_rim[i + width])));
      out[p] = f(f(above + f(down * f(below - above))) + 0.5);
    }
  }
}

/** Displacement fields (F, 2, 32, 32) float32 of warps, (F, 2, 4, 4) int16; weights (32, 4): params.warp_fields. */
function warp_fields(points, weights) {
  const n_planes = points.length / 16, fields = new Float32Array(n_planes * FRAME * FRAME);
  for (let plane = 0; plane < n_planes; plane++) {
    for (let y = 0; y < FRAME; y++) {
      for (let x = 0; x < FRAME; x++) {
        let total = 0;
        for (let a = 0; a < 4; a++) {
          for (let b = 0; b < 4; b++) {
            total += weights[y * 4 + a] * (points[plane * 16 + a * 4 + b] / 256) * weights[x * 4 + b];
          }
        }
        fields[(plane * FRAME + y) * FRAME + x] = total;
      }
    }
  }
  return fields;
}

// ---------------------------------------------------------------- parts.py

const TINY = 0.005, SPECK = 0.05, FAR_SPECK = 0.15, MANY_GAPS = 5, FAR_SHARE = 0.3, FAINT_SHARE = 0.23;

/** Number the connected parts of a drawing above a floor: 0 where there is none, else 1 …; and how many. */
function label_parts(drawing, height, width, floor) {
  const parts = new Int32Array(drawing.length), stack = [];
  let n_parts = 0;
  for (let start = 0; start < drawing.length; start++) {
    if (!(drawing[start] > floor) || parts[start]) continue;
    parts[start] = ++n_parts;
    stack.push(start);
    while (stack.length) {
      const at = stack.pop(), y = Math.trunc(at / width), x = at % width;
      for (let row = Math.max(0, y - 1); row < Math.min(height, y + 2); row++) {
        for (let column = Math.max(0, x - 1); column < Math.min(width, x + 2); column++) {
          const next = row * width + column;
          if (drawing[next] > floor && !parts[next]) {
            parts[next] = n_parts;
            stack.push(next);
          }
        }
      }
    }
  }
  return [parts, n_parts];
}

/** Remove small marks far from the rest of the ink, such as a tap of the pen in a corner, and the smallest anywhere. */
function drop_far_specks(drawing, height, width) {
  const of_row = new Uint8Array(height), of_column = new Uint8Array(width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = drawing[y * width + x];
      if (value > of_row[y]) of_row[y] = value;
      if (value > of_column[x]) of_column[x] = value;
    }
  }
  const darkest = Math.max(...of_row), floor = darkest * FAINT_SHARE;
  if (darkest === 0 || !(is_scattered(of_row, floor) || is_scattered(of_column, floor))) return;
  const [parts, n_parts] = label_parts(drawing, height, width, floor);
  const mass = new Float64Array(n_parts + 1);
  const boxes = Array.from(mass, () => [height, 0, width, 0]);
  parts.forEach((part, at) => {
    const y = Math.trunc(at / width), x = at % width, box = boxes[part];
    mass[part] += part ? drawing[at] : 0;
    boxes[part] = [Math.min(box[0], y), Math.max(box[1], y + 1), Math.min(box[2], x), Math.max(box[3], x + 1)];
  });
  const main = mass.indexOf(Math.max(...mass)), around = boxes[main];
  const longest = Math.max(around[1] - around[0], around[3] - around[2]);
  for (let part = 1; part <= n_parts; part++) {
    const [top, bottom, left, right] = boxes[part];
    const down = Math.max(around[0] - bottom, top - around[1]), across = Math.max(around[2] - right, left - around[3]);
    const gap = Math.max(down, across), share = gap > longest ? FAR_SPECK : gap > FAR_SHARE * longest ? SPECK : TINY;
    if (mass[part] < share * mass[main]) {
      for (let y = Math.max(0, top - 1); y < Math.min(height, bottom + 1); y++) {
        drawing.fill(0, y * width + Math.max(0, left - 1), y * width + Math.min(width, right + 1));
      }
    }
  }
}

/** Whether the ink along an axis leaves a band empty that is wide, compared with all of it, or many bands. */
function is_scattered(profile, floor) {
  let first = -1, last = -1, gap = 0, widest = 0, n_gaps = 0;
  profile.forEach((value, i) => {
    if (value > floor) {
      if (first < 0) first = i;
      n_gaps += Number(gap > 0);
      last = i;
      widest = Math.max(widest, gap);
      gap = 0;
    } else if (first >= 0) gap += 1;
  });
  return widest > 0.15 * (last - first + 1) || n_gaps >= MANY_GAPS;
}

// ---------------------------------------------------------------- edges.py

const PLANE_STEP = 10, CODE_ZERO = 7, CODE_GAIN = 7, CODE_STRIDE = 32, NO_GRADIENT = 0x77, CODE_FAINT = 76.5;
const SKETCH = SIDE / 2, SKETCH_STRIDE = 16, CODE_SIZE = SIDE * CODE_STRIDE, SKETCH_SIZE = SKETCH * SKETCH_STRIDE;
const POINTS = 13, SIGNATURE_BITS = 8 * POINTS * POINTS, SIGNATURE_WORDS = 44, SIGNATURE_SHARE = 0.15, BINS = 1024;
const WIDE = Float32Array.of(0.0545, 0.244, 0.403), FINE = Float32Array.of(0, 0.2304, 0.5392);
const W4 = 0.06277702748775482, W3 = 0.21074773371219635, W2 = 0.5005531311035156, W1 = 0.8411288857460022, W0 = 1;
const RIM = 4, WIDTH = SIDE + 2 * RIM, CELLS = WIDTH * WIDTH, SLANT = f(Math.sqrt(0.5));

const blurred = new Float32Array(CELLS), frame = new Float32Array(CELLS), rough = new Float32Array(CELLS);
const smooth_rows = new Float32Array(CELLS);

/** Blur a drawing along both sides into a frame with a rim of 4 pixels. */
function blur(seen, [far, near, middle], out) {
  const frame = blurred, start = 2 * WIDTH;
  frame.fill(0);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) frame[(y + RIM) * WIDTH + RIM + x] = seen[y * SIDE + x];
  }
  out.fill(0);
  for (let at = start; at < CELLS - start; at++) {
    const one = f(near * f(frame[at - 1] + frame[at + 1])), two = f(far * f(frame[at - 2] + frame[at + 2]));
    out[at] = f(f(middle * frame[at]) + one) + two;
  }
  for (let at = start; at < CELLS - start; at++) {
    const one = f(near * f(out[at - WIDTH] + out[at + WIDTH]));
    const two = f(far * f(out[at - 2 * WIDTH] + out[at + 2 * WIDTH]));
    frame[at] = f(f(middle * out[at]) + one) + two;
  }
  out.set(frame);
}

/** Gradients (maps 0 … 3) and ridges (4 … 7) of a drawing in four orientations each: (8, 28, 28) float32. */
function edge_maps(seen, out) {
  const ridge = f(0.7);
  blur(seen, WIDE, frame);
  const start = (RIM - 1) * (WIDTH + 1), n = (SIDE + 2) * WIDTH - 2 * (RIM - 1);
  for (let i = 0, at = start; i < n; i++, at++) rough[i] = Math.abs(frame[at + 1] - frame[at - 1]);
  smooth(rough, out, 0);
  for (let i = 0, at = start; i < n; i++, at++) {
    rough[i] = SLANT * Math.abs(f(f(f(frame[at + 1] - frame[at - 1]) + frame[at + WIDTH]) - frame[at - WIDTH]));
  }
  smooth(rough, out, 1);
  for (let i = 0, at = start; i < n; i++, at++) rough[i] = Math.abs(frame[at + WIDTH] - frame[at - WIDTH]);
  smooth(rough, out, 2);
  for (let i = 0, at = start; i < n; i++, at++) {
    rough[i] = SLANT * Math.abs(f(f(f(frame[at + 1] - frame[at - 1]) - frame[at + WIDTH]) + frame[at - WIDTH]));
  }
  smooth(rough, out, 3);
  for (let i = 0, at = start; i < n; i++, at++) {
    rough[i] = Math.max(0, frame[at] - f(0.5 * f(frame[at + 2] + frame[at - 2])));
  }
  smooth(rough, out, 4);
  for (let i = 0, at = start; i < n; i++, at++) {
    rough[i] = Math.max(0, ridge * f(f(f(2 * frame[at]) - frame[at + WIDTH + 1]) - frame[at - WIDTH - 1]));
  }
  smooth(rough, out, 5);
  for (let i = 0, at = start; i < n; i++, at++) {
    rough[i] = Math.max(0, frame[at] - f(0.5 * f(frame[at + 2 * WIDTH] + frame[at - 2 * WIDTH])));
  }
  smooth(rough, out, 6);
  for (let i = 0, at = start; i < n; i++, at++) {
    rough[i] = Math.max(0, ridge * f(f(f(2 * frame[at]) - frame[at + WIDTH - 1]) - frame[at - WIDTH + 1]));
  }
  smooth(rough, out, 7);
}

/** Smooth a map by [1 2 1] / 4 both ways. */
function smooth(rough, out, map) {
  const rows = smooth_rows;
  for (let i = 0; i < SIDE * WIDTH; i++) {
    rows[i] = 0.25 * f(f(rough[i] + f(2 * rough[i + WIDTH])) + rough[i + 2 * WIDTH]);
  }
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0, at = y * WIDTH; x < SIDE; x++, at++) {
      out[map * PIXELS + y * SIDE + x] = 0.25 * f(f(rows[at] + f(2 * rows[at + 1])) + rows[at + 2]);
    }
  }
}

/** For each bit that nodes read, which two values of the maps it compares and by how much: see `planes`. */
function compared_values(reads) {
  const pairs = [];
  for (let a = 0; a < 4; a++) for (let b = 0; b < 4; b++) if (a !== b) pairs.push([a, b]);
  const one = new Int32Array(reads.length), other = new Int32Array(reads.length);
  const step = new Float32Array(reads.length);
  reads.forEach((read, i) => {
    const plane = Math.trunc(read / PIXELS), pixel = read % PIXELS, kind = Math.trunc(plane / 24);
    const [a, b] = pairs[(plane % 24) >> 1];
    one[i] = (4 * kind + a) * PIXELS + pixel;
    other[i] = (4 * kind + b) * PIXELS + pixel;
    step[i] = plane & 1 ? PLANE_STEP : 0;
  });
  return { one, other, step };
}

/** Sobel gradients of the slightly blurred drawing: along x, along y. */
function gradients(seen, across, down) {
  blur(seen, FINE, frame);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0, at = (y + RIM) * WIDTH + RIM; x < SIDE; x++, at++) {
      const falling = f(frame[at + WIDTH + 1] - frame[at - WIDTH - 1]);
      const rising = f(frame[at - WIDTH + 1] - frame[at + WIDTH - 1]);
      across[y * SIDE + x] = f(falling + rising) + f(2 * f(frame[at + 1] - frame[at - 1]));
      down[y * SIDE + x] = f(falling - rising) + f(2 * f(frame[at + WIDTH] - frame[at - WIDTH]));
    }
  }
}

/** Quantise gradients to fifteen steps each way: (28, 32) uint8, gx + 7 in the low four bits, gy + 7 in the high. */
function code(across, down, out) {
  let total = 0, n_edges = 0;
  for (let p = 0; p < PIXELS; p++) {
    const strength = f(Math.abs(across[p]) + Math.abs(down[p]));
    if (strength > CODE_FAINT) {
      total += Math.trunc(f(strength * 256));
      n_edges += 1;
    }
  }
  const gain = n_edges > 0 ? f(f(256 * CODE_GAIN * n_edges) / f(total)) : 0;
  const step = (slope) => Math.trunc(Math.min(2 * CODE_ZERO, Math.max(0, f(slope * gain) + CODE_ZERO)) + 0.5);
  out.fill(NO_GRADIENT);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      out[y * CODE_STRIDE + x] = step(across[y * SIDE + x]) | (step(down[y * SIDE + x]) << 4);
    }
  }
}

/** Halve a code: twice the mean gradient of 2 x 2 pixels, in the same fifteen steps. */
function sketch(codes, out) {
  out.fill(NO_GRADIENT);
  for (let y = 0; y < SKETCH; y++) {
    for (let x = 0; x < SKETCH; x++) {
      let gx = 1 - 4 * CODE_ZERO, gy = 1 - 4 * CODE_ZERO;
      for (const at of [0, 1, CODE_STRIDE, CODE_STRIDE + 1]) {
        const value = codes[2 * y * CODE_STRIDE + 2 * x + at];
        gx += value & 15;
        gy += value >> 4;
      }
      gx = Math.min(CODE_ZERO, Math.max(-CODE_ZERO, gx >> 1)) + CODE_ZERO;
      gy = Math.min(CODE_ZERO, Math.max(-CODE_ZERO, gy >> 1)) + CODE_ZERO;
      out[y * SKETCH_STRIDE + x] = gx | (gy << 4);
    }
  }
}

const falling = new Float32Array(PIXELS), rising = new Float32Array(PIXELS), floor = new Float32Array(PIXELS);
const pooled = new Float32Array(SIGNATURE_BITS), counts = new Int32Array(BINS), levels = new Int32Array(SIGNATURE_BITS);

/** Mark the 15 % of places and directions where the drawing's edges are strongest: 1352 bits in 44 words of 32. */
function signature(across, down, out) {
  for (let p = 0; p < PIXELS; p++) {
    const gx = across[p], gy = down[p];
    falling[p] = f(gx + gy) * SLANT;
    rising[p] = f(gy - gx) * SLANT;
    floor[p] = f(Math.sqrt(f(f(gx * gx) + f(gy * gy)))) * SLANT;
  }
  [across, falling, down, rising].forEach((slope, k) => {
    pool(slope, floor, 1, pooled, k * POINTS * POINTS);
    pool(slope, floor, -1, pooled, (k + 4) * POINTS * POINTS);
  });
  mark_strongest(pooled, out);
}

const pool_part = new Float32Array((SIDE + 2 * RIM) * SIDE), pool_row = new Float32Array(WIDTH);
const first_row = new Int32Array(SIDE), last_row = new Int32Array(SIDE); // of each column: first and last row with anything

/** Pool one direction around each point with Gaussian weights. */
function pool(slope, floor, sign, out, start) {
  const first = RIM * SIDE;
  first_row.fill(SIDE);
  last_row.fill(-1);
  for (let y = 0, p = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++, p++) {
      const value = f(f(sign * slope[p]) - floor[p]);
      pool_part[first + p] = value > 0 ? value : 0;
      if (value > 0) {
        if (first_row[x] > y) first_row[x] = y;
        last_row[x] = y;
      }
    }
  }
  for (let i = 0; i < POINTS; i++) {
    const y = 2 * i + 2;
    for (let x = 0; x < SIDE; x++) { // most columns have nothing of this direction near this row
      const is_near = first_row[x] <= y + 4 && last_row[x] >= y - 4;
      pool_row[x + RIM] = is_near ? pooled_value(pool_part, first + y * SIDE + x, SIDE) : 0;
    }
    for (let j = 0; j < POINTS; j++) out[start + i * POINTS + j] = pooled_value(pool_row, 2 * j + 2 + RIM, 1);
  }
}
/** Weighted sum of nine values, `step` apart, around one. */
function pooled_value(values, at, step) {
  const one = f(W1 * f(values[at - step] + values[at + step]));
  const two = f(W2 * f(values[at - 2 * step] + values[at + 2 * step]));
  const three = f(W3 * f(values[at - 3 * step] + values[at + 3 * step]));
  const four = f(W4 * f(values[at - 4 * step] + values[at + 4 * step]));
  return f(f(f(f(f(W0 * values[at]) + one) + two) + three) + four);
}

/** Switch on at most 15 % of the bits, the strongest; equal levels stay off together. */
function mark_strongest(pooled, out) {
  out.fill(0);
  const peak = max_value(pooled);
  if (peak <= 0) return;
  const scale = f((BINS - 1) / peak);
  counts.fill(0);
  for (let i = 0; i < SIGNATURE_BITS; i++) counts[(levels[i] = Math.trunc(f(pooled[i] * scale)))] += 1;
  let room = Math.trunc(SIGNATURE_BITS * SIGNATURE_SHARE), level = BINS - 1;
  while (level > 0 && counts[level] <= room) room -= counts[level--];
  for (let i = 0; i < SIGNATURE_BITS; i++) if (levels[i] > level) out[i >> 5] |= 1 << (i & 31);
}

// ---------------------------------------------------------------- ram.py

/** Addresses of all nodes, from the maps of a drawing and the values that each bit compares. */
function addresses(maps, { one, other, step }, tuple_size, out, start) {
  for (let m = 0, i = 0; i < one.length; m++) {
    let address = 0;
    for (let t = 0; t < tuple_size; t++, i++) {
      address = (address << 1) | Number(f(maps[one[i]] - maps[other[i]]) > step[i]);
    }
    out[start + m] = address;
  }
}

// ---------------------------------------------------------------- matching.py

const REACH = 2, PAD = (REACH + 1) * CODE_STRIDE + REACH + 1;
const UNPACKED = (SIDE + 2 * (REACH + 1)) * CODE_STRIDE + 2 * CODE_STRIDE;
const SKETCH_PAD = 2 * SKETCH_STRIDE + 2, SKETCH_UNPACKED = (SKETCH + 4) * SKETCH_STRIDE + 2 * SKETCH_STRIDE;
const FAR = 1 << 28, NO_ROW = 1 << 14;
const COST = new Uint8Array(1 << 16); // what two gradients differ in: a lookup instead of two differences
for (let pair = 0; pair < COST.length; pair++) {
  const one = pair >> 8, other = pair & 255;
  COST[pair] = Math.abs((one & 15) - (other & 15)) + Math.abs((one >> 4) - (other >> 4));
}
// Scratch, of which four pixels are worked on as one word; the best of two pixels are 16 bits apart in a word
const cost = new Uint8Array(UNPACKED), cost_words = new Uint32Array(cost.buffer);
const sums = new Uint32Array(UNPACKED / 4), shifted = new Uint16Array(UNPACKED);
const best_even = new Uint32Array(UNPACKED / 4), best_odd = new Uint32Array(UNPACKED / 4);

function popcount(word) {
  word -= (word >>> 1) & 0x55555555;
  word = (word & 0x33333333) + ((word >>> 2) & 0x33333333);
  return Math.imul((word + (word >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Hamming distance of some words to those of a row. */
function hamming_distance(words, rows, row) {
  let distance = 0;
  for (let w = 0, at = row * words.length; w < words.length; w++, at++) distance += popcount(words[w] ^ rows[at]);
  return distance;
}

/** Rows at the smallest distances, nearest first, at most `limit`: all rows of one distance, or none of it. */
function closest(distances, limit, room) {
  const counts = new Int32Array(2048), out = [];
  for (const distance of distances) counts[distance] += 1;
  let farthest = -1, n_selected = 0;
  for (let d = 0; d < counts.length; d++) {
    if (counts[d] > 0 && n_selected > 0 && n_selected + counts[d] > limit) break;
    const n = counts[d];
    counts[d] = n_selected; // the place in `out` of the next row at this distance
    n_selected += n;
    farthest = d;
  }
  for (let r = 0; r < distances.length; r++) if (distances[r] <= farthest) out[counts[distances[r]]++] = r;
  return out.slice(0, room);
}

/** Smallest bound such that at least `limit` of the values are at most the bound. */
function smallest_bound(values, limit) {
  return values.length ? [...values].sort((a, b) => a - b)[Math.min(limit, values.length) - 1] : 0;
}

/** A code or a sketch with a rim of no gradient, so that a displacement is one offset. */
function padded(codes, pad, size) {
  const out = new Uint8Array(size).fill(NO_GRADIENT);
  out.set(codes, pad);
  return out;
}

/** Sum of the squared gradients of a code: what its strokes amount to. */
function sum_of_squares(codes) {
  let total = 0;
  for (const value of codes) total += ((value & 15) - 7) ** 2 + ((value >> 4) - 7) ** 2;
  return total;
}

/** Difference of two padded sketches: as `difference`, but displaced by at most one pixel. */
function sketch_difference(one, other) {
  best_of_shifts(one, other, SKETCH_PAD - SKETCH_STRIDE - 1, 1, SKETCH_SIZE, SKETCH_STRIDE);
  let total = 0;
  for (let y = 0; y < SKETCH; y++) for (let x = 0; x < SKETCH; x++) total += best_at(y * SKETCH_STRIDE + x) ** 2;
  return total;
}

/** Image distortion model: squared differences of 3 x 3 surroundings, each at the best displacement of two pixels. */
function difference(one, other, quarters) {
  best_of_shifts(one, other, PAD - CODE_STRIDE - 1, REACH, CODE_SIZE, CODE_STRIDE);
  const half = SIDE / 2;
  quarters.fill(0);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const value = best_at(y * CODE_STRIDE + x);
      quarters[(y < half ? 0 : 2) + (x < half ? 0 : 1)] += value * value;
    }
  }
  return quarters[0] + quarters[1] + quarters[2] + quarters[3];
}

function best_at(at) {
  return ((at & 1 ? best_odd : best_even)[at >> 2] >>> (8 * (at & 2))) & 255;
}

/** The best difference of each pixel's surroundings, of all displacements up to `reach`. */
function best_of_shifts(one, other, corner, reach, n, stride) {
  best_even.fill(0x00ff00ff, 0, n >> 2);
  best_odd.fill(0x00ff00ff, 0, n >> 2);
  for (let i = 0; i < one.length; i++) shifted[i] = one[i] << 8;
  for (let dy = -reach; dy <= reach; dy++) {
    for (let dx = -reach; dx <= reach; dx++) min_over_shift(other, corner, corner + dy * stride + dx, n, stride);
  }
}

/** Lower each pixel's best difference of surroundings by trying one more displacement. */
function min_over_shift(other, corner, shift, n, stride) {
  for (let i = 0; i < n + 2 * stride; i++) cost[i] = COST[shifted[corner + i] | other[shift + i]];
  const n_words = n >> 2, step = stride >> 2;
  for (let k = 0; k < n_words; k++) sums[k] = cost_words[k] + cost_words[k + step] + cost_words[k + 2 * step];
  let even = sums[0] & 0x00ff00ff, odd = (sums[0] >>> 8) & 0x00ff00ff; // of four pixels: 0 and 2, 1 and 3
  for (let k = 0; k < n_words; k++) {
    const next_even = sums[k + 1] & 0x00ff00ff, next_odd = (sums[k + 1] >>> 8) & 0x00ff00ff;
    const right_even = (even >>> 16) | (next_even << 16), right_odd = (odd >>> 16) | (next_odd << 16); // 2 and 4, 3 and 5
    best_even[k] = min_of_pairs(best_even[k], even + odd + right_even);
    best_odd[k] = min_of_pairs(best_odd[k], odd + right_even + right_odd);
    even = next_even;
    odd = next_odd;
  }
}

/** The smaller ones of two pairs of numbers up to 255, each pair in one word, 16 bits apart. */
function min_of_pairs(one, other) {
  const mask = ((((one | 0x80008000) - other) >>> 15) & 0x00010001) * 0xffff; // where `other` is not larger
  return (other & mask) | (one & ~mask);
}
