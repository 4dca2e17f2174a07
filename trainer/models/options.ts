// options.ts: what builders of image classifiers are told, with the defaults of the models as they were published.
import { z } from 'zod';
import { strict } from '../../base/check.ts';

const size = z.int().positive();

/** Of an image classifier: the shape of its images, classes, width, and whether it ends in its classifier. */
export const imageOptions = (input: readonly [number, number, number], classes = 1000) =>
  strict({
    /** [rows, columns, channels] */
    input: z.tuple([size, size, size]).prefault([...input]),
    classes: size.default(classes),
    /** Factor of every number of channels. */
    width: z.number().positive().default(1),
    /** False: the model ends before its classifier, in features. */
    top: z.boolean().default(true),
    /** Of the classifier. */
    activation: z.enum(['softmax', 'sigmoid', 'linear']).default('softmax'),
  });
export type ImageOptions = z.output<ReturnType<typeof imageOptions>>;

/** Numbers of channels at this width: whole, at least one. */
export const widened =
  ({ width }: Pick<ImageOptions, 'width'>) =>
  (channels: number): number =>
    Math.max(1, Math.round(channels * width));

/** The nearest multiple of 8 that is not more than a tenth below: how MobileNet and EfficientNet round channels. At least `least`. */
export function byEight(channels: number, least = 8): number {
  const rounded = Math.max(least, Math.floor((channels + 4) / 8) * 8);
  return rounded < 0.9 * channels ? rounded + 8 : rounded;
}
