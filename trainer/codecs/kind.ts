// kind.ts: what a codec of the job does to the gradient of one leaf, before anything is added to it. How sums travel: cluster/codecs.
import type { Operand } from '../../kernels/abi.ts';
import type { PlanBuilder } from '../plan-builder.ts';

/** One tensor's gradient: the sums of one leaf, in a contribution. */
export interface LeafGradient {
  readonly build: PlanBuilder;
  readonly values: Operand;
  readonly count: number;
}

export interface Codec {
  /**
   * Emits the calls that make these sums what any receiver has of them, in place, and then add the finished left siblings. The same
   * in one process and across many: the bytes must not depend on who held a leaf. Null: nothing is lost, sums are added as they are.
   */
  readonly round: ((gradient: LeafGradient) => void) | null;
}
