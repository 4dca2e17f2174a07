// counts.ts: reference twins of the counts that metrics are made of. No ratios: those are taken at the root.
import { BINDING, readArguments, type Views } from '../abi.ts';
import type { Family } from '../reference.ts';

const rowsOf = (memory: Views, b: number, m: number): number => memory.u32[(b >> 2) + BINDING.rows]! * m;

/** Place of the first maximum of `length` floats. */
function firstMaximum(memory: Views, at: number, length: number): number {
  let best = 0;
  for (let c = 1; c < length; c++) if (memory.f32[at + c]! > memory.f32[at + best]!) best = c;
  return best;
}

interface Rows {
  readonly at: { readonly y: number; readonly labels: number };
  readonly C: number;
  readonly ldy: number;
  readonly oneHot: number;
}
const predictionOf = (memory: Views, a: Rows, row: number) => firstMaximum(memory, (a.at.y >> 2) + row * a.ldy, a.C);
const labelOf = (memory: Views, a: Rows, row: number) =>
  a.oneHot ? firstMaximum(memory, (a.at.labels >> 2) + row * a.C, a.C) : memory.i32[(a.at.labels >> 2) + row]!;

export const counts: Family = (memory) => ({
  count_correct(d, b) {
    const a = readArguments('count_correct', memory, d, b);
    const rows = Array.from({ length: rowsOf(memory, b, a.m) }, (_, row) => row);
    const counted = rows.filter((row) => labelOf(memory, a, row) >= 0);
    const right = counted.filter((row) => predictionOf(memory, a, row) === labelOf(memory, a, row));
    memory.f64.set([right.length, counted.length], a.at.count >> 3);
  },

  count_top_k(d, b) {
    const a = readArguments('count_top_k', memory, d, b);
    let count = 0;
    for (let row = 0; row < rowsOf(memory, b, a.m); row++) {
      const label = labelOf(memory, a, row);
      if (label < 0 || label >= a.C) continue;
      const y = (a.at.y >> 2) + row * a.ldy;
      const own = memory.f32[y + label]!;
      let better = 0;
      for (let c = 0; c < a.C; c++) if (memory.f32[y + c]! > own) better++;
      if (better < a.k && !Number.isNaN(own)) count++;
    }
    memory.f64[a.at.count >> 3] = count;
  },

  count_binary(d, b) {
    const a = readArguments('count_binary', memory, d, b);
    let count = 0;
    for (let row = 0; row < rowsOf(memory, b, a.m); row++)
      for (let c = 0; c < a.C; c++) {
        const y = memory.f32[(a.at.y >> 2) + row * a.ldy + c]!;
        const t = memory.f32[(a.at.targets >> 2) + row * a.C + c]!;
        if (y > 0.5 === t > 0.5) count++;
      }
    memory.f64[a.at.count >> 3] = count;
  },

  confusion(d, b) {
    const a = readArguments('confusion', memory, d, b);
    const table = memory.f64.subarray(a.at.counts >> 3, (a.at.counts >> 3) + a.C * a.C).fill(0);
    for (let row = 0; row < rowsOf(memory, b, a.m); row++) {
      const label = labelOf(memory, a, row);
      if (label >= 0 && label < a.C) table[label * a.C + predictionOf(memory, a, row)]! += 1;
    }
  },

  confusion_binary(d, b) {
    const a = readArguments('confusion_binary', memory, d, b);
    const table = memory.f64.subarray(a.at.counts >> 3, (a.at.counts >> 3) + 4).fill(0);
    for (let row = 0; row < rowsOf(memory, b, a.m); row++) {
      const y = memory.f32[(a.at.y >> 2) + row * a.ldy]!;
      const t = memory.f32[(a.at.targets >> 2) + row]!;
      table[2 * Number(t > 0.5) + Number(y > 0.5)]! += 1;
    }
  },
});
