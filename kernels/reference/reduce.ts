// reduce.ts: reference twins of sums: the bias gradient, the ladder, reduce programs. Updates are in optimizers.ts.
import { BINDING, readArguments, type Views } from '../abi.ts';
import type { Family } from '../reference.ts';

/**
 * The sum that the reduce program of the bindings gives for one value: a postfix program over contributions' base addresses.
 * `read` gives the value in the contribution at a base, `add` rounds as its memory does.
 */
export function reduced(
  memory: Views,
  b: number,
  read: (base: number) => number,
  add: (left: number, right: number) => number,
): number {
  const program = memory.u32[(b >> 2) + BINDING.reduce]! >> 2;
  const stack: number[] = [];
  for (const entry of memory.u32.subarray(program + 1, program + 1 + memory.u32[program]!)) {
    if (entry !== 0) {
      stack.push(read(entry));
      continue;
    }
    const right = stack.pop()!;
    const left = stack.pop()!;
    stack.push(add(left, right));
  }
  return stack[0]!;
}

/** The reduced float at byte `offset` of each contribution. */
export const reducedF32 = (memory: Views, b: number, offset: number): number =>
  reduced(
    memory,
    b,
    (base) => memory.f32[(base + offset) >> 2]!,
    (left, right) => Math.fround(left + right),
  );

/** As an optimizer sees it: with what earlier steps carried, clipped to the limit of the scalars at this address. */
export function gradientF32(memory: Views, b: number, scalars: number, offset: number): number {
  const own = reducedF32(memory, b, offset);
  const carried = memory.u32[(b >> 2) + BINDING.carried]!;
  const sum = carried === 0 ? own : Math.fround(memory.f32[(carried + offset) >> 2]! + own);
  const limit = memory.f32[(scalars >> 2) + 14]!;
  return limit > 0 ? Math.max(Math.min(sum, limit), -limit) : sum;
}

/** Bases of the finished left siblings, nearest first. */
export function ladder(memory: Views, b: number): readonly number[] {
  const word = b >> 2;
  const count = memory.u32[word + BINDING.ladderCount]!;
  return [...memory.u32.subarray(word + BINDING.ladder, word + BINDING.ladder + count)];
}

/** Elements of a tensor that one tile covers (signatures.ts). */
const UPDATE_BLOCK = 4096;

/** Elements `from` (inclusive) to `to` (exclusive) that a range of update tiles covers. */
export const elementsOf = (count: number, fromTile: number, toTile: number): readonly [number, number] => [
  fromTile * UPDATE_BLOCK,
  Math.min(toTile * UPDATE_BLOCK, count),
];

export const reduce: Family = (memory) => ({
  bias_gradient(d, b, from, to) {
    const a = readArguments('bias_gradient', memory, d, b);
    for (let c = from * 16; c < Math.min(to * 16, a.C); c++) {
      let sum = 0;
      for (let image = 0; image < memory.u32[(b >> 2) + BINDING.rows]!; image++)
        for (let h = 0; h < a.H; h++)
          for (let w = 0; w < a.W; w++)
            sum += memory.f32[(a.at.dy >> 2) + image * a.dyImage + h * a.dyRow + w * a.C + c]!;
      const total = ladder(memory, b).reduce(
        (right, base) => Math.fround(memory.f32[((base + a.offset.out) >> 2) + c]! + right),
        Math.fround(sum),
      );
      memory.f32[(a.at.out >> 2) + c] = total;
    }
  },

  ladder_f64(d, b) {
    const a = readArguments('ladder_f64', memory, d, b);
    for (let i = 0; i < a.count; i++)
      memory.f64[(a.at.values >> 3) + i] = ladder(memory, b).reduce(
        (right, base) => memory.f64[((base + a.offset.values) >> 3) + i]! + right,
        memory.f64[(a.at.values >> 3) + i]!,
      );
  },

  accumulate(d, b, from, to) {
    const a = readArguments('accumulate', memory, d, b);
    const [first, end] = elementsOf(a.count, from, to);
    for (let i = first; i < end; i++)
      memory.f32[(a.at.out >> 2) + i] = ladder(memory, b).reduce(
        (right, base) => Math.fround(memory.f32[((base + a.offset.out) >> 2) + i]! + right),
        Math.fround(memory.f32[(a.at.out >> 2) + i]! + memory.f32[(a.at.part >> 2) + i]!),
      );
  },

  weigh_f64(d, b) {
    const a = readArguments('weigh_f64', memory, d, b);
    let sum = 0;
    for (let i = 0; i < a.count; i++) sum += memory.f64[(a.at.values >> 3) + i]! * memory.f32[(a.at.weights >> 2) + i]!;
    memory.f64[a.at.sum >> 3] = sum;
  },

  reduce_f64(d, b) {
    const a = readArguments('reduce_f64', memory, d, b);
    for (let i = 0; i < a.count; i++)
      memory.f64[(a.at.out >> 3) + i] = reduced(
        memory,
        b,
        (base) => memory.f64[((base + a.partAt) >> 3) + i]!,
        (left, right) => left + right,
      );
  },

  reduce_f32(d, b, from, to) {
    const a = readArguments('reduce_f32', memory, d, b);
    const [first, end] = elementsOf(a.count, from, to);
    for (let i = first; i < end; i++) memory.f32[(a.at.out >> 2) + i] = reducedF32(memory, b, a.partAt + 4 * i);
  },

  gradient_sums(d, b, from, to) {
    const a = readArguments('gradient_sums', memory, d, b);
    const [first, end] = elementsOf(a.count, from, to);
    for (let i = first; i < end; i++)
      memory.f32[(a.at.out >> 2) + i] = gradientF32(memory, b, a.at.scalars, a.partAt + 4 * i);
  },
});
