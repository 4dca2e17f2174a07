// dense.ts: Dense and what ends like it: a product over the last axis, a bias, an activation. In ops of tfjs.
import type { ActivationName } from '../../layers/activations.ts';
import type { DenseConfig } from '../../layers/dense.ts';
import { activations } from '../activate.ts';
import { type Lowered, lowering } from '../kind.ts';
import type { Tensor, Tensor2D } from '../tf.ts';

/** The end of a layer with a bias and an activation. */
export function finish(
  c: { readonly use_bias: boolean; readonly activation: ActivationName },
  l: Lowered,
  y: Tensor,
): Tensor {
  const biased = c.use_bias ? l.tf.add(y, l.weight('bias')) : y;
  return l.deferActivation ? biased : activations[c.activation](l.tf, biased);
}

/** x (rows, ..., K) times W (K, ...) -> (rows, ..., N), as one product of matrices. */
export function project({ tf }: Lowered, x: Tensor, weight: Tensor): Tensor {
  const K = x.shape.at(-1)!;
  const N = weight.size / K;
  const y = tf.matMul(tf.reshape(x, [x.size / K, K]) as Tensor2D, tf.reshape(weight, [K, N]) as Tensor2D);
  return tf.reshape(y, [...x.shape.slice(0, -1), N]);
}

export const dense = lowering<DenseConfig>((c, l) => finish(c, l, project(l, l.inputs[0]!, l.weight('kernel'))));
