// index.ts: the registry of transforms of training samples: a new one is a file and a line here. And what their list makes of fields.
import type { z } from 'zod';
import { type Choice, choice } from '../../base/choice.ts';
import { ShoalError } from '../../base/errors.ts';
import type { Field, Fields } from '../reader.ts';
import { augMix } from './aug-mix.ts';
import { autoAugment } from './auto-augment.ts';
import { colorJitter, randomGrayscale } from './color-jitter.ts';
import { centerCrop, randomCrop } from './crop.ts';
import { followersOf, labelAfter } from './followers.ts';
import { gaussianBlur } from './gaussian-blur.ts';
import type { AugmentKind, Size } from './kind.ts';
import { cutMix, mixUp } from './mixing.ts';
import { randAugment, trivialAugmentWide } from './rand-augment.ts';
import { randomAffine, randomRotation } from './random-affine.ts';
import { randomErasing } from './random-erasing.ts';
import { randomHorizontalFlip, randomVerticalFlip } from './random-flip.ts';
import { randomResizedCrop } from './random-resized-crop.ts';
import { resize } from './resize.ts';
import { randomTokenCrop, randomTokenMask } from './tokens.ts';

export const augmentations = {
  AugMix: augMix,
  AutoAugment: autoAugment,
  CenterCrop: centerCrop,
  ColorJitter: colorJitter,
  CutMix: cutMix,
  GaussianBlur: gaussianBlur,
  MixUp: mixUp,
  RandAugment: randAugment,
  RandomAffine: randomAffine,
  RandomCrop: randomCrop,
  RandomErasing: randomErasing,
  RandomGrayscale: randomGrayscale,
  RandomHorizontalFlip: randomHorizontalFlip,
  RandomResizedCrop: randomResizedCrop,
  RandomRotation: randomRotation,
  RandomTokenCrop: randomTokenCrop,
  RandomTokenMask: randomTokenMask,
  RandomVerticalFlip: randomVerticalFlip,
  Resize: resize,
  TrivialAugmentWide: trivialAugmentWide,
} as const;

type Shapes = { readonly [K in keyof typeof augmentations]: (typeof augmentations)[K]['config'] };
const shapes = Object.fromEntries(
  Object.entries(augmentations).map(([name, { config }]) => [name, config]),
) as unknown as Shapes;

/** One of them with its options, every default filled in. */
export type AugmentConfig = Choice<Shapes>;
export const augmentSchema = choice('transforms', shapes);

export const kindOf = ({ class_name }: AugmentConfig): AugmentKind<z.ZodRawShape> =>
  augmentations[class_name] as unknown as AugmentKind<z.ZodRawShape>;

/** The field that is changed. */
export const AUGMENTED = 'image';

/** Whether labels come out as shares of several classes. */
export const mixes = (configs: readonly AugmentConfig[]): boolean => configs.some((one) => kindOf(one).mix);

/** Sizes of an image before each transform, and behind the last. @throws SHOAL_SHAPE */
export function sizesOf(configs: readonly AugmentConfig[], [rows, columns]: readonly number[]): Size[] {
  const sizes: Size[] = [[rows!, columns!]];
  for (const one of configs) sizes.push(kindOf(one).size?.(one.config as never, sizes.at(-1)!) ?? sizes.at(-1)!);
  return sizes;
}

/** The fields of a dataset once the transforms have been at them. @throws SHOAL_DATA_FIELD, SHOAL_SHAPE, SHOAL_JOB */
export function augmentedFields(fields: Fields, configs: readonly AugmentConfig[]): Fields {
  if (configs.length === 0) return fields;
  const image = fields[AUGMENTED];
  const after = kindOf(configs[0]!).ids ? rowOfIds(image, configs) : pixels(image, configs);
  const followers = followersOf(fields);
  if (followers === null) return { ...fields, [AUGMENTED]: after };
  const blending = configs.find((one) => kindOf(one).mix || kindOf(one).blends);
  if (blending) throw cannotFollow(blending, followers);
  return { ...fields, [AUGMENTED]: after, label: labelAfter(fields, after) };
}

function pixels(image: Field | undefined, configs: readonly AugmentConfig[]): Field {
  const [rows, columns, channels] = image?.shape ?? [];
  const other = configs.find((one) => kindOf(one).ids);
  if (image?.dtype !== 'u8' || image.shape.length !== 3 || (channels !== 1 && channels !== 3) || other)
    throw unfit(other ?? configs[0]!, image, 'images of bytes, rows x columns x 1 or 3 channels');
  const late = configs.findIndex((one, i) => !kindOf(one).mix && i > 0 && kindOf(configs[i - 1]!).mix);
  if (late > 0) throw outOfOrder(configs[late - 1]!, configs[late]!);
  return { dtype: 'u8', shape: [...sizesOf(configs, [rows!, columns!]).at(-1)!, channels!] };
}

function rowOfIds(image: Field | undefined, configs: readonly AugmentConfig[]): Field {
  const other = configs.find((one) => !kindOf(one).ids);
  if (image?.dtype !== 'i32' || image.shape.length !== 1 || other)
    throw unfit(other ?? configs[0]!, image, 'rows of ids, as text is read');
  const length = (before: number, one: AugmentConfig) => kindOf(one).length?.(one.config as never, before) ?? before;
  return { dtype: 'i32', shape: [configs.reduce(length, image.shape[0]!)] };
}

const unfit = ({ class_name }: AugmentConfig, field: Field | undefined, expected: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_FIELD',
    operation: `augment by ${class_name}`,
    got: field ? `${field.dtype} of [${field.shape.join(', ')}] in "${AUGMENTED}"` : `no field "${AUGMENTED}"`,
    expected,
    hint: 'docs/augment.md says what each transform takes.',
  });

const cannotFollow = ({ class_name }: AugmentConfig, followers: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_JOB',
    operation: 'read the list "augment"',
    got: `${class_name}, with a dataset that has ${followers === 'mask' ? 'a class for each pixel' : followers}`,
    expected: 'changes of one image at a time',
    hint: `Leave ${class_name} out.`,
  });

const outOfOrder = (mix: AugmentConfig, late: AugmentConfig): ShoalError =>
  new ShoalError({
    code: 'SHOAL_JOB',
    operation: 'read the list "augment"',
    got: `${late.class_name} behind ${mix.class_name}`,
    expected: 'what mixes samples at the end of the list',
    hint: `Put ${late.class_name} before ${mix.class_name}.`,
  });
