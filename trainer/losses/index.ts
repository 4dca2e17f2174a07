// index.ts: the registry of losses, by Keras' names: one line each.
import { binaryCrossentropy } from './binary-crossentropy.ts';
import { categoricalCrossentropy, sparseCategoricalCrossentropy } from './crossentropy.ts';
import type { LossKind } from './kind.ts';
import { meanSquaredError } from './mean-squared-error.ts';

export const losses = {
  sparse_categorical_crossentropy: sparseCategoricalCrossentropy,
  categorical_crossentropy: categoricalCrossentropy,
  binary_crossentropy: binaryCrossentropy,
  mean_squared_error: meanSquaredError,
} as const satisfies Readonly<Record<string, LossKind>>;

export type LossName = keyof typeof losses;
