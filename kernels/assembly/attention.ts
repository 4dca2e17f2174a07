// attention.ts: o = softmax(scale q k^T) v of each head, block by block: scores never leave scratch, and of each query only the
// logarithm of its sum of exponentials is kept. A tile is one head of one sample.
// Source: Dao et al., "FlashAttention" (2022), arXiv 2205.14135.
import { ADD, scratchOf } from "./abi";
import { copyColumns } from "./columns";
import {
  AREA, biasAt, drawKeys, expBelow, kept, keysAtOnce, loadBias, packRows, packTurned, products, QUERIES, score, SCORES,
} from "./attention_blocks";
import { attention as args } from "./generated/arguments";
import { maxLanes, sumLanes } from "./lanes";
import { log64 } from "./math";
import { sweepAffine } from "./sweep";
import { ceilDiv, PANEL, PANEL_BYTES } from "./tile";

export function attention(d: usize, b: usize, from: i32, to: i32): void {
  const heads = args.heads(d), T = args.T(d), S = args.S(d), D = args.D(d), E = args.E(d);
  const qs = <usize>args.ldq(d) << 2, ks = <usize>args.ldk(d) << 2, vs = <usize>args.ldv(d) << 2;
  const os = <usize>args.ldo(d) << 2;
  const causal = args.causal(d) != 0, masked = args.hasMask(d) != 0, drop = args.rate(d) > 0;
  const atOnce = keysAtOnce(max(D, E)), wide = ceilDiv(E, PANEL) * PANEL, ws = <usize>wide << 2;
  const zero = scratchOf(b), top = zero + PANEL_BYTES, sum = top + (QUERIES << 2), bias = sum + (QUERIES << 2);
  const words = bias + SCORES, keyPanels = words + SCORES + 64, valuePanels = keyPanels + (AREA << 2);
  const scores = valuePanels + (AREA << 2), out = scores + SCORES * QUERIES;
  memory.fill(zero, 0, PANEL_BYTES);

  for (let tile = from; tile < to; tile++) {
    const image = tile / heads, head = tile % heads;
    const q = args.q(d, b) + qs * (image * T) + (<usize>(head * D) << 2);
    const k = args.k(d, b) + ks * (image * S) + (<usize>(head * D) << 2);
    const v = args.v(d, b) + vs * (image * S) + (<usize>(head * E) << 2);
    const o = args.o(d, b) + os * (image * T) + (<usize>(head * E) << 2);
    const mask = args.mask(d, b) + (<usize>(image * S) << 2), lse = args.lse(d, b) + (<usize>(tile * T) << 2);
    let packed = -1; // the block of keys that lies in scratch
    for (let i = 0; i < T; i += QUERIES) {
      const rows = min(QUERIES, T - i), limit = causal ? min(S, i + rows) : S;
      for (let r: usize = 0; r < <usize>QUERIES << 2; r += 16) {
        v128.store(top + r, f32x4.splat(-Infinity));
        v128.store(sum + r, f32x4.splat(0));
      }
      for (let j = 0; j < limit; j += atOnce) {
        const block = min(atOnce, S - j), keys = min(block, limit - j);
        if (packed != j) {
          packTurned(k + ks * j, ks, block, D, keyPanels);
          packRows(v + vs * j, vs, block, E, valuePanels);
          loadBias(bias, mask + (<usize>j << 2), masked, block);
          packed = j;
        }
        products(q + qs * i, qs, keyPanels, D, zero, scores, rows, keys);
        for (let r = 0; r < rows; r++) {
          const row = scores + SCORES * r, n = causal ? min(keys, i + r - j + 1) : keys, at = <usize>r << 2;
          weigh(d, row, bias, keys, n, top + at, sum + at, out + ws * r, j > 0 ? wide : 0);
          if (drop) thin(d, b, row, words, image, head * T + i + r, j, keys);
        }
        for (let e = 0; e < E; e += PANEL) {
          const at = <usize>e << 2, panel = valuePanels + at * block;
          sweepAffine(scores, SCORES, panel, PANEL_BYTES, keys, zero, out + at, ws, rows, PANEL, j > 0 ? ADD : 0);
        }
      }
      divide(out, ws, wide, top, sum, lse + (<usize>i << 2), rows);
      copyColumns(out, ws, o + os * i, os, rows, E);
    }
  }
}

