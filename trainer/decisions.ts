// decisions.ts: what a run has measured and decided so far: the memory behind its callbacks. Not the callbacks (callbacks/).
import { z } from 'zod';
import { ShoalError } from '../base/errors.ts';
import { decide, deciding } from './callbacks/index.ts';
import type { Decision, Evaluated } from './callbacks/kind.ts';
import type { Metrics } from './events.ts';
import type { Job } from './job.ts';
import type { Snapshot, WeightsAt } from './snapshot.ts';
import type { StopReason } from './step-machine.ts';

export interface Decisions {
  readonly now: Decision;
  /** Takes an evaluation's figures. Does nothing in a job without callbacks. */
  note(version: number, epoch: number, metrics: Metrics): void;
  /** Evaluations of this version and later ones are done again. */
  rollback(version: number): void;
  /** Those that a checkpoint of a version must tell of: its own is done again after a resume. */
  before(version: number): readonly Evaluated[];
  /** A version's own evaluation; null: there was none, or nobody asks. */
  of(version: number): Evaluated | null;
  /** A finite version that its evaluation has just been taken of: its weights are held while they are the best. */
  keep(version: WeightsAt): void;
  /** What a run ends with: its last version, or that with the weights of its best evaluation, which is then named. */
  ending<V extends WeightsAt>(last: V, reason: StopReason): { readonly version: V; readonly best: Evaluated | null };
}

/** An evaluation as checkpoints tell of it. */
export const evaluatedSchema = z.strictObject({
  version: z.int().nonnegative(),
  epoch: z.int().positive(),
  figures: z.record(z.string(), z.number()),
});
const schema = z.array(evaluatedSchema);

/** The evaluations that a checkpoint's `extra` tells of; none, where it tells of none. */
export const evaluationsOf = (extra: unknown): readonly Evaluated[] =>
  z.looseObject({ evaluations: schema }).safeParse(extra).data?.evaluations ?? [];

/** What callbacks decide after these evaluations of a job. */
export function decisionOf({ callbacks, optimizer }: Job, past: readonly Evaluated[]): Decision {
  const rate = optimizer.config.learning_rate;
  return decide(deciding(callbacks), past, typeof rate === 'number' ? rate : null);
}

/** @param from what a resumed run goes on from */
export function createDecisions(job: Job, from: Pick<Snapshot, 'evaluations' | 'best'> | null): Decisions {
  const callbacks = deciding(job.callbacks);
  let held = from?.best ?? null;
  let known = [...(from?.evaluations ?? [])];
  let now = decisionOf(job, known);
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
      now = decisionOf(job, known);
    },
    rollback(version) {
      known = known.filter((one) => one.version < version);
      now = decisionOf(job, known);
    },
    before: (version) => known.filter((one) => one.version < version),
    of: (version) => known.find((one) => one.version === version) ?? null,
    keep({ version, parameters, state }) {
      if (now.best === version) held = { version, parameters, state };
    },
    ending(last, reason) {
      const { best } = now;
      const over = reason === 'done' || reason === 'early-stopping';
      if (!over || best === null || best === last.version) return { version: last, best: null };
      if (held?.version !== best) throw notHeld(job, best);
      const { parameters, state } = held;
      return { version: { ...last, parameters, state }, best: known.find((one) => one.version === best)! };
    },
  };
}

const notHeld = ({ name }: Job, step: number): ShoalError =>
  new ShoalError({
    code: 'SHOAL_CHECKPOINT_MISMATCH',
    operation: `end "${name}" with the weights of its best epoch`,
    got: `a run that was resumed without those of step ${step}`,
    expected: 'a snapshot with the best one before it',
    hint: 'Resume from the folder of the run, or give the snapshot its `best`.',
  });
