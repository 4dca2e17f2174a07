// row_losses.ts: losses that look at a whole row of outputs: cosine similarity and categorical hinge. In doubles, output by output: they
// are made once a step.
import { rowsOf, scratchOf } from "./abi";
import { weightAt } from "./doubles";
import { categorical_hinge as hingeArgs, cosine_similarity as cosineArgs } from "./generated/arguments";
import { collapse64, leafEnd, push64 } from "./leaves";

// @ts-ignore: decorator
@inline
function valueAt(row: usize, c: i32): f64 {
  return <f64>load<f32>(row + (<usize>c << 2));
}

/** -cos(y, t), both divided by at least 1e-6. */
export function cosine_similarity(d: usize, b: usize, from: i32, to: i32): void {
  const rows = rowsOf(b) * cosineArgs.m(d), C = cosineArgs.C(d), stack = scratchOf(b), m = cosineArgs.m(d);
  const scale: f64 = 1 / <f64>cosineArgs.over(d);
  let sum: f64 = 0, leaf = 0, depth = 0;
  for (let row = 0; row < rows; row++) {
    const y = cosineArgs.y(d, b) + (<usize>(row * C) << 2), t = cosineArgs.targets(d, b) + (<usize>(row * C) << 2);
    const weight = scale * weightAt(cosineArgs.weights(d, b), row, cosineArgs.hasWeights(d));
    let product: f64 = 0, ys: f64 = 0, ts: f64 = 0;
    for (let c = 0; c < C; c++) {
      const u = valueAt(y, c), v = valueAt(t, c);
      product += u * v;
      ys += u * u;
      ts += v * v;
    }
    const yNorm = sqrt<f64>(max<f64>(ys, 1e-12)), tNorm = sqrt<f64>(max<f64>(ts, 1e-12)), cosine = product / (yNorm * tNorm);
    sum -= weight * cosine;
    if (cosineArgs.wantGradient(d)) {
      const dY = cosineArgs.dY(d, b) + (<usize>(row * C) << 2), turn = ys > 1e-12 ? cosine / yNorm : 0;
      for (let c = 0; c < C; c++) {
        const slope = valueAt(t, c) / tNorm - turn * valueAt(y, c);
        store<f32>(dY + (<usize>c << 2), <f32>((-weight * slope) / yNorm));
      }
    }
    if (row + 1 < leafEnd(b, leaf) * m) continue;
    depth = push64(stack, depth, leaf++, sum);
    sum = 0;
  }
  store<f64>(cosineArgs.sum(d, b), depth > 0 ? collapse64(stack, depth) : sum);
}

/** max(0, 1 + max((1 - t) y) - sum(t y)); of equal ones the first is the greatest. */
export function categorical_hinge(d: usize, b: usize, from: i32, to: i32): void {
  const rows = rowsOf(b) * hingeArgs.m(d), C = hingeArgs.C(d), stack = scratchOf(b), m = hingeArgs.m(d);
  const scale: f64 = 1 / <f64>hingeArgs.over(d);
  let sum: f64 = 0, leaf = 0, depth = 0;
  for (let row = 0; row < rows; row++) {
    const y = hingeArgs.y(d, b) + (<usize>(row * C) << 2), t = hingeArgs.targets(d, b) + (<usize>(row * C) << 2);
    const weight = scale * weightAt(hingeArgs.weights(d, b), row, hingeArgs.hasWeights(d));
    let right: f64 = 0, wrong: f64 = -Infinity, worst = 0;
    for (let c = 0; c < C; c++) {
      const u = valueAt(y, c), v = valueAt(t, c), other = (1 - v) * u;
      right += u * v;
      if (other > wrong) {
        wrong = other;
        worst = c;
      }
    }
    const loss = 1 + wrong - right, on: f64 = loss > 0 ? weight : 0;
    sum += weight * max<f64>(loss, 0);
    if (hingeArgs.wantGradient(d)) {
      const dY = hingeArgs.dY(d, b) + (<usize>(row * C) << 2);
      for (let c = 0; c < C; c++) {
        const v = valueAt(t, c);
        store<f32>(dY + (<usize>c << 2), <f32>(on * ((c == worst ? 1 - v : 0) - v)));
      }
    }
    if (row + 1 < leafEnd(b, leaf) * m) continue;
    depth = push64(stack, depth, leaf++, sum);
    sum = 0;
  }
  store<f64>(hingeArgs.sum(d, b), depth > 0 ? collapse64(stack, depth) : sum);
}
