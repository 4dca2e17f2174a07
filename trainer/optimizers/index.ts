// index.ts: the registry of optimizers, by Keras' class names: one line each.
import { adam } from './adam.ts';
import type { OptimizerKind } from './kind.ts';
import { sgd } from './sgd.ts';

export const optimizers = {
  SGD: sgd,
  Adam: adam,
  AdamW: adam, // the same update: only the default of its decay differs (job.ts)
} as const;

export type OptimizerName = keyof typeof optimizers;

export const optimizerOf = (name: OptimizerName): OptimizerKind<unknown> => optimizers[name] as OptimizerKind<unknown>;
