// ladder.ts: writes a finished tile of a gradient sum out, with the finished left siblings added. Where siblings lie: kernels/abi.ts.
import { LADDER, LADDER_COUNT } from "./abi";

// @ts-ignore: decorator
@inline
export function ladderCount(bindings: usize): i32 {
  return load<i32>(bindings, LADDER_COUNT);
}

/** Base of the contribution of sibling i, nearest first. */
// @ts-ignore: decorator
@inline
export function siblingBase(bindings: usize, i: i32): usize {
  return <usize>load<u32>(bindings + (<usize>i << 2), LADDER);
}

/**
 * out = ... + (sibling 1 + (sibling 0 + tile)), from sibling `first` on, for `columns` floats of each of `rows` rows. `offset` is out's
 * place in its contribution; rows of the tile and of out lie `ts` and `os` bytes apart. The tile may be out itself.
 */
export function finish(
  bindings: usize, first: i32, tile: usize, ts: usize, out: usize, offset: usize, os: usize, rows: i32, columns: i32,
): void {
  const count = ladderCount(bindings);
  const end = <usize>columns << 2;
  for (let r = 0; r < rows; r++) {
    let at: usize = 0;
    for (; at + 64 <= end; at += 64) {
      const p = tile + at, q = out + at;
      let s0 = v128.load(p), s1 = v128.load(p, 16), s2 = v128.load(p, 32), s3 = v128.load(p, 48);
      for (let i = first; i < count; i++) {
        const m = siblingBase(bindings, i) + offset + at;
        s0 = f32x4.add(v128.load(m), s0);
        s1 = f32x4.add(v128.load(m, 16), s1);
        s2 = f32x4.add(v128.load(m, 32), s2);
        s3 = f32x4.add(v128.load(m, 48), s3);
      }
      v128.store(q, s3, 48);
      v128.store(q, s2, 32);
      v128.store(q, s1, 16);
      v128.store(q, s0);
    }
    for (; at < end; at += 4) {
      let sum = load<f32>(tile + at);
      for (let i = first; i < count; i++) sum = load<f32>(siblingBase(bindings, i) + offset + at) + sum;
      store<f32>(out + at, sum);
    }
    tile += ts;
    out += os;
    offset += os;
  }
}
