// followers.ts: what of a sample moves with its image: a mask of classes, or boxes with theirs. Told by the fields; the moving is annotations.ts.
import { BOX, type Move, moveBoxes, moveMask } from '../annotations.ts';
import type { Field, Fields } from '../reader.ts';

/** mask: `label` has a class for each pixel. boxes: `boxes` (n, 4), and `label` a class for each. */
export type Followers = 'mask' | 'boxes';

/** Null where nothing follows. */
export function followersOf({ image, label, boxes }: Fields): Followers | null {
  if (image?.shape.length !== 3 || label?.dtype !== 'i32' || label.shape.length !== 1) return null;
  if (boxes) return boxes.dtype === 'f32' && boxes.shape.join() === `${label.shape[0]},${BOX}` ? 'boxes' : null;
  return label.shape[0] === image.shape[0]! * image.shape[1]! ? 'mask' : null;
}

/** Of a sample's label when its image has become another. */
export const labelAfter = (fields: Fields, after: Field): Field =>
  followersOf(fields) === 'mask' ? { dtype: 'i32', shape: [after.shape[0]! * after.shape[1]!] } : fields['label']!;

/**
 * Writes a sample's label, and its boxes, as they are after the moves of its image.
 * @param raw as the reader gave them; `boxes` and the label of boxes are changed
 */
export function follow(
  raw: { readonly label: Int32Array; readonly boxes?: Float32Array | undefined },
  into: Readonly<Record<string, Uint8Array>>,
  [rows, columns]: readonly number[],
  moves: readonly Move[],
): void {
  let { label } = raw;
  let [r, c] = [rows!, columns!];
  for (const move of moves) {
    if (raw.boxes) moveBoxes(raw.boxes, label, move);
    else label = moveMask(label, r, c, move);
    [r, c] = [move.rows, move.columns];
  }
  const bytesOf = ({ buffer, byteOffset, byteLength }: Int32Array | Float32Array) =>
    new Uint8Array(buffer, byteOffset, byteLength);
  into['label']?.set(bytesOf(label));
  if (raw.boxes) into['boxes']?.set(bytesOf(raw.boxes));
}
