// annotations.ts: masks and boxes that follow the geometry of their image: one affine move after another. Which moves: augment/ and image/placement.ts.
import type { Placement } from './image/placement.ts';

/** Pixels from other places: (x, y) of the result from (m0 x + m1 y + m2, m3 x + m4 y + m5), counted from the corner. */
export interface Move {
  readonly matrix: readonly number[];
  /** Of the result. */
  readonly rows: number;
  readonly columns: number;
}

/** A place of a mask of which nothing is known, and a box that is none. */
export const NOTHING = -1;

/** Numbers of a box: x and y of its corner, width, height, in pixels. */
export const BOX = 4;

export const moveOfPlacement = ({ rows, columns, scaleX, scaleY, left, top }: Placement): Move => ({
  matrix: [1 / scaleX, 0, left / scaleX, 0, 1 / scaleY, top / scaleY],
  rows,
  columns,
});

/**
 * A mask of classes after a move: each place takes the class of the nearest one, as the kernel pixels_warp does; NOTHING from outside.
 * @param mask (rows x columns)
 */
export function moveMask(mask: Int32Array, rows: number, columns: number, { matrix, ...to }: Move): Int32Array {
  const [a, b, c, d, e, f] = matrix as [number, number, number, number, number, number];
  const fixed = [a, b, c + 0.5 * (a + b), d, e, f + 0.5 * (d + e)].map((value) => Math.floor(value * 65536 + 0.5));
  const [xx, xy, x0, yx, yy, y0] = fixed as [number, number, number, number, number, number];
  const out = new Int32Array(to.rows * to.columns).fill(NOTHING);
  for (let row = 0; row < to.rows; row++)
    for (let column = 0; column < to.columns; column++) {
      const x = Math.floor((xx * column + xy * row + x0) / 65536);
      const y = Math.floor((yx * column + yy * row + y0) / 65536);
      if (x >= 0 && x < columns && y >= 0 && y < rows) out[row * to.columns + column] = mask[y * columns + x]!;
    }
  return out;
}

/**
 * Boxes after a move, in place: the upright box around the moved corners, cut at the image's edges. Boxes of which less than a pixel is left
 * become NOTHING, with zeros.
 * @param boxes (n, 4). @param labels (n)
 */
export function moveBoxes(boxes: Float32Array, labels: Int32Array, { matrix, rows, columns }: Move): void {
  const [a, b, c, d, e, f] = matrix as [number, number, number, number, number, number];
  const size = a * e - b * d;
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] === NOTHING) continue;
    const [x, y, width, height] = boxes.subarray(BOX * i, BOX * (i + 1)) as unknown as [number, number, number, number];
    const corners = [0, 1, 2, 3].map((corner) => {
      const [u, v] = [x + (corner & 1 ? width : 0) - c, y + (corner & 2 ? height : 0) - f];
      return [(e * u - b * v) / size, (a * v - d * u) / size] as const; // the matrix leads back
    });
    const within = (values: readonly number[], end: number): [number, number] => {
      const [low, high] = [Math.max(0, Math.min(...values)), Math.min(end, Math.max(...values))];
      return [low, high - low];
    };
    const [left, wide] = within(
      corners.map(([u]) => u),
      columns,
    );
    const [top, high] = within(
      corners.map(([, v]) => v),
      rows,
    );
    const stays = wide >= 1 && high >= 1;
    boxes.set(stays ? [left, top, wide, high] : [0, 0, 0, 0], BOX * i);
    if (!stays) labels[i] = NOTHING;
  }
}
