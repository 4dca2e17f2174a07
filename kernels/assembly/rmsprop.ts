// rmsprop.ts: RMSprop as Keras computes it: plain, centred, with momentum.
import { fma } from "./abi";
import { rmsprop as args } from "./generated/arguments";
import { update1, update2, update3 } from "./update";

/** rate g / sqrt(v + eps) */
// @ts-ignore: decorator
@inline
function stepOf(d: usize, c: usize, g: v128, v: v128): v128 {
  return f32x4.div(f32x4.mul(v128.load32_splat(c, 4), g), f32x4.sqrt(f32x4.add(v, f32x4.splat(args.epsilon(d)))));
}

/** v - a^2 */
// @ts-ignore: decorator
@inline
function spreadOf(v: v128, a: v128): v128 {
  return f32x4.sub(v, f32x4.mul(a, a));
}

@unmanaged
class Plain {
  // @ts-ignore: decorator
  @inline
  first(d: usize, c: usize, g: v128, v: v128): v128 {
    return fma(f32x4.splat(args.rho(d)), v, f32x4.mul(f32x4.splat(args.oneMinusRho(d)), f32x4.mul(g, g)));
  }

  // @ts-ignore: decorator
  @inline
  next(d: usize, c: usize, q: v128, g: v128, _: v128, v: v128): v128 {
    return f32x4.sub(q, stepOf(d, c, g, v));
  }
}

@unmanaged
class Momentum {
  // @ts-ignore: decorator
  @inline
  first(d: usize, c: usize, g: v128, v: v128): v128 {
    return fma(f32x4.splat(args.rho(d)), v, f32x4.mul(f32x4.splat(args.oneMinusRho(d)), f32x4.mul(g, g)));
  }

  // @ts-ignore: decorator
  @inline
  second(d: usize, c: usize, g: v128, m: v128, v: v128): v128 {
    return fma(f32x4.splat(args.momentum(d)), m, stepOf(d, c, g, v));
  }

  // @ts-ignore: decorator
  @inline
  next(d: usize, c: usize, q: v128, g: v128, _: v128, v: v128, m: v128): v128 {
    return f32x4.sub(q, m);
  }
}

@unmanaged
class Centered {
  // @ts-ignore: decorator
  @inline
  first(d: usize, c: usize, g: v128, v: v128): v128 {
    return fma(f32x4.splat(args.rho(d)), v, f32x4.mul(f32x4.splat(args.oneMinusRho(d)), f32x4.mul(g, g)));
  }

  // @ts-ignore: decorator
  @inline
  second(d: usize, c: usize, g: v128, a: v128, _: v128): v128 {
    return fma(f32x4.splat(args.rho(d)), a, f32x4.mul(f32x4.splat(args.oneMinusRho(d)), g));
  }

  // @ts-ignore: decorator
  @inline
  next(d: usize, c: usize, q: v128, g: v128, _: v128, v: v128, a: v128): v128 {
    return f32x4.sub(q, stepOf(d, c, g, spreadOf(v, a)));
  }
}

@unmanaged
class CenteredMomentum {
  // @ts-ignore: decorator
  @inline
  first(d: usize, c: usize, g: v128, v: v128): v128 {
    return fma(f32x4.splat(args.rho(d)), v, f32x4.mul(f32x4.splat(args.oneMinusRho(d)), f32x4.mul(g, g)));
  }

  // @ts-ignore: decorator
  @inline
  second(d: usize, c: usize, g: v128, a: v128, _: v128): v128 {
    return fma(f32x4.splat(args.rho(d)), a, f32x4.mul(f32x4.splat(args.oneMinusRho(d)), g));
  }

  // @ts-ignore: decorator
  @inline
  third(d: usize, c: usize, g: v128, m: v128, v: v128, a: v128): v128 {
    return fma(f32x4.splat(args.momentum(d)), m, stepOf(d, c, g, spreadOf(v, a)));
  }

  // @ts-ignore: decorator
  @inline
  next(d: usize, c: usize, q: v128, g: v128, _: v128, v: v128, a: v128, m: v128): v128 {
    return f32x4.sub(q, m);
  }
}

export function rmsprop(d: usize, b: usize, from: i32, to: i32): void {
  if (args.centered(d) && args.hasMomentum(d)) {
    update3<CenteredMomentum>(
      d, b, from, to, args.count(d), args.partAt(d), args.scalars(d, b), args.weightDecay(d), args.p(d, b), args.nextP(d, b),
      args.v(d, b), args.nextV(d, b), args.a(d, b), args.nextA(d, b), args.m(d, b), args.nextM(d, b),
    );
  } else if (args.centered(d)) {
    update2<Centered>(
      d, b, from, to, args.count(d), args.partAt(d), args.scalars(d, b), args.weightDecay(d), args.p(d, b), args.nextP(d, b),
      args.v(d, b), args.nextV(d, b), args.a(d, b), args.nextA(d, b),
    );
  } else if (args.hasMomentum(d)) {
    update2<Momentum>(
      d, b, from, to, args.count(d), args.partAt(d), args.scalars(d, b), args.weightDecay(d), args.p(d, b), args.nextP(d, b),
      args.v(d, b), args.nextV(d, b), args.m(d, b), args.nextM(d, b),
    );
  } else {
    update1<Plain>(
      d, b, from, to, args.count(d), args.partAt(d), args.scalars(d, b), args.weightDecay(d), args.p(d, b), args.nextP(d, b),
      args.v(d, b), args.nextV(d, b),
    );
  }
}
