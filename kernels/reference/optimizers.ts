// optimizers.ts: reference twins of the optimizers: gradient from the reduce program, divided, then the update.
import { readArguments, type Views } from '../abi.ts';
import type { Family } from '../reference.ts';
import { elementsOf, reducedF32 } from './reduce.ts';

interface Tensor {
  readonly at: { readonly p: number; readonly scalars: number };
  readonly count: number;
  readonly partAt: number;
}

/** Calls `update` for each element of the tiles with its number, parameter and divided gradient, and the step's scalars. */
function eachElement(
  memory: Views,
  b: number,
  a: Tensor,
  tiles: readonly [from: number, to: number],
  update: (i: number, p: number, g: number, rate: number, decay: number) => void,
): void {
  const [divisor, rate, decay] = memory.f32.subarray(a.at.scalars >> 2, (a.at.scalars >> 2) + 3);
  const [first, end] = elementsOf(a.count, ...tiles);
  for (let i = first; i < end; i++) {
    const g = Math.fround(reducedF32(memory, b, a.partAt + 4 * i) / divisor!);
    update(i, memory.f32[(a.at.p >> 2) + i]!, g, rate!, decay!);
  }
}

export const optimizers: Family = (memory) => ({
  sgd(d, b, from, to) {
    const a = readArguments('sgd', memory, d, b);
    eachElement(memory, b, a, [from, to], (i, p, g, rate) => {
      memory.f32[(a.at.nextP >> 2) + i] = p - rate * (g + a.weightDecay * p);
    });
  },

  sgd_momentum(d, b, from, to) {
    const a = readArguments('sgd_momentum', memory, d, b);
    eachElement(memory, b, a, [from, to], (i, p, g, rate) => {
      const velocity = a.momentum * memory.f32[(a.at.velocity >> 2) + i]! - rate * g;
      const decayed = p - rate * a.weightDecay * p;
      memory.f32[(a.at.nextVelocity >> 2) + i] = velocity;
      memory.f32[(a.at.nextP >> 2) + i] = decayed + (a.nesterov ? a.momentum * velocity - rate * g : velocity);
    });
  },

  moving_average(d, b, from, to) {
    const a = readArguments('moving_average', memory, d, b);
    eachElement(memory, b, a, [from, to], (i, p, mean) => {
      memory.f32[(a.at.nextP >> 2) + i] = p * a.momentum + mean * a.oneMinusMomentum;
    });
  },

  adam(d, b, from, to) {
    const a = readArguments('adam', memory, d, b);
    eachElement(memory, b, a, [from, to], (i, p, g, alpha, decay) => {
      const m = memory.f32[(a.at.m >> 2) + i]!;
      const v = memory.f32[(a.at.v >> 2) + i]!;
      const nextM = m + (g - m) * a.oneMinusBeta1;
      const nextV = v + (g * g - v) * a.oneMinusBeta2;
      memory.f32[(a.at.nextM >> 2) + i] = nextM;
      memory.f32[(a.at.nextV >> 2) + i] = nextV;
      memory.f32[(a.at.nextP >> 2) + i] = p - decay * p - (alpha * nextM) / (Math.sqrt(nextV) + a.epsilon);
    });
  },
});
