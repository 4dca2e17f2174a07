// signatures.ts: every kernel's arguments by name, in order: the one place where they are written down, by families in signatures/.
// It generates the AssemblyScript accessors (generate/accessors.ts) and types descriptors and reference twins. No arithmetic.
//
// A kernel call is (descriptor, bindings, fromTile, toTile). The descriptor is written once, at plan time, as 32-bit words:
//
//   operand 0: space, byte offset | operand 1: ... | ints ... | floats ...
//
// The bindings (abi.ts) are what differs from run to run: the base address of each space, the rows of a ragged micro-shard, the
// finished left siblings. A kernel with an operand named `out` writes nothing else. Strides are counted in elements; tables hold
// byte offsets. `M` means bindings.rows * m.
import { activations } from './signatures/activations.ts';
import { attention } from './signatures/attention.ts';
import { convolutions } from './signatures/convolutions.ts';
import { inputs } from './signatures/inputs.ts';
import { losses } from './signatures/losses.ts';
import { matrices } from './signatures/matrices.ts';
import { moves } from './signatures/moves.ts';
import { normalizations } from './signatures/normalizations.ts';
import { optimizers } from './signatures/optimizers.ts';
import { pixels } from './signatures/pixels.ts';
import { pooling } from './signatures/pooling.ts';
import { sums } from './signatures/sums.ts';

export const signatures = {
  ...matrices,
  ...convolutions,
  ...inputs,
  ...attention,
  ...activations,
  ...normalizations,
  ...pooling,
  ...moves,
  ...losses,
  ...pixels,
  ...sums,
  ...optimizers,
};

export type Signatures = typeof signatures;
export type KernelName = keyof Signatures;
export type OperandName<K extends KernelName> = Signatures[K]['operands'][number];
export type IntName<K extends KernelName> = Signatures[K]['ints'][number];
export type FloatName<K extends KernelName> = Signatures[K]['floats'][number];

/** Kernels in the order of their numbers in a plan's call records. */
export const kernelNames = Object.keys(signatures) as readonly KernelName[];
/** Those that compute by themselves: all but the one that asks the host. */
export const ownKernels = kernelNames.filter((name) => name !== 'custom');
