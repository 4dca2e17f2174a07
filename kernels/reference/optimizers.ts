// optimizers.ts: reference twins of the optimizers: gradient from the reduce program, divided, then the update.
import { readArguments, type Views } from '../abi.ts';
import type { Family } from '../reference.ts';
import { elementsOf, gradientF32, reducedF32 } from './reduce.ts';

interface Tensor {
  readonly at: { readonly p: number; readonly nextP: number; readonly scalars: number };
  readonly count: number;
  readonly partAt: number;
}

/** Calls `update` for each element of the tiles with its number, parameter and divided gradient, and the step's scalars. */
function eachElement(
  memory: Views,
  b: number,
  a: Tensor,
  tiles: readonly [from: number, to: number],
  update: (i: number, p: number, g: number, rate: number, more: Float32Array) => void,
): void {
  const [divisor, rate] = memory.f32.subarray(a.at.scalars >> 2, (a.at.scalars >> 2) + 2);
  const more = memory.f32.subarray((a.at.scalars >> 2) + 2, (a.at.scalars >> 2) + 5);
  const [first, end] = elementsOf(a.count, ...tiles);
  for (let i = first; i < end; i++) {
    const g = Math.fround(gradientF32(memory, b, a.at.scalars, a.partAt + 4 * i) / divisor!);
    update(i, memory.f32[(a.at.p >> 2) + i]!, g, rate!, more);
  }
}

/** A slot's element: its old value, and where the next one is written. */
const slotAt = (memory: Views, from: number, to: number, i: number, next: (old: number) => number): number => {
  const value = next(memory.f32[(from >> 2) + i]!);
  memory.f32[(to >> 2) + i] = value;
  return value;
};

