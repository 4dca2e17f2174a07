// doubles.ts: four floats as two pairs of doubles and back. No other arithmetic.

/** Lanes 0 and 1 as doubles. */
// @ts-ignore: decorator
@inline
export function lowHalf(v: v128): v128 {
  return f64x2.promote_low_f32x4(v);
}

/** Lanes 2 and 3 as doubles. */
// @ts-ignore: decorator
@inline
export function highHalf(v: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 2, 3));
}

/** Two pairs of doubles as four floats. */
// @ts-ignore: decorator
@inline
export function joined(low: v128, high: v128): v128 {
  return v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
}

/** A row's weight: 1 where there are none. */
// @ts-ignore: decorator
@inline
export function weightAt(weights: usize, row: i32, hasWeights: i32): f64 {
  return hasWeights ? <f64>load<f32>(weights + (<usize>row << 2)) : 1;
}

/** Both lanes of a pair of doubles, added. */
// @ts-ignore: decorator
@inline
export function sum64(v: v128): f64 {
  return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1);
}
