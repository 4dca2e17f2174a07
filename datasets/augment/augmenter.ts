// augmenter.ts: a list of transforms at work on a thread: samples on their way from a reader into their slots. Which there are: index.ts.
import type { Seed } from '../../base/random.ts';
import { SITE } from '../../base/random.ts';
import type { Move } from '../annotations.ts';
import type { Field } from '../reader.ts';
import { chanceOf } from './chance.ts';
import { type AugmentConfig, kindOf, mixes, sizesOf } from './index.ts';
import type { Row } from './kind.ts';
import { createPicture, type Picture } from './picture.ts';

/** What random numbers of a sample are keyed by, beside the seed. */
export interface Place {
  /** Of the run. */
  readonly step: number;
  /** In the global batch. */
  readonly slot: number;
}

export interface Augmenter {
  /** Room for a raw sample's image. The next call of `write` takes it from there. */
  raw(): Uint8Array;
  /** Changes the raw sample and writes it where it belongs. */
  write(into: Uint8Array, place: Place): void;
  /** How the sample that was written last has moved. */
  readonly moves: readonly Move[];
  /** Whether it changes samples by one another: then `mix` is called, too. */
  readonly mixes: boolean;
  /** Mixes the rows of one micro-shard, all written. @param place of its first */
  mix(rows: readonly Row[], place: Place): void;
}

export interface AugmenterOptions {
  readonly configs: readonly AugmentConfig[];
  /** As the reader has it. */
  readonly field: Field;
  readonly seed: Seed;
  /** Held-out samples get a fixed change in place of random ones. */
  readonly heldOut: boolean;
  readonly kernels: Parameters<typeof createPicture>[2];
}

export const createAugmenter = (options: AugmenterOptions): Augmenter =>
  options.field.dtype === 'i32' ? ofIds(options) : ofPixels(options);

function ofPixels({ configs, field, seed, heldOut, kernels }: AugmenterOptions): Augmenter {
  const sizes = sizesOf(configs, field.shape);
  const [rows, columns] = sizes[0]!;
  const picture: Picture = createPicture(Math.max(...sizes.flat()), field.shape[2]!, kernels);
  return {
    mixes: !heldOut && mixes(configs),
    moves: picture.moves,
    raw() {
      picture.reset(rows, columns);
      return picture.bytes();
    },
    write(into, { step, slot }) {
      configs.forEach((one, i) => {
        const kind = kindOf(one);
        if (heldOut) kind.heldOut?.(one.config as never, picture);
        else kind.train?.(one.config as never, picture, chanceOf(seed, slot, SITE.augment + i, step));
      });
      into.set(picture.bytes());
    },
    mix(all, { step, slot }) {
      configs.forEach((one, i) => {
        const chance = () => chanceOf(seed, slot, SITE.augment + i, step);
        kindOf(one).mix?.(one.config as never, all, sizes.at(-1)!, picture, chance());
      });
    },
  };
}

function ofIds({ configs, field, seed, heldOut }: AugmenterOptions): Augmenter {
  const row = new Int32Array(field.shape[0]!);
  return {
    mixes: false,
    moves: [],
    raw: () => new Uint8Array(row.buffer),
    write(into, { step, slot }) {
      let ids = row;
      configs.forEach((one, i) => {
        const chance = heldOut ? null : chanceOf(seed, slot, SITE.augment + i, step);
        const kind = kindOf(one);
        kind.ids!(one.config as never, ids, chance);
        ids = row.subarray(0, kind.length?.(one.config as never, ids.length) ?? ids.length); // what is behind a crop is nobody's
      });
      into.set(new Uint8Array(row.buffer, 0, into.length));
    },
    mix() {},
  };
}
