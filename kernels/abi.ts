// abi.ts: how arguments reach a kernel: spaces, bindings, descriptors; the host's half of assembly/abi.ts. No arithmetic.

import type { Tiles } from './signatures/kind.ts';
import {
  type FloatName,
  type IntName,
  type KernelName,
  kernelNames,
  type OperandName,
  type Signatures,
  signatures,
} from './signatures.ts';

/** Operands are (space, byte offset); where a space begins is bound per run. */
export const SPACES = [
  'arena', // activations and their gradients, one per team
  'parameters', // of the version that is read
  'next', // parameters of the version that an optimizer writes
  'slots', // optimizer state, read
  'nextSlots',
  'packed', // panels made from `parameters` once per version
  'penalties', // what regularisers add to the sums of a gradient
  'nextState',
  'input', // this micro-shard's samples and labels, as read
  'contribution', // gradient sums, state sums, f64 sums of this leaf or node
  'tables', // offsets fixed at plan time
  'step', // per-step scalars
  'scratch', // per thread, SCRATCH_BYTES
] as const;
export type Space = (typeof SPACES)[number];

/** An operand; `at` in bytes. */
export interface Operand {
  readonly space: Space;
  readonly at: number;
}

/** Bytes of scratch that a kernel may use in its thread: 64 panels of 1,024 rows and a block of A in `gemm`, which needs most of it. */
export const SCRATCH_BYTES = 4352 * 1024;
/** Bytes that may be read, never written, beyond any operand: tails are loaded as whole vectors. */
export const READ_SLACK = 256;

/** Word indexes of a bindings block. */
export const BINDING = {
  base: 0, // one word a space
  rows: 16, // rows of this micro-shard
  ladderCount: 17, // finished left siblings that this leaf's sums are added to
  ladder: 18, // bases of their contributions, deepest (nearest) first; 32 words
  step: 50, // low word; steps stay below 2^32
  slot: 51, // place in the global batch of this micro-shard's first row
  seedLow: 52,
  seedHigh: 53,
  reduce: 54, // address of the reduce program: u32 length, then postfix: a contribution's base, or 0 = add the top two (left + right)
  leaves: 55, // leaves that the rows belong to, side by side: their sums are taken one by one and added in the tree; 0 is 1
  leafEnds: 56, // address of u32: the row after each leaf's last
  carried: 57, // base of gradient sums of earlier steps, laid out as a contribution, that are added to the left of this step's; 0: none
  bundles: 58, // address of u32: how many bundles the rows belong to, each in an arena of its own, then base of the arena and rows of each; 0: one, in this arena
  joint: 59, // address of the reduce program of sums that threads have made together (trainer/joint.ts)
  gathered: 60, // 1: nothing was called since a call with this descriptor and bundles, and what it gathered of them is in the scratch still
  words: 64,
} as const;

export type Operands<K extends KernelName> = Readonly<Record<OperandName<K>, Operand>>;
export type Ints<K extends KernelName> = Readonly<Record<IntName<K>, number>>;
export type Floats<K extends KernelName> = Readonly<Record<FloatName<K>, number>>;

/** A kernel and its fixed arguments, by name. */
export interface KernelArguments<K extends KernelName = KernelName> {
  readonly kernel: K;
  readonly operands: Operands<K>;
  readonly ints: Ints<K>;
  readonly floats: Floats<K>;
}

type Loose = { operands: readonly string[]; ints: readonly string[]; floats: readonly string[] };
const loose = (kernel: KernelName): Loose => signatures[kernel] as Loose;

/** The number by which plans call the kernel. */
export const kernelIndex = (kernel: KernelName): number => kernelNames.indexOf(kernel);

/** Bytes of a kernel's descriptor. */
export function descriptorBytes(kernel: KernelName): number {
  const { operands, ints, floats } = loose(kernel);
  return 4 * (2 * operands.length + ints.length + floats.length);
}

/** Tiles of a call with these ints. */
export function tilesOf<K extends KernelName>(kernel: K, ints: Ints<K>): Tiles {
  return (signatures[kernel].tiles as (i: Ints<K>) => Tiles)(ints);
}

/** How many tiles a call has for a micro-shard of `rows` rows. */
export function countTiles(tiles: Tiles, rows: number): number {
  return tiles.per === 0 ? tiles.each : tiles.each * Math.ceil((rows * tiles.m) / tiles.per);
}

/** Writes a descriptor at byte `at` of a memory. */
export function writeDescriptor(memory: ArrayBufferLike, at: number, call: KernelArguments): void {
  const { operands, ints, floats } = loose(call.kernel);
  const view = new DataView(memory, at, descriptorBytes(call.kernel));
  let word = 0;
  for (const name of operands) {
    const operand = (call.operands as Record<string, Operand>)[name]!;
    view.setInt32(4 * word++, SPACES.indexOf(operand.space), true);
    view.setUint32(4 * word++, operand.at, true);
  }
  for (const name of ints) view.setInt32(4 * word++, (call.ints as Record<string, number>)[name]!, true);
  for (const name of floats) view.setFloat32(4 * word++, (call.floats as Record<string, number>)[name]!, true);
}

/** Views of one memory, for host code that reads and writes it by the element. Made anew after the memory grows. */
export interface Views {
  readonly f32: Float32Array;
  readonly f64: Float64Array;
  readonly i32: Int32Array;
  readonly u32: Uint32Array;
  readonly u8: Uint8Array;
}

export function viewsOf(buffer: ArrayBufferLike): Views {
  return {
    f32: new Float32Array(buffer),
    f64: new Float64Array(buffer),
    i32: new Int32Array(buffer),
    u32: new Uint32Array(buffer),
    u8: new Uint8Array(buffer),
  };
}

export type ReadArguments<K extends KernelName> = {
  /** Byte addresses of the operands. */
  readonly at: Readonly<Record<OperandName<K>, number>>;
  /** Byte offsets of the operands inside their spaces: what the ladder's bases are added to. */
  readonly offset: Readonly<Record<OperandName<K>, number>>;
} & Readonly<Record<IntName<K>, number>> &
  Readonly<Record<FloatName<K>, number>>;

/** Reads a descriptor back by name: what reference.ts works with. */
export function readArguments<K extends KernelName>(
  kernel: K,
  views: Views,
  descriptor: number,
  bindings: number,
): ReadArguments<K> {
  const { operands, ints, floats } = loose(kernel);
  const at: Record<string, number> = {};
  const offset: Record<string, number> = {};
  const result: Record<string, unknown> = { at, offset };
  let word = descriptor >>> 2;
  for (const name of operands) {
    const base = views.u32[(bindings >>> 2) + BINDING.base + views.i32[word++]!]!;
    offset[name] = views.u32[word++]!;
    at[name] = base + offset[name];
  }
  for (const name of ints) result[name] = views.i32[word++]!;
  for (const name of floats) result[name] = views.f32[word++]!;
  return result as ReadArguments<K>;
}

/** The signature that every exported kernel and every reference twin has. */
export type KernelEntry = (descriptor: number, bindings: number, fromTile: number, toTile: number) => void;
export type Kernels = Readonly<Record<KernelName, KernelEntry>>;
export type { Signatures };
