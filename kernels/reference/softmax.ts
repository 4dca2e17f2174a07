// softmax.ts: reference twins of softmax, and of its logarithm, as layers. Not its fusion with a loss (losses.ts).
import { BINDING, readArguments, type Views } from '../abi.ts';
import type { Family } from '../reference.ts';

/** Rows of M that one tile covers (signatures.ts). */
const BLOCK = 16;

const rowsIn = (memory: Views, b: number, m: number, from: number, to: number): readonly [number, number] => [
  from * BLOCK,
  Math.min(to * BLOCK, memory.u32[(b >> 2) + BINDING.rows]! * m),
];

export const softmax: Family = (memory) => ({
  softmax(d, b, from, to) {
    const a = readArguments('softmax', memory, d, b);
    const [first, end] = rowsIn(memory, b, a.m, from, to);
    for (let row = first; row < end; row++) {
      const x = (a.at.x >> 2) + row * a.ldx;
      const values = Array.from({ length: a.C }, (_, c) => memory.f32[x + c]!);
      const top = Math.max(...values);
      const powers = values.map((value) => Math.exp(value - top));
      const sum = powers.reduce((total, power) => total + power, 0);
      for (let c = 0; c < a.C; c++) memory.f32[(a.at.y >> 2) + row * a.ldy + c] = powers[c]! / sum;
    }
  },

  softmax_backward(d, b, from, to) {
    const a = readArguments('softmax_backward', memory, d, b);
    const [first, end] = rowsIn(memory, b, a.m, from, to);
    for (let row = first; row < end; row++) {
      const dy = (a.at.dy >> 2) + row * a.lddy;
      const y = (a.at.y >> 2) + row * a.ldy;
      let dot = 0;
      for (let c = 0; c < a.C; c++) dot += memory.f32[dy + c]! * memory.f32[y + c]!;
      for (let c = 0; c < a.C; c++)
        memory.f32[(a.at.dx >> 2) + row * a.lddx + c] = memory.f32[y + c]! * (memory.f32[dy + c]! - dot);
    }
  },

  log_softmax(d, b, from, to) {
    const a = readArguments('log_softmax', memory, d, b);
    const [first, end] = rowsIn(memory, b, a.m, from, to);
    for (let row = first; row < end; row++) {
      const x = (a.at.x >> 2) + row * a.ldx;
      const values = Array.from({ length: a.C }, (_, c) => memory.f32[x + c]!);
      const top = Math.max(...values);
      const log = Math.log(values.reduce((total, value) => total + Math.exp(value - top), 0));
      for (let c = 0; c < a.C; c++) memory.f32[(a.at.y >> 2) + row * a.ldy + c] = values[c]! - top - log;
    }
  },

  log_softmax_backward(d, b, from, to) {
    const a = readArguments('log_softmax_backward', memory, d, b);
    const [first, end] = rowsIn(memory, b, a.m, from, to);
    for (let row = first; row < end; row++) {
      const dy = (a.at.dy >> 2) + row * a.lddy;
      const y = (a.at.y >> 2) + row * a.ldy;
      let sum = 0;
      for (let c = 0; c < a.C; c++) sum += memory.f32[dy + c]!;
      for (let c = 0; c < a.C; c++)
        memory.f32[(a.at.dx >> 2) + row * a.lddx + c] = memory.f32[dy + c]! - Math.exp(memory.f32[y + c]!) * sum;
    }
  },
});
