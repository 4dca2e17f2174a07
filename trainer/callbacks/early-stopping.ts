// early-stopping.ts: ends a run when a figure has not become better for some evaluations. Keras' EarlyStopping; the model of the best
// epoch is in the run's folder (run-recorder.ts).
import { z } from 'zod';
import { callback, watched, watching } from './kind.ts';

export const earlyStopping = callback({
  config: {
    ...watching,
    min_delta: z.number().nonnegative().default(0),
    patience: z.int().nonnegative().default(0),
    baseline: z.number().nullable().default(null),
    start_from_epoch: z.int().nonnegative().default(0),
  },
  decide(c, past) {
    let best = Number.POSITIVE_INFINITY;
    let wait = 0;
    for (const { epoch, value } of watched(c, past)) {
      if (epoch <= c.start_from_epoch) continue;
      wait++;
      if (value < best - c.min_delta) {
        best = value;
        const turned = c.baseline === null ? null : watched(c, [baseline(c.monitor, c.baseline)])[0]!.value;
        if (turned === null || value < turned - c.min_delta) wait = 0;
      } else if (wait >= c.patience && epoch > 1) return { stop: true };
    }
    return {};
  },
});

/** The baseline, as if it had been measured. */
const baseline = (monitor: string, value: number) => ({
  version: 0,
  epoch: 0,
  figures: { [monitor.slice('val_'.length)]: value },
});
