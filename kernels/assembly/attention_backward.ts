// attention_backward.ts: gradients of attention's queries, keys and values. Weights are computed again from the scores and the saved
// logarithms, block by block. A tile is one head of one sample. Source: as attention.ts.
import { ADD, scratchOf } from "./abi";
import { copyColumns } from "./columns";
import {
  AREA, biasAt, drawKeys, expBelow, kept, keysAtOnce, loadBias, packRows, packTurned, products, QUERIES, score, SCORES,
} from "./attention_blocks";
import { attention_backward as args } from "./generated/arguments";
import { lanesBelow, storeUpTo, sumLanes } from "./lanes";
import { sweepAffine, sweepOuter } from "./sweep";
import { ceilDiv, PANEL, PANEL_BYTES } from "./tile";

export function attention_backward(d: usize, b: usize, from: i32, to: i32): void {
  const heads = args.heads(d), T = args.T(d), S = args.S(d), D = args.D(d), E = args.E(d);
  const qs = <usize>args.ldq(d) << 2, ks = <usize>args.ldk(d) << 2, vs = <usize>args.ldv(d) << 2;
  const os = <usize>args.ldo(d) << 2;
  const causal = args.causal(d) != 0, masked = args.hasMask(d) != 0, atOnce = keysAtOnce(max(D, E));
  const zero = scratchOf(b), delta = zero + PANEL_BYTES, bias = delta + (QUERIES << 2), words = bias + SCORES;
  const keysTurned = words + SCORES + 64, valuesTurned = keysTurned + (AREA << 2), keyRows = valuesTurned + (AREA << 2);
  const dKeys = keyRows + (AREA << 2), dValues = dKeys + (AREA << 2), scores = dValues + (AREA << 2);
  const dScores = scores + SCORES * QUERIES, part = dScores + SCORES * QUERIES, queries = part + PANEL_BYTES * QUERIES;
  const dOut = queries + (<usize>(QUERIES * ceilDiv(D, PANEL) * PANEL) << 2);
  memory.fill(zero, 0, PANEL_BYTES);

  for (let tile = from; tile < to; tile++) {
    const image = tile / heads, head = tile % heads;
    const qRow = qs * (image * T) + (<usize>(head * D) << 2), kRow = ks * (image * S) + (<usize>(head * D) << 2);
    const vRow = vs * (image * S) + (<usize>(head * E) << 2), oRow = os * (image * T) + (<usize>(head * E) << 2);
    const q = args.q(d, b) + qRow, dq = args.dq(d, b) + qRow, k = args.k(d, b) + kRow, dk = args.dk(d, b) + kRow;
    const v = args.v(d, b) + vRow, dv = args.dv(d, b) + vRow, o = args.o(d, b) + oRow, dy = args.dy(d, b) + oRow;
    const mask = args.mask(d, b) + (<usize>(image * S) << 2), lse = args.lse(d, b) + (<usize>(tile * T) << 2);
    for (let j = 0; j < S; j += atOnce) {
      const block = min(atOnce, S - j);
      packTurned(k + ks * j, ks, block, D, keysTurned);
      packTurned(v + vs * j, vs, block, E, valuesTurned);
      packRows(k + ks * j, ks, block, D, keyRows);
      loadBias(bias, mask + (<usize>j << 2), masked, block);
      memory.fill(dKeys, 0, PANEL_BYTES * (block * ceilDiv(D, PANEL)));
      memory.fill(dValues, 0, PANEL_BYTES * (block * ceilDiv(E, PANEL)));
      for (let i = 0; i < T; i += QUERIES) {
        const rows = min(QUERIES, T - i), keys = causal ? min(block, i + rows - j) : block;
        if (keys <= 0) continue; // none of these queries may look that far ahead
        const y = dy + os * i;
        sumsOfRows(delta, y, o + os * i, os, rows, E);
        packRows(q + qs * i, qs, rows, D, queries);
        packRows(y, os, rows, E, dOut);
        products(q + qs * i, qs, keysTurned, D, zero, scores, rows, keys);
        products(y, os, valuesTurned, E, zero, dScores, rows, keys);
        for (let r = 0; r < rows; r++) {
          const n = causal ? min(keys, i + r - j + 1) : keys;
          if (args.rate(d) > 0) drawKeys(words, b, image, args.site(d), head * T + i + r, S, j, keys);
          const at = <usize>r << 2, row = SCORES * r;
          slope(d, scores + row, dScores + row, bias, words, keys, n, lse + (<usize>i << 2) + at, delta + at);
        }
        outerSums(scores, keys, dOut, rows, E, dValues, block);
        outerSums(dScores, keys, queries, rows, D, dKeys, block);
        for (let c = 0; c < D; c += PANEL) {
          const at = <usize>c << 2, columns = min(PANEL, D - c), to = dq + qs * i + at;
          sweepAffine(dScores, SCORES, keyRows + at * block, PANEL_BYTES, keys, zero, part, PANEL_BYTES, rows, PANEL, 0);
          if (j == 0) copyColumns(part, PANEL_BYTES, to, qs, rows, columns);
          else addColumns(part, to, qs, rows, columns);
        }
      }
      for (let c = 0; c < D; c += PANEL) {
        const at = <usize>c << 2;
        copyColumns(dKeys + at * block, PANEL_BYTES, dk + ks * j + at, ks, block, min(PANEL, D - c));
      }
      for (let c = 0; c < E; c += PANEL) {
        const at = <usize>c << 2;
        copyColumns(dValues + at * block, PANEL_BYTES, dv + vs * j + at, vs, block, min(PANEL, E - c));
      }
    }
  }
}

