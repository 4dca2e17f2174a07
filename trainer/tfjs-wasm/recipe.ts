// recipe.ts: one gradient as kernel calls over tables made once for its shapes, run on tensors where they lie in tfjs' heap. A small
// plan: no layers, no threads (trainer/plan.ts), and its room is a tensor of tfjs that lives as long as the call.
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { ShoalError } from '../../base/errors.ts';
import {
  BINDING,
  countTiles,
  descriptorBytes,
  type Floats,
  type Ints,
  type Operand,
  type Operands,
  READ_SLACK,
  SCRATCH_BYTES,
  SPACES,
  type Space,
  tilesOf,
  writeDescriptor,
} from '../../kernels/abi.ts';
import { alignUp } from '../../kernels/arena.ts';
import { type HeapKernel, heapOf } from './heap.ts';

/** The op's tensors as operands, by their spaces. */
export const FIRST: Operand = { space: 'input', at: 0 };
export const SECOND: Operand = { space: 'slots', at: 0 };
export const OUTPUT: Operand = { space: 'contribution', at: 0 };

interface Call {
  readonly kernel: HeapKernel;
  /** Of its descriptor, from the start of the room. */
  readonly at: number;
  readonly tiles: number;
}

export interface Recipe {
  /** Tables and descriptors: what the room begins with. */
  readonly fixed: Uint8Array;
  readonly calls: readonly Call[];
  /** Images, or rows, that the kernels go over. */
  readonly rows: number;
  /** Bytes of the room beyond `fixed`: intermediates. */
  readonly work: number;
  /** Parts of it, from its start, that must be zero at first. */
  readonly zeroed: readonly { readonly at: number; readonly bytes: number }[];
}

/** Collects the calls of a recipe for `rows` images. */
export class RecipeBuilder {
  readonly #rows: number;
  readonly #pieces: Uint8Array[] = [];
  readonly #calls: Call[] = [];
  readonly #zeroed: { at: number; bytes: number }[] = [];
  #fixed = 0;
  #work = 0;

  constructor(rows: number) {
    this.#rows = rows;
  }

