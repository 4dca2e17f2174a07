// places.ts: classes of boxes or of pixels as fields of a Dataset beside the image. The moving is annotations.ts; what shards say of them, readers/marked.ts.
import { z } from 'zod';
import { ShoalError } from '../base/errors.ts';
import { BOX, moveBoxes, moveMask, moveOfPlacement, NOTHING } from './annotations.ts';
import type { Recipe } from './image/decode.ts';
import { placementOf } from './image/placement.ts';
import type { Size } from './image/size-of.ts';
import type { Field, Fields } from './reader.ts';
import type { Box, Boxes, Entry, Source } from './source.ts';

/** Keys of every reader whose samples may be images with boxes. */
export const placeKeys = {
  /** Boxes of a sample; what has fewer is filled up with the label -1. Default: as many as any image has. */
  boxes: z.int().min(1).max(1000).optional(),
};

/** What is known of each sample, in fields of numbers beside the image. */
export interface PlaceFields {
  readonly fields: Fields;
  /** One row of each field. @param recipe by which the image gets its size. @throws {ShoalError} SHOAL_DATA_* */
  of(entry: Entry, recipe: Recipe): Promise<Readonly<Record<string, Int32Array | Float32Array>>>;
}

/** Of a source that has such classes. @param image of every sample. @param wanted boxes of a sample */
export const placeFields = (source: Source, image: Field, wanted: number | undefined): PlaceFields =>
  source.places === 'boxes' ? boxFields(source, wanted) : maskFields(source, image);

function boxFields({ entries }: Source, wanted: number | undefined): PlaceFields {
  const count = wanted ?? entries.reduce((n, { boxes }) => Math.max(n, boxes!.labels.length), 1);
  return {
    fields: { label: { shape: [count], dtype: 'i32' }, boxes: { shape: [count, BOX], dtype: 'f32' } },
    async of(entry, recipe) {
      const { boxes, label } = movedBoxes(entry.boxes!, recipe);
      return firstBoxes(boxes, label, count);
    },
  };
}

/** What a recipe makes of an image's boxes; boxes of which nothing is left have the label -1. */
export function movedBoxes({ rows, columns, boxes: all, labels }: Boxes, recipe: Omit<Recipe, 'channels'>) {
  const label = Int32Array.from(labels);
  const boxes = Float32Array.from(all.flat());
  moveBoxes(boxes, label, moveOfPlacement(placementOf(recipe, rows, columns)));
  return { boxes, label };
}

/** What is left of them, the largest first. */
function firstBoxes(boxes: Float32Array, label: Int32Array, count: number) {
  const area = (i: number): number => boxes[BOX * i + 2]! * boxes[BOX * i + 3]!;
  const order = [...label.keys()].filter((i) => label[i] !== NOTHING).sort((a, b) => area(b) - area(a) || a - b);
  const kept = { label: new Int32Array(count).fill(NOTHING), boxes: new Float32Array(BOX * count) };
  order.slice(0, count).forEach((from, i) => {
    kept.label[i] = label[from]!;
    kept.boxes.set(boxes.subarray(BOX * from, BOX * (from + 1)), BOX * i);
  });
  return kept;
}

function maskFields(source: Source, { shape: [rows, columns] }: Field): PlaceFields {
  return {
    fields: { label: { shape: [rows! * columns!], dtype: 'i32' } },
    async of(entry, recipe) {
      const mask = await source.mask!(entry);
      const placement = placementOf(recipe, mask.rows, mask.columns);
      if (placement.rows !== rows || placement.columns !== columns)
        throw otherSize(entry, placement, [rows!, columns!]);
      return { label: moveMask(mask.label, mask.rows, mask.columns, moveOfPlacement(placement)) };
    },
  };
}

/** Of what marks an image: its mask, or what is measured in it. */
export const otherSize = ({ key }: Entry, got: Size, [rows, columns]: readonly number[]): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_FIELD',
    operation: `read ${key}`,
    got: `labels of places in ${got.rows} x ${got.columns} pixels`,
    expected: `${rows} x ${columns}, as its image`,
    hint: 'Bring both to one size: give "size", or --transform resize=ROWSxCOLUMNS.',
  });

/**
 * What marks an image may be measured in it at another size, but of the same proportions: each side of the smaller is rounded.
 * @param of boxes or a mask. @param image turned as its EXIF says. @throws {ShoalError} SHOAL_DATA_FIELD
 */
export function checkProportions({ key }: Entry, of: Size, image: Size): void {
  const rounding = Math.max(of.rows + of.columns, image.rows + image.columns);
  if (Math.abs(of.rows * image.columns - of.columns * image.rows) <= rounding) return;
  throw new ShoalError({
    code: 'SHOAL_DATA_FIELD',
    operation: `read ${key}`,
    got: `labels of places in ${of.rows} x ${of.columns} pixels`,
    expected: `proportions of ${image.rows} x ${image.columns}, the size of its image, turned as its EXIF says`,
    hint: 'Correct the size that the labels are for, or turn them as the image is.',
  });
}

const hundredth = (x: number): number => Math.round(100 * x) / 100;

/** In hundredths of a pixel, which every format of shards keeps, 32-bit floats too; edges each by itself, so that neighbours still meet. */
export const boxOfEdges = (left: number, top: number, right: number, bottom: number): Box => {
  const [x, y] = [hundredth(left), hundredth(top)];
  return [x, y, hundredth(hundredth(right) - x), hundredth(hundredth(bottom) - y)];
};
