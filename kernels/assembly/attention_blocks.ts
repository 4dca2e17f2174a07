// attention_blocks.ts: what both passes of attention share: blocks of keys packed into scratch, scores, masks, draws. No kernel.
import { SEED_HIGH, SEED_LOW, SLOT, STEP, fma } from "./abi";
import { copyFloats } from "./columns";
import { clear, lanesBelow } from "./lanes";
import { philox } from "./philox";
import { sweepAffine } from "./sweep";
import { PANEL, PANEL_BYTES, ceilDiv } from "./tile";
import { transpose } from "./transpose";

/** Queries met at once. */
export const QUERIES: i32 = 96;
/** Most keys met at once, and floats of a packed block of them. Both are part of the profile. */
const KEYS: i32 = 256;
export const AREA: i32 = 16384;
/** Bytes from one query's scores to the next: KEYS of them, and a little so that rows do not fall on the same lines of the cache. */
export const SCORES: usize = 1088;

/** Keys met at once where a head is `width` wide (signatures.ts keeps it to 512): a multiple of 32. */
// @ts-ignore: decorator
@inline
export function keysAtOnce(width: i32): i32 {
  return min(KEYS, (AREA / (ceilDiv(width, PANEL) * PANEL)) & ~31);
}

/** `rows` rows of `width` floats -> panels [rows / 16][width][16], turned; zero padded. */
export function packTurned(from: usize, stride: usize, rows: i32, width: i32, to: usize): void {
  for (let row = 0; row < rows; row += PANEL) {
    const count = min(PANEL, rows - row), q = to + (<usize>(row * width) << 2);
    if (count < PANEL) clear(q, PANEL * width);
    transpose(from + stride * row, stride, q, PANEL_BYTES, count, width);
  }
}

/** `rows` rows of `width` floats -> panels [width / 16][rows][16]; zero padded. */
export function packRows(from: usize, stride: usize, rows: i32, width: i32, to: usize): void {
  let q = to;
  for (let column = 0; column < width; column += PANEL) {
    const count = min(PANEL, width - column);
    let p = from + (<usize>column << 2);
    for (let row = 0; row < rows; row++) {
      if (count == PANEL) {
        const v0 = v128.load(p), v1 = v128.load(p, 16), v2 = v128.load(p, 32), v3 = v128.load(p, 48);
        v128.store(q, v3, 48);
        v128.store(q, v2, 32);
        v128.store(q, v1, 16);
        v128.store(q, v0);
      } else {
        clear(q, PANEL);
        copyFloats(p, q, count);
      }
      p += stride;
      q += PANEL_BYTES;
    }
  }
}

/** bias[key] = 0 where a key may be attended, -infinity where not, and from `keys` on up to a multiple of 16. */
export function loadBias(bias: usize, mask: usize, masked: bool, keys: i32): void {
  const none = f32x4.splat(-Infinity);
  for (let key = 0; key < keys + PANEL; key += 4) {
    const at = <usize>key << 2;
    let keep = lanesBelow(keys - key);
    if (masked) keep = v128.and(keep, f32x4.ne(v128.load(mask + at), f32x4.splat(0)));
    v128.store(bias + at, v128.andnot(none, keep));
  }
}

/** scores (rows, keys) = a (rows, width) x turned panels, rows SCORES bytes apart; columns up to a multiple of 16 are written. */
export function products(
  a: usize, stride: usize, panels: usize, width: i32, zero: usize, scores: usize, rows: i32, keys: i32,
): void {
  for (let key = 0; key < keys; key += PANEL) {
    const at = <usize>key << 2, panel = panels + at * width;
    sweepAffine(a, stride, panel, PANEL_BYTES, width, zero, scores + at, SCORES, rows, PANEL, 0);
  }
}

/** The bias of four keys from `key` on, and -infinity from key `n` on: what a query that may not look ahead adds. */
// @ts-ignore: decorator
@inline
export function biasAt(bias: usize, key: i32, n: i32): v128 {
  return v128.bitselect(v128.load(bias + (<usize>key << 2)), f32x4.splat(-Infinity), lanesBelow(n - key));
}

/** x * scale + bias, for four scores. */
// @ts-ignore: decorator
@inline
export function score(x: usize, scale: v128, bias: v128): v128 {
  return fma(v128.load(x), scale, bias);
}

/**
 * exp(x) of four floats x <= 0 within 2e-7; zero below -87. As exp in math.ts, but 2^n is added to the exponent's bits: nothing here
 * is denormal. NaN passes.
 */
// @ts-ignore: decorator
@inline
export function expBelow(x: v128): v128 {
  const small = f32x4.lt(x, f32x4.splat(-87));
  const clamped = f32x4.pmax(x, f32x4.splat(-87));
  const magic = f32x4.splat(12582912); // adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits
  const shifted = f32x4.add(f32x4.mul(clamped, f32x4.splat(1.44269504)), magic);
  const n = f32x4.sub(shifted, magic);
  const r = fma(n, f32x4.splat(2.12194440e-4), f32x4.sub(clamped, f32x4.mul(n, f32x4.splat(0.693359375))));
  let p = fma(r, f32x4.splat(1.0 / 720), f32x4.splat(1.0 / 120));
  p = fma(p, r, f32x4.splat(1.0 / 24));
  p = fma(p, r, f32x4.splat(1.0 / 6));
  p = fma(p, r, f32x4.splat(0.5));
  p = fma(fma(p, r, f32x4.splat(1)), r, f32x4.splat(1));
  return v128.andnot(i32x4.add(p, i32x4.shl(shifted, 23)), small);
}

/**
 * Stores the draws of `keys` keys from key j, a multiple of 4, on, of a sample's query: of all heads, T to each. What is numbered is fours
 * of draws: single ones of many heads and long samples are more than 2^32.
 */
export function drawKeys(words: usize, b: usize, image: i32, site: i32, query: i32, S: i32, j: i32, keys: i32): void {
  const first: u32 = query * ceilDiv(S, 32) * 8 + (j >>> 2);
  for (let key = 0; key < keys; key += 32) {
    philox(
      words + (<usize>key << 2),
      first + (key >>> 2),
      load<u32>(b, SLOT) + image,
      site,
      load<u32>(b, STEP),
      load<u32>(b, SEED_LOW),
      load<u32>(b, SEED_HIGH),
    );
  }
}

/** What dropout multiplies four values by: 0, or `scale` where the draw is at least `rate`. */
// @ts-ignore: decorator
@inline
export function kept(word: usize, rate: v128, scale: v128): v128 {
  // the upper 24 bits as a float in [0, 1), exactly
  const unit = f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_u(v128.load(word), 8)), f32x4.splat(5.9604644775390625e-8));
  return v128.and(scale, f32x4.ge(unit, rate));
}
