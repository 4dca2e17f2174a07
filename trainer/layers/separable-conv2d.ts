// separable-conv2d.ts: a depthwise convolution, then one pixel's convolution that mixes the channels. It computes nothing itself.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { constraint } from '../constraints.ts';
import { initializerSchema } from '../initializers.ts';
import type { TensorSpec } from '../model.ts';
import { regularizer } from '../regularizers.ts';
import { weight } from './common.ts';
import { type Conv2DConfig, conv2d } from './conv2d.ts';
import { type DepthwiseConv2DConfig, depthwiseConv2d, depthwiseOptions } from './depthwise-conv2d.ts';
import type { LayerKind } from './kind.ts';

const config = strict({
  ...depthwiseOptions,
  filters: z.int().positive(),
  pointwise_initializer: initializerSchema('glorot_uniform'),
  pointwise_regularizer: regularizer,
  pointwise_constraint: constraint,
});
export type SeparableConv2DConfig = z.infer<typeof config>;

const depthwiseOf = ({ filters: _, ...c }: SeparableConv2DConfig): DepthwiseConv2DConfig => ({
  ...c,
  use_bias: false,
  activation: 'linear',
});

function pointwiseOf(c: SeparableConv2DConfig): Conv2DConfig {
  return {
    ...c,
    name: `${c.name}/pointwise`,
    kernel_size: [1, 1],
    strides: [1, 1],
    dilation_rate: [1, 1],
    padding: 'valid',
    groups: 1,
    kernel_initializer: c.pointwise_initializer,
    kernel_regularizer: c.pointwise_regularizer,
    kernel_constraint: c.pointwise_constraint,
  };
}

const between = (c: SeparableConv2DConfig, inputs: readonly TensorSpec[]): TensorSpec =>
  depthwiseConv2d.shape(depthwiseOf(c), inputs);

export const separableConv2d: LayerKind<SeparableConv2DConfig> = {
  className: 'SeparableConv2D',
  config,
  arity: [1, 1],
  shape: (c, inputs) => conv2d.shape(pointwiseOf(c), [between(c, inputs)]),
  weights(c, inputs) {
    const [depthwise] = depthwiseConv2d.weights(depthwiseOf(c), inputs);
    const channels = between(c, inputs).shape.at(-1)!;
    const pointwise = weight(c, 'pointwise', [1, 1, channels, c.filters], 'pointwise_kernel');
    const kernels = [{ ...depthwise!, name: 'depthwise_kernel' }, pointwise];
    return c.use_bias ? [...kernels, weight(c, 'bias', [c.filters])] : kernels;
  },
  inputHalo: (c, input) => depthwiseConv2d.inputHalo!(depthwiseOf(c), input),
  gradientHalo: (c, input) => conv2d.gradientHalo!(pointwiseOf(c), between(c, [input])),
  emit(c, f) {
    const { build } = f;
    const x = f.inputs[0]!; // (H, W, C)
    const spec = between(c, [x]);
    const named = (name: string, own: string) => (name === 'kernel' ? own : name);
    const first = depthwiseConv2d.emit(depthwiseOf(c), {
      ...f,
      spec,
      output: () => build.tensor(spec.shape), // (OH, OW, C * multiplier)
      deferActivation: false,
      weight: (name) => f.weight(named(name, 'depthwise_kernel')),
    });
    const second = conv2d.emit(pointwiseOf(c), {
      ...f,
      inputs: [first.output],
      weight: (name) => f.weight(named(name, 'pointwise_kernel')),
    });
    return {
      ...second,
      backward(g) {
        const dMiddle = build.tensor(spec.shape, depthwiseConv2d.gradientHalo!(depthwiseOf(c), x));
        second.backward({
          ...g,
          wants: () => true,
          dInput: () => dMiddle,
          canMask: () => false,
          gradient: (name) => g.gradient(named(name, 'pointwise_kernel')),
        });
        first.backward({ ...g, dY: dMiddle, masked: false, gradient: () => g.gradient('depthwise_kernel') });
      },
    };
  },
};
