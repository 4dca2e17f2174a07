// accumulate.ts: one more part of a gradient sum added to the sum; then the ladder. Parts arise where a layer is called several times.
import { accumulate as args } from "./generated/arguments";
import { storeUpTo } from "./lanes";
import { climb, TILE } from "./reduce";

export function accumulate(d: usize, b: usize, from: i32, to: i32): void {
  const part = args.part(d, b), out = args.out(d, b), offset = args.outOffset(d), end = min(to * TILE, args.count(d));
  for (let i = from * TILE; i < end; i += 4) {
    const at = <usize>i << 2;
    storeUpTo(out + at, climb(b, offset + at, f32x4.add(v128.load(out + at), v128.load(part + at))), end - i);
  }
}
