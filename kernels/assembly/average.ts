// average.ts: the moving average of a weight, and the weight replaced by it where the step says so.
import { fma } from "./abi";
import { average as args } from "./generated/arguments";
import { storeUpTo } from "./lanes";
import { TILE } from "./reduce";

// bytes of a step's scalars (kernels/signatures.ts)
const REPLACES: usize = 44;
const MOMENTUM: usize = 48;
const SHARE: usize = 52;

export function average(d: usize, b: usize, from: i32, to: i32): void {
  const end = min(to * TILE, args.count(d)), c = args.scalars(d, b), replaces = load<f32>(c, REPLACES) > 0;
  const momentum = v128.load32_splat(c, MOMENTUM), share = v128.load32_splat(c, SHARE);
  const p = args.p(d, b), a = args.a(d, b), nextA = args.nextA(d, b);
  for (let i = from * TILE; i < end; i += 4) {
    const at = <usize>i << 2;
    const next = fma(momentum, v128.load(a + at), f32x4.mul(share, v128.load(p + at)));
    storeUpTo(nextA + at, next, end - i);
    if (replaces) storeUpTo(p + at, next, end - i);
  }
}
