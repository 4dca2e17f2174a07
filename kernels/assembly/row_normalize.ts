// row_normalize.ts: rows of C floats by their own mean and deviation, root mean square, or length; gamma and beta on top; and the
// gradients. One row is always one thread's. Batches of rows by channel: batch_normalize.ts. Groups of channels: group_normalize.ts.
import { fma, rowsOf, scratchOf } from "./abi";
import {
  row_normalize as args, row_normalize_backward as backwardArgs, row_normalize_gradients as gradientArgs,
} from "./generated/arguments";
import { lanesBelow, storeUpTo, sumLanes } from "./lanes";
import { addTile, leafCount, leafEnd, merges } from "./leaves";
import { climb } from "./reduce";
import { PANEL, PANEL_BYTES } from "./tile";

/** Rows of M that a tile covers (signatures.ts). */
const BLOCK: i32 = 16;
/** Rows that are added one after another before their sum goes to the leaf's. */
const RUN: i32 = 32;
/** `mode` in signatures.ts. */
const CENTERED: i32 = 0, LENGTH: i32 = 2;

/** The sum of n floats, in every lane. */
function sumOf(x: usize, n: i32): v128 {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  for (; n >= 16; n -= 16) {
    s0 = f32x4.add(s0, v128.load(x, 0));
    s1 = f32x4.add(s1, v128.load(x, 16));
    s2 = f32x4.add(s2, v128.load(x, 32));
    s3 = f32x4.add(s3, v128.load(x, 48));
    x += 64;
  }
  for (; n > 0; n -= 4) {
    s0 = f32x4.add(s0, v128.and(v128.load(x), lanesBelow(n)));
    x += 16;
  }
  return sumLanes(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
}

/** The sum of (x - mean)^2 over n floats, in every lane. */
function squaresOf(x: usize, mean: v128, n: i32): v128 {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  for (; n >= 16; n -= 16) {
    const d0 = f32x4.sub(v128.load(x, 0), mean), d1 = f32x4.sub(v128.load(x, 16), mean);
    const d2 = f32x4.sub(v128.load(x, 32), mean), d3 = f32x4.sub(v128.load(x, 48), mean);
    s0 = fma(d0, d0, s0);
    s1 = fma(d1, d1, s1);
    s2 = fma(d2, d2, s2);
    s3 = fma(d3, d3, s3);
    x += 64;
  }
  for (; n > 0; n -= 4) {
    const distance = v128.and(f32x4.sub(v128.load(x), mean), lanesBelow(n));
    s0 = fma(distance, distance, s0);
    x += 16;
  }
  return sumLanes(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
}

// @ts-ignore: decorator
@inline
function inverseOf(squares: v128, C: i32, mode: i32, epsilon: f32): v128 {
  const e = f32x4.splat(epsilon);
  // a length is at least epsilon; pmax(a, b) is a < b ? b : a, so that NaN passes
  const under = mode == LENGTH ? f32x4.pmax(squares, e) : f32x4.add(f32x4.div(squares, f32x4.splat(<f32>C)), e);
  return f32x4.div(f32x4.splat(1), f32x4.sqrt(under));
}

// @ts-ignore: decorator
@inline
function weightOr(has: bool, at: usize, otherwise: v128): v128 {
  return has ? v128.load(at) : otherwise;
}

export function row_normalize(d: usize, b: usize, from: i32, to: i32): void {
  const C = args.C(d), mode = args.mode(d), end = min(to * BLOCK, rowsOf(b) * args.m(d));
  const gamma = args.gamma(d, b), beta = args.beta(d, b);
  const hasGamma = args.hasGamma(d) != 0, hasBeta = args.hasBeta(d) != 0;
  const one = f32x4.splat(1), zero = f32x4.splat(0);
  for (let row = from * BLOCK; row < end; row++) {
    const x = args.x(d, b) + (<usize>(row * C) << 2), y = args.y(d, b) + (<usize>(row * C) << 2);
    const mean = mode == CENTERED ? f32x4.div(sumOf(x, C), f32x4.splat(<f32>C)) : zero;
    const inverse = inverseOf(squaresOf(x, mean, C), C, mode, args.epsilon(d));
    const norm = args.norm(d, b) + (<usize>row << 3);
    v128.store32_lane(norm, mean, 0);
    v128.store32_lane(norm, inverse, 0, 4);
    for (let c = 0; c < C; c += 4) {
      const at = <usize>c << 2;
      const normalised = f32x4.mul(f32x4.sub(v128.load(x + at), mean), inverse);
      const scale = weightOr(hasGamma, gamma + at, one), shift = weightOr(hasBeta, beta + at, zero);
      storeUpTo(y + at, fma(normalised, scale, shift), C - c);
    }
  }
}

/** dx = (g - mean of g - n mean of g n) / deviation, with n the normalised x and g = dy gamma; of a length: sums, not means. */
export function row_normalize_backward(d: usize, b: usize, from: i32, to: i32): void {
  const C = backwardArgs.C(d), mode = backwardArgs.mode(d), end = min(to * BLOCK, rowsOf(b) * backwardArgs.m(d));
  const gamma = backwardArgs.gamma(d, b), hasGamma = backwardArgs.hasGamma(d) != 0, one = f32x4.splat(1);
  const share = f32x4.splat(mode == LENGTH ? 1 : <f32>1 / <f32>C);
  for (let row = from * BLOCK; row < end; row++) {
    const first = <usize>(row * C) << 2, norm = backwardArgs.norm(d, b) + (<usize>row << 3);
    const x = backwardArgs.x(d, b) + first, dy = backwardArgs.dy(d, b) + first, dx = backwardArgs.dx(d, b) + first;
    const mean = v128.load32_splat(norm), inverse = v128.load32_splat(norm, 4);
    let sum = f32x4.splat(0), product = sum;
    for (let c = 0; c < C; c += 4) {
      const at = <usize>c << 2, valid = lanesBelow(C - c);
      const g = v128.and(f32x4.mul(v128.load(dy + at), weightOr(hasGamma, gamma + at, one)), valid);
      const n = v128.and(f32x4.mul(f32x4.sub(v128.load(x + at), mean), inverse), valid);
      sum = f32x4.add(sum, g);
      product = fma(g, n, product);
    }
    const ofSum = mode == CENTERED ? f32x4.mul(sumLanes(sum), share) : f32x4.splat(0);
    const ofProduct = f32x4.mul(sumLanes(product), share);
    for (let c = 0; c < C; c += 4) {
      const at = <usize>c << 2;
      const g = f32x4.mul(v128.load(dy + at), weightOr(hasGamma, gamma + at, one));
      const n = f32x4.mul(f32x4.sub(v128.load(x + at), mean), inverse);
      storeUpTo(dx + at, f32x4.mul(inverse, f32x4.sub(f32x4.sub(g, ofSum), f32x4.mul(n, ofProduct))), C - c);
    }
  }
}

/** Sums over rows of dy times the normalised x, and of dy: leaf by leaf, then the ladder. */
export function row_normalize_gradients(d: usize, b: usize, from: i32, to: i32): void {
  const leaves = leafCount(b), stack = scratchOf(b), C = gradientArgs.C(d), m = gradientArgs.m(d);
  for (let tile = from; tile < to; tile++) {
    const c = tile * PANEL, channel = <usize>c << 2;
    let depth: usize = 0, first = 0;
    for (let leaf = 0; leaf < leaves; leaf++) {
      const end = leafEnd(b, leaf) * m;
      sumRows(stack + 2 * PANEL_BYTES * depth, d, b, channel, first, end);
      for (let n = merges(leaf); n > 0; n--) {
        depth--;
        addTile(stack + 2 * PANEL_BYTES * depth, stack + 2 * PANEL_BYTES * (depth + 1), 2);
      }
      depth++;
      first = end;
    }
    for (; depth > 1; depth--) addTile(stack + 2 * PANEL_BYTES * (depth - 2), stack + 2 * PANEL_BYTES * (depth - 1), 2);
    for (let v = 0; v < min(PANEL, C - c); v += 4) {
      const at = channel + (<usize>v << 2), sums = stack + (<usize>v << 2), n = C - c - v;
      if (gradientArgs.hasGamma(d)) {
        const total = climb(b, gradientArgs.dGammaOffset(d) + at, v128.load(sums));
        storeUpTo(gradientArgs.dGamma(d, b) + at, total, n);
      }
      if (gradientArgs.hasBeta(d)) {
        const total = climb(b, gradientArgs.dBetaOffset(d) + at, v128.load(sums + PANEL_BYTES));
        storeUpTo(gradientArgs.dBeta(d, b) + at, total, n);
      }
    }
  }
}

/** Sixteen columns' sums over rows [from, to): dy times the normalised x at `sums`, dy a panel further. */
function sumRows(sums: usize, d: usize, b: usize, channel: usize, from: i32, to: i32): void {
  const step = <usize>gradientArgs.C(d) << 2, norms = gradientArgs.norm(d, b);
  for (let at: usize = 0; at < PANEL_BYTES; at += 32) {
    let all0 = f32x4.splat(0), all1 = all0, plain0 = all0, plain1 = all0;
    for (let run = from; run < to; run += RUN) {
      const first = channel + at + step * run;
      let x = gradientArgs.x(d, b) + first, dy = gradientArgs.dy(d, b) + first, norm = norms + (<usize>run << 3);
      let s0 = f32x4.splat(0), s1 = s0, t0 = s0, t1 = s0;
      for (let row = run; row < min(to, run + RUN); row++) {
        const mean = v128.load32_splat(norm), inverse = v128.load32_splat(norm, 4);
        const g0 = v128.load(dy), g1 = v128.load(dy, 16);
        s0 = fma(g0, f32x4.mul(f32x4.sub(v128.load(x), mean), inverse), s0);
        s1 = fma(g1, f32x4.mul(f32x4.sub(v128.load(x, 16), mean), inverse), s1);
        t0 = f32x4.add(t0, g0);
        t1 = f32x4.add(t1, g1);
        x += step;
        dy += step;
        norm += 8;
      }
      all0 = f32x4.add(all0, s0);
      all1 = f32x4.add(all1, s1);
      plain0 = f32x4.add(plain0, t0);
      plain1 = f32x4.add(plain1, t1);
    }
    v128.store(sums + at, all0);
    v128.store(sums + at, all1, 16);
    v128.store(sums + PANEL_BYTES + at, plain0);
    v128.store(sums + PANEL_BYTES + at, plain1, 16);
  }
}
