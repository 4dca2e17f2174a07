// custom-loss.ts: a loss that a user writes: what it says of itself, and its value and gradient, sample by sample, over typed arrays. How
// the plan sees it is here too; where its functions are called: trainer/custom-calls.ts.
import { type CustomConfig, jsonTable } from '../layers/custom-layer.ts';
import { type LabelForm, type LossKind, weightsOf } from './kind.ts';

/** One sample. The arrays are views of shared memory: do not keep them. */
export interface CustomLossSample {
  /** The loss's options, defaults filled in. */
  readonly config: CustomConfig;
  /** Of y, without the batch. */
  readonly shape: readonly number[];
  /** What the model gives. */
  readonly y: Float32Array;
  /** f32 values as y, or i32 class numbers, one a place. */
  readonly labels: Float32Array | Int32Array;
}

export interface CustomLossGradient extends CustomLossSample {
  /** To be written: the slope of the sample's loss along y; zeros at first. */
  readonly dY: Float32Array;
}

/** Its functions must be pure, and use no Math.exp or the like where bits are to agree between engines. */
export interface CustomLoss {
  /** import.meta.url of the module that registers it: every compute thread imports it. */
  readonly module: string;
  readonly className: string;
  /** Its options with their defaults: numbers, strings, booleans, or any JSON. Default: none. */
  readonly config?: CustomConfig;
  /** values: f32 as the output, classes made one-hot. class: numbers of classes. Default values. */
  readonly labels?: LabelForm;
  /** Of one sample; the run's is the mean over the batch. */
  loss(sample: CustomLossSample): number;
  gradient(sample: CustomLossGradient): void;
}

/** What custom-calls.ts is told of a call, as JSON in a table. */
export interface CustomLossCall {
  readonly loss: string;
  readonly config: CustomConfig;
  readonly shape: readonly number[];
  readonly labels: LabelForm;
  /** A weight for each sample stands where the call's weights are. */
  readonly weighed: boolean;
}

type Config = CustomConfig & { readonly class_weight: readonly number[] | null };

/** The loss as plans know it. @param all its options, and those that all losses have, which its functions are not given */
export function customLossKind({ className, labels: form = 'values' }: CustomLoss, all: Config): LossKind {
  const { class_weight: _, reduction: _r, name: _n, dtype: _d, ...config } = all;
  return {
    name: className,
    labels: form,
    activation: null,
    emit(call) {
      const { build, output, labels, dOutput, sum } = call;
      const { weights, hasWeights } = weightsOf(all, call, form, 1);
      const about = { loss: className, config, shape: output.shape, labels: form, weighed: hasWeights === 1 };
      const { table, length } = jsonTable(build, about satisfies CustomLossCall);
      const values = { buffer: build.buffer(8 * build.rows), at: 0 }; // f64 (rows)
      const y = build.at(output);
      const operands = {
        about: table,
        w: weights,
        x: y,
        y: values,
        dy: labels,
        dx: dOutput ? build.at(dOutput) : values,
      };
      build.call('custom', { ...operands, dw: values }, { length, backward: dOutput ? 1 : 0 }, {});
      build.call('sum_rows', { values, sum }, {}, {});
    },
  };
}
