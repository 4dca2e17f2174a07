// places.ts: layers that put values elsewhere and compute nothing, in ops of tfjs.
import { axisBehind, type ConcatenateConfig } from '../../layers/concatenate.ts';
import type { PermuteConfig, RepeatVectorConfig } from '../../layers/permute.ts';
import { type Lowered, type Lowering, lowering } from '../kind.ts';
import type { Tensor } from '../tf.ts';

export const identity: Lowering<never> = (_, { inputs }) => inputs[0]!;

/** Flatten and Reshape: the shape is known. */
export const reshaped: Lowering<never> = (_, { tf, inputs, spec }) =>
  tf.reshape(inputs[0]!, [inputs[0]!.shape[0]!, ...spec.shape]);

export const permute = lowering<PermuteConfig>(({ dims }, { tf, inputs }) => tf.transpose(inputs[0]!, [0, ...dims]));

export const repeatVector = lowering<RepeatVectorConfig>(({ n }, { tf, inputs }) =>
  tf.tile(tf.expandDims(inputs[0]!, 1), [1, n, 1]),
);

export const concatenate = lowering<ConcatenateConfig>(({ name, axis }, { tf, inputs, spec }) =>
  tf.concat([...inputs], 1 + axisBehind(name, axis, spec.shape.length)),
);

type Ends = readonly [before: number, after: number];
interface Sides {
  readonly padding?: readonly Ends[] | Ends;
  readonly cropping?: readonly Ends[] | Ends;
}
/** Of each axis behind the batch: what stands before and after. */
const endsOf = (sides: readonly Ends[] | Ends): readonly Ends[] =>
  typeof sides[0] === 'number' ? [sides as Ends] : (sides as readonly Ends[]);

/** ZeroPadding1D and 2D. */
export const zeroPadding = lowering<Sides>(({ padding }, { tf, inputs }) =>
  tf.pad(inputs[0]!, [[0, 0], ...endsOf(padding!).map(([a, b]): [number, number] => [a, b]), [0, 0]]),
);

/** Cropping1D and 2D. */
export const cropping = lowering<Sides>(({ cropping: sides }, { tf, inputs, spec }: Lowered): Tensor => {
  const x = inputs[0]!;
  return tf.slice(x, [0, ...endsOf(sides!).map(([before]) => before), 0], [x.shape[0]!, ...spec.shape]);
});
