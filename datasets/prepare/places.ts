// places.ts: boxes and masks of a sample as a preparation keeps them: where its geometry brings them. The image itself is sample.ts.
import { BOX, moveMask, moveOfPlacement, NOTHING } from '../annotations.ts';
import { encodeMask } from '../image/mask.ts';
import { placementOf } from '../image/placement.ts';
import type { Size } from '../image/size-of.ts';
import { boxOfEdges, checkProportions, movedBoxes, otherSize } from '../places.ts';
import type { Box, Boxes, Entry, Loader, Places } from '../source.ts';
import type { PrepareJob } from './job.ts';

/** What is kept beside an image. */
export interface PreparedPlaces {
  readonly boxes: Boxes | null;
  /** A grey PNG whose bytes are classes; 255 where nothing is known. */
  readonly mask: Uint8Array | null;
  /** Of all boxes, or of all pixels; -1 where nothing is known. */
  readonly labels: ArrayLike<number>;
}

/**
 * @param image the source's own, turned as its EXIF says; null where it is no image file. @param shape of the prepared one: rows, columns, channels
 * @throws {ShoalError} SHOAL_DATA_FIELD for marks of another size than their image, and what reading a mask throws
 */
export async function preparePlaces(
  entry: Entry,
  loader: Loader,
  places: Places,
  { transform }: PrepareJob,
  image: Size | null,
  shape: readonly number[],
): Promise<PreparedPlaces> {
  const mask = places === 'mask' ? await loader.mask!(entry) : null;
  const of = mask ?? entry.boxes!;
  if (image) checkProportions(entry, of, image);
  const placement = placementOf(transform, of.rows, of.columns);
  const { rows, columns } = placement;
  if (rows !== shape[0] || columns !== shape[1]) throw otherSize(entry, placement, shape);
  if (mask) {
    const label = moveMask(mask.label, mask.rows, mask.columns, moveOfPlacement(placement));
    return { boxes: null, mask: await encodeMask({ rows, columns, label }), labels: label };
  }
  const moved = movedBoxes(entry.boxes!, transform);
  const kept = [...moved.label.keys()].filter((i) => moved.label[i] !== NOTHING);
  const labels = kept.map((i) => moved.label[i]!);
  const boxes = kept.map((i) => {
    const [x, y, width, height] = moved.boxes.subarray(BOX * i, BOX * (i + 1)) as unknown as Box;
    return boxOfEdges(x, y, x + width, y + height);
  });
  return { boxes: { rows, columns, boxes, labels }, mask: null, labels };
}
