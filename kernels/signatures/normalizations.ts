// normalizations.ts: signatures of batch, row and group normalization. No arithmetic (../signatures.ts).
import { blocks, define, fixed, image, panels, perImage } from './kind.ts';

export const normalizations = {
  // ---- batch normalization, channel by channel, over one micro-shard: it never has several leaves. P = C rounded up to 16.
  // partial (blocks, 2, P): each block's sum, and its sum of squares around its own mean
  batch_moments: define(['x', 'partial'], [...image, 'xImage', 'xRow'], [], blocks),
  // norm (4, P): scale, shift, mean, 1 / deviation (y = x * scale + shift). meanSum, varianceSum (C): rows * moment, then + the ladder
  batch_statistics: define(
    ['partial', 'gamma', 'beta', 'norm', 'meanSum', 'varianceSum'],
    [...image, 'hasGamma', 'hasBeta'],
    ['epsilon'],
    (i) => fixed(panels(i.C)),
  ),
  // the same norm, of moving statistics
  batch_inference: define(
    ['mean', 'variance', 'gamma', 'beta', 'norm'],
    ['C', 'hasGamma', 'hasBeta'],
    ['epsilon'],
    (i) => fixed(panels(i.C)),
  ),
  // y = x * scale + shift; relu 1: max with 0
  batch_normalize: define(['x', 'norm', 'y'], [...image, 'xImage', 'xRow', 'yImage', 'yRow', 'relu'], [], () =>
    perImage(),
  ),
  // partial (blocks, 2, P): each block's sum of dy and of dy * (x - mean); relu 1: dy counts only where y > 0
  batch_moments_backward: define(
    ['dy', 'x', 'norm', 'partial'],
    [...image, 'dyImage', 'dyRow', 'xImage', 'xRow', 'relu'],
    [],
    blocks,
  ),
  // factors (2, P): dx = scale * dy + factors[0] * (x - mean) + factors[1]; dGamma, dBeta (C), then + the ladder
  batch_statistics_backward: define(
    ['partial', 'norm', 'factors', 'dGamma', 'dBeta'],
    [...image, 'hasGamma', 'hasBeta'],
    [],
    (i) => fixed(panels(i.C)),
  ),
  batch_normalize_backward: define(
    ['dy', 'x', 'norm', 'factors', 'dx'],
    [...image, 'dyImage', 'dyRow', 'xImage', 'xRow', 'dxImage', 'dxRow', 'relu'],
    [],
    () => perImage(),
  ),

  // ---- rows of C of M by themselves: norm (M, 2): mean, 1 / deviation. mode 0: around the mean; 1: by the root of the mean square;
  // 2: by the length, which is at least the root of epsilon. y = (x - mean) / deviation * gamma + beta
  row_normalize: define(
    ['x', 'gamma', 'beta', 'y', 'norm'],
    ['m', 'C', 'mode', 'hasGamma', 'hasBeta'],
    ['epsilon'],
    (i) => ({ each: 1, m: i.m, per: 16 }),
  ),
  row_normalize_backward: define(['dy', 'x', 'gamma', 'norm', 'dx'], ['m', 'C', 'mode', 'hasGamma'], [], (i) => ({
    each: 1,
    m: i.m,
    per: 16,
  })),
  // dGamma (C) = sum over rows of dy (x - mean) / deviation, dBeta (C) of dy, then + the ladder
  row_normalize_gradients: define(['dy', 'x', 'norm', 'dGamma', 'dBeta'], ['m', 'C', 'hasGamma', 'hasBeta'], [], (i) =>
    fixed(panels(i.C)),
  ),
  // each image by groups of C / groups channels: norm (rows, 4, P) as batch_statistics'
  group_normalize: define(
    ['x', 'gamma', 'beta', 'y', 'norm'],
    [...image, 'groups', 'xImage', 'xRow', 'yImage', 'yRow', 'hasGamma', 'hasBeta'],
    ['epsilon'],
    () => perImage(),
  ),
  // partial (rows, 2, C): dGamma and dBeta of each image. Spends norm
  group_normalize_backward: define(
    ['dy', 'x', 'norm', 'partial', 'dx'],
    [...image, 'groups', 'dyImage', 'dyRow', 'xImage', 'xRow', 'dxImage', 'dxRow', 'wantInput'],
    [],
    () => perImage(),
  ),
};
