// aug-mix.ts: AugMix: several chains of operations on one picture, mixed with each other and with it.
// Hendrycks et al., "AugMix: A simple data processing method to improve robustness and uncertainty" (ICLR 2020).
import { z } from 'zod';
import { augmentation } from './kind.ts';
import { apply, type OperationName, painting, strengths } from './operations.ts';
import { pick } from './rand-augment.ts';

const GEOMETRY = ['ShearX', 'ShearY', 'TranslateX', 'TranslateY', 'Rotate'] as const;
const TONES = ['Posterize', 'Solarize', 'AutoContrast', 'Equalize'] as const;
const SOME: readonly OperationName[] = [...GEOMETRY, ...TONES];
const ALL: readonly OperationName[] = [...SOME, 'Brightness', 'Color', 'Contrast', 'Sharpness'];
const BINS = 10;

/** Places of kept pictures; colours use the second. */
const [MIXED, ORIGINAL] = [0, 2] as const;

export const augMix = augmentation({
  blends: true,
  config: {
    severity: z.int().min(1).max(BINS).default(3),
    mixture_width: z.int().positive().max(100).default(3),
    /** -1: from 1 to 3, at random. */
    chain_depth: z.int().min(-1).max(100).default(-1),
    alpha: z.number().positive().default(1),
    all_ops: z.boolean().default(true),
    ...painting,
    interpolation: painting.interpolation.unwrap().default('bilinear'),
  },
  train({ severity, mixture_width, chain_depth, alpha, all_ops, ...paint }, picture, chance) {
    const shares = (n: number): number[] => {
      const parts = Array.from({ length: n }, () => chance.gamma(alpha));
      const sum = parts.reduce((a, b) => a + b, 0);
      return parts.map((part) => (sum > 0 ? part / sum : 1 / n));
    };
    const [own, others] = shares(2) as [number, number];
    const extent = { rows: picture.rows / 3, columns: picture.columns / 3, from: 4 };
    picture.keep(ORIGINAL);
    picture.keep(MIXED);
    let whole = own; // of what is mixed so far; each chain's share of it is rounded to bytes
    for (const share of shares(mixture_width)) {
      picture.restore(ORIGINAL);
      const depth = chain_depth > 0 ? chain_depth : 1 + chance.integer(3);
      for (let i = 0; i < depth; i++) {
        const { name, sign } = pick(all_ops ? ALL : SOME, chance);
        apply(picture, name, sign * strengths(picture, BINS, extent)[name](chance.integer(severity)), paint);
      }
      whole += others * share;
      picture.mixKept(MIXED, whole > 0 ? (others * share) / whole : 0);
      picture.keep(MIXED);
    }
  },
});
