// heap.ts: the memory of the user's tfjs WASM backend, and the kernels instantiated on it: once for each memory. No tensors (recipe.ts).
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { ShoalError } from '../../base/errors.ts';
import type { Kernels } from '../../kernels/abi.ts';
import type { KernelName } from '../../kernels/signatures.ts';
import type { Modules } from './modules.ts';

/** The kernels that the module for unshared memory has (kernels/assembly/gradients.ts). */
export const HEAP_KERNELS = [
  'conv',
  'conv_dw',
  'depthwise',
  'depthwise_dw',
  'embedding_backward',
  'maxpool_gradient',
  'move',
  'pack_taps',
] as const satisfies readonly KernelName[];
export type HeapKernel = (typeof HEAP_KERNELS)[number];

export interface Heap {
  readonly memory: WebAssembly.Memory;
  readonly kernels: Pick<Kernels, HeapKernel>;
}

/** Where tfjs' glue keeps the memory: its threaded build hands it in, the others export it under a name that differs by build. */
interface Glue {
  readonly wasmMemory?: WebAssembly.Memory;
  readonly asm?: Readonly<Record<string, unknown>>;
}

function memoryOf(backend: BackendWasm): WebAssembly.Memory {
  const { wasmMemory, asm } = backend.wasm as unknown as Glue;
  const memory = wasmMemory ?? Object.values(asm ?? {}).find((value) => value instanceof WebAssembly.Memory);
  if (memory instanceof WebAssembly.Memory) return memory;
  throw new ShoalError({
    code: 'SHOAL_TFJS_VERSION',
    operation: 'find the memory of tfjs-backend-wasm',
    got: 'a backend that exports none',
    expected: 'tfjs-backend-wasm 4.22',
    hint: 'Install @tensorflow/tfjs-backend-wasm@4.22.0.',
  });
}

let modules: Modules | undefined;
let heaps = new WeakMap<WebAssembly.Memory, Heap>();

/** Says which modules to use from now on. To be called before any kernel runs. */
export function useModules(loaded: Modules): void {
  modules = loaded;
  heaps = new WeakMap();
}

/** The backend's memory, with the kernels on it. @throws SHOAL_TFJS_VERSION for a backend that is built otherwise */
export function heapOf(backend: BackendWasm): Heap {
  const memory = memoryOf(backend);
  const known = heaps.get(memory);
  if (known) return known;
  const { build, unshared, shared } = modules!;
  const isShared = !(memory.buffer instanceof ArrayBuffer);
  const instance = new WebAssembly.Instance(isShared ? shared! : unshared, {
    env: {
      memory,
      tileRows: build === 'relaxed' ? 6 : 4, // what 128-bit engines do best (kernels/load.ts)
      tileVectors: 2,
      custom: unreachable,
      abort: unreachable,
    },
  });
  const heap: Heap = { memory, kernels: instance.exports as unknown as Heap['kernels'] };
  heaps.set(memory, heap);
  return heap;
}

/** No kernel of these asks its host, nor asserts in a built module. */
function unreachable(): never {
  throw new Error('a kernel called its host');
}
