// index.ts: the registry of losses, by Keras' class names: one line each.
import { binaryCrossentropy } from './binary-crossentropy.ts';
import { categoricalCrossentropy, sparseCategoricalCrossentropy } from './crossentropy.ts';
import type { LossKind } from './kind.ts';
import { meanSquaredError } from './mean-squared-error.ts';

export const losses = {
  SparseCategoricalCrossentropy: sparseCategoricalCrossentropy,
  CategoricalCrossentropy: categoricalCrossentropy,
  BinaryCrossentropy: binaryCrossentropy,
  MeanSquaredError: meanSquaredError,
} as const satisfies Readonly<Record<string, LossKind>>;

export type LossName = keyof typeof losses;
