// losses.ts: reference twins of the losses: f64 sums over the rows in order, gradients undivided. Not metrics (counts.ts).
import { BINDING, readArguments, type Views } from '../abi.ts';
import type { Family } from '../reference.ts';

const rowsOf = (memory: Views, b: number, m: number): number => memory.u32[(b >> 2) + BINDING.rows]! * m;

interface Weighted {
  readonly m: number;
  readonly hasWeights: number;
  readonly at: { readonly weights: number };
}
const weightAt = (memory: Views, a: Weighted, row: number): number =>
  a.hasWeights ? memory.f32[(a.at.weights >> 2) + row]! : 1;

/** Adds up what `of` gives for each row and its weight. */
function eachRow(memory: Views, b: number, a: Weighted, sumAt: number, of: (row: number, weight: number) => number) {
  let sum = 0;
  for (let row = 0; row < rowsOf(memory, b, a.m); row++) sum += of(row, weightAt(memory, a, row));
  memory.f64[sumAt >> 3] = sum;
}

const rowAt = (memory: Views, at: number, row: number, C: number): readonly number[] =>
  Array.from({ length: C }, (_, c) => memory.f32[(at >> 2) + row * C + c]!);

const bounded = (p: number): number => Math.min(Math.max(p, 1e-7), 1 - 1e-7);
/** Of -(1 - p)^gamma log p along p. */
const focalSlope = (p: number, gamma: number): number =>
  bounded(p) === p ? gamma * (1 - p) ** (gamma - 1) * Math.log(p) - (1 - p) ** gamma / p : 0;

const side = (t: number): number => (t === 0 ? -1 : t);
const share = (x: number): number => Math.min(Math.max(x, 1e-7), 1);
/** By the kernel's number. */
const pointwise: readonly {
  loss(y: number, t: number, delta: number): number;
  slope(y: number, t: number, delta: number): number;
}[] = [
  { loss: (y, t) => Math.abs(y - t), slope: (y, t) => Math.sign(y - t) },
  {
    loss: (y, t, d) => (Math.abs(y - t) <= d ? (y - t) ** 2 / 2 : d * (Math.abs(y - t) - d / 2)),
    slope: (y, t, d) => Math.max(Math.min(y - t, d), -d),
  },
  {
    loss: (y, t) => Math.abs(y - t) + Math.log1p(Math.exp(-2 * Math.abs(y - t))) - Math.LN2,
    slope: (y, t) => Math.tanh(y - t),
  },
  {
    loss: (y, t) => Math.max(0, 1 - side(t) * y),
    slope: (y, t) => (side(t) * y < 1 ? -side(t) : 0),
  },
  {
    loss: (y, t) => Math.max(0, 1 - side(t) * y) ** 2,
    slope: (y, t) => -2 * side(t) * Math.max(0, 1 - side(t) * y),
  },
  {
    loss: (y, t) => share(t) * Math.log(share(t) / share(y)),
    slope: (y, t) => (y >= 1e-7 && y <= 1 ? -share(t) / y : 0),
  },
  { loss: (y, t) => y - t * Math.log(y + 1e-7), slope: (y, t) => 1 - t / (y + 1e-7) },
];

