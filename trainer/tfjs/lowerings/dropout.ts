// dropout.ts: layers that drop values, whole channels or whole samples, in ops of tfjs, by the draws that our kernels make.
import type { DropoutConfig } from '../../layers/dropout.ts';
import { type Lowered, lowering } from '../kind.ts';
import type { Tensor } from '../tf.ts';

function dropped(l: Lowered, share: number, shape: readonly number[]): Tensor {
  const x = l.inputs[0]!;
  return l.training && share > 0 ? l.tf.mul(x, l.kept(share, shape)) : x;
}

export const dropout = lowering<DropoutConfig>(({ rate, noise_shape }, l) =>
  dropped(l, rate, noise_shape === null ? l.spec.shape : noise_shape.slice(1).map((n, i) => n ?? l.spec.shape[i]!)),
);

/** A draw for each channel. */
export const spatialDropout = lowering<{ readonly rate: number }>(({ rate }, l) =>
  dropped(l, rate, [...l.spec.shape.slice(0, -1).map(() => 1), l.spec.shape.at(-1)!]),
);

/** A draw for each sample. */
const whole = (l: Lowered, share: number): Tensor =>
  dropped(
    l,
    share,
    l.spec.shape.map(() => 1),
  );
export const dropPath = lowering<{ readonly rate: number }>(({ rate }, l) => whole(l, rate));
export const stochasticDepth = lowering<{ readonly drop_path_rate: number }>((c, l) => whole(l, c.drop_path_rate));
