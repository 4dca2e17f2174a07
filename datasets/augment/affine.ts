// affine.ts: where pixels come from when a picture is turned, shifted, scaled and sheared about a point. Draws nothing: random-affine.ts.
import { cosineSine } from '../../base/scalar.ts';

export interface Motion {
  /** Degrees, clockwise. */
  readonly angle?: number;
  /** Pixels to the right, and down. */
  readonly translate?: readonly [number, number];
  readonly scale?: number;
  /** Degrees along x and along y. */
  readonly shear?: readonly [number, number];
  /** The point that stays: column and row, from the corner. */
  readonly centre: readonly [number, number];
}

/**
 * The inverse of: translate x centre x rotate x shear x scale x back from the centre, as torchvision composes them; rows of two:
 * (x, y) of the result is at (m0 x + m1 y + m2, m3 x + m4 y + m5).
 */
export function inverseOf({ angle = 0, translate = [0, 0], scale = 1, shear = [0, 0], centre }: Motion): number[] {
  const [cosine, sine] = cosineSine((angle - shear[1]) / 360);
  const [cosY] = cosineSine(shear[1] / 360);
  const [cosX, sinX] = cosineSine(shear[0] / 360);
  const [cosA, sinA] = cosineSine(angle / 360);
  const tanX = sinX / cosX;
  const a = cosine / cosY;
  const b = (-cosine * tanX) / cosY - sinA;
  const c = sine / cosY;
  const d = (-sine * tanX) / cosY + cosA;
  const [m0, m1, m3, m4] = [d / scale, -b / scale, -c / scale, a / scale];
  const [x, y] = [-centre[0] - translate[0], -centre[1] - translate[1]];
  return [m0, m1, m0 * x + m1 * y + centre[0], m3, m4, m3 * x + m4 * y + centre[1]];
}
