// early-stopping.ts: ends a run when a figure has not become better for some evaluations, with the best epoch's weights where that is
// wished. Keras' EarlyStopping. It keeps no weights (restore-best.ts).
import { z } from 'zod';
import { callback, watched, watching } from './kind.ts';

export const earlyStopping = callback({
  config: {
    ...watching,
    min_delta: z.number().nonnegative().default(0),
    patience: z.int().nonnegative().default(0),
    baseline: z.number().nullable().default(null),
    start_from_epoch: z.int().nonnegative().default(0),
    /** The run ends with the weights of the best evaluation, stopped early or not; the optimizer's state stays that of the last step. */
    restore_best_weights: z.boolean().default(false),
  },
  decide(c, past) {
    let best = Number.POSITIVE_INFINITY;
    let wait = 0;
    let version: number | null = null;
    const decision = (stop: boolean) => ({ stop, ...(c.restore_best_weights && { best: version }) });
    for (const { version: evaluated, epoch, value } of watched(c, past)) {
      if (epoch <= c.start_from_epoch) continue;
      wait++;
      version ??= evaluated; // the first counts as the best so far, whatever its figure
      if (value < best - c.min_delta) {
        best = value;
        version = evaluated;
        const turned = c.baseline === null ? null : watched(c, [baseline(c.monitor, c.baseline)])[0]!.value;
        if (turned === null || value < turned - c.min_delta) wait = 0;
      } else if (wait >= c.patience && epoch > 1) return decision(true);
    }
    return decision(false);
  },
});

/** The baseline, as if it had been measured. */
const baseline = (monitor: string, value: number) => ({
  version: 0,
  epoch: 0,
  figures: { [monitor.slice('val_'.length)]: value },
});
