// constrain.ts: weights kept within bounds after an update, in place: vectors of a tensor (outer, K, inner) brought to a length, numbers
// to 0 at least. As Keras' constraints; lengths in doubles.
import { highHalf, joined, lowHalf } from "./doubles";
import { limit_norm as args, limit_sign as signArgs } from "./generated/arguments";
import { storeUpTo } from "./lanes";
import { TILE } from "./reduce";

/** keras.backend.epsilon() */
const EPSILON: f64 = 1e-7;

/** A tile is four neighbours of `inner`, each a vector of K numbers. */
export function limit_norm(d: usize, b: usize, from: i32, to: i32): void {
  const K = args.K(d), inner = args.inner(d), tiles = (inner + 3) >> 2, step = <usize>inner << 2;
  for (let tile = from; tile < to; tile++) {
    const first = (tile % tiles) << 2;
    const w = args.w(d, b) + (<usize>((tile / tiles) * K * inner + first) << 2);
    let low = f64x2.splat(0), high = f64x2.splat(0);
    for (let k = 0, at = w; k < K; k++, at += step) {
      const row = v128.load(at), l = lowHalf(row), h = highHalf(row);
      low = f64x2.add(low, f64x2.mul(l, l));
      high = f64x2.add(high, f64x2.mul(h, h));
    }
    const factor = joined(factorOf(d, f64x2.sqrt(low)), factorOf(d, f64x2.sqrt(high)));
    for (let k = 0, at = w; k < K; k++, at += step) storeUpTo(at, f32x4.mul(v128.load(at), factor), inner - first);
  }
}

/** (rate clip(norm, floor, ceiling) + (1 - rate) norm) / (norm + epsilon) */
// @ts-ignore: decorator
@inline
function factorOf(d: usize, norm: v128): v128 {
  const rate = <f64>args.rate(d), floor = f64x2.splat(<f64>args.floor(d)), ceiling = f64x2.splat(<f64>args.ceiling(d));
  const inside = f64x2.min(f64x2.max(norm, floor), ceiling);
  const wanted = f64x2.add(f64x2.mul(f64x2.splat(rate), inside), f64x2.mul(f64x2.splat(1 - rate), norm));
  return f64x2.div(wanted, f64x2.add(norm, f64x2.splat(EPSILON)));
}

export function limit_sign(d: usize, b: usize, from: i32, to: i32): void {
  const end = min(to * TILE, signArgs.count(d)), zero = f32x4.splat(0);
  for (let i = from * TILE; i < end; i += 4) {
    const w = signArgs.w(d, b) + (<usize>i << 2);
    storeUpTo(w, f32x4.max(v128.load(w), zero), end - i);
  }
}
