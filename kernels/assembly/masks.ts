// masks.ts: which places of a sequence hold something, and each one's share of a mean over them. Heeding a mask is other kernels' part.
import { rowsOf } from "./abi";
import { mask_places as placesArgs, mask_shares as sharesArgs } from "./generated/arguments";

/** Rows of M that a tile covers (signatures.ts). */
const BLOCK: i32 = 64;

export function mask_places(d: usize, b: usize, from: i32, to: i32): void {
  const x = placesArgs.x(d, b), mask = placesArgs.mask(d, b), L = placesArgs.L(d), value = placesArgs.value(d);
  const end = min(to * BLOCK, rowsOf(b) * placesArgs.m(d));
  for (let row = from * BLOCK; row < end; row++) {
    const p = x + (<usize>(row * L) << 2);
    let l = 0;
    while (l < L && load<f32>(p + (<usize>l << 2)) == value) l++;
    store<f32>(mask + (<usize>row << 2), l < L ? 1 : 0);
  }
}

export function mask_shares(d: usize, b: usize, from: i32, to: i32): void {
  const T = sharesArgs.T(d);
  for (let image = from; image < to; image++) {
    const at = <usize>(image * T) << 2, mask = sharesArgs.mask(d, b) + at, shares = sharesArgs.shares(d, b) + at;
    let sum: f32 = 0;
    for (let t: usize = 0; t < <usize>T << 2; t += 4) sum += load<f32>(mask + t);
    const each: f32 = sum == 0 ? 0 : 1 / sum;
    for (let t: usize = 0; t < <usize>T << 2; t += 4) store<f32>(shares + t, load<f32>(mask + t) * each);
  }
}
