// load.ts: finds the build of the kernels that this engine can run and instantiates it on a memory. Not the self-test (self-test.ts).
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { isMainThread } from 'node:worker_threads';
import { ShoalError } from '../base/errors.ts';
import { made } from '../base/made.ts';
import type { KernelEntry, Kernels } from './abi.ts';
import { STAMP, sourceHash } from './source-hash.ts';

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

/** Whether this is a checkout, whose sources may be newer than its builds. */
const inSources = import.meta.url.endsWith('.ts');
const folder = new URL(inSources ? '../build/' : '../../build/', import.meta.url);
let fresh = !inSources;

function mustBeFresh(): void {
  if (fresh) return;
  let built = 'no sources that the build names';
  try {
    built = readFileSync(new URL(STAMP, folder), 'utf8');
  } catch {
    // of before there was a stamp, or of no build at all
  }
  if (built !== sourceHash(new URL('./', import.meta.url))) {
    throw new ShoalError({
      code: 'SHOAL_KERNELS_STALE',
      operation: 'load the kernels',
      got: `modules in ${folder.pathname} that were built from other sources`,
      expected: 'modules of the sources in kernels/',
      hint: 'Run `npm run build:kernels`.',
    });
  }
  fresh = true;
}

/** The bytes of a build. @throws SHOAL_KERNELS_MISSING when `npm run build` has not run; SHOAL_KERNELS_STALE in a checkout */
export function kernelBytes(build: Build): Uint8Array<ArrayBuffer> {
  const url = new URL(`kernels.${build}.wasm`, folder);
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = new Uint8Array(readFileSync(url));
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
  mustBeFresh();
  return bytes;
}

const node = process.versions.node.split('.').map(Number) as [number, number];

/** Whether this process asks V8 to fuse pairs of v128 operations (AVX2). That it does so is measured: self-test.ts. */
export const revectorizes: boolean =
  node[0] >= 24 && process.arch === 'x64' && process.platform !== 'darwin' && process.env['SHOAL_REVEC'] !== '0';

// Before anything is compiled: V8 reads its flags when it compiles, and keeps what it has compiled. Flags hold for all threads.
// --no-liftoff: kernels run optimized from their first call, instead of several times slower until V8 has counted enough calls.
// --no-wasm-inlining: inlining, worth a tenth on short sums, wants call counts that only Liftoff makes: Node 26 aborts without them.
if (isMainThread) {
  setFlagsFromString('--no-liftoff');
  if (node[0] >= 25) setFlagsFromString('--no-wasm-inlining');
  if (node[0] < 22) setFlagsFromString('--experimental-wasm-relaxed-simd');
  if (revectorizes) setFlagsFromString('--experimental-wasm-revectorize');
}

let best: Build | null = null;

/** The fastest build that this engine accepts: `relaxed` (fused multiply-add) where it knows relaxed SIMD. */
export function bestBuild(): Build {
  best ??= WebAssembly.validate(kernelBytes('relaxed')) ? 'relaxed' : 'simd';
  return best;
}

/** The micro-tile that was fastest in this kind of engine, by measurement; it never changes a result. */
export function bestTile(build: Build, revectorized: boolean = revectorizes): Tile {
  if (revectorized) return { rows: build === 'relaxed' ? 6 : 5, vectors: 4 };
  return { rows: build === 'relaxed' && node[0] >= 24 ? 6 : 4, vectors: 2 };
}

const compiled = new Map<Build, Pick<KernelModule, 'module' | 'hash'>>();

/**
 * Compiles a build, once in a thread: the code that V8 makes of a kernel at its first call lives as long as its module. Both arguments
 * default to the best known for this engine.
 * @throws SHOAL_KERNELS_MISSING when `npm run build` has not run
 */
export function loadKernels(build: Build = bestBuild(), tile: Tile = bestTile(build)): KernelModule {
  const known = made(compiled, build, () => {
    const bytes = kernelBytes(build);
    return { module: new WebAssembly.Module(bytes), hash: createHash('sha256').update(bytes).digest('hex') };
  });
  return { build, tile, ...known };
}

/** A module of its own: V8 shares code between modules of the same bytes, so an empty custom section tells them apart. */
function compileApart(kernels: KernelModule): KernelModule {
  const bytes = new Uint8Array([...kernelBytes(kernels.build), 0, 2, 1, 0x78]);
  return { ...kernels, module: new WebAssembly.Module(bytes) };
}

/**
 * Runs `work` with a copy of the kernels whose code V8 makes without fusing pairs: what fused code is compared with. V8 compiles a
 * kernel at its first call, so `work` has to make the calls, and no other thread may call a kernel for the first time meanwhile.
 */
export function runUnpaired<T>(kernels: KernelModule, work: (unpaired: KernelModule) => T): T {
  if (!revectorizes) return work(compileApart(kernels));
  setFlagsFromString('--no-experimental-wasm-revectorize');
  try {
    return work(compileApart(kernels));
  } finally {
    setFlagsFromString('--experimental-wasm-revectorize');
  }
}

/** The kernels for an engine whose fused pairs are wrong or absent: pairs are no longer fused in this process, and the tile suits that. */
export function stopRevectorizing(kernels: KernelModule): KernelModule {
  if (revectorizes) setFlagsFromString('--no-experimental-wasm-revectorize');
  return { ...compileApart(kernels), tile: bestTile(kernels.build, false) };
}

/** `turns` turns of multiply-adds on the 1,056 bytes at `at`: 12 or 24 chains of four lanes. `apart` cannot be fused in pairs. */
export type Probe = (turns: number, at: number) => void;
export interface Probes {
  readonly probe12: Probe;
  readonly probe12apart: Probe;
  readonly probe24: Probe;
}

/** The kernels of a module over a memory. One instance a thread. */
export function instantiate(
  kernels: KernelModule,
  memory: WebAssembly.Memory,
  custom: KernelEntry = noHost,
): Kernels & Probes {
  const instance = new WebAssembly.Instance(kernels.module, {
    env: {
      memory,
      tileRows: kernels.tile.rows,
      tileVectors: kernels.tile.vectors,
      custom,
      abort(_message: number, _file: number, line: number, column: number) {
        throw new Error(`kernel assertion failed at ${line}:${column}`);
      },
    },
  });
  return instance.exports as unknown as Kernels & Probes;
}

/** For whoever runs no layers of users. */
function noHost(): never {
  throw new Error('the kernel `custom` needs a host');
}
