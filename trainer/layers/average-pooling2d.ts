// average-pooling2d.ts: the mean of each window, over the part of it that lies inside the image. Not global pooling.
import type { LayerKind } from './kind.ts';
import { type PoolConfig, poolConfig, poolInts, poolShape } from './pool.ts';

export const averagePooling2d: LayerKind<PoolConfig> = {
  className: 'AveragePooling2D',
  config: poolConfig,
  arity: [1, 1],
  shape: poolShape,
  weights: () => [],
  emit(c, f) {
    const { build } = f;
    const x = f.inputs[0]!;
    const y = f.output();
    const ints = poolInts(c, x, y);
    const strides = { xImage: x.imageStride, xRow: x.rowStride, yImage: y.imageStride, yRow: y.rowStride };
    build.call('avgpool', { x: build.at(x), y: build.at(y) }, { ...ints, ...strides }, {});
    return {
      output: y,
      backward(g) {
        if (!g.wants(0)) return;
        const { dY } = g;
        const dX = g.dInput(0);
        const back = { dyImage: dY.imageStride, dyRow: dY.rowStride, dxImage: dX.imageStride, dxRow: dX.rowStride };
        build.call('avgpool_backward', { dy: build.at(dY), dx: build.at(dX) }, { ...ints, ...back }, {});
      },
    };
  },
};
