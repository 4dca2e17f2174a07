// kind.ts: what a layer is: its configuration, weights, shape, and its forward and backward calls. No layer stands here.
import type { z } from 'zod';
import type { TensorSpec, WeightSpec } from '../model.ts';

/** The static half of a layer: everything that is known from its configuration and the shapes of its inputs. */
export interface LayerStatics<C> {
  /** Keras' class name. */
  readonly className: string;
  /** Strict schema with Keras' keys and defaults. */
  readonly config: z.ZodType<C>;
  /** How many inputs it takes, [least, most]. */
  readonly arity: readonly [number, number];
  /** @throws SHOAL_SHAPE when the inputs do not fit */
  shape(config: C, inputs: readonly TensorSpec[]): TensorSpec;
  /** In Keras' order. */
  weights(config: C, inputs: readonly TensorSpec[]): readonly WeightSpec[];
}
