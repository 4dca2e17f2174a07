// norms.ts: sums of squares joined in the fixed tree, and what follows from norms for a step: a clipped divisor, a trust ratio.
import { clip_scale as clipArgs, tree_f64 as treeArgs, trust_ratio as trustArgs } from "./generated/arguments";

/** Bytes of a step's scalars, and of the trust ratio among them (kernels/signatures.ts). */
const SCALARS: usize = 64;
export const RATIO: usize = 60;

/** In place: values[i] + values[i + 1], then pairs of those, and so on; one without a partner goes on as it is. */
export function tree_f64(d: usize, b: usize, from: i32, to: i32): void {
  const values = treeArgs.values(d, b), count = treeArgs.count(d);
  for (let stride = 1; stride < count; stride <<= 1) {
    for (let i = 0; i + stride < count; i += stride << 1) {
      const at = values + (<usize>i << 3);
      store<f64>(at, load<f64>(at) + load<f64>(at + (<usize>stride << 3)));
    }
  }
  store<f64>(treeArgs.sum(d, b), load<f64>(values));
}

export function clip_scale(d: usize, b: usize, from: i32, to: i32): void {
  const now = clipArgs.now(d, b), next = clipArgs.next(d, b);
  const norm = sqrt(load<f64>(clipArgs.sum(d, b))), most = <f64>clipArgs.most(d);
  memory.copy(next, now, SCALARS);
  // a norm that is NaN makes the divisor NaN
  if (!(norm <= most)) store<f32>(next, <f32>(<f64>load<f32>(now) * (norm / most)));
}

export function trust_ratio(d: usize, b: usize, from: i32, to: i32): void {
  const now = trustArgs.now(d, b), next = trustArgs.next(d, b);
  const w = sqrt(load<f64>(trustArgs.w(d, b))), g = sqrt(load<f64>(trustArgs.g(d, b)));
  const beside = g + <f64>trustArgs.decay(d) * w + <f64>trustArgs.epsilon(d);
  memory.copy(next, now, SCALARS);
  store<f32>(next, w > 0 && g > 0 ? <f32>(<f64>trustArgs.coefficient(d) * w / beside) : 1, RATIO);
}