export const optimizers: Family = (memory) => ({
  lars(d, b, from, to) {
    const a = readArguments('lars', memory, d, b);
    const ratio = memory.f32[(a.at.scalars >> 2) + 15]!;
    eachElement(memory, b, a, [from, to], (i, p, g, rate) => {
      const adapted = ratio * (g + a.weightDecay * p);
      const v = slotAt(memory, a.at.velocity, a.at.nextVelocity, i, (old) => a.momentum * old + adapted);
      memory.f32[(a.at.nextP >> 2) + i] = p - rate * (a.nesterov ? adapted + a.momentum * v : v);
    });
  },

  average(d, b, from, to) {
    const a = readArguments('average', memory, d, b);
    const [replaces, momentum, share] = memory.f32.subarray((a.at.scalars >> 2) + 11, (a.at.scalars >> 2) + 14);
    const [first, end] = elementsOf(a.count, from, to);
    for (let i = first; i < end; i++) {
      const next = memory.f32[(a.at.a >> 2) + i]! * momentum! + memory.f32[(a.at.p >> 2) + i]! * share!;
      memory.f32[(a.at.nextA >> 2) + i] = next;
      if (replaces! > 0) memory.f32[(a.at.p >> 2) + i] = next;
    }
  },

  carry(d, b, from, to) {
    const a = readArguments('carry', memory, d, b);
    const [first, end] = elementsOf(a.count, from, to);
    for (let i = first; i < end; i++) memory.f32[(a.at.y >> 2) + i] = a.clears ? 0 : memory.f32[(a.at.x >> 2) + i]!;
  },

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
    const [first, end] = elementsOf(a.count, from, to);
    for (let i = first; i < end; i++) {
      const mean = reducedF32(memory, b, a.partAt + 4 * i) / memory.f32[a.at.scalars >> 2]!;
      memory.f32[(a.at.nextP >> 2) + i] = memory.f32[(a.at.p >> 2) + i]! * a.momentum + mean * a.oneMinusMomentum;
    }
  },

  adam(d, b, from, to) {
    const a = readArguments('adam', memory, d, b);
    eachElement(memory, b, a, [from, to], (i, p, g, rate, [alpha]) => {
      const m = slotAt(memory, a.at.m, a.at.nextM, i, (old) => old + (g - old) * a.oneMinusBeta1);
      const v = slotAt(memory, a.at.v, a.at.nextV, i, (old) => old + (g * g - old) * a.oneMinusBeta2);
      const decayed = p - rate * a.weightDecay * p;
      memory.f32[(a.at.nextP >> 2) + i] = decayed - (alpha! * m) / (Math.sqrt(v) + a.epsilon);
    });
  },

  amsgrad(d, b, from, to) {
    const a = readArguments('amsgrad', memory, d, b);
    eachElement(memory, b, a, [from, to], (i, p, g, rate, [alpha]) => {
      const m = slotAt(memory, a.at.m, a.at.nextM, i, (old) => old + (g - old) * a.oneMinusBeta1);
      const v = slotAt(memory, a.at.v, a.at.nextV, i, (old) => old + (g * g - old) * a.oneMinusBeta2);
      const top = slotAt(memory, a.at.top, a.at.nextTop, i, (old) => Math.max(old, v));
      const decayed = p - rate * a.weightDecay * p;
      memory.f32[(a.at.nextP >> 2) + i] = decayed - (alpha! * m) / (Math.sqrt(top) + a.epsilon);
    });
  },

  nadam(d, b, from, to) {
    const a = readArguments('nadam', memory, d, b);
    eachElement(memory, b, a, [from, to], (i, p, g, rate, [ofM, ofG, ofV]) => {
      const m = slotAt(memory, a.at.m, a.at.nextM, i, (old) => old + (g - old) * a.oneMinusBeta1);
      const v = slotAt(memory, a.at.v, a.at.nextV, i, (old) => old + (g * g - old) * a.oneMinusBeta2);
      const decayed = p - rate * a.weightDecay * p;
      memory.f32[(a.at.nextP >> 2) + i] = decayed - (ofM! * m + ofG! * g) / (Math.sqrt(ofV! * v) + a.epsilon);
    });
  },

  adamax(d, b, from, to) {
    const a = readArguments('adamax', memory, d, b);
    eachElement(memory, b, a, [from, to], (i, p, g, rate, [alpha]) => {
      const m = slotAt(memory, a.at.m, a.at.nextM, i, (old) => old + (g - old) * a.oneMinusBeta1);
      const u = slotAt(memory, a.at.u, a.at.nextU, i, (old) => Math.max(a.beta2 * old, Math.abs(g)));
      const decayed = p - rate * a.weightDecay * p;
      memory.f32[(a.at.nextP >> 2) + i] = decayed - (alpha! * m) / (u + a.epsilon);
    });
  },

  lion(d, b, from, to) {
    const a = readArguments('lion', memory, d, b);
    eachElement(memory, b, a, [from, to], (i, p, g, rate) => {
      const m = memory.f32[(a.at.m >> 2) + i]!;
      memory.f32[(a.at.nextM >> 2) + i] = m * a.beta2 + g * a.oneMinusBeta2;
      const decayed = p - rate * a.weightDecay * p;
      memory.f32[(a.at.nextP >> 2) + i] = decayed - rate * Math.sign(m * a.beta1 + g * a.oneMinusBeta1);
    });
  },

  adagrad(d, b, from, to) {
    const a = readArguments('adagrad', memory, d, b);
    eachElement(memory, b, a, [from, to], (i, p, g, rate) => {
      const sum = slotAt(memory, a.at.a, a.at.nextA, i, (old) => old + g * g);
      const decayed = p - rate * a.weightDecay * p;
      memory.f32[(a.at.nextP >> 2) + i] = decayed - (rate * g) / Math.sqrt(sum + a.epsilon);
    });
  },

  adadelta(d, b, from, to) {
    const a = readArguments('adadelta', memory, d, b);
    eachElement(memory, b, a, [from, to], (i, p, g, rate) => {
      const squares = slotAt(memory, a.at.a, a.at.nextA, i, (old) => a.rho * old + a.oneMinusRho * g * g);
      const past = memory.f32[(a.at.d >> 2) + i]!;
      const delta = (Math.sqrt(past + a.epsilon) * g) / Math.sqrt(squares + a.epsilon);
      memory.f32[(a.at.nextD >> 2) + i] = a.rho * past + a.oneMinusRho * delta * delta;
      memory.f32[(a.at.nextP >> 2) + i] = p - rate * a.weightDecay * p - rate * delta;
    });
  },

  rmsprop(d, b, from, to) {
    const a = readArguments('rmsprop', memory, d, b);
    eachElement(memory, b, a, [from, to], (i, p, g, rate) => {
      const v = slotAt(memory, a.at.v, a.at.nextV, i, (old) => a.rho * old + a.oneMinusRho * g * g);
      const mean = a.centered ? slotAt(memory, a.at.a, a.at.nextA, i, (old) => a.rho * old + a.oneMinusRho * g) : 0;
      const own = (rate * g) / Math.sqrt(v - mean * mean + a.epsilon);
      const step = a.hasMomentum ? slotAt(memory, a.at.m, a.at.nextM, i, (old) => a.momentum * old + own) : own;
      memory.f32[(a.at.nextP >> 2) + i] = p - rate * a.weightDecay * p - step;
    });
  },
});
