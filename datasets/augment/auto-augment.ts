// auto-augment.ts: AutoAugment: one of 25 learned pairs of changes, each with its probability and strength. What the changes are: operations.ts.
// The policies are those of Cubuk et al., "AutoAugment: Learning augmentation strategies from data" (CVPR 2019).
import { z } from 'zod';
import { augmentation } from './kind.ts';
import { apply, type OperationName, painting, strengths } from './operations.ts';

/** Operation, probability and, where it has one, strength from 0 to 9. */
const POLICIES = {
  imagenet: [
    'Posterize 0.4 8, Rotate 0.6 9',
    'Solarize 0.6 5, AutoContrast 0.6',
    'Equalize 0.8, Equalize 0.6',
    'Posterize 0.6 7, Posterize 0.6 6',
    'Equalize 0.4, Solarize 0.2 4',
    'Equalize 0.4, Rotate 0.8 8',
    'Solarize 0.6 3, Equalize 0.6',
    'Posterize 0.8 5, Equalize 1',
    'Rotate 0.2 3, Solarize 0.6 8',
    'Equalize 0.6, Posterize 0.4 6',
    'Rotate 0.8 8, Color 0.4 0',
    'Rotate 0.4 9, Equalize 0.6',
    'Equalize 0, Equalize 0.8',
    'Invert 0.6, Equalize 1',
    'Color 0.6 4, Contrast 1 8',
    'Rotate 0.8 8, Color 1 2',
    'Color 0.8 8, Solarize 0.8 7',
    'Sharpness 0.4 7, Invert 0.6',
    'ShearX 0.6 5, Equalize 1',
    'Color 0.4 0, Equalize 0.6',
    'Equalize 0.4, Solarize 0.2 4',
    'Solarize 0.6 5, AutoContrast 0.6',
    'Invert 0.6, Equalize 1',
    'Color 0.6 4, Contrast 1 8',
    'Equalize 0.8, Equalize 0.6',
  ],
  cifar10: [
    'Invert 0.1, Contrast 0.2 6',
    'Rotate 0.7 2, TranslateX 0.3 9',
    'Sharpness 0.8 1, Sharpness 0.9 3',
    'ShearY 0.5 8, TranslateY 0.7 9',
    'AutoContrast 0.5, Equalize 0.9',
    'ShearY 0.2 7, Posterize 0.3 7',
    'Color 0.4 3, Brightness 0.6 7',
    'Sharpness 0.3 9, Brightness 0.7 9',
    'Equalize 0.6, Equalize 0.5',
    'Contrast 0.6 7, Sharpness 0.6 5',
    'Color 0.7 7, TranslateX 0.5 8',
    'Equalize 0.3, AutoContrast 0.4',
    'TranslateY 0.4 3, Sharpness 0.2 6',
    'Brightness 0.9 6, Color 0.2 8',
    'Solarize 0.5 2, Invert 0',
    'Equalize 0.2, AutoContrast 0.6',
    'Equalize 0.2, Equalize 0.6',
    'Color 0.9 9, Equalize 0.6',
    'AutoContrast 0.8, Solarize 0.2 8',
    'Brightness 0.1 3, Color 0.7 0',
    'Solarize 0.4 5, AutoContrast 0.9',
    'TranslateY 0.9 9, TranslateY 0.7 9',
    'AutoContrast 0.9, Solarize 0.8 3',
    'Equalize 0.8, Invert 0.1',
    'TranslateY 0.7 9, AutoContrast 0.9',
  ],
  svhn: [
    'ShearX 0.9 4, Invert 0.2',
    'ShearY 0.9 8, Invert 0.7',
    'Equalize 0.6, Solarize 0.6 6',
    'Invert 0.9, Equalize 0.6',
    'Equalize 0.6, Rotate 0.9 3',
    'ShearX 0.9 4, AutoContrast 0.8',
    'ShearY 0.9 8, Invert 0.4',
    'ShearY 0.9 5, Solarize 0.2 6',
    'Invert 0.9, AutoContrast 0.8',
    'Equalize 0.6, Rotate 0.9 3',
    'ShearX 0.9 4, Solarize 0.3 3',
    'ShearY 0.8 8, Invert 0.7',
    'Equalize 0.9, TranslateY 0.6 6',
    'Invert 0.9, Equalize 0.6',
    'Contrast 0.3 3, Rotate 0.8 4',
    'Invert 0.8, TranslateY 0 2',
    'ShearY 0.7 6, Solarize 0.4 8',
    'Invert 0.6, Rotate 0.8 4',
    'ShearY 0.3 7, TranslateX 0.9 3',
    'ShearX 0.1 6, Invert 0.6',
    'Solarize 0.7 2, TranslateY 0.6 7',
    'ShearY 0.8 4, Invert 0.8',
    'ShearX 0.7 9, TranslateY 0.8 3',
    'ShearY 0.8 5, AutoContrast 0.7',
    'ShearX 0.7 2, Invert 0.1',
  ],
} as const;

const parse = (step: string) => {
  const [name, p, bin] = step.split(' ');
  return { name: name as OperationName, p: Number(p), bin: Number(bin ?? 0) };
};

export const autoAugment = augmentation({
  config: { policy: z.enum(['imagenet', 'cifar10', 'svhn']).default('imagenet'), ...painting },
  train({ policy, ...paint }, picture, chance) {
    const pairs = POLICIES[policy];
    for (const { name, p, bin } of pairs[chance.integer(pairs.length)]!.split(', ').map(parse)) {
      const happens = chance.happens(p); // the sign is drawn in any case: later draws stay in place
      const strength = strengths(picture, 10)[name](bin) * (chance.integer(2) === 1 ? -1 : 1);
      if (happens) apply(picture, name, strength, paint);
    }
  },
});