/** delta[r] = the sum of a row of dy times o: what a query's weights lose together. */
// @ts-ignore: decorator
@inline
function sumsOfRows(delta: usize, dy: usize, o: usize, stride: usize, rows: i32, width: i32): void {
  for (let r = 0; r < rows; r++) {
    let sum = f32x4.splat(0);
    for (let c = 0; c < width; c += 4) {
      const at = stride * r + (<usize>c << 2), product = f32x4.mul(v128.load(dy + at), v128.load(o + at));
      sum = f32x4.add(sum, v128.and(product, lanesBelow(width - c)));
    }
    v128.store32_lane(delta + (<usize>r << 2), sumLanes(sum), 0);
  }
}

/**
 * One query: scores become weights, as they met the values; `dScores`, gradients of those weights, become gradients of q k^T. Both are
 * zero from key n on.
 */
// @ts-ignore: decorator
@inline
function slope(
  d: usize, row: usize, dRow: usize, bias: usize, words: usize, keys: i32, n: i32, lse: usize, delta: usize,
): void {
  const scale = f32x4.splat(args.scale(d)), log = v128.load32_splat(lse), lost = v128.load32_splat(delta);
  const rate = f32x4.splat(args.rate(d)), more = f32x4.div(f32x4.splat(1), f32x4.sub(f32x4.splat(1), rate));
  // two copies of one loop: neither asks about dropout in it
  if (args.rate(d) > 0) slopes(row, dRow, bias, words, keys, n, scale, log, lost, rate, more, true);
  else slopes(row, dRow, bias, words, keys, n, scale, log, lost, rate, more, false);
}

/** `drop` is a constant. Pairs of vectors stand side by side, so that the engine can fuse them. */
// @ts-ignore: decorator
@inline
function slopes(
  row: usize, dRow: usize, bias: usize, words: usize, keys: i32, n: i32, scale: v128, log: v128, lost: v128, rate: v128, more: v128,
  drop: bool,
): void {
  const whole = max(0, n) & ~7;
  let c = 0;
  for (; c < whole; c += 8) {
    const at = <usize>c << 2, x = row + at, y = bias + at, z = dRow + at;
    const keep0 = drop ? kept(words + at, rate, more) : more, keep1 = drop ? kept(words + at + 16, rate, more) : more;
    const p0 = expBelow(f32x4.sub(score(x, scale, v128.load(y)), log));
    const p1 = expBelow(f32x4.sub(score(x + 16, scale, v128.load(y, 16)), log));
    const g0 = f32x4.sub(times(v128.load(z), keep0, drop), lost), g1 = f32x4.sub(times(v128.load(z, 16), keep1, drop), lost);
    const d0 = f32x4.mul(f32x4.mul(p0, g0), scale), d1 = f32x4.mul(f32x4.mul(p1, g1), scale);
    const w0 = times(p0, keep0, drop), w1 = times(p1, keep1, drop);
    v128.store(z, d1, 16);
    v128.store(z, d0);
    v128.store(x, w1, 16);
    v128.store(x, w0);
  }
  for (; c < keys; c += 4) {
    const at = <usize>c << 2, x = row + at, keep = drop ? kept(words + at, rate, more) : more;
    const p = expBelow(f32x4.sub(score(x, scale, biasAt(bias, c, n)), log));
    const g = f32x4.sub(times(v128.load(dRow + at), keep, drop), lost);
    v128.store(dRow + at, f32x4.mul(f32x4.mul(p, g), scale));
    v128.store(x, times(p, keep, drop));
  }
}

// @ts-ignore: decorator
@inline
function times(x: v128, keep: v128, drop: bool): v128 {
  return drop ? f32x4.mul(x, keep) : x;
}

/** sums [width / 16][block][16] += weights (rows, keys)^T x packed rows [width / 16][rows][16]. */
// @ts-ignore: decorator
@inline
function outerSums(weights: usize, keys: i32, packed: usize, rows: i32, width: i32, sums: usize, block: i32): void {
  for (let c = 0; c < width; c += PANEL) {
    const at = <usize>c << 2, out = sums + at * block;
    sweepOuter(weights, SCORES, packed + at * rows, PANEL_BYTES, rows, out, PANEL_BYTES, keys, PANEL, ADD);
  }
}

/** to += a panel of `columns` columns. */
// @ts-ignore: decorator
@inline
function addColumns(panel: usize, to: usize, stride: usize, rows: i32, columns: i32): void {
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c += 4) {
      const at = <usize>c << 2, x = to + stride * r + at;
      storeUpTo(x, f32x4.add(v128.load(x), v128.load(panel + PANEL_BYTES * r + at)), columns - c);
    }
  }
}
