// convolution.ts: Conv2DBackpropFilter and Conv2DBackpropInput, which tfjs' WASM backend lacks and has as a scalar loop. Not depthwise.
import {
  backend_util,
  Conv2DBackpropFilter,
  type Conv2DBackpropFilterAttrs,
  Conv2DBackpropInput,
  type Conv2DBackpropInputAttrs,
} from '@tensorflow/tfjs-core';
import { filterGradient, inputGradient } from '../conv-gradients.ts';
import { windowsOf } from '../windows.ts';
import { type HeapOp, runGradient } from './op.ts';

type Shape4 = [number, number, number, number];

function info(x: Shape4, filter: Shape4, { strides, pad, dimRoundingMode, dataFormat }: Conv2DBackpropFilterAttrs) {
  const format = backend_util.convertConv2DDataFormat(dataFormat);
  return backend_util.computeConv2DInfo(x, filter, strides, 1, pad, dimRoundingMode, false, format);
}

/** (x, dy) -> dW (kh, kw, channels, filters). */
export const conv2dBackpropFilter: HeapOp = {
  kernelName: Conv2DBackpropFilter,
  compute({ x, dy }, attrs, backend) {
    const a = attrs as unknown as Conv2DBackpropFilterAttrs;
    const c = info(x!.shape as Shape4, a.filterShape, a);
    const windows = windowsOf(Conv2DBackpropFilter, c, 1, dy!.shape);
    return runGradient(backend, Conv2DBackpropFilter, [x!, dy!], a, c.filterShape, () => filterGradient(windows));
  },
};

/** (dy, filter) -> dX. */
export const conv2dBackpropInput: HeapOp = {
  kernelName: Conv2DBackpropInput,
  compute({ dy, filter }, attrs, backend) {
    const a = attrs as unknown as Conv2DBackpropInputAttrs;
    const c = info(a.inputShape, filter!.shape as Shape4, { ...a, filterShape: filter!.shape as Shape4 });
    const windows = windowsOf(Conv2DBackpropInput, c, 1, dy!.shape);
    return runGradient(backend, Conv2DBackpropInput, [dy!, filter!], a, c.inShape, () => inputGradient(windows));
  },
};
