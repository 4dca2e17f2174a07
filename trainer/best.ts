// best.ts: which epoch of a run is the best one. Not where its model is kept (run-recorder.ts).
import { z } from 'zod';
import type { CallbackConfig } from './callbacks/index.ts';
import { figureOf } from './callbacks/kind.ts';
import type { Metrics } from './events.ts';

const bestSchema = z.strictObject({
  /** A figure on held-out data: "accuracy". */
  metric: z.string(),
  value: z.number(),
  /** Steps, and epochs, done. */
  step: z.int().nonnegative(),
  epoch: z.int().nonnegative(),
});
/** The best figure on held-out data so far. */
export type Best = z.output<typeof bestSchema>;

/** By which figure models are compared, and whether more of it is better. */
export interface Measure {
  readonly name: string;
  readonly max: boolean;
}

/** What a job's callbacks say of that; null: nothing. */
export function measureOf(callbacks: readonly CallbackConfig[]): Measure | null {
  const wish = callbacks.find((one) => one.class_name === 'ModelCheckpoint');
  return wish ? figureOf(wish.config) : null;
}

/**
 * The better of two: the one so far, or what was just measured, by the given figure, else by accuracy where it is measured and else by
 * loss. Where they are equal, the earlier; where they are of different kinds, the later.
 */
export function betterOf(
  best: Best | null,
  metrics: Metrics | null,
  step: number,
  epoch: number,
  measure: Measure | null = null,
): Best | null {
  const { name: metric, max } = measure ?? byItself(metrics);
  const value = metrics?.[metric];
  if (typeof value !== 'number' || !Number.isFinite(value)) return best;
  const now: Best = { metric, value, step, epoch };
  if (best === null || best.metric !== metric) return now;
  return (max ? value > best.value : value < best.value) ? now : best;
}

const byItself = (metrics: Metrics | null): Measure =>
  typeof metrics?.['accuracy'] === 'number' ? { name: 'accuracy', max: true } : { name: 'loss', max: false };

/** The record in what a model.json says of itself; null where there is none. */
export function bestOf(modelJson: unknown): Best | null {
  const schema = z.object({ userDefinedMetadata: z.object({ shoal: z.object({ best: bestSchema }) }) });
  return schema.safeParse(modelJson).data?.userDefinedMetadata.shoal.best ?? null;
}
