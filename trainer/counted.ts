// counted.ts: what the steps of an epoch under way have counted, as checkpoints tell it: a resumed run tells the whole epoch's figures. Not the
// figures (progress.ts).
import { z } from 'zod';
import { canonicalJson } from '../base/hash.ts';
import type { Job } from './job.ts';
import type { StepTotals } from './narrator.ts';

const schema = z.strictObject({
  step: z.int().nonnegative(),
  samples: z.int().positive(),
  totals: z.array(z.number()),
  /** Of what: the job's metrics may change when it is resumed, and the places of their counts with them. */
  metrics: z.string(),
});
export type Counted = z.output<typeof schema>;

const metricsOf = ({ outputs }: Job): string => canonicalJson(outputs.map(({ metrics }) => metrics));

/** The steps of a version's epoch, the one under way or just over, and what follows. */
export function sinceEpoch(history: readonly StepTotals[], version: number, perEpoch: number): StepTotals[] {
  const first = perEpoch * (Math.ceil(version / perEpoch) - 1);
  return history.filter(({ step }) => step >= first);
}

/** The sums over the steps of a version's epoch up to it, added in their order; null where there are none, or where one is not finite. */
export function countedUpTo(
  job: Job,
  history: readonly StepTotals[],
  version: number,
  perEpoch: number,
): Counted | null {
  const past = sinceEpoch(history, version, perEpoch).filter(({ step }) => step < version);
  const samples = past.reduce((sum, one) => sum + one.samples, 0);
  if (samples === 0) return null;
  const totals = past[0]!.totals.map((_, i) => past.reduce((sum, one) => sum + one.totals[i]!, 0));
  return totals.every(Number.isFinite) ? { step: version - 1, samples, totals, metrics: metricsOf(job) } : null;
}

/** As if it had been a single step; none where a checkpoint's `extra` does not tell, or tells of other metrics. */
export function countedIn(job: Job, extra: unknown): readonly StepTotals[] {
  const counted = z.looseObject({ counted: schema }).safeParse(extra).data?.counted;
  if (counted?.metrics !== metricsOf(job)) return [];
  const { metrics: _, ...totals } = counted;
  return [totals];
}
