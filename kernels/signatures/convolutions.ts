// convolutions.ts: signatures of convolutions, plain, by Winograd and depthwise, and the gradient of their biases. No arithmetic (../signatures.ts).
import { OUT_BLOCK, ROW_BLOCK, WINOGRAD_BLOCK } from './blocks.ts';
import { define, fixed, panels, perImage, pixels } from './kind.ts';

export const convolutions = {
  // ---- convolution over images with a physical zero halo. y pixel p of an image lies at yTable[p], and starts to read x at
  // xTable[p]; then `runs` times: `len` floats, and skips[run] bytes on. K = runs * len. Forward and dX alike. Tables are u32,
  // skips i32, all in bytes; 8 more readable entries follow each.
  conv: define(
    ['x', 'packed', 'bias', 'y', 'xTable', 'yTable', 'skips'],
    ['pixels', 'runs', 'len', 'N', 'groups', 'xImage', 'yImage', 'xGroup', 'yGroup', 'hasBias', 'activation'],
    [],
    (i) => perImage(Math.ceil(i.pixels / ROW_BLOCK)),
  ),
  // out (R, N per group) = sum over images and H x W pixels of x[pixel + rowTable[r]] * dy[pixel], then + the ladder.
  // R = taps * channels of a group; rowTable u32, in bytes, 8 more readable entries. out row stride ldo, group stride outGroup.
  conv_dw: define(['x', 'dy', 'out', 'rowTable'], [...pixels, 'xGroup', 'dyGroup', 'ldo', 'outGroup'], [], (i) =>
    fixed(i.groups * Math.ceil(i.R / OUT_BLOCK) * panels(i.N)),
  ),
  // ---- 3 x 3, stride 1, by Winograd's F(2x2, 3x3): x stands at the padded corner, with one more row and column where H or W is odd.
  // W (tap, K, N), or (tap, N, K) where transposed, row stride ld, taps at byte offsets `taps` -> G W G^T as [N/16][16][K][16]
  pack_winograd: define(['source', 'taps', 'packed'], ['K', 'N', 'ld', 'transposed'], [], (i) =>
    fixed(panels(i.N) * Math.ceil(i.K / WINOGRAD_BLOCK)),
  ),
  // y (H, W, N) of each image = x (C channels) * W + bias; a tile is `block` patches of 2 x 2 pixels
  winograd: define(
    ['x', 'packed', 'bias', 'y'],
    ['H', 'W', 'C', 'N', 'block', 'xRow', 'xImage', 'yRow', 'yImage', 'hasBias', 'activation'],
    [],
    (i) => ({ each: 1, m: Math.ceil(i.H / 2) * Math.ceil(i.W / 2), per: i.block }),
  ),
  // out (tap, C, N), row stride ldo = sum over images and pixels of x * dy (H, W, N), then + the ladder
  winograd_dw: define(['x', 'dy', 'out'], ['H', 'W', 'C', 'N', 'xRow', 'xImage', 'dyRow', 'dyImage', 'ldo'], [], (i) =>
    fixed(Math.ceil(i.C / WINOGRAD_BLOCK) * panels(i.N)),
  ),
  // channel by channel: y (C) at yTable[p] = activation(bias + sum over taps of x at xTable[p] + xTaps[t], times w at wTaps[t]).
  // Tables as conv's. Forward and dX alike
  depthwise: define(
    ['x', 'w', 'bias', 'y', 'xTable', 'yTable', 'xTaps', 'wTaps'],
    ['pixels', 'taps', 'C', 'xImage', 'yImage', 'hasBias', 'activation'],
    [],
    (i) => perImage(Math.ceil(i.pixels / ROW_BLOCK)),
  ),
  // out (R, C) = sum over images and H x W pixels of x[pixel + rowTable[r]] * dy[pixel], channel by channel, then + the ladder
  depthwise_dw: define(
    ['x', 'dy', 'out', 'rowTable'],
    ['R', 'C', 'H', 'W', 'xStep', 'xRow', 'xImage', 'dyStep', 'dyRow', 'dyImage'],
    [],
    (i) => fixed(Math.ceil(i.R / OUT_BLOCK) * panels(i.C)),
  ),
  // out (C) = sum of dy over images, rows and W pixels of C channels, then + the ladder
  bias_gradient: define(['dy', 'out'], ['H', 'W', 'C', 'dyImage', 'dyRow'], [], (i) => fixed(panels(i.C))),
};
