// kind.ts: what a layer is: its configuration, weights, shape, and its forward and backward calls. No layer stands here.
import type { z } from 'zod';
import type { Operand } from '../../kernels/abi.ts';
import type { TensorSpec, WeightSpec } from '../model.ts';
import type { Given, PlanBuilder } from '../plan-builder.ts';
import type { Halo, Tensor } from '../tensor.ts';

/** The static half of a layer: everything that is known from its configuration and the shapes of its inputs. */
export interface LayerStatics<C> {
  /** Keras' class name. */
  readonly className: string;
  /** Keras has no such layer. */
  readonly ours?: true;
  /** Strict schema with Keras' keys and defaults. */
  readonly config: z.ZodType<C>;
  /** How many inputs it takes, [least, most]. */
  readonly arity: readonly [number, number];
  /** @throws SHOAL_SHAPE when the inputs do not fit */
  shape(config: C, inputs: readonly TensorSpec[]): TensorSpec;
  /** In Keras' order. */
  weights(config: C, inputs: readonly TensorSpec[]): readonly WeightSpec[];
}

/** The weights of a layer, as panels that kernels read. Made once per parameter version, shared by all plans of a job. */
export interface Packs {
  /** (K, N) of each group -> [group][N/16][K][16]. */
  panels(
    weight: Operand,
    key: string,
    i: { K: number; N: number; ld: number; groups: number; groupStride: number },
  ): Operand;
  /** (tap, N, K) -> [group][N/16][T*K][16], each tap's matrix transposed, taps in the given order. */
  taps(
    weight: Operand,
    key: string,
    i: { taps: readonly number[]; K: number; N: number; ld: number; groups: number; groupStride: number },
  ): Operand;
  /** (3, 3, K, N), or (3, 3, N, K) turned around, -> [N/16][16][K][16], transformed for `winograd`. */
  winograd(weight: Operand, key: string, i: { K: number; N: number; turned: boolean }): Operand;
}

/** What a layer may use while it emits its forward calls. */
export interface Forward {
  readonly build: PlanBuilder;
  readonly packs: Packs;
  readonly inputs: readonly Tensor[];
  /** Of each input: which of its places (its first axis) hold something, f32, 0 where one is padding; null: all do. */
  readonly masks: readonly (Tensor | null)[];
  /** A new tensor for the result, with the halo that its readers need. */
  output(): Tensor;
  readonly spec: TensorSpec;
  weight(name: string): Operand;
  /** Where the sum of a moving statistic over the rows goes, when training. */
  sum(name: string): Operand;
  /** Whether dropout and the like are on. */
  readonly training: boolean;
  /** The loss contains this layer's activation: leave it out. */
  readonly deferActivation: boolean;
  /** Number of this call in the model: keys its random draws. */
  readonly site: number;
}

/** What a layer may use while it emits its backward calls. */
export interface Backward {
  readonly dY: Tensor;
  /** The gradient is already that of the value before the layer's relu. */
  readonly masked: boolean;
  /** False where nothing trainable lies behind input i: then do not compute its gradient. */
  wants(i: number): boolean;
  /** A tensor for the gradient of input i; the layer writes all of it. */
  dInput(i: number): Tensor;
  /** The gradient of input i is this tensor as it stands. */
  pass(i: number, dX: Tensor): void;
  /** Input i is the relu of a layer that nobody else reads: its gradient may be given masked. Call maskedInput then. */
  canMask(i: number): boolean;
  maskedInput(i: number): void;
  /** Where the gradient of a weight goes; of a frozen one, where nobody reads it. */
  gradient(name: string): Given;
}

export interface Emitted {
  readonly output: Tensor;
  /** Emits the backward calls. Not called when the plan does not train. */
  backward(g: Backward): void;
  /** The output is a relu, applied by the same kernel that made it. */
  readonly relu?: boolean;
  /** The output's mask, where the layer makes one. */
  readonly mask?: Tensor;
}

/** A layer: its static half, and its forward and backward calls side by side. */
export interface LayerKind<C> extends LayerStatics<C> {
  /** Zeros that the layer reads around its input. */
  inputHalo?(config: C, input: TensorSpec): Halo;
  /** Zeros that the layer's backward pass reads around the gradient of its output. `wanted`: whether its input's gradient is. Default true. */
  gradientHalo?(config: C, input: TensorSpec, wanted?: boolean): Halo;
  /** Keras' supports_masking: the output has its inputs' mask. Behind other layers there is none. */
  readonly passesMask?: boolean;
  /** Whether its values depend on which samples share a micro-shard: then no plan that has it computes several side by side. */
  perLeaf?(config: C): boolean;
  emit(config: C, f: Forward): Emitted;
}
