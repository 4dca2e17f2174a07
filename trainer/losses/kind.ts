// kind.ts: what a loss is. No loss stands here.
import type { Operand } from '../../kernels/abi.ts';
import type { PlanBuilder } from '../plan-builder.ts';
import type { Tensor } from '../tensor.ts';

/** How labels must stand in the input: one i32 a sample, or f32 values of the output's shape. */
export type LabelForm = 'class' | 'values';

export interface LossCall {
  readonly build: PlanBuilder;
  /** What the model gives: before the activation that the loss contains, where it contains one. (rows, C) */
  readonly output: Tensor;
  readonly labels: Operand;
  /** Receives the output after that activation; may be `output`. */
  readonly y: Tensor;
  /** Receives the undivided gradient of `output`; null when the plan does not train. */
  readonly dOutput: Tensor | null;
  /** f64: receives the sum over the rows. */
  readonly sum: Operand;
}

export interface LossKind {
  /** Keras' name. */
  readonly name: string;
  readonly labels: LabelForm;
  /** The activation that the loss computes itself, exactly and stably, when it is the model's last. */
  readonly activation: 'softmax' | 'sigmoid' | null;
  emit(call: LossCall): void;
}
