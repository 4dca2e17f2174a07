// probe.ts: measures a kernel call beside the core's multiply-add peak, interleaved, as medians: the machine is noisy, the ratio is not.
import {
  BINDING,
  countTiles,
  descriptorBytes,
  type KernelArguments,
  type Operand,
  SCRATCH_BYTES,
  SPACES,
  tilesOf,
  writeDescriptor,
} from '../kernels/abi.ts';
import { type Arena, createArena } from '../kernels/arena.ts';
import { instantiate, type KernelModule, type Probes } from '../kernels/load.ts';

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

const milliseconds = (work: () => void): number => {
  const start = performance.now();
  work();
  return performance.now() - start;
};

/** GFLOPS of the better of two probes: 12 chains fill a 128-bit core, 24 chains a 256-bit one. */
export function peak(probes: Probes, at: number): number {
  const gflops = (chains: number, turns: number, ms: number) => (chains * 8 * turns) / ms / 1e6;
  return Math.max(
    gflops(
      24,
      6e4,
      milliseconds(() => probes.probe24(6e4, at)),
    ),
    gflops(
      12,
      12e4,
      milliseconds(() => probes.probe12(12e4, at)),
    ),
  );
}

export interface Figure {
  readonly gflops: number;
  /** Of the peak measured just before and after. */
  readonly share: number;
}

/** One memory with operands of noise, and calls over them. */
export interface Bench {
  readonly arena: Arena;
  /** `length` floats in [-0.5, 0.5). */
  floats(length: number): Operand;
  /** A table. */
  table(data: Uint32Array | Int32Array): Operand;
  /** A function that runs all tiles of a call for `rows` rows. */
  call(call: KernelArguments, rows: number): () => void;
  /** Medians of `samples` samples of some milliseconds each. */
  measure(work: () => void, flop: number, samples?: number): Figure;
}

export function createBench(kernels: KernelModule, bytes: number): Bench {
  const arena = createArena(bytes);
  const instance = instantiate(kernels, arena.memory);
  const { views } = arena;
  const bindings = arena.take(BINDING.words * 4);
  views.u32[(bindings >> 2) + SPACES.indexOf('scratch')] = arena.take(SCRATCH_BYTES);
  const probed = arena.take(2048);
  views.f32.fill(1e-3, probed >> 2, (probed >> 2) + 512);
  return {
    arena,
    floats(length) {
      const at = arena.take(4 * length);
      for (let i = 0; i < length; i++) views.f32[(at >> 2) + i] = ((i * 7919) % 1013) / 1013 - 0.5;
      return { space: 'arena', at };
    },
    table(data) {
      const at = arena.take(data.byteLength);
      views.u8.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
      return { space: 'arena', at };
    },
    call(call, rows) {
      const descriptor = arena.take(descriptorBytes(call.kernel));
      writeDescriptor(arena.memory.buffer, descriptor, call);
      const tiles = countTiles(tilesOf(call.kernel, call.ints as never), rows);
      const kernel = instance[call.kernel];
      return () => {
        views.u32[(bindings >> 2) + BINDING.rows] = rows;
        kernel(descriptor, bindings, 0, tiles);
      };
    },
    measure(work, flop, samples = 11) {
      for (let i = 0; i < 3; i++) work();
      const inner = Math.max(1, Math.round(4 / milliseconds(work)));
      const gflops: number[] = [];
      const shares: number[] = [];
      for (let i = 0; i < samples; i++) {
        const before = peak(instance, probed);
        const ms = milliseconds(() => {
          for (let turn = 0; turn < inner; turn++) work();
        });
        const after = peak(instance, probed);
        gflops.push((flop * inner) / ms / 1e6);
        shares.push(gflops.at(-1)! / ((before + after) / 2));
      }
      return { gflops: median(gflops), share: median(shares) };
    },
  };
}
