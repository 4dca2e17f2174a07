// ladder.ts: writes a finished tile of a gradient sum out, with the finished left siblings added. Where siblings lie: kernels/abi.ts.
import { LADDER, LADDER_COUNT } from "./abi";

// @ts-ignore: decorator
@inline
export function ladderCount(bindings: usize): i32 {
  return load<i32>(bindings, LADDER_COUNT);
}

/**
 * out = ... + (sibling 1 + (sibling 0 + tile)), for `columns` floats of each of `rows` rows. `offset` is out's place in its contribution; rows of
 * the tile and of out lie `ts` and `os` bytes apart.
 */
export function finish(
  bindings: usize, tile: usize, ts: usize, out: usize, offset: usize, os: usize, rows: i32, columns: i32,
): void {
  const count = ladderCount(bindings);
  for (let r = 0; r < rows; r++) {
    let at: usize = 0;
    const end = <usize>columns << 2;
    for (; at + 16 <= end; at += 16) {
      let sum = v128.load(tile + at);
      for (let i = 0; i < count; i++) sum = f32x4.add(v128.load(sibling(bindings, i) + offset + at), sum);
      v128.store(out + at, sum);
    }
    for (; at < end; at += 4) {
      let sum = load<f32>(tile + at);
      for (let i = 0; i < count; i++) sum = load<f32>(sibling(bindings, i) + offset + at) + sum;
      store<f32>(out + at, sum);
    }
    tile += ts;
    out += os;
    offset += os;
  }
}

// @ts-ignore: decorator
@inline
function sibling(bindings: usize, i: i32): usize {
  return <usize>load<u32>(bindings + (<usize>i << 2), LADDER);
}