  #keep(bytes: Uint8Array): number {
    const at = this.#fixed;
    const piece = new Uint8Array(alignUp(bytes.length + 64)); // tables are read a little beyond their ends
    piece.set(bytes);
    this.#pieces.push(piece);
    this.#fixed += piece.length;
    return at;
  }

  table(values: Uint32Array | Int32Array): Operand {
    return { space: 'tables', at: this.#keep(new Uint8Array(values.buffer, values.byteOffset, values.byteLength)) };
  }

  /** Room for so many floats. `zeroed`: they are zero before the first call. */
  room(floats: number, zeroed = false): Operand {
    const at = this.#work;
    const bytes = 4 * floats;
    this.#work = alignUp(at + bytes + READ_SLACK);
    if (zeroed) this.#zeroed.push({ at, bytes });
    return { space: 'arena', at };
  }

  call<K extends HeapKernel>(kernel: K, operands: Operands<K>, ints: Ints<K>): void {
    const bytes = new Uint8Array(descriptorBytes(kernel));
    writeDescriptor(bytes.buffer, 0, { kernel, operands, ints, floats: {} as Floats<K> } as never);
    this.#calls.push({ kernel, at: this.#keep(bytes), tiles: countTiles(tilesOf(kernel, ints), this.#rows) });
  }

  finish(): Recipe {
    const fixed = new Uint8Array(this.#fixed);
    let at = 0;
    for (const piece of this.#pieces) {
      fixed.set(piece, at);
      at += piece.length;
    }
    return { fixed, calls: this.#calls, rows: this.#rows, work: this.#work, zeroed: this.#zeroed };
  }
}

/** Recipes made so far, the latest used last. */
const made = new Map<string, Recipe>();
const MOST_RECIPES = 256;

/** The recipe of this name, which tells the op, its shapes and its attributes: made at its first use. */
export function recipeFor(name: string, make: () => Recipe): Recipe {
  const recipe = made.get(name) ?? make();
  made.delete(name);
  made.set(name, recipe);
  if (made.size > MOST_RECIPES) made.delete(made.keys().next().value!);
  return recipe;
}

/** Allocates a tensor. @throws SHOAL_TFJS_MEMORY where tfjs, which does not look, found no room */
export function allocate(
  backend: BackendWasm,
  shape: readonly number[],
  dtype: 'float32' | 'int32' = 'float32',
): TensorInfo {
  const tensor = backend.makeOutput([...shape], dtype);
  if (backend.getMemoryOffset(tensor.dataId) > 0 || shape.includes(0)) return tensor;
  backend.disposeData(tensor.dataId);
  throw new ShoalError({
    code: 'SHOAL_TFJS_MEMORY',
    operation: 'compute a gradient on tfjs-backend-wasm',
    got: `no room for ${shape.join(' x ')} more values`,
    expected: 'that much room in its memory, which ends at 4 GiB',
    hint: 'Train with smaller batches, and dispose of tensors that are not needed.',
  });
}

/**
 * Runs a recipe on f32 tensors of the backend. Allocates the output, and disposes of everything else that it allocates.
 * @throws SHOAL_TFJS_MEMORY
 */
export function run(
  backend: BackendWasm,
  recipe: Recipe,
  inputs: readonly [TensorInfo, TensorInfo],
  shape: readonly number[],
): TensorInfo {
  const output = allocate(backend, shape);
  try {
    compute(backend, recipe, inputs, output);
    return output;
  } catch (error) {
    backend.disposeData(output.dataId);
    throw error;
  }
}

// the room: bindings | fixed | intermediates | scratch | copies
function compute(backend: BackendWasm, recipe: Recipe, inputs: readonly TensorInfo[], output: TensorInfo): void {
  const { memory, kernels } = heapOf(backend);
  const work = alignUp(BINDING.words * 4 + recipe.fixed.length);
  const scratch = work + recipe.work;
  const copies = scratch + SCRATCH_BYTES + READ_SLACK;
  // kernels read whole vectors: of what lies too near to the memory's end they read a copy
  const isNear = (at: number, bytes: number) => at + bytes + READ_SLACK > memory.buffer.byteLength;
  const given = inputs.map((t) => ({ at: backend.getMemoryOffset(t.dataId), bytes: 4 * util.sizeFromShape(t.shape) }));
  const copied = given.map(({ at, bytes }) => (isNear(at, bytes) ? alignUp(bytes + READ_SLACK) : 0));
  const room = allocate(backend, [(copies + copied.reduce((sum, bytes) => sum + bytes, 0)) / 4]);
  try {
    const base = backend.getMemoryOffset(room.dataId);
    const heap = new Uint8Array(memory.buffer);
    let free = base + copies;
    const [first, second] = given.map(({ at, bytes }, i) => {
      if (!copied[i]) return at;
      const copy = free;
      heap.copyWithin(copy, at, at + bytes);
      free += copied[i]!;
      return copy;
    }) as [number, number];
    const fixed = base + BINDING.words * 4;
    heap.set(recipe.fixed, fixed);
    for (const part of recipe.zeroed) heap.fill(0, base + work + part.at, base + work + part.at + part.bytes);
    bind(new Uint32Array(memory.buffer, base, BINDING.words), recipe.rows, {
      input: first,
      slots: second,
      contribution: backend.getMemoryOffset(output.dataId),
      tables: fixed,
      arena: base + work,
      scratch: base + scratch,
    });
    for (const { kernel, at, tiles } of recipe.calls) kernels[kernel](fixed + at, base, 0, tiles);
  } finally {
    backend.disposeData(room.dataId);
  }
}

/** Fills a bindings block: one leaf, no left sibling. */
function bind(words: Uint32Array, rows: number, bases: Partial<Record<Space, number>>): void {
  words.fill(0);
  for (const [space, base] of Object.entries(bases)) words[BINDING.base + SPACES.indexOf(space as Space)] = base;
  words[BINDING.rows] = rows;
}
