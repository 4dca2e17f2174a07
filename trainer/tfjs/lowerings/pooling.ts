// pooling.ts: windows and whole images pooled, in ops of tfjs. Its mean divides by the whole window where that hangs over the edge in the
// gradient: so zeros are put around by hand, and the mean is corrected.
import type { GlobalPoolConfig } from '../../layers/global-pooling.ts';
import type { PoolConfig } from '../../layers/pool.ts';
import { windowAxis } from '../../layers/window.ts';
import { lowering } from '../kind.ts';
import type { Tensor4D } from '../tf.ts';

type Pair = readonly [number, number];
const two = ([a, b]: Pair): [number, number] => [a, b];

export const maxPooling2d = lowering<PoolConfig>(({ pool_size, strides, padding }, { tf, inputs }) =>
  tf.maxPool(inputs[0]! as Tensor4D, two(pool_size), two(strides), padding as 'valid' | 'same'),
);

export const averagePooling2d = lowering<PoolConfig>(({ pool_size, strides, padding }, { tf, inputs }) => {
  const x = inputs[0]! as Tensor4D;
  const [size, step] = [two(pool_size), two(strides)];
  if (padding === 'valid') return tf.avgPool(x, size, step, 'valid');
  const [rows, columns] = ([1, 2] as const).map((axis, i): [number, number] => {
    const { before, after } = windowAxis(x.shape[axis], size[i]!, step[i]!, 1, 'same');
    return [before, after];
  }) as [[number, number], [number, number]];
  const mean = (of: Tensor4D) => tf.avgPool(tf.pad4d(of, [[0, 0], rows, columns, [0, 0]]), size, step, 'valid');
  return tf.div(mean(x), mean(tf.ones([1, x.shape[1], x.shape[2], 1])));
});

/** Over all axes but the first and the last. */
export const globalAveragePooling = lowering<GlobalPoolConfig>((c, { tf, inputs, spec }) => {
  const x = inputs[0]!;
  const axes = x.shape.slice(1, -1).map((_, i) => i + 1);
  const y = tf.mean(x, axes);
  return c.keepdims ? tf.reshape(y, [x.shape[0]!, ...spec.shape]) : y;
});

/** As one window over all pixels: of equal maxima the first gets the gradient, where that of tf.max goes whole to each. */
export const globalMaxPooling = lowering<GlobalPoolConfig>((_, { tf, inputs, spec }) => {
  const x = inputs[0]!;
  const [rows, channels] = [x.shape[0]!, x.shape.at(-1)!];
  const pixels = x.size / rows / channels;
  const column = tf.reshape(x, [rows, pixels, 1, channels]) as Tensor4D;
  return tf.reshape(tf.maxPool(column, [pixels, 1], 1, 'valid'), [rows, ...spec.shape]);
});
