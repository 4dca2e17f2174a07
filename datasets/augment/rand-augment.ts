// rand-augment.ts: RandAugment, some operations at one strength, and TrivialAugment, one operation at any strength. The operations: operations.ts.
import { z } from 'zod';
import type { Chance } from './chance.ts';
import { augmentation } from './kind.ts';
import { apply, isSigned, type OperationName, painting, strengths } from './operations.ts';

const NAMES: readonly OperationName[] = [
  'Identity',
  'ShearX',
  'ShearY',
  'TranslateX',
  'TranslateY',
  'Rotate',
  'Brightness',
  'Color',
  'Contrast',
  'Sharpness',
  'Posterize',
  'Solarize',
  'AutoContrast',
  'Equalize',
];
const num_magnitude_bins = z.int().min(2).max(1000).default(31);

/** An operation, and the side to which it goes. */
export function pick(names: readonly OperationName[], chance: Chance): { name: OperationName; sign: number } {
  const name = names[chance.integer(names.length)]!;
  const sign = chance.integer(2) === 1 && isSigned(name) ? -1 : 1;
  return { name, sign };
}

/** Cubuk et al., "RandAugment: Practical automated data augmentation with a reduced search space" (2019). */
export const randAugment = augmentation({
  config: {
    num_ops: z.int().positive().max(100).default(2),
    magnitude: z.int().nonnegative().default(9),
    num_magnitude_bins,
    ...painting,
  },
  train({ num_ops, magnitude, num_magnitude_bins: bins, ...paint }, picture, chance) {
    for (let i = 0; i < num_ops; i++) {
      const { name, sign } = pick(NAMES, chance);
      apply(picture, name, sign * strengths(picture, bins)[name](Math.min(magnitude, bins - 1)), paint);
    }
  },
});

/** Müller and Hutter, "TrivialAugment: Tuning-free yet state-of-the-art data augmentation" (ICCV 2021). */
export const trivialAugmentWide = augmentation({
  config: { num_magnitude_bins, ...painting },
  train({ num_magnitude_bins: bins, ...paint }, picture, chance) {
    const { name, sign } = pick(NAMES, chance);
    const wide = { shear: 0.99, rows: 32, columns: 32, degrees: 135, factor: 0.99, bits: 6 };
    apply(picture, name, sign * strengths(picture, bins, wide)[name](chance.integer(bins)), paint);
  },
});
