// best.ts: which epoch of a run is the best one. Not where its model is kept (run-recorder.ts).
import { z } from 'zod';
import type { Metrics } from './events.ts';

const bestSchema = z.strictObject({
  metric: z.enum(['accuracy', 'loss']),
  value: z.number(),
  /** Steps, and epochs, done. */
  step: z.int().nonnegative(),
  epoch: z.int().nonnegative(),
});
/** The best figure on held-out data so far. */
export type Best = z.output<typeof bestSchema>;

/**
 * The better of two: the one so far, or what was just measured, by accuracy where it is measured and else by loss. Where
 * they are equal, the earlier; where they are of different kinds, the later.
 */
export function betterOf(best: Best | null, metrics: Metrics | null, step: number, epoch: number): Best | null {
  const metric = typeof metrics?.['accuracy'] === 'number' ? 'accuracy' : 'loss';
  const value = metrics?.[metric];
  if (typeof value !== 'number' || !Number.isFinite(value)) return best;
  const now: Best = { metric, value, step, epoch };
  if (best === null || best.metric !== metric) return now;
  return (metric === 'accuracy' ? value > best.value : value < best.value) ? now : best;
}

/** The record in what a model.json says of itself; null where there is none. */
export function bestOf(modelJson: unknown): Best | null {
  const schema = z.object({ userDefinedMetadata: z.object({ shoal: z.object({ best: bestSchema }) }) });
  return schema.safeParse(modelJson).data?.userDefinedMetadata.shoal.best ?? null;
}
