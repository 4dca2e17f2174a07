// tensor.ts: where an activation lies: shape, physical halo, strides. Not its values, and not which calls make it.
import type { Operand } from '../kernels/abi.ts';
import { elements } from './model.ts';

/** Zero rows and columns around each image, in pixels: what a convolution reads beyond the border. */
export interface Halo {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

export const NO_HALO: Halo = { top: 0, bottom: 0, left: 0, right: 0 };

export const widest = (a: Halo, b: Halo): Halo => ({
  top: Math.max(a.top, b.top),
  bottom: Math.max(a.bottom, b.bottom),
  left: Math.max(a.left, b.left),
  right: Math.max(a.right, b.right),
});

/** Whether `a` is at least as wide as `b` on every side. */
export const covers = (a: Halo, b: Halo): boolean =>
  a.top >= b.top && a.bottom >= b.bottom && a.left >= b.left && a.right >= b.right;

export const hasHalo = (halo: Halo): boolean => halo.top + halo.bottom + halo.left + halo.right > 0;

/** A buffer of a plan's arena, before and after it gets its offset; or a fixed place in another space. */
export interface Place {
  readonly buffer: number | null;
  readonly fixed: Operand | null;
}

/** A micro-shard's activations, (rows, ...shape) f32. Only rank 3 (H, W, C) may have a halo; other ranks are compact. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly halo: Halo;
  readonly place: Place;
  /** Floats from the place's start to element 0 of row 0. */
  readonly origin: number;
  /** Floats from one image row to the next; all of a sample when there is no halo. */
  readonly rowStride: number;
  /** Floats from one sample to the next. */
  readonly imageStride: number;
}

/** Floats that a tensor of this shape and halo takes for one sample, and how it is laid out. */
export function layoutOf(shape: readonly number[], halo: Halo): Pick<Tensor, 'origin' | 'rowStride' | 'imageStride'> {
  if (!hasHalo(halo)) {
    const [, w, c] = shape;
    const rowStride = shape.length === 3 ? w! * c! : elements(shape);
    return { origin: 0, rowStride, imageStride: elements(shape) };
  }
  const [h, w, c] = shape as [number, number, number];
  const rowStride = (w + halo.left + halo.right) * c;
  return {
    origin: halo.top * rowStride + halo.left * c,
    rowStride,
    imageStride: rowStride * (h + halo.top + halo.bottom),
  };
}

/** H and L of the view (kernels/signatures.ts) under which all of these tensors can be walked: one long row where none has a halo. */
export function viewOf(...tensors: readonly Tensor[]): { readonly H: number; readonly L: number } {
  const { shape } = tensors[0]!;
  if (!tensors.some((t) => hasHalo(t.halo))) return { H: 1, L: elements(shape) };
  return { H: shape[0]!, L: shape[1]! * shape[2]! };
}
