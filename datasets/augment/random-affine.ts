// random-affine.ts: pictures turned, and turned, shifted, scaled and sheared, about their middle. Their size stays.
import { z } from 'zod';
import { inverseOf } from './affine.ts';
import { augmentation, fillOption, probability, rangeOption, spreadOption, warpFilter } from './kind.ts';
import type { Picture } from './picture.ts';

const interpolation = warpFilter.default('nearest');
const middleOf = ({ columns, rows }: Picture) => [columns / 2, rows / 2] as const;
/** s: shears along x from -s to s degrees; two numbers: between them; four: x and y. */
const shear = z
  .union(
    [
      z.number().nonnegative(),
      z.tuple([z.number(), z.number()]),
      z.tuple([z.number(), z.number(), z.number(), z.number()]),
    ],
    'one, two or four numbers',
  )
  .transform((value): readonly [number, number, number, number] => {
    if (typeof value === 'number') return [-value, value, 0, 0];
    const [low, high, lowY = 0, highY = 0] = value;
    return [low, high, lowY, highY];
  })
  .nullable()
  .default(null);

export const randomRotation = augmentation({
  config: { degrees: spreadOption, interpolation, fill: fillOption },
  train({ degrees: [low, high], interpolation, fill }, picture, chance) {
    // torchvision turns counter-clockwise here, and clockwise in RandomAffine
    picture.warp(inverseOf({ angle: -chance.uniform(low, high), centre: middleOf(picture) }), interpolation, fill);
  },
});

export const randomAffine = augmentation({
  config: {
    degrees: spreadOption,
    /** Shares of columns and rows. */
    translate: z.tuple([probability, probability]).nullable().default(null),
    scale: rangeOption(1e-3).nullable().default(null),
    shear,
    interpolation,
    fill: fillOption,
  },
  train({ degrees, translate, scale, shear, interpolation, fill }, picture, chance) {
    const angle = chance.uniform(...degrees);
    const shift = (share: number, side: number) => Math.round(chance.uniform(-share * side, share * side));
    const [right, down] = translate ?? [0, 0];
    const moved = translate ? ([shift(right, picture.columns), shift(down, picture.rows)] as const) : ([0, 0] as const);
    const factor = scale ? chance.uniform(...scale) : 1;
    const sheared = shear
      ? ([chance.uniform(shear[0], shear[1]), shear[2] === shear[3] ? 0 : chance.uniform(shear[2], shear[3])] as const)
      : ([0, 0] as const);
    const motion = { angle, translate: moved, scale: factor, shear: sheared, centre: middleOf(picture) };
    picture.warp(inverseOf(motion), interpolation, fill);
  },
});
