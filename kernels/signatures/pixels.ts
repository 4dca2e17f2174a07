// pixels.ts: signatures of images of bytes, changed by whole numbers alone. No arithmetic (../signatures.ts).
import { define, fixed } from './kind.ts';

export const pixels = {
  // ---- pixels: packed images of bytes, (H, W, C), changed by whole numbers alone: the same bytes on every machine. The data
  // threads call them on images, one call an image; a tile is a row of y
  // y (H, N, C), y[p] = (2^21 + sum of weights[p][t] x[first + t]) >> 22, clamped. bounds u32 (N, 2): first pixel, number of taps;
  // weights i32 (N, most). As Pillow resizes, first along rows, then along columns. x rows of xRow bytes
  pixels_across: define(['x', 'bounds', 'weights', 'y'], ['H', 'N', 'C', 'most', 'xRow'], [], (i) => fixed(i.H)),
  // y (H, L) likewise from rows of L bytes
  pixels_down: define(['x', 'bounds', 'weights', 'y'], ['H', 'L', 'most'], [], (i) => fixed(i.H)),
  // y (H, W, C) at (row, column) = x at (m[3] column + m[4] row + m[5], m[0] column + m[1] row + m[2]) / 2^16; outside (C): bytes that
  // lie around x. nearest 1: the pixel in which the place lies; 0: between four, by distances in 256ths
  pixels_warp: define(['x', 'matrix', 'outside', 'y'], ['H', 'W', 'C', 'nearest'], [], (i) => fixed(i.H)),
  // y = table[channel][x]. table u8 (C, 256)
  pixels_lookup: define(['x', 'table', 'y'], ['H', 'W', 'C'], [], (i) => fixed(i.H)),
  // counts u32 (C, 256), of each byte
  pixels_histogram: define(['x', 'counts'], ['H', 'W', 'C'], [], () => fixed(1)),
  // sums and squares u32 (C), of at most 2^16 pixels
  pixels_moments: define(['x', 'sums', 'squares'], ['H', 'W', 'C'], [], () => fixed(1)),
  // y = (2^15 + 2^16 b + share (a - b)) >> 16, clamped: more than a itself where share is above 2^16
  pixels_mix: define(['a', 'b', 'y'], ['H', 'L', 'share'], [], (i) => fixed(i.H)),
  // red, green, blue: each becomes (19595 R + 38470 G + 7471 B + 2^15) >> 16
  pixels_grey: define(['x', 'y'], ['H', 'W'], [], (i) => fixed(i.H)),
  // red, green, blue with their hue turned by turn / 2^16 of the circle; lightness and saturation stay
  pixels_hue: define(['x', 'y'], ['H', 'W', 'turn'], [], (i) => fixed(i.H)),
  // each pixel the mean of its neighbours and five times itself, over 13; those at the border stay
  pixels_smooth: define(['x', 'y'], ['H', 'W', 'C'], [], (i) => fixed(i.H)),
};
