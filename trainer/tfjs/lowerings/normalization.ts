// normalization.ts: BatchNormalization by micro-shard, whatever else shares the device batch, and layers that normalise rows. Their gradients
// are written out: op by op they would cost several times as much.
import type { BatchNormalizationConfig } from '../../layers/batch-normalization.ts';
import type { GroupNormalizationConfig } from '../../layers/group-normalization.ts';
import {
  type LayerNormalizationConfig,
  normalizedAxes,
  type RmsNormalizationConfig,
} from '../../layers/layer-normalization.ts';
import { elements } from '../../model.ts';
import { type Lowered, lowering } from '../kind.ts';
import type { Tensor, Tf } from '../tf.ts';

/**
 * (x - mean) / sqrt(variance + epsilon), both along one axis of x. dX = (dY - mean(dY) - y mean(dY y)) / deviation.
 * @param seen is shown both, of size 1 along the axis
 */
function standardize(
  tf: Tf,
  x: Tensor,
  axis: number,
  epsilon: number,
  seen: (mean: Tensor, variance: Tensor) => void = () => {},
): Tensor {
  return tf.customGrad((...given) => {
    const [of, save] = given as unknown as [Tensor, (tensors: Tensor[]) => void];
    const mean = tf.mean(of, axis, true);
    const centered = tf.sub(of, mean);
    const variance = tf.mean(tf.square(centered), axis, true);
    const inverse = tf.rsqrt(tf.add(variance, epsilon));
    const value = tf.mul(centered, inverse);
    seen(mean, variance);
    save([value, inverse]);
    const gradFunc = (dY: Tensor, saved: Tensor[]): Tensor => {
      const [y, inverse] = saved as [Tensor, Tensor];
      const along = tf.mul(y, tf.mean(tf.mul(dY, y), axis, true));
      return tf.mul(tf.sub(tf.sub(dY, tf.mean(dY, axis, true)), along), inverse);
    };
    return { value, gradFunc };
  })(x);
}

/** gamma and beta, where the layer has them. */
function scaled(c: { readonly scale: boolean; readonly center: boolean }, l: Lowered, y: Tensor): Tensor {
  const { tf } = l;
  const multiplied = c.scale ? tf.mul(y, l.weight('gamma')) : y;
  return c.center ? tf.add(multiplied, l.weight('beta')) : multiplied;
}

/** Runs of micro-shards with as many rows each: [first row, micro-shards, rows of each]. */
function runsOf(leafEnds: readonly number[]): readonly (readonly [from: number, leaves: number, rows: number])[] {
  const runs: [number, number, number][] = [];
  leafEnds.forEach((end, i) => {
    const from = leafEnds[i - 1] ?? 0;
    const last = runs.at(-1);
    if (last && last[2] === end - from) last[1]++;
    else runs.push([from, 1, end - from]);
  });
  return runs;
}

export const batchNormalization = lowering<BatchNormalizationConfig>((c, l) => {
  const { tf } = l;
  const x = l.inputs[0]!;
  if (!(l.training && c.trainable)) {
    const inverse = tf.rsqrt(tf.add(l.weight('moving_variance'), c.epsilon));
    return scaled(c, l, tf.mul(tf.sub(x, l.weight('moving_mean')), inverse));
  }
  const C = x.shape.at(-1)!;
  const runs = runsOf(l.leafEnds);
  const parts = runs.map(([from, leaves, rows]) => {
    const shape = [leaves * rows, ...x.shape.slice(1)];
    const part = runs.length === 1 ? x : tf.slice(x, [from, ...x.shape.slice(1).map(() => 0)], shape);
    const pixels = part.size / leaves / C;
    const sum = (moment: Tensor) => tf.mul(tf.sum(tf.reshape(moment, [leaves, C]), 0), rows);
    const y = standardize(tf, tf.reshape(part, [leaves, pixels, C]), 1, c.epsilon, (mean, variance) => {
      l.see('moving_mean', sum(mean));
      l.see('moving_variance', sum(variance));
    });
    return tf.reshape(y, shape);
  });
  return scaled(c, l, parts.length === 1 ? parts[0]! : tf.concat(parts, 0));
});

/** x with its last axes as rows of one. */
function rowsOf({ tf, inputs }: Lowered, size: number): Tensor {
  return tf.reshape(inputs[0]!, [inputs[0]!.size / size, size]);
}

export const layerNormalization = lowering<LayerNormalizationConfig>((c, l) => {
  const x = l.inputs[0]!;
  const rows = rowsOf(l, elements(normalizedAxes(c, l.spec)));
  const y = l.tf.reshape(standardize(l.tf, rows, 1, c.epsilon), x.shape);
  return scaled(c, l, y);
});

export const rmsNormalization = lowering<RmsNormalizationConfig>((c, l) => {
  const { tf } = l;
  const rows = rowsOf(l, elements(normalizedAxes(c, l.spec)));
  const y = tf.mul(rows, tf.rsqrt(tf.add(tf.mean(tf.square(rows), 1, true), c.epsilon)));
  return tf.mul(tf.reshape(y, l.inputs[0]!.shape), l.weight('scale'));
});

export const groupNormalization = lowering<GroupNormalizationConfig>((c, l) => {
  const { tf } = l;
  const x = l.inputs[0]!; // (rows, ..., C)
  const [rows, C] = [x.shape[0]!, x.shape.at(-1)!];
  const groups = c.groups === -1 ? C : c.groups;
  const places = x.size / rows / C;
  const apart = tf.transpose(tf.reshape(x, [rows, places, groups, C / groups]), [0, 2, 1, 3]);
  const y = standardize(tf, tf.reshape(apart, [rows * groups, (places * C) / groups]), 1, c.epsilon);
  const back = tf.transpose(tf.reshape(y, [rows, groups, places, C / groups]), [0, 2, 1, 3]);
  return scaled(c, l, tf.reshape(back, x.shape));
});
