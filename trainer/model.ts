// model.ts: the graph of a model, checked. Not how it is written in files (parse-model.ts, import/), nor how it runs (plan.ts).

import type { ConstraintConfig } from './constraints.ts';

/** A tensor without its batch axis: 28 x 28 x 1 is [28, 28, 1]. All are f32 inside a model. */
export interface TensorSpec {
  readonly shape: readonly number[];
}

/** A layer and its weights. Its name is its key in Model.layers. */
export interface LayerConfig {
  /** Keras' class name: "Conv2D". */
  readonly className: string;
  /** Checked by the layer's own schema, every default filled in. Keras' keys. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** One use of a layer. A shared layer has several. */
export interface Call {
  readonly name: string;
  /** Key in Model.layers. */
  readonly layer: string;
  /** Names of earlier calls, or of the input. */
  readonly inputs: readonly string[];
}

/** What a model is given of each sample. */
export interface ModelInput {
  readonly name: string;
  readonly spec: TensorSpec;
}

/** A directed graph. `calls` are in topological order; weights are ordered by `layers`. */
export interface Model {
  readonly name: string;
  /** At least one. */
  readonly inputs: readonly ModelInput[];
  readonly layers: Readonly<Record<string, LayerConfig>>;
  readonly calls: readonly Call[];
  /** Names of the calls whose results are the outputs: at least one, each once. */
  readonly outputs: readonly string[];
}

/** How a weight begins: a Keras initializer. */
export interface Initializer {
  readonly className: string;
  readonly config: Readonly<Record<string, number | string | null>>;
}

/** What a weight adds to the loss: l1 times the sum of |w|, l2 times that of w^2. */
export interface Penalty {
  readonly l1: number;
  readonly l2: number;
}

/**
 * What holds of a weight after every update. norm: of the tensor as (outer, K, inner), each vector along K is multiplied by
 * (rate clip(norm, floor, ceiling) + (1 - rate) norm) / (norm + 1e-7). sign: no number is below 0.
 */
export type Constraint =
  | { readonly kind: 'sign' }
  | {
      readonly kind: 'norm';
      readonly outer: number;
      readonly K: number;
      readonly inner: number;
      readonly floor: number;
      readonly ceiling: number;
      readonly rate: number;
    };

/** A weight as its layer describes it. */
export interface WeightSpec {
  readonly name: string; // "kernel"
  readonly shape: readonly number[];
  readonly role: 'parameter' | 'state';
  readonly initializer: Initializer;
  /** Of a moving statistic: the share of it that a step keeps. Without it, state never changes. */
  readonly momentum?: number;
  readonly penalty?: Penalty;
  /** As the layer's configuration has it. */
  readonly constraint?: Exclude<ConstraintConfig, null>;
}

/** One tensor of a flat vector: Keras order, compact, in files, hashes and on the wire. */
export interface Segment {
  readonly path: string; // "conv2d/kernel"
  readonly shape: readonly number[];
  readonly length: number;
  /** Element index in the compact vector. */
  readonly flat: number;
  /** Element offset in memory: each tensor starts at 64 bytes, the frozen ones behind all others. */
  readonly at: number;
  /** It stays as it is: no gradient, no sums, nothing that an optimizer keeps. */
  readonly frozen?: true;
  /** It is frozen for some epochs: no step changes it, but its sums and what an optimizer keeps of it have their place. */
  readonly resting?: true;
  readonly penalty?: Penalty;
  readonly constraint?: Constraint;
  /** Its learning rate is that of the job times this. Default 1. */
  readonly rate?: number;
  /** The epoch, from 0, with which its training begins: what an optimizer counts of its updates, it counts from there. Default 0. */
  readonly since?: number;
  /** Of a tensor of the state, not of the parameters: the share of a moving statistic that a step keeps; null: it never changes. */
  readonly state?: { readonly momentum: number | null };
}

export const elements = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);
