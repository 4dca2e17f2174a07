// pointwise.ts: layers that are an activation, and layers that merge tensors value by value, in ops of tfjs.
import type { ActivationConfig } from '../../layers/activation.ts';
import type { EluConfig } from '../../layers/elu.ts';
import type { LayerScaleConfig } from '../../layers/layer-scale.ts';
import type { LeakyReluConfig } from '../../layers/leaky-relu.ts';
import type { PreluConfig } from '../../layers/prelu.ts';
import type { ReluConfig } from '../../layers/relu.ts';
import type { SoftmaxConfig } from '../../layers/softmax.ts';
import { activations, elu as eluOf, rectify } from '../activate.ts';
import { type Lowering, lowering } from '../kind.ts';
import type { Tensor, Tf } from '../tf.ts';

export const activation = lowering<ActivationConfig>((c, { tf, inputs, deferActivation }) =>
  deferActivation ? inputs[0]! : activations[c.activation](tf, inputs[0]!),
);

export const relu = lowering<ReluConfig>((c, { tf, inputs }) =>
  c.negative_slope === 0 && c.threshold === 0 && c.max_value === null
    ? tf.relu(inputs[0]!)
    : rectify(c.negative_slope, c.threshold, c.max_value ?? undefined)(tf, inputs[0]!),
);
export const leakyRelu = lowering<LeakyReluConfig>((c, { tf, inputs }) => rectify(c.negative_slope)(tf, inputs[0]!));
export const elu = lowering<EluConfig>((c, { tf, inputs }) => eluOf(c.alpha)(tf, inputs[0]!));
export const prelu = lowering<PreluConfig>((_, { tf, inputs, weight }) => {
  const x = inputs[0]!;
  return tf.add(tf.relu(x), tf.mul(tf.minimum(x, 0), weight('alpha')));
});

export const softmax = lowering<SoftmaxConfig>(({ axis }, { tf, inputs, deferActivation }) => {
  const x = inputs[0]!;
  const at = axis < 0 ? axis + x.rank : axis;
  if (deferActivation) return x;
  if (at === x.rank - 1) return tf.softmax(x);
  const order = [...x.shape.keys()].filter((i) => i !== at).concat(at); // tfjs has it over the last axis alone
  const back = order.map((_, i) => order.indexOf(i));
  return tf.transpose(tf.softmax(tf.transpose(x, order)), back);
});

export const layerScale = lowering<LayerScaleConfig>((_, { tf, inputs, weight }) =>
  tf.mul(inputs[0]!, weight('gamma')),
);

const merging =
  (two: (tf: Tf, a: Tensor, b: Tensor) => Tensor): Lowering<never> =>
  (_, { tf, inputs, spec }) =>
    aligned(tf, inputs, spec.shape.length).reduce((a, b) => two(tf, a, b));

/** Axes of size 1 put behind the batch's, where an input has fewer than the result: they are counted from the last. */
const aligned = (tf: Tf, inputs: readonly Tensor[], rank: number): readonly Tensor[] =>
  inputs.map((x) => {
    const missing = rank + 1 - x.rank;
    if (missing === 0) return x;
    return tf.reshape(x, [x.shape[0]!, ...new Array<number>(missing).fill(1), ...x.shape.slice(1)]);
  });

export const add = merging((tf, a, b) => tf.add(a, b));
export const subtract = merging((tf, a, b) => tf.sub(a, b));
export const multiply = merging((tf, a, b) => tf.mul(a, b));
export const average: Lowering<never> = (c, l) => l.tf.div(add(c, l), l.inputs.length);
