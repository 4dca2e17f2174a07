// kind.ts: what a signature is: tiles, sizes of blocks, and the lists of arguments that several signatures share. No signature itself.
import { PANEL, PIXEL_BLOCK, UPDATE_BLOCK } from './blocks.ts';

/** How many tiles a call has: `each` when per is 0, else each * ceil(rows * m / per). Fixed by shape, never by the engine. */
export interface Tiles {
  readonly each: number;
  readonly m: number;
  readonly per: number;
}

export interface Signature<O extends string, I extends string, F extends string> {
  readonly operands: readonly O[];
  readonly ints: readonly I[];
  readonly floats: readonly F[];
  readonly tiles: (ints: Readonly<Record<I, number>>) => Tiles;
}

export const define = <const O extends string, const I extends string, const F extends string>(
  operands: readonly O[],
  ints: readonly I[],
  floats: readonly F[],
  tiles: (ints: Readonly<Record<I, number>>) => Tiles,
): Signature<O, I, F> => ({ operands, ints, floats, tiles });

export const panels = (n: number) => Math.ceil(n / PANEL);
export const fixed = (each: number): Tiles => ({ each, m: 1, per: 0 });
export const perImage = (each = 1): Tiles => ({ each, m: 1, per: 1 });
export const blocks = (i: { readonly H: number; readonly W: number }): Tiles => ({
  each: 1,
  m: i.H * i.W,
  per: PIXEL_BLOCK,
});
export const pixels = ['R', 'N', 'groups', 'H', 'W', 'xStep', 'xRow', 'xImage', 'dyStep', 'dyRow', 'dyImage'] as const;
export const window = ['OH', 'OW', 'C', 'poolH', 'poolW', 'strideH', 'strideW', 'padTop', 'padLeft', 'H', 'W'] as const;
export const image = ['H', 'W', 'C'] as const; // rows of an image, pixels in a row, channels; then (image, row) strides of each operand
export const view = ['H', 'L'] as const; // rows of an image, floats in a row; then (image, row) strides of each operand
/** Strides of an operand along the images, A, B and L. */
export const axes = <const N extends string>(name: N) => [`${name}Image`, `${name}A`, `${name}B`, `${name}L`] as const;

/** y = f(x) over views. */
export const map = <const F extends string = never>(...floats: readonly F[]) =>
  define(['x', 'y'], [...view, 'xImage', 'xRow', 'yImage', 'yRow'], floats, () => perImage());
/** dx = dy f'(x) over views, from what f gave. */
export const slopeOfY = <const F extends string = never>(...floats: readonly F[]) =>
  define(['dy', 'y', 'dx'], [...view, 'dyImage', 'dyRow', 'yImage', 'yRow', 'dxImage', 'dxRow'], floats, () =>
    perImage(),
  );
/** The same from what f was given. */
export const slopeOfX = <const F extends string = never>(...floats: readonly F[]) =>
  define(['dy', 'x', 'dx'], [...view, 'dyImage', 'dyRow', 'xImage', 'xRow', 'dxImage', 'dxRow'], floats, () =>
    perImage(),
  );

export const updateTiles = (i: { readonly count: number }): Tiles => fixed(Math.ceil(i.count / UPDATE_BLOCK));
/** An optimizer of such slots and numbers. */
export const update = <const O extends string = never, const F extends string = never>(
  slots: readonly O[],
  floats: readonly F[],
) => define(['p', 'nextP', ...slots, 'scalars'], ['count', 'partAt'], ['weightDecay', ...floats], updateTiles);
