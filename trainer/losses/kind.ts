// kind.ts: what a loss is: its options, and the calls that it emits. No loss stands here.
import { z } from 'zod';
import { ignored } from '../../base/check.ts';
import { ShoalError } from '../../base/errors.ts';
import type { Operand } from '../../kernels/abi.ts';
import type { Given, PlanBuilder } from '../plan-builder.ts';
import type { Tensor } from '../tensor.ts';

/** How labels must stand in the input: one i32 a sample, or f32 values of the output's shape. */
export type LabelForm = 'class' | 'values';

export interface LossCall {
  readonly build: PlanBuilder;
  /** What the model gives: before the activation that the loss contains, where it contains one. (rows, C) */
  readonly output: Tensor;
  readonly labels: Operand;
  /** f32: a weight for each sample, or each of its places; null: all count alike. */
  readonly sampleWeights: { readonly at: Operand; readonly perSample: number } | null;
  /** Receives the output after that activation; may be `output`. */
  readonly y: Tensor;
  /** Receives the undivided gradient of `output`; null when the plan does not train. */
  readonly dOutput: Tensor | null;
  /** f64: receives the sum over the rows. */
  readonly sum: Operand;
}

/** A loss with its options. */
export interface LossKind {
  /** Keras' name. */
  readonly name: string;
  readonly labels: LabelForm;
  /** The activation that the loss computes itself, exactly and stably, when it is the model's last. */
  readonly activation: 'softmax' | 'sigmoid' | null;
  emit(call: LossCall): void;
}

export type Values<S extends z.ZodRawShape> = z.output<z.ZodObject<S & typeof common, z.core.$strict>>;

/** A loss before its options are known. */
export interface Loss<S extends z.ZodRawShape> {
  readonly config: S;
  /** Its static half. */
  readonly kind: Omit<LossKind, 'emit'>;
  emit(config: Values<S>, call: LossCall): void;
}

/** Types a loss by its options. */
export const loss = <const S extends z.ZodRawShape>(definition: Loss<S>): Loss<S> => definition;

/** Options of every loss. */
export const common = {
  /** The mean over the samples, weights included: the only one that Shoal has. */
  reduction: z
    .literal('sum_over_batch_size', '"sum_over_batch_size": the mean over the samples, weights included')
    .default('sum_over_batch_size'),
  /** Of each class, in order: its samples' losses are multiplied by it. null: 1 for all. Keras takes it in fit(). */
  class_weight: z.array(z.number().nonnegative()).min(2).nullable().default(null),
  name: ignored,
  dtype: ignored,
} as const;

/** Of losses whose labels are shares of classes. */
export const smoothing = z.number().min(0).lt(1).default(0);
export const fromLogits = z.boolean().default(false);

/**
 * A weight for each of a sample's `places` rows, as operand and flag of a loss kernel: the sample's, or its class's.
 * @throws SHOAL_LOSS unless each class has one, and for weights of both kinds
 */
export function weightsOf(
  { class_weight: table }: { readonly class_weight: readonly number[] | null },
  call: LossCall,
  form: LabelForm,
  places: number,
): { readonly weights: Given; readonly hasWeights: 0 | 1 } {
  const { build, output, labels, sampleWeights } = call;
  if (sampleWeights !== null) {
    if (table !== null) throw weighedTwice();
    return { weights: spread(build, sampleWeights, places), hasWeights: 1 };
  }
  if (table === null) return { weights: labels, hasWeights: 0 };
  const C = output.shape.at(-1)!;
  const m = output.imageStride / C;
  const classes = C === 1 ? 2 : C;
  if (table.length !== classes || m !== 1) {
    throw new ShoalError({
      code: 'SHOAL_LOSS',
      operation: 'weigh classes',
      got: `${table.length} class weights for outputs of shape (${output.shape.join(', ')})`,
      expected: m === 1 ? `one for each of ${classes} classes` : 'one row of classes for each sample',
      hint: 'Correct class_weight of the loss, or leave it out.',
    });
  }
  const weights = { buffer: build.buffer(4 * build.rows), at: 0 };
  build.call(
    'class_weights',
    { labels, table: build.tables.add(Float32Array.from(table)), weights },
    { m, C, oneHot: form === 'class' ? 0 : 1 },
    {},
    { independent: true },
  );
  return { weights, hasWeights: 1 };
}

/** A weight for each row: a sample's own at each of its places. @throws SHOAL_LOSS for another number of weights */
function spread(build: PlanBuilder, { at, perSample }: NonNullable<LossCall['sampleWeights']>, places: number): Given {
  if (perSample === places) return at;
  if (perSample !== 1) {
    throw new ShoalError({
      code: 'SHOAL_LOSS',
      operation: 'weigh samples',
      got: `${perSample} weights a sample`,
      expected: places === 1 ? 'one' : `one, or ${places}: one a place`,
      hint: 'Change the field that sampleWeights names.',
    });
  }
  const y = { buffer: build.buffer(4 * build.rows * places), at: 0 }; // (rows, places)
  const strides = { aImage: 0, aA: 0, aB: 0, aL: 0, bImage: 1, bA: 0, bB: 0, bL: 0, yImage: places, yA: 0, yB: 0 };
  const ones = build.tables.add(Float32Array.of(1));
  build.call('combine', { a: ones, b: at, y }, { operation: 2, A: 1, B: 1, L: places, ...strides }, {});
  return y;
}

const weighedTwice = (): ShoalError =>
  new ShoalError({
    code: 'SHOAL_LOSS',
    operation: 'weigh samples',
    got: 'sampleWeights in the job and class_weight in the loss',
    expected: 'one of the two',
    hint: 'Multiply the weights of samples by those of their classes.',
  });
