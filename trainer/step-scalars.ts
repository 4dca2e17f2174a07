// step-scalars.ts: the numbers of one step: what a gradient is divided by, its rate, what optimizers and averages make of both; as
// they travel, and as they lie in memory. Which weights have which rate: rates.ts.
import type { AnyOptimizer, CommonConfig } from './optimizers/kind.ts';
import type { Pace } from './rates.ts';
import { rateAt } from './schedules/index.ts';
import { type Schedule, stepsPerEpoch } from './step-machine.ts';

/**
 * A block of f32 in the bindings' space `step`: divisor, rate, at most 9 of the optimizer's; whether the average replaces the weights;
 * the average's momentum, and 1 less that; what gradients are clipped to (0: nothing); the trust ratio (kernels/signatures.ts).
 */
const FIELDS = { replaces: 11, momentum: 12, share: 13, limit: 14, ratio: 15, words: 16 } as const;
export const BLOCK_BYTES = 4 * FIELDS.words;

type Rows = Pick<Schedule, 'samples' | 'batch'>;

/** Samples of a step, counted from 0. */
export const rowsAt = (s: Rows, step: number): number =>
  Math.min(s.batch, s.samples - (step % stepsPerEpoch(s)) * s.batch);

const everyOf = ({ gradient_accumulation_steps }: CommonConfig): number => gradient_accumulation_steps ?? 1;

/** Whether a step, counted from 1, changes the weights; or adds its gradients to those that it leaves to a later one. */
export const updatesAt = (config: CommonConfig, step: number): boolean => step % everyOf(config) === 0;

/**
 * The numbers of a step: its rows, the rows of all gradients since the last update, the rate, the steps of an epoch, what the optimizer makes
 * of the rate.
 * @param step counted from 1
 * @param rate in place of the configuration's
 */
export function scalarsOf(
  kind: AnyOptimizer,
  config: CommonConfig,
  schedule: Rows,
  step: number,
  rate: number | null = null,
): readonly number[] {
  const every = everyOf(config);
  const update = Math.floor((step - 1) / every);
  let divisor = 0;
  for (let at = update * every; at < step; at++) divisor += rowsAt(schedule, at);
  const now = rate ?? rateAt(config.learning_rate, step - 1);
  const perEpoch = stepsPerEpoch(schedule);
  return [rowsAt(schedule, step - 1), divisor, now, perEpoch, ...(kind.scalars?.(config, now, update + 1) ?? [])];
}

/**
 * The blocks of a step, one for each pace, and one for statistics, which are of the step's own rows. Of the scalars the first four are
 * needed (as f32, which is what travels), so that whoever owns some weights makes the same numbers. Updates count from the first one that a
 * weight takes: what corrects moments that begin at 0 would take those of a weight that rested for old ones, and its steps would be too long.
 * @param scalars those of the plain pace
 * @param step counted from 1
 */
export function blocksOf(
  kind: AnyOptimizer,
  config: CommonConfig,
  scalars: readonly number[],
  paces: readonly Pace[],
  step: number,
): readonly Float32Array[] {
  const [rows, divisor, rate, perEpoch, ...more] = scalars as [number, number, number, number, ...number[]];
  const every = everyOf(config);
  const update = Math.floor((step - 1) / every);
  const momentum = update === 0 ? 0 : config.ema_momentum; // the first average is the weights themselves
  const frequency = config.ema_overwrite_frequency;
  const block = (numbers: readonly number[]): Float32Array => {
    const values = new Float32Array(FIELDS.words);
    values.set(numbers);
    values[FIELDS.replaces] = frequency !== null && (update + 1) % frequency === 0 ? 1 : 0;
    values[FIELDS.momentum] = momentum;
    values[FIELDS.share] = 1 - momentum;
    values[FIELDS.limit] =
      config.clipvalue === null || !updatesAt(config, step) ? 0 : config.clipvalue * Math.fround(divisor);
    values[FIELDS.ratio] = 1;
    return values;
  };
  const ofPaces = paces.map(({ factor, since }) => {
    if (factor === 1 && since === 0) return block([divisor, rate, ...more]);
    const own = Math.fround(rate) * factor;
    const first = since === 0 ? 0 : Math.floor((since * perEpoch) / every);
    return block([divisor, own, ...(kind.scalars?.(config, own, Math.max(1, update + 1 - first)) ?? [])]);
  });
  return [...ofPaces, block([rows])];
}
