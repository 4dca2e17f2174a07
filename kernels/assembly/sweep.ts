// sweep.ts: covers the rows of one tile with micro-kernels, as evenly as can be (8 = 4 + 4). No kernel.
import { FAR } from "./abi";
import { touch } from "./far";
import { affine, affine12x8, outer, packing, pixels, segments, taps } from "./generated/micro";
import { ceilDiv, PANEL_BYTES, tileRows, tileVectors } from "./tile";

/**
 * C (rows, columns) = A x panel + init, over k of K. Rows of A, C and the panel lie `as`, `cs` and `step` bytes apart; C must have room for
 * 8 columns, or 16 where `columns` > 8.
 */
export function sweepAffine(
  a: usize, as: usize, panel: usize, step: usize, k: i32, init: usize,
  c: usize, cs: usize, rows: i32, columns: i32, mode: i32,
): void {
  const width = columns > 8 ? 16 : 8, stride = width == 16 ? tileVectors << 2 : 8;
  for (let column = 0; column < width; column += stride) {
    const at = <usize>column << 2;
    let left = rows, p = a, q = c + at;
    if (width == 8 && tileVectors == 4) {
      for (; left >= 12; left -= 12) {
        affine12x8(p, as, panel, step, k, init, q, cs, mode);
        p += as * 12;
        q += cs * 12;
      }
      if (left == 0) continue;
    }
    const turns = ceilDiv(left, tileRows), few = left / turns, more = left % turns;
    for (let turn = 0; turn < turns; turn++) {
      const r = turn < more ? few + 1 : few;
      affine(r, stride == 16, p, as, panel + at, step, k, init + at, q, cs, mode);
      p += as * r;
      q += cs * r;
    }
  }
}

/** The same of 16 columns of a matrix W, whose rows lie `ws` bytes apart: the first rows of C copy them to the panel as they read them. */
export function sweepPacking(
  a: usize, as: usize, w: usize, ws: usize, panel: usize, k: i32, init: usize, c: usize, cs: usize, rows: i32, mode: i32,
): void {
  const stride = tileVectors << 2, turns = ceilDiv(rows, tileRows), few = rows / turns, more = rows % turns;
  for (let column = 0; column < 16; column += stride) {
    const at = <usize>column << 2;
    let p = a, q = c + at;
    for (let turn = 0; turn < turns; turn++) {
      const r = turn < more ? few + 1 : few;
      if (turn == 0) packing(r, stride == 16, p, as, w + at, ws, k, init + at, q, cs, panel + at, mode);
      else affine(r, stride == 16, p, as, panel + at, PANEL_BYTES, k, init + at, q, cs, mode);
      p += as * r;
      q += cs * r;
    }
  }
}

/** y (pixels, columns) = runs of x by table x panel + init. Columns as in sweepAffine. */
export function sweepPixels(
  x: usize, xTable: usize, panel: usize, skips: usize, runs: i32, len: i32, init: usize,
  y: usize, yTable: usize, count: i32, columns: i32, mode: i32,
): void {
  const width = columns > 8 ? 16 : 8, stride = width == 16 ? tileVectors << 2 : 8;
  const turns = ceilDiv(count, tileRows), few = count / turns, more = count % turns;
  for (let column = 0; column < width; column += stride) {
    const at = <usize>column << 2;
    let xt = xTable, yt = yTable;
    for (let turn = 0; turn < turns; turn++) {
      const r = turn < more ? few + 1 : few;
      pixels(r, stride == 16, x, xt, panel + at, skips, runs, len, init + at, y + at, yt, mode);
      xt += <usize>r << 2;
      yt += <usize>r << 2;
    }
  }
}

/** out (rows, columns) = A^T x B over k rows of both, plus out in mode ADD. Columns as in sweepAffine. */
export function sweepOuter(
  a: usize, as: usize, b: usize, bs: usize, k: i32, out: usize, os: usize, rows: i32, columns: i32, mode: i32,
): void {
  const width = columns > 8 ? 16 : 8, stride = width == 16 ? tileVectors << 2 : 8;
  const turns = ceilDiv(rows, tileRows), few = rows / turns, long = rows % turns;
  for (let column = 0; column < width; column += stride) {
    const at = <usize>column << 2;
    let p = a, q = out + at;
    for (let turn = 0; turn < turns; turn++) {
      const r = turn < long ? few + 1 : few;
      outer(r, stride == 16, p, as, b + at, bs, k, q, os, mode);
      p += <usize>r << 2;
      q += os * r;
    }
  }
}

/**
 * out (rows, panels x 16) = A^T x B over `runs` runs of rows of both, added as `program` says (generate/segments.ts) on a stack of sums
 * `level` bytes apart, plus `more`, of out's shape, in mode ADD. Panels of B lie `next` bytes apart. Few rows of all panels first, so
 * that long runs of out are written at once, in mode FAR asked for before. `columns`, of a single panel, as in sweepAffine.
 */
export function sweepSegments(
  a: usize, as: usize, b: usize, bs: usize, next: usize, program: usize, runs: i32, stack: usize, level: usize,
  out: usize, os: usize, more: usize, rows: i32, panels: i32, columns: i32, mode: i32,
): void {
  const width = columns > 8 ? 16 : 8, stride = width == 16 ? tileVectors << 2 : 8;
  const turns = ceilDiv(rows, tileRows), few = rows / turns, long = rows % turns;
  for (let turn = 0; turn < turns; turn++) {
    const r = turn < long ? few + 1 : few;
    if (mode & FAR) touch(out, os, r, PANEL_BYTES * panels);
    let q = b, to = out, m = more;
    for (let panel = 0; panel < panels; panel++) {
      for (let column = 0; column < width; column += stride) {
        const at = <usize>column << 2;
        segments(r, stride == 16, a, as, q + at, bs, program, runs, stack, level, m + at, to + at, os, mode);
      }
      q += next;
      to += PANEL_BYTES;
      m += PANEL_BYTES;
    }
    a += <usize>r << 2;
    out += os * r;
    more += os * r;
  }
}

/** out (rows, columns) = sum over runs x len pixels of x[pixel + table[row]] * b[pixel]. Columns as in sweepAffine. */
export function sweepTaps(
  x: usize, table: usize, xs: usize, xSkip: usize, b: usize, bs: usize, bSkip: usize, runs: i32, len: i32,
  out: usize, rows: i32, columns: i32, mode: i32,
): void {
  const width = columns > 8 ? 16 : 8, stride = width == 16 ? tileVectors << 2 : 8;
  const turns = ceilDiv(rows, tileRows), few = rows / turns, more = rows % turns;
  for (let column = 0; column < width; column += stride) {
    const at = <usize>column << 2;
    let t = table, q = out + at;
    for (let turn = 0; turn < turns; turn++) {
      const r = turn < more ? few + 1 : few;
      taps(r, stride == 16, x, t, xs, xSkip, b + at, bs, bSkip, runs, len, q, PANEL_BYTES, mode);
      t += <usize>r << 2;
      q += PANEL_BYTES * r;
    }
  }
}
