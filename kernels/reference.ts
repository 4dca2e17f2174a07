// reference.ts: every kernel's twin in plain TypeScript, the oracle of the kernel tests. Clear, not fast; f32 where memory is f32.
// The twins stand in reference/<family>.ts; this file only gathers them.
import type { KernelEntry, Views } from './abi.ts';
import { activationTwins } from './reference/activations.ts';
import { attention } from './reference/attention.ts';
import { batch } from './reference/batch.ts';
import { convolution } from './reference/convolution.ts';
import { counts } from './reference/counts.ts';
import { depthwise } from './reference/depthwise.ts';
import { dropout } from './reference/dropout.ts';
import { embedding } from './reference/embedding.ts';
import { groups } from './reference/groups.ts';
import { halves } from './reference/halves.ts';
import { losses } from './reference/losses.ts';
import { masks } from './reference/masks.ts';
import { matrix } from './reference/matrix.ts';
import { norms } from './reference/norms.ts';
import { optimizers } from './reference/optimizers.ts';
import { penalties } from './reference/penalties.ts';
import { pixels } from './reference/pixels.ts';
import { pooling } from './reference/pooling.ts';
import { reduce } from './reference/reduce.ts';
import { softmax } from './reference/softmax.ts';
import { strided } from './reference/strided.ts';
import { views as viewKernels } from './reference/views.ts';
import { warps } from './reference/warps.ts';
import { winograd } from './reference/winograd.ts';
import type { KernelName } from './signatures.ts';

/** Makes a family's twins over the views of one memory. */
export type Family = (views: Views) => Partial<Record<KernelName, KernelEntry>>;

const families: readonly Family[] = [
  viewKernels,
  activationTwins,
  matrix,
  convolution,
  winograd,
  attention,
  masks,
  softmax,
  batch,
  groups,
  warps,
  depthwise,
  softmax,
  strided,
  dropout,
  embedding,
  pixels,
  pooling,
  losses,
  counts,
  reduce,
  halves,
  optimizers,
  penalties,
  norms,
];

/** All reference kernels over one memory. */
export function referenceKernels(views: Views): Partial<Record<KernelName, KernelEntry>> {
  return Object.assign({}, ...families.map((family) => family(views)));
}
