// max-pool.ts: MaxPoolGrad. tfjs' WASM backend has it, but drops the gradient of a window without a positive value.
import { backend_util, MaxPoolGrad, type MaxPoolGradAttrs } from '@tensorflow/tfjs-core';
import { FIRST, OUTPUT, type Recipe, RecipeBuilder, SECOND } from '../recipe.ts';
import { checkShape } from '../windows.ts';
import { type HeapOp, runGradient } from './op.ts';

/** (dy, input) -> dX: each gradient to the first maximum of its window, a NaN over all. */
export const maxPoolGrad: HeapOp = {
  kernelName: MaxPoolGrad,
  compute({ dy, input }, attrs, backend) {
    const a = attrs as unknown as MaxPoolGradAttrs;
    const shape = input!.shape as [number, number, number, number];
    const c = backend_util.computePool2DInfo(shape, a.filterSize, a.strides, 1, a.pad, a.dimRoundingMode);
    checkShape(MaxPoolGrad, 'dy', dy!.shape, c.outShape);
    return runGradient(backend, MaxPoolGrad, [dy!, input!], a, c.inShape, () => recipe(c));
  },
};

function recipe(c: backend_util.Conv2DInfo): Recipe {
  const build = new RecipeBuilder(c.batchSize);
  const row = c.inWidth * c.inChannels;
  const outRow = c.outWidth * c.inChannels;
  build.call(
    'maxpool_gradient',
    { dy: FIRST, x: SECOND, dx: OUTPUT },
    {
      ...{ OH: c.outHeight, OW: c.outWidth, C: c.inChannels, H: c.inHeight, W: c.inWidth },
      ...{ poolH: c.filterHeight, poolW: c.filterWidth, strideH: c.strideHeight, strideW: c.strideWidth },
      ...{ padTop: c.padInfo.top, padLeft: c.padInfo.left },
      ...{ dyImage: c.outHeight * outRow, dyRow: outRow, xImage: c.inHeight * row, xRow: row },
      ...{ dxImage: c.inHeight * row, dxRow: row },
    },
  );
  return build.finish();
}
