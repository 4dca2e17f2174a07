// gemm-bundles.test.ts: gemm over the rows of several bundles, each in an arena of its own, beside a call for each of them and beside its twin.
import assert from 'node:assert/strict';
import {
  BINDING,
  descriptorBytes,
  type KernelArguments,
  type KernelEntry,
  SCRATCH_BYTES,
  SPACES,
  writeDescriptor,
} from '../../kernels/abi.ts';
import { createArena } from '../../kernels/arena.ts';
import { type Build, instantiate, loadKernels } from '../../kernels/load.ts';
import { referenceKernels } from '../../kernels/reference.ts';
import { noise, relativeError, sameBytes } from '../cases/kernel.ts';

interface Shape {
  readonly m: number;
  /** Of each bundle. */
  readonly rows: readonly number[];
  readonly K: number;
  readonly N: number;
}

const SHAPES: readonly Shape[] = [
  { m: 1, rows: [16, 16], K: 40, N: 64 },
  { m: 1, rows: [5], K: 40, N: 64 }, // the last batch has one bundle
  { m: 1, rows: [49, 100, 1], K: 33, N: 40 }, // more than one block of rows; a last panel of 8 columns
  { m: 3, rows: [7, 2], K: 1100, N: 50 }, // two blocks of K
  { m: 1, rows: [3, 4], K: 1040, N: 1024 }, // W comes from far, more panels than are open, rows of A are copied
];

/** The memory of a shape: bindings for each bundle alone, and for all. */
function memoryOf({ m, rows, K, N }: Shape) {
  const of = rows.map((count) => m * count);
  const most = Math.max(...of);
  const arena = createArena(4 * (K * N + N + rows.length * most * (K + N)) + SCRATCH_BYTES + 2 ** 16);
  const { views } = arena;
  const floats = (length: number, seed: number) => {
    const at = arena.take(4 * length);
    views.f32.set(noise(length, seed), at >> 2);
    return at;
  };
  const [w, bias] = [floats(K * N, 1), floats(N, 2)];
  const arenas = of.map((_, i) => floats(most * (K + N), 3 + i)); // A, then C
  const c = 4 * most * K;
  const list = arena.take(4 + 8 * rows.length);
  views.u32.set([rows.length, ...rows.flatMap((count, i) => [arenas[i]!, count])], list >> 2);
  const scratch = arena.take(SCRATCH_BYTES);
  const bind = (base: number, count: number, bundles: number) => {
    const at = arena.take(4 * BINDING.words);
    views.u32[at >> 2] = base;
    views.u32[(at >> 2) + SPACES.indexOf('scratch')] = scratch;
    views.u32[(at >> 2) + BINDING.rows] = count;
    views.u32[(at >> 2) + BINDING.bundles] = bundles;
    return at;
  };
  const descriptor = arena.take(descriptorBytes('gemm'));
  const call: KernelArguments<'gemm'> = {
    kernel: 'gemm',
    operands: {
      a: { space: 'arena', at: 0 },
      w: { space: 'parameters', at: w },
      bias: { space: 'parameters', at: bias },
      c: { space: 'arena', at: c },
    },
    ints: { m, K, N, lda: K, ldw: N, ldc: N, hasBias: 1, activation: 1 },
    floats: {},
  };
  writeDescriptor(arena.memory.buffer, descriptor, call as unknown as KernelArguments);
  return {
    memory: arena.memory,
    views,
    descriptor,
    alone: arenas.map((base, i) => bind(base, rows[i]!, 0)),
    all: bind(
      arenas.at(-1)!,
      rows.reduce((a, b) => a + b, 0),
      list,
    ),
    /** C of all bundles; makes it NaN. */
    takeC(): Float32Array {
      const parts = arenas.map((base, i) => {
        const from = (base + c) >> 2;
        const part = views.f32.slice(from, from + of[i]! * N);
        views.f32.fill(Number.NaN, from, from + part.length);
        return [...part];
      });
      return Float32Array.from(parts.flat());
    },
  };
}

describe('kernel gemm over bundles in several arenas', () => {
  for (const shape of SHAPES)
    for (const build of ['relaxed', 'simd'] as const satisfies readonly Build[])
      it(`gives the bits of a call for each bundle, whole and in pieces, within 1e-6 of its twin: ${JSON.stringify(shape)}, ${build}`, () => {
        const { memory, views, descriptor, alone, all, takeC } = memoryOf(shape);
        const { gemm } = instantiate(loadKernels(build), memory);
        const panels = Math.ceil(shape.N / 16);
        takeC();
        alone.forEach((bindings, i) => {
          gemm(descriptor, bindings, 0, panels * Math.ceil((shape.m * shape.rows[i]!) / 48));
        });
        const expected = takeC();
        assert.ok(expected.every(Number.isFinite));
        const pieces = (entry: KernelEntry, size: number): Float32Array => {
          for (let to = panels; to > 0; to -= size) entry(descriptor, all, Math.max(0, to - size), to);
          return takeC();
        };
        for (const size of [panels, 3, 1]) sameBytes(pieces(gemm, size), expected, `${size} panels at a time`);
        const error = relativeError(expected, pieces(referenceKernels(views).gemm!, panels));
        assert.ok(error <= 1e-6, `off by ${error}`);
      });
});
