// einsum-gradient.ts: the gradient of tf.einsum, which tfjs has for no backend: einsums again, of dy with the other tensor.
import {
  broadcastTo,
  Einsum,
  type EinsumAttrs,
  einsum,
  type GradConfig,
  reshape,
  type Tensor,
} from '@tensorflow/tfjs-core';

/** dX of the tensor whose axes are `labels`: of those that neither dy nor the other tensor has, every place got the same. */
function gradientOf(x: Tensor, labels: string, dy: Tensor, output: string, other?: readonly [string, Tensor]): Tensor {
  const known = [...labels].filter((label) => output.includes(label) || other?.[0].includes(label));
  const result = other
    ? einsum(`${output},${other[0]}->${known.join('')}`, dy, other[1])
    : einsum(`${output}->${known.join('')}`, dy);
  if (known.length === labels.length) return result;
  const shape = [...labels].map((label, axis) => (known.includes(label) ? x.shape[axis]! : 1));
  return broadcastTo(reshape(result, shape), x.shape);
}

export const einsumGradient: GradConfig = {
  kernelName: Einsum,
  saveAllInputs: true,
  gradFunc(dy, saved, attrs) {
    const { equation } = attrs as unknown as EinsumAttrs;
    const [inputs, output] = equation.replaceAll(/\s/g, '').split('->') as [string, string];
    const terms = inputs.split(',');
    const one = (i: number) => () => {
      const other = saved[1 - i];
      return gradientOf(saved[i]!, terms[i]!, dy as Tensor, output, other && [terms[1 - i]!, other]);
    };
    return Object.fromEntries(saved.map((_, i) => [i, one(i)]));
  },
};
