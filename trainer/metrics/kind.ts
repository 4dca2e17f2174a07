// kind.ts: what a metric is: counts summed over samples in the tree, and figures made of the totals. No metric stands here.
import type { Operand } from '../../kernels/abi.ts';
import type { PlanBuilder } from '../plan-builder.ts';
import type { Tensor } from '../tensor.ts';

export type MetricValue = number | readonly number[] | readonly (readonly number[])[];

/** What the plan knows when it asks for counts. */
export interface MetricContext {
  /** Outputs of one sample, whatever their shape: classes, or 1 for a single sigmoid. Of one place, where the loss is taken by place. */
  readonly classes: number;
  /** Places of a sample that have a label each; 1 where the sample has one. */
  readonly places: number;
  readonly labels: 'class' | 'values';
  /** The loss contains a softmax: the outputs are one distribution. */
  readonly exclusive: boolean;
}

/** Sums over samples, f64. Several metrics may share one kind of counts: they are counted once. */
export interface Counts {
  readonly key: string; // "confusion", "top_k:3"
  readonly length: (context: MetricContext) => number;
  emit(build: PlanBuilder, context: MetricContext, y: Tensor, labels: Operand, at: Operand): void;
}

export interface Metric {
  readonly name: string; // as it appears in events: "accuracy", "top_3"
  readonly counts: Counts;
  /** Cheap enough for every training step. */
  readonly everyStep: boolean;
  /** Whether it means anything for such outputs. */
  suits(context: MetricContext): boolean;
  values(totals: readonly number[], samples: number, context: MetricContext): Readonly<Record<string, MetricValue>>;
}
