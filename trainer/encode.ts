// encode.ts: plan calls written into memory, as descriptors and call records that threads read. It decides nothing.
import { descriptorBytes, kernelIndex, writeDescriptor } from '../kernels/abi.ts';
import { type Arena, alignUp } from '../kernels/arena.ts';
import { CALL, CALL_WORDS } from './control.ts';
import type { PlanCall } from './plan-builder.ts';
import type { EncodedCalls } from './pool.ts';

/** A part of a call's tiles: those that one owner of a range runs. */
export interface TileRange {
  readonly from: number;
  readonly to: number;
}

/** Bytes that encodeCalls takes from an arena. */
export const encodedBytes = (calls: readonly PlanCall[]): number =>
  alignUp(
    512 + calls.reduce((sum, call) => sum + 4 * CALL_WORDS + alignUp(descriptorBytes(call.arguments.kernel), 16), 0),
  );

export interface EncodeOptions {
  /** `ranges[i]` limits call i to some of its tiles. */
  readonly ranges?: readonly (TileRange | null)[];
  /** Numbers of final calls (plan-finals.ts). */
  readonly finals?: readonly number[];
  /** Of each call, whether it reads sums that threads have made together (joint.ts). */
  readonly joint?: readonly boolean[];
  /** Samples that it runs for at once: calls that are long then are marked (control.ts, CALL). Default: none is. */
  readonly rows?: number;
}

/** Floating-point operations of a long call: some 30 us. */
const LONG = 2 ** 21;

/** Writes calls for whoever runs them on its own thread. @returns the address of each one's descriptor */
export function encodeDescriptors(arena: Arena, calls: readonly PlanCall[]): readonly number[] {
  const { address } = encodeCalls(arena, calls);
  return calls.map((_, i) => arena.views.u32[(address >>> 2) + CALL_WORDS * i + 1]!);
}

/** Writes calls. */
export function encodeCalls(arena: Arena, calls: readonly PlanCall[], options: EncodeOptions = {}): EncodedCalls {
  const { ranges, finals, joint, rows = 0 } = options;
  const { i32 } = arena.views;
  const address = arena.take(encodedBytes(calls) - 512);
  let descriptor = address + 4 * CALL_WORDS * calls.length;
  calls.forEach((call, i) => {
    const range = ranges?.[i];
    writeDescriptor(arena.memory.buffer, descriptor, call.arguments);
    const { each, m, per } = call.tiles;
    const record = [
      kernelIndex(call.arguments.kernel),
      descriptor,
      each,
      m,
      per,
      (call.barrier && i > 0 ? CALL.barrier : 0) | // whoever runs the program sees to what comes before it
        (call.alone ? CALL.alone : 0) |
        (finals?.includes(i) ? CALL.final : 0) |
        (joint?.[i] ? CALL.joint : 0) |
        (call.flops * rows >= LONG ? CALL.long : 0) |
        (call.crosses ? CALL.crosses : 0) |
        (call.crosses || calls[i - 1]?.crosses ? CALL.meets : 0),
      range?.from ?? 0,
      range ? range.to - range.from : 0,
    ];
    i32.set(record, (address >>> 2) + i * CALL_WORDS);
    descriptor += alignUp(descriptorBytes(call.arguments.kernel), 16);
  });
  return { address, count: calls.length };
}
