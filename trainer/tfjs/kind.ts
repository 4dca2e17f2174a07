// kind.ts: what a lowering is: a layer's forward pass in ops of tfjs, whose gradients tfjs knows. Our kernels' calls: layers/kind.ts.
import type { TensorSpec } from '../model.ts';
import type { Tensor, Tf } from './tf.ts';

/** What a lowering may use. Tensors have the rows of all micro-shards of the device batch as their first axis. */
export interface Lowered {
  readonly tf: Tf;
  readonly inputs: readonly Tensor[]; // (rows, ...shape)
  /** Of the result. */
  readonly spec: TensorSpec;
  weight(name: string): Tensor;
  readonly training: boolean;
  /** The loss contains this layer's activation: leave it out. */
  readonly deferActivation: boolean;
  /** The row after each micro-shard's last. */
  readonly leafEnds: readonly number[];
  /** Takes a moving statistic's sum over rows of micro-shards: what it is given for one name is added up. */
  see(name: string, sum: Tensor): void;
  /**
   * What this call's values are multiplied by where it drops some: 0, or 1 / (1 - share). (rows, ...shape)
   * @param apart draws from one row of the last axis to the next. Default: its size
   */
  kept(share: number, shape: readonly number[], apart?: number): Tensor;
}

/** `C`: the layer's checked configuration. */
export type Lowering<C> = (config: C, l: Lowered) => Tensor;

/** Types a lowering by its layer's configuration, whatever that is. */
export const lowering = <C>(of: Lowering<C>): Lowering<never> => of as Lowering<never>;
