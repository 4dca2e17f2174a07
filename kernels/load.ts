// load.ts: finds the build of the kernels that this engine can run and instantiates it on a memory. Not the self-test (self-test.ts).
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { ShoalError } from '../base/errors.ts';
import type { Kernels } from './abi.ts';

export type Build = 'simd' | 'relaxed';
/** The micro-tile that drivers use: rows, and vectors of four floats (4 = a whole panel, for engines that fuse pairs). */
export interface Tile {
  readonly rows: number;
  readonly vectors: 2 | 4;
}
/** What threads share: postMessage carries it. */
export interface KernelModule {
  readonly build: Build;
  readonly module: WebAssembly.Module;
  readonly tile: Tile;
  /** sha256 of the module's bytes: part of the profile. */
  readonly hash: string;
}

const folder = new URL(import.meta.url.endsWith('.ts') ? '../build/' : '../../build/', import.meta.url);

/** The bytes of a build. @throws SHOAL_KERNELS_MISSING when `npm run build` has not run. */
export function kernelBytes(build: Build): Uint8Array<ArrayBuffer> {
  const url = new URL(`kernels.${build}.wasm`, folder);
  try {
    return new Uint8Array(readFileSync(url));
  } catch (cause) {
    throw new ShoalError(
      {
        code: 'SHOAL_KERNELS_MISSING',
        operation: 'load the kernels',
        got: `no file ${url.pathname}`,
        expected: 'the built WebAssembly module',
        hint: 'Run `npm run build`.',
      },
      { cause },
    );
  }
}

/** Compiles a build. `tile` defaults to the best one known for this engine. */
export function loadKernels(build: Build = 'relaxed', tile?: Tile): KernelModule {
  if (Number(process.versions.node.split('.')[0]) < 22) setFlagsFromString('--experimental-wasm-relaxed-simd');
  const bytes = kernelBytes(build);
  return {
    build,
    module: new WebAssembly.Module(bytes),
    tile: tile ?? { rows: 6, vectors: 4 },
    hash: createHash('sha256').update(bytes).digest('hex'),
  };
}

/** The kernels of a module over a memory. One instance a thread. */
export function instantiate(kernels: KernelModule, memory: WebAssembly.Memory): Kernels {
  const instance = new WebAssembly.Instance(kernels.module, {
    env: {
      memory,
      tileRows: kernels.tile.rows,
      tileVectors: kernels.tile.vectors,
      abort(_message: number, _file: number, line: number, column: number) {
        throw new Error(`kernel assertion failed at ${line}:${column}`);
      },
    },
  });
  return instance.exports as unknown as Kernels;
}
