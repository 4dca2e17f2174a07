// norms.ts: reference twins of norms, and of LAMB, whose step needs two of them.
import { readArguments, type Views } from '../abi.ts';
import type { Family } from '../reference.ts';
import { elementsOf, gradientF32 } from './reduce.ts';

/** Writes the sum of f(i)^2 over each tile as f64. */
function eachTile(
  memory: Views,
  count: number,
  tiles: readonly [number, number],
  out: number,
  f: (i: number) => number,
) {
  for (let tile = tiles[0]; tile < tiles[1]; tile++) {
    const [first, end] = elementsOf(count, tile, tile + 1);
    let sum = 0;
    for (let i = first; i < end; i++) sum += f(i) ** 2;
    memory.f64[(out >> 3) + tile] = sum;
  }
}

/** Adam's step of LAMB, from its moments. */
const stepOf = (memory: Views, scalars: number, m: number, v: number, epsilon: number): number =>
  (memory.f32[(scalars >> 2) + 2]! * m) / (Math.sqrt(memory.f32[(scalars >> 2) + 3]! * v) + epsilon);

const copyScalars = (memory: Views, now: number, next: number): void => {
  memory.f32.copyWithin(next >> 2, now >> 2, (now >> 2) + 16);
};

export const norms: Family = (memory) => ({
  squares(d, b, from, to) {
    const a = readArguments('squares', memory, d, b);
    eachTile(memory, a.count, [from, to], a.at.out, (i) => memory.f32[(a.at.x >> 2) + i]!);
  },

  gradient_squares(d, b, from, to) {
    const a = readArguments('gradient_squares', memory, d, b);
    const divisor = memory.f32[a.at.scalars >> 2]!;
    const g = (i: number) => gradientF32(memory, b, a.at.scalars, a.partAt + 4 * i) / divisor;
    eachTile(memory, a.count, [from, to], a.at.out, g);
  },

  lamb_moments(d, b, from, to) {
    const a = readArguments('lamb_moments', memory, d, b);
    const [divisor, rate] = memory.f32.subarray(a.at.scalars >> 2, (a.at.scalars >> 2) + 2);
    const p = (i: number) => memory.f32[(a.at.p >> 2) + i]!;
    const next = (at: number, to: number, i: number, value: number, share: number): number => {
      const old = memory.f32[(at >> 2) + i]!;
      memory.f32[(to >> 2) + i] = old + (value - old) * share;
      return memory.f32[(to >> 2) + i]!;
    };
    eachTile(memory, a.count, [from, to], a.at.wSquares, (i) => p(i) * (1 - rate! * a.weightDecay));
    eachTile(memory, a.count, [from, to], a.at.uSquares, (i) => {
      const g = gradientF32(memory, b, a.at.scalars, a.partAt + 4 * i) / divisor!;
      const m = next(a.at.m, a.at.nextM, i, g, a.oneMinusBeta1);
      const v = next(a.at.v, a.at.nextV, i, g * g, a.oneMinusBeta2);
      return stepOf(memory, a.at.scalars, m, v, a.epsilon);
    });
  },

  lamb(d, b, from, to) {
    const a = readArguments('lamb', memory, d, b);
    const rate = memory.f32[(a.at.scalars >> 2) + 1]!;
    const ratio = memory.f32[(a.at.scalars >> 2) + 15]!;
    const [first, end] = elementsOf(a.count, from, to);
    for (let i = first; i < end; i++) {
      const at = (address: number) => memory.f32[(address >> 2) + i]!;
      const step = stepOf(memory, a.at.scalars, at(a.at.m), at(a.at.v), a.epsilon);
      memory.f32[(a.at.nextP >> 2) + i] = at(a.at.p) * (1 - rate * a.weightDecay) - rate * ratio * step;
    }
  },

  tree_f64(d, b) {
    const a = readArguments('tree_f64', memory, d, b);
    const values = memory.f64.subarray(a.at.values >> 3, (a.at.values >> 3) + a.count);
    for (let stride = 1; stride < a.count; stride *= 2)
      for (let i = 0; i + stride < a.count; i += 2 * stride) values[i]! += values[i + stride]!;
    memory.f64[a.at.sum >> 3] = values[0]!;
  },

  clip_scale(d, b) {
    const a = readArguments('clip_scale', memory, d, b);
    const norm = Math.sqrt(memory.f64[a.at.sum >> 3]!);
    copyScalars(memory, a.at.now, a.at.next);
    if (!(norm <= a.most)) memory.f32[a.at.next >> 2]! *= norm / a.most;
  },

  trust_ratio(d, b) {
    const a = readArguments('trust_ratio', memory, d, b);
    const [w, g] = [Math.sqrt(memory.f64[a.at.w >> 3]!), Math.sqrt(memory.f64[a.at.g >> 3]!)];
    copyScalars(memory, a.at.now, a.at.next);
    memory.f32[(a.at.next >> 2) + 15] = w > 0 && g > 0 ? (a.coefficient * w) / (g + a.decay * w + a.epsilon) : 1;
  },
});