export const losses: Family = (memory) => ({
  softmax_crossentropy(d, b) {
    const a = readArguments('softmax_crossentropy', memory, d, b);
    eachRow(memory, b, a, a.at.sum, (row, own) => {
      const logits = Array.from({ length: a.C }, (_, c) => memory.f32[(a.at.logits >> 2) + row * a.ldl + c]!);
      const hot = (c: number) =>
        a.oneHot ? memory.f32[(a.at.labels >> 2) + row * a.C + c]! : Number(memory.i32[(a.at.labels >> 2) + row] === c);
      const labels = Array.from({ length: a.m }, (_, i) =>
        a.oneHot ? 0 : memory.i32[(a.at.labels >> 2) + row - (row % a.m) + i]!,
      );
      const counts = labels[row % a.m]! >= 0;
      const weight = counts ? own / labels.filter((label) => label >= 0).length : 0;
      const top = Math.max(...logits);
      const powers = logits.map((logit) => Math.exp(logit - top));
      const total = powers.reduce((before, power) => before + power, 0);
      let loss = 0;
      for (let c = 0; c < a.C; c++) {
        const t = hot(c) * (1 - a.smoothing) + a.smoothing / a.C;
        // a class of no weight adds nothing, not even when its probability is 0
        if (t !== 0) loss += t * (Math.log(total) - (logits[c]! - top));
        memory.f32[(a.at.y >> 2) + row * a.ldy + c] = powers[c]! / total;
        if (a.wantGradient) memory.f32[(a.at.dLogits >> 2) + row * a.ldd + c] = weight * (powers[c]! / total - t);
      }
      return weight * loss;
    });
  },

  sigmoid_crossentropy(d, b) {
    const a = readArguments('sigmoid_crossentropy', memory, d, b);
    eachRow(memory, b, a, a.at.sum, (row, weight) => {
      let loss = 0;
      for (let c = 0; c < a.C; c++) {
        const x = memory.f32[(a.at.logits >> 2) + row * a.ldl + c]!;
        const t = memory.f32[(a.at.targets >> 2) + row * a.C + c]! * (1 - a.smoothing) + 0.5 * a.smoothing;
        const p = 1 / (1 + Math.exp(-x));
        // -t log p - (1 - t) log (1 - p), in a form that does not overflow
        loss += Math.max(x, 0) - (t === 0 ? 0 : x * t) + Math.log1p(Math.exp(-Math.abs(x)));
        memory.f32[(a.at.y >> 2) + row * a.ldy + c] = p;
        if (a.wantGradient) memory.f32[(a.at.dLogits >> 2) + row * a.ldd + c] = (weight * (p - t)) / a.C;
      }
      return (weight * loss) / a.C;
    });
  },

  mean_squared_error(d, b) {
    const a = readArguments('mean_squared_error', memory, d, b);
    eachRow(memory, b, a, a.at.sum, (row, weight) => {
      let loss = 0;
      for (let c = 0; c < a.C; c++) {
        const difference =
          memory.f32[(a.at.y >> 2) + row * a.ldy + c]! - memory.f32[(a.at.targets >> 2) + row * a.C + c]!;
        loss += difference * difference;
        if (a.wantGradient) memory.f32[(a.at.dY >> 2) + row * a.ldd + c] = (weight * 2 * difference) / a.C;
      }
      return (weight * loss) / a.C;
    });
  },

  pointwise_loss(d, b) {
    const a = readArguments('pointwise_loss', memory, d, b);
    const kind = pointwise[a.kind]!;
    eachRow(memory, b, a, a.at.sum, (row, weight) => {
      let loss = 0;
      for (let c = 0; c < a.C; c++) {
        const y = memory.f32[(a.at.y >> 2) + row * a.ldy + c]!;
        const t = memory.f32[(a.at.targets >> 2) + row * a.C + c]!;
        loss += kind.loss(y, t, a.delta);
        if (a.wantGradient)
          memory.f32[(a.at.dY >> 2) + row * a.ldd + c] = (weight * kind.slope(y, t, a.delta)) / a.over;
      }
      return (weight * loss) / a.over;
    });
  },

  cosine_similarity(d, b) {
    const a = readArguments('cosine_similarity', memory, d, b);
    eachRow(memory, b, a, a.at.sum, (row, weight) => {
      const y = rowAt(memory, a.at.y, row, a.C);
      const t = rowAt(memory, a.at.targets, row, a.C);
      const dot = (u: readonly number[], v: readonly number[]) => u.reduce((sum, x, i) => sum + x * v[i]!, 0);
      const [yNorm, tNorm] = [y, t].map((v) => Math.sqrt(Math.max(dot(v, v), 1e-12))) as [number, number];
      const cosine = dot(y, t) / (yNorm * tNorm);
      const turn = dot(y, y) > 1e-12 ? cosine / yNorm : 0;
      for (let c = 0; c < a.C && a.wantGradient; c++)
        memory.f32[(a.at.dY >> 2) + row * a.C + c] = (-weight * (t[c]! / tNorm - turn * y[c]!)) / yNorm / a.over;
      return (-weight * cosine) / a.over;
    });
  },

  categorical_hinge(d, b) {
    const a = readArguments('categorical_hinge', memory, d, b);
    eachRow(memory, b, a, a.at.sum, (row, weight) => {
      const y = rowAt(memory, a.at.y, row, a.C);
      const t = rowAt(memory, a.at.targets, row, a.C);
      const others = y.map((value, c) => (1 - t[c]!) * value);
      const worst = others.indexOf(Math.max(...others));
      const loss = 1 + others[worst]! - y.reduce((sum, value, c) => sum + value * t[c]!, 0);
      for (let c = 0; c < a.C && a.wantGradient; c++)
        memory.f32[(a.at.dY >> 2) + row * a.C + c] =
          loss > 0 ? (weight * ((c === worst ? 1 - t[c]! : 0) - t[c]!)) / a.over : 0;
      return (weight * Math.max(0, loss)) / a.over;
    });
  },

  softmax_focal(d, b) {
    const a = readArguments('softmax_focal', memory, d, b);
    eachRow(memory, b, a, a.at.sum, (row, rowWeight) => {
      const weight = (rowWeight * a.alpha) / a.over;
      const logits = rowAt(memory, a.at.logits, row, a.C);
      const powers = logits.map((logit) => Math.exp(logit - Math.max(...logits)));
      const p = powers.map((power) => power / powers.reduce((sum, x) => sum + x, 0));
      const t = rowAt(memory, a.at.labels, row, a.C).map((x) => x * (1 - a.smoothing) + a.smoothing / a.C);
      const slopes = p.map((x, c) => t[c]! * focalSlope(x, a.gamma));
      const pull = p.reduce((sum, x, c) => sum + x * slopes[c]!, 0);
      for (let c = 0; c < a.C; c++) {
        memory.f32[(a.at.y >> 2) + row * a.C + c] = p[c]!;
        if (a.wantGradient) memory.f32[(a.at.dLogits >> 2) + row * a.C + c] = weight * p[c]! * (slopes[c]! - pull);
      }
      return weight * p.reduce((sum, x, c) => sum - t[c]! * (1 - bounded(x)) ** a.gamma * Math.log(bounded(x)), 0);
    });
  },

  sigmoid_focal(d, b) {
    const a = readArguments('sigmoid_focal', memory, d, b);
    eachRow(memory, b, a, a.at.sum, (row, rowWeight) => {
      const weight = rowWeight / a.over;
      let loss = 0;
      for (let c = 0; c < a.C; c++) {
        const raw = 1 / (1 + Math.exp(-memory.f32[(a.at.logits >> 2) + row * a.C + c]!));
        const t = memory.f32[(a.at.labels >> 2) + row * a.C + c]! * (1 - a.smoothing) + 0.5 * a.smoothing;
        const p = bounded(raw);
        const right = t * p + (1 - t) * (1 - p);
        const balance = t * a.ofOne + (1 - t) * a.ofZero;
        const entropy = -(t * Math.log(p) + (1 - t) * Math.log(1 - p));
        const power = (1 - right) ** a.gamma;
        const slope = ((a.gamma * power) / (1 - right)) * (1 - 2 * t) * entropy + power * ((1 - t) / (1 - p) - t / p);
        loss += balance * power * entropy;
        memory.f32[(a.at.y >> 2) + row * a.C + c] = raw;
        if (a.wantGradient)
          memory.f32[(a.at.dLogits >> 2) + row * a.C + c] = p === raw ? weight * balance * slope * p * (1 - p) : 0;
      }
      return weight * loss;
    });
  },

  class_weights(d, b) {
    const a = readArguments('class_weights', memory, d, b);
    for (let row = 0; row < rowsOf(memory, b, a.m); row++) {
      const t = a.oneHot ? rowAt(memory, a.at.labels, row, a.C) : [];
      const hot = a.C === 1 ? Number(t[0]! > 0.5) : t.indexOf(Math.max(...t));
      const label = a.oneHot ? hot : memory.i32[(a.at.labels >> 2) + row]!;
      memory.f32[(a.at.weights >> 2) + row] = label < 0 ? 0 : memory.f32[(a.at.table >> 2) + label]!;
    }
  },
});
