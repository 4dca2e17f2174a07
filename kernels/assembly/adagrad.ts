// adagrad.ts: Adagrad as Keras computes it: each weight's rate falls with the sum of its squared gradients.
import { fma } from "./abi";
import { adagrad as args } from "./generated/arguments";
import { update1 } from "./update";

@unmanaged
class Adagrad {
  // @ts-ignore: decorator
  @inline
  first(d: usize, c: usize, g: v128, a: v128): v128 {
    return fma(g, g, a);
  }

  // @ts-ignore: decorator
  @inline
  next(d: usize, c: usize, q: v128, g: v128, _: v128, a: v128): v128 {
    const step = f32x4.div(f32x4.mul(v128.load32_splat(c, 4), g), f32x4.sqrt(f32x4.add(a, f32x4.splat(args.epsilon(d)))));
    return f32x4.sub(q, step);
  }
}

export function adagrad(d: usize, b: usize, from: i32, to: i32): void {
  update1<Adagrad>(
    d, b, from, to, args.count(d), args.partAt(d), args.scalars(d, b), args.weightDecay(d), args.p(d, b), args.nextP(d, b),
    args.a(d, b), args.nextA(d, b),
  );
}
