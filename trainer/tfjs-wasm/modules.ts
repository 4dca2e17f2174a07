// modules.ts: the kernels as a module that this engine can run on the memory of tfjs' WASM backend. Node and browsers alike, so no import
// of Node's: what a browser fetches, Node reads.
import { ShoalError } from '../../base/errors.ts';

type Build = 'simd' | 'relaxed';

/** Modules for both kinds of memory that tfjs' builds have: that of its threaded build is shared. */
export interface Modules {
  readonly build: Build;
  readonly unshared: WebAssembly.Module;
  readonly shared: WebAssembly.Module | null;
}

/**
 * Each address in full, as bundlers look for them. They hold in the published package, whose code lies one folder deeper than the sources.
 */
const published = {
  unshared: {
    simd: new URL('../../../build/gradients.simd.wasm', import.meta.url),
    relaxed: new URL('../../../build/gradients.relaxed.wasm', import.meta.url),
  },
  shared: {
    simd: new URL('../../../build/kernels.simd.wasm', import.meta.url),
    relaxed: new URL('../../../build/kernels.relaxed.wasm', import.meta.url),
  },
} as const;

function addressOf(memory: keyof typeof published, build: Build): URL {
  const url = published[memory][build];
  const source = import.meta.url;
  return source.endsWith('.ts') ? new URL(`../../build/${url.pathname.split('/').at(-1)}`, source) : url;
}

async function bytesAt(url: URL): Promise<BufferSource> {
  if (url.protocol === 'file:') return process.getBuiltinModule('node:fs/promises').readFile(url);
  const response = await fetch(url);
  if (!response.ok) throw new Error(`HTTP status ${response.status}`);
  return response.arrayBuffer();
}

/**
 * The module there. Many servers answer with a page, and status 200, where they have no file: those are no modules either.
 * @throws SHOAL_TFJS_KERNELS
 */
export async function moduleAt(url: URL): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(await bytesAt(url));
  } catch (cause) {
    throw new ShoalError(
      {
        code: 'SHOAL_TFJS_KERNELS',
        operation: 'load the kernels for tfjs-backend-wasm',
        got: `${url}: ${cause instanceof Error ? cause.message : cause}`,
        expected: 'the WebAssembly module of the package',
        hint: 'Serve the file of that name in the package\'s folder build/ at this address, or have the bundler do so: docs/tfjs-wasm.md, "In a browser".',
      },
      { cause },
    );
  }
}

/** (module (func (result v128) i32.const 0 i8x16.splat)), and the same with a relaxed multiply-add after it. */
const probe = (...body: readonly number[]): boolean => {
  const code = [0, ...body, 0x0b];
  const section = [10, code.length + 2, 1, code.length, ...code];
  return WebAssembly.validate(
    Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7b, 3, 2, 1, 0, ...section),
  );
};
const splat = [0x41, 0, 0xfd, 0x0f];
const hasSimd = (): boolean => probe(...splat);
const hasRelaxed = (): boolean => probe(...splat, ...splat, ...splat, 0xfd, 0x85, 0x02);

/** Whether a module may have shared memory here: browsers give it to pages that are isolated from others alone. */
const hasShared = (): boolean => typeof SharedArrayBuffer !== 'undefined';

/**
 * Compiles a build. Default the fastest that this engine accepts: `relaxed` (fused multiply-add) where it knows relaxed SIMD.
 * @throws SHOAL_TFJS_ENGINE without SIMD; SHOAL_TFJS_KERNELS when the modules cannot be fetched or read, or are none
 */
export async function loadModules(build: Build = hasRelaxed() ? 'relaxed' : 'simd'): Promise<Modules> {
  if (!hasSimd()) {
    throw new ShoalError({
      code: 'SHOAL_TFJS_ENGINE',
      operation: 'load the kernels for tfjs-backend-wasm',
      got: 'an engine without WebAssembly SIMD',
      expected: 'SIMD: Chrome 91, Firefox 89, Safari 16.4, Node 20, or newer',
      hint: 'Use a newer browser or Node.',
    });
  }
  const compile = (memory: keyof typeof published) => moduleAt(addressOf(memory, build));
  const [unshared, shared] = await Promise.all([compile('unshared'), hasShared() ? compile('shared') : null]);
  return { build, unshared, shared };
}
