// depthwise.ts: DepthwiseConv2dNativeBackpropFilter and -Input: each channel convolved with kernels of its own, that is as many groups.
import {
  backend_util,
  DepthwiseConv2dNativeBackpropFilter,
  type DepthwiseConv2dNativeBackpropFilterAttrs,
  DepthwiseConv2dNativeBackpropInput,
  type DepthwiseConv2dNativeBackpropInputAttrs,
} from '@tensorflow/tfjs-core';
import { filterGradient, inputGradient } from '../conv-gradients.ts';
import { windowsOf } from '../windows.ts';
import { type HeapOp, runGradient } from './op.ts';

type Shape4 = [number, number, number, number];
type Windowing = Omit<DepthwiseConv2dNativeBackpropFilterAttrs, 'filterShape'>;

const info = (x: Shape4, filter: Shape4, { strides, dilations, pad, dimRoundingMode }: Windowing) =>
  backend_util.computeConv2DInfo(x, filter, strides, dilations ?? 1, pad, dimRoundingMode, true);

/** (x, dy) -> dW (kh, kw, channels, multiplier). */
export const depthwiseBackpropFilter: HeapOp = {
  kernelName: DepthwiseConv2dNativeBackpropFilter,
  compute({ x, dy }, attrs, backend) {
    const a = attrs as unknown as DepthwiseConv2dNativeBackpropFilterAttrs;
    const c = info(x!.shape as Shape4, a.filterShape, a);
    const windows = windowsOf(DepthwiseConv2dNativeBackpropFilter, c, c.inChannels, dy!.shape);
    return runGradient(backend, DepthwiseConv2dNativeBackpropFilter, [x!, dy!], a, c.filterShape, () =>
      filterGradient(windows),
    );
  },
};

/** (dy, filter) -> dX. */
export const depthwiseBackpropInput: HeapOp = {
  kernelName: DepthwiseConv2dNativeBackpropInput,
  compute({ dy, filter }, attrs, backend) {
    const a = attrs as unknown as DepthwiseConv2dNativeBackpropInputAttrs;
    const c = info(a.inputShape, filter!.shape as Shape4, a);
    const windows = windowsOf(DepthwiseConv2dNativeBackpropInput, c, c.inChannels, dy!.shape);
    return runGradient(backend, DepthwiseConv2dNativeBackpropInput, [dy!, filter!], a, c.inShape, () =>
      inputGradient(windows),
    );
  },
};
