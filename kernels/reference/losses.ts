// losses.ts: reference twins of the losses: f64 sums over the rows in order, gradients undivided. Not metrics (counts.ts).
import { BINDING, readArguments, type Views } from '../abi.ts';
import type { Family } from '../reference.ts';

const rowsOf = (memory: Views, b: number, m: number): number => memory.u32[(b >> 2) + BINDING.rows]! * m;

export const losses: Family = (memory) => ({
  softmax_crossentropy(d, b) {
    const a = readArguments('softmax_crossentropy', memory, d, b);
    let sum = 0;
    for (let row = 0; row < rowsOf(memory, b, a.m); row++) {
      const logits = Array.from({ length: a.C }, (_, c) => memory.f32[(a.at.logits >> 2) + row * a.ldl + c]!);
      const target = (c: number) =>
        a.oneHot ? memory.f32[(a.at.labels >> 2) + row * a.C + c]! : Number(memory.i32[(a.at.labels >> 2) + row] === c);
      const labels = Array.from({ length: a.m }, (_, i) =>
        a.oneHot ? 0 : memory.i32[(a.at.labels >> 2) + row - (row % a.m) + i]!,
      );
      const counts = labels[row % a.m]! >= 0;
      const weight = counts ? 1 / labels.filter((label) => label >= 0).length : 0;
      const top = Math.max(...logits);
      const powers = logits.map((logit) => Math.exp(logit - top));
      const total = powers.reduce((before, power) => before + power, 0);
      for (let c = 0; c < a.C; c++) {
        const t = target(c);
        // a class of no weight adds nothing, not even when its probability is 0
        if (t !== 0) sum += weight * t * (Math.log(total) - (logits[c]! - top));
        memory.f32[(a.at.y >> 2) + row * a.ldy + c] = powers[c]! / total;
        if (a.wantGradient) memory.f32[(a.at.dLogits >> 2) + row * a.ldd + c] = weight * (powers[c]! / total - t);
      }
    }
    memory.f64[a.at.sum >> 3] = sum;
  },

  sigmoid_crossentropy(d, b) {
    const a = readArguments('sigmoid_crossentropy', memory, d, b);
    let sum = 0;
    for (let row = 0; row < rowsOf(memory, b, a.m); row++) {
      let loss = 0;
      for (let c = 0; c < a.C; c++) {
        const x = memory.f32[(a.at.logits >> 2) + row * a.ldl + c]!;
        const t = memory.f32[(a.at.targets >> 2) + row * a.C + c]!;
        const p = 1 / (1 + Math.exp(-x));
        // -t log p - (1 - t) log (1 - p), in a form that does not overflow
        loss += Math.max(x, 0) - (t === 0 ? 0 : x * t) + Math.log1p(Math.exp(-Math.abs(x)));
        memory.f32[(a.at.y >> 2) + row * a.ldy + c] = p;
        if (a.wantGradient) memory.f32[(a.at.dLogits >> 2) + row * a.ldd + c] = (p - t) / a.C;
      }
      sum += loss / a.C;
    }
    memory.f64[a.at.sum >> 3] = sum;
  },

  mean_squared_error(d, b) {
    const a = readArguments('mean_squared_error', memory, d, b);
    let sum = 0;
    for (let row = 0; row < rowsOf(memory, b, a.m); row++) {
      let loss = 0;
      for (let c = 0; c < a.C; c++) {
        const difference =
          memory.f32[(a.at.y >> 2) + row * a.ldy + c]! - memory.f32[(a.at.targets >> 2) + row * a.C + c]!;
        loss += difference * difference;
        if (a.wantGradient) memory.f32[(a.at.dY >> 2) + row * a.ldd + c] = (2 * difference) / a.C;
      }
      sum += loss / a.C;
    }
    memory.f64[a.at.sum >> 3] = sum;
  },
});
