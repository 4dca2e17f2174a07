// decisions.ts: what a run has measured and decided so far: the memory behind its callbacks. Not the callbacks (callbacks/).
import { z } from 'zod';
import { decide, deciding } from './callbacks/index.ts';
import type { Decision, Evaluated } from './callbacks/kind.ts';
import type { Metrics } from './events.ts';
import type { Job } from './job.ts';

export interface Decisions {
  readonly now: Decision;
  /** Takes an evaluation's figures. Does nothing in a job without callbacks. */
  note(version: number, epoch: number, metrics: Metrics): void;
  /** Evaluations of this version and later ones are done again. */
  rollback(version: number): void;
  /** Those that a checkpoint of a version must tell of: its own is done again after a resume. */
  before(version: number): readonly Evaluated[];
}

const schema = z.array(
  z.strictObject({
    version: z.int().nonnegative(),
    epoch: z.int().positive(),
    figures: z.record(z.string(), z.number()),
  }),
);

/** The evaluations that a checkpoint's `extra` tells of; none, where it tells of none. */
export const evaluationsOf = (extra: unknown): readonly Evaluated[] =>
  z.looseObject({ evaluations: schema }).safeParse(extra).data?.evaluations ?? [];

export function createDecisions({ callbacks: all, optimizer }: Job, past: readonly Evaluated[]): Decisions {
  const callbacks = deciding(all);
  const rate = optimizer.config.learning_rate;
  const first = typeof rate === 'number' ? rate : null;
  let known = [...past];
  let now = decide(callbacks, known, first);
  return {
    get now() {
      return now;
    },
    note(version, epoch, metrics) {
      if (callbacks.length === 0) return;
      const figures = Object.fromEntries(Object.entries(metrics).filter(([, value]) => typeof value === 'number'));
      known = [
        ...known.filter((one) => one.version < version),
        { version, epoch, figures: figures as Record<string, number> },
      ];
      now = decide(callbacks, known, first);
    },
    rollback(version) {
      known = known.filter((one) => one.version < version);
      now = decide(callbacks, known, first);
    },
    before: (version) => known.filter((one) => one.version < version),
  };
}
