// pooling.ts: signatures of maximum and average pooling. No arithmetic (../signatures.ts).
import { define, perImage, window } from './kind.ts';

export const pooling = {
  // ---- pooling, NHWC; index (rows, OH, OW, C) u8 = ky * poolW + kx of the first maximum. mask 1: where y <= 0 the gradient is 0
  maxpool: define(['x', 'y', 'index'], [...window, 'xImage', 'xRow', 'yImage', 'yRow', 'wantIndex'], [], () =>
    perImage(),
  ),
  maxpool_backward: define(
    ['dy', 'index', 'y', 'dx'],
    [...window, 'dyImage', 'dyRow', 'yImage', 'yRow', 'dxImage', 'dxRow', 'mask'],
    [],
    () => perImage(),
  ),
  // the same from x alone, for windows of any size
  maxpool_gradient: define(
    ['dy', 'x', 'dx'],
    [...window, 'dyImage', 'dyRow', 'xImage', 'xRow', 'dxImage', 'dxRow'],
    [],
    () => perImage(),
  ),
  // mean over the part of the window that lies inside the image
  avgpool: define(['x', 'y'], [...window, 'xImage', 'xRow', 'yImage', 'yRow'], [], () => perImage()),
  avgpool_backward: define(['dy', 'dx'], [...window, 'dyImage', 'dyRow', 'dxImage', 'dxRow'], [], () => perImage()),
};