/**
 * Scores of one query become weights exp(scale x + bias - top), zero from key n on; `top` and `sum` take them in, and what earlier
 * blocks gave, `wide` floats at `out`, is brought down to the new top.
 */
// @ts-ignore: decorator
@inline
function weigh(d: usize, row: usize, bias: usize, keys: i32, n: i32, top: usize, sum: usize, out: usize, wide: i32): void {
  const scale = f32x4.splat(args.scale(d)), whole = max(0, n) & ~7, end = ceilDiv(keys, 8) * 8;
  const before = v128.load32_splat(top);
  let m0 = before, m1 = before, c = 0;
  for (; c < whole; c += 8) {
    const x = row + (<usize>c << 2), y = bias + (<usize>c << 2);
    const v0 = score(x, scale, v128.load(y)), v1 = score(x + 16, scale, v128.load(y, 16));
    m0 = f32x4.pmax(m0, v0);
    m1 = f32x4.pmax(m1, v1);
    v128.store(x, v1, 16);
    v128.store(x, v0);
  }
  for (; c < end; c += 4) {
    const x = row + (<usize>c << 2), v = score(x, scale, biasAt(bias, c, n));
    m0 = f32x4.pmax(m0, v);
    v128.store(x, v);
  }
  const now = maxLanes(f32x4.pmax(m0, m1));
  // a query that nothing may answer yet has no top: then every weight is exp(-infinity)
  const base = v128.andnot(now, f32x4.eq(now, f32x4.splat(-Infinity)));
  let s0 = f32x4.splat(0), s1 = s0;
  for (c = 0; c < end; c += 8) {
    const x = row + (<usize>c << 2);
    const p0 = expBelow(f32x4.sub(v128.load(x), base)), p1 = expBelow(f32x4.sub(v128.load(x, 16), base));
    s0 = f32x4.add(s0, p0);
    s1 = f32x4.add(s1, p1);
    v128.store(x, p1, 16);
    v128.store(x, p0);
  }
  const share = expBelow(f32x4.sub(before, base)); // of what earlier blocks gave
  v128.store32_lane(top, now, 0);
  v128.store32_lane(sum, fma1(v128.load32_splat(sum), share, sumLanes(f32x4.add(s0, s1))), 0);
  for (c = 0; c < wide; c += 8) {
    const x = out + (<usize>c << 2);
    const v0 = f32x4.mul(v128.load(x), share), v1 = f32x4.mul(v128.load(x, 16), share);
    v128.store(x, v1, 16);
    v128.store(x, v0);
  }
}

// @ts-ignore: decorator
@inline
function fma1(a: v128, b: v128, c: v128): v128 {
  return f32x4.add(f32x4.mul(a, b), c);
}

/** Dropout of one query's weights: the sum above counted them all, as if they were divided by it before. */
// @ts-ignore: decorator
@inline
function thin(d: usize, b: usize, row: usize, words: usize, image: i32, query: i32, j: i32, keys: i32): void {
  const rate = f32x4.splat(args.rate(d));
  const scale = f32x4.div(f32x4.splat(1), f32x4.sub(f32x4.splat(1), rate));
  drawKeys(words, b, image, args.site(d), query, args.S(d), j, keys);
  for (let c = 0; c < keys; c += 4) {
    const at = <usize>c << 2;
    v128.store(row + at, f32x4.mul(v128.load(row + at), kept(words + at, rate, scale)));
  }
}

/** Each query's values over the sum of its weights, and the logarithm of what its exponentials add up to. */
// @ts-ignore: decorator
@inline
function divide(out: usize, stride: usize, wide: i32, top: usize, sum: usize, lse: usize, rows: i32): void {
  for (let r = 0; r < rows; r++) {
    const at = <usize>r << 2, total = load<f32>(sum + at), nothing = total == 0; // no key may answer: zero
    const factor = f32x4.splat(nothing ? 0 : 1 / total);
    const log = <f32>f64x2.extract_lane(log64(f64x2.splat(nothing ? 1 : <f64>total)), 0);
    store<f32>(lse + at, nothing ? Infinity : load<f32>(top + at) + log);
    for (let c = 0; c < wide; c += 4) {
      const x = out + stride * r + (<usize>c << 2);
      v128.store(x, f32x4.mul(v128.load(x), factor));
    }
  }
}
