// kind.ts: what a transform of training samples is, and the options that several have. No transform stands here (index.ts lists them).
import { z } from 'zod';
import type { Chance } from './chance.ts';
import type { Box, Picture } from './picture.ts';

export type Values<S extends z.ZodRawShape> = z.output<z.ZodObject<S, z.core.$strict>>;
export type Size = readonly [rows: number, columns: number];

/** One row of a micro-shard, as it lies in its slot. */
export interface Row {
  readonly image: Uint8Array;
  /** Shares of classes; of each output. */
  readonly labels: readonly Float32Array[];
}

/** Names, defaults and meaning are torchvision's, unless the file says otherwise. */
export interface AugmentKind<S extends z.ZodRawShape> {
  readonly config: S;
  /** It lays several pictures over one another: masks and boxes cannot follow. */
  readonly blends?: true;
  /** Of the image afterwards. Default: as before. */
  size?(config: Values<S>, before: Size): Size;
  /** Changes a sample to train on. */
  train?(config: Values<S>, picture: Picture, chance: Chance): void;
  /** What held-out samples get in its place: a fixed change to the same size. */
  heldOut?(config: Values<S>, picture: Picture): void;
  /** Changes samples of a micro-shard by one another. @param scratch a picture whose contents are nobody's */
  mix?(config: Values<S>, rows: readonly Row[], size: Size, scratch: Picture, chance: Chance): void;
  /** Ids afterwards, of rows of ids. Default: as many. */
  length?(config: Values<S>, before: number): number;
  /** Changes a row of ids to train on; for held-out rows `chance` is null. */
  ids?(config: Values<S>, ids: Int32Array, chance: Chance | null): void;
}

/** Types a transform by its options. */
export const augmentation = <const S extends z.ZodRawShape>(kind: AugmentKind<S>): AugmentKind<S> => kind;

export const probability = z.number().min(0).max(1);
const side = z.int().positive().max(8192);
/** Rows and columns, or one number for both. */
export const sizeOption = z
  .union([side, z.tuple([side, side])], 'a number, or [rows, columns]')
  .transform((value): Size => (typeof value === 'number' ? [value, value] : value));
const byte = z.int().min(0).max(255);
/** Of pixels that come from nowhere: a byte, or one for each channel. Grey pictures take the first of three. */
export const fillOption = z
  .union([byte, z.tuple([byte]), z.tuple([byte, byte, byte])], 'a byte, or one for each of three channels')
  .default(0);
/** [low, high], low not above high. */
export const rangeOption = (least: number, most = Number.POSITIVE_INFINITY) =>
  z.tuple([z.number().min(least), z.number().max(most)]).refine(([low, high]) => low <= high, 'a low and a high end');
/** A number r for [-r, r], or both ends. */
export const spreadOption = z
  .union([z.number().nonnegative(), rangeOption(Number.NEGATIVE_INFINITY)], 'a number, or [low, high]')
  .transform((value) => (typeof value === 'number' ? ([-value, value] as const) : value));
export const warpFilter = z.enum(['nearest', 'bilinear']);
export const resizeFilter = z.enum(['nearest', 'bilinear', 'bicubic']).default('bilinear');

/** All of a picture. */
export const whole = ({ rows, columns }: Picture): Box => ({ top: 0, left: 0, rows, columns });

/** A box of this size in the middle; rounded down, as torchvision does for pairs of odd and even. */
export const middle = ({ rows, columns }: Picture, height: number, width: number): Box => ({
  top: Math.floor((rows - height) / 2),
  left: Math.floor((columns - width) / 2),
  rows: height,
  columns: width,
});
