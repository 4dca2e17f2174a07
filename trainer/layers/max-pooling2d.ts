// max-pooling2d.ts: the largest value of each window, channel by channel. Not global pooling.
import type { LayerKind } from './kind.ts';
import { type PoolConfig, poolConfig, poolInts, poolShape } from './pool.ts';

export const maxPooling2d: LayerKind<PoolConfig> = {
  className: 'MaxPooling2D',
  config: poolConfig,
  arity: [1, 1],
  shape: poolShape,
  weights: () => [],
  emit(c, f) {
    const { build } = f;
    const x = f.inputs[0]!;
    const y = f.output();
    const ints = poolInts(c, x, y);
    const [OH, OW, C] = y.shape as [number, number, number];
    const index = { buffer: build.buffer(f.training ? build.rows * OH * OW * C : 0), at: 0 }; // (rows, OH, OW, C) u8
    const strides = { xImage: x.imageStride, xRow: x.rowStride, yImage: y.imageStride, yRow: y.rowStride };
    const wantIndex = f.training ? 1 : 0;
    build.call('maxpool', { x: build.at(x), y: build.at(y), index }, { ...ints, ...strides, wantIndex }, {});
    return {
      output: y,
      backward(g) {
        if (!g.wants(0)) return;
        // the largest of a relu's values is positive exactly where the relu lets its gradient through
        const mask = g.canMask(0) ? 1 : 0;
        const { dY } = g;
        const dX = g.dInput(0);
        if (mask) g.maskedInput(0);
        build.call(
          'maxpool_backward',
          { dy: build.at(dY), index, y: build.at(y), dx: build.at(dX) },
          {
            ...ints,
            dyImage: dY.imageStride,
            dyRow: dY.rowStride,
            yImage: y.imageStride,
            yRow: y.rowStride,
            dxImage: dX.imageStride,
            dxRow: dX.rowStride,
            mask,
          },
          {},
        );
      },
    };
  },
};
