// evaluate.ts: a snapshot measured on held-out data, by the same threads and plan as while training. It changes nothing.
import { ShoalError } from '../base/errors.ts';
import type { Dataset } from '../datasets/reader.ts';
import { checkEvaluation } from './api-arguments.ts';
import { createEngine } from './engine.ts';
import type { Metrics } from './events.ts';
import type { Job } from './job.ts';
import { availableThreads } from './pool.ts';
import { prepare } from './prepare.ts';
import { createTally } from './progress.ts';
import { openJobData, scheduleOf } from './session.ts';
import type { Snapshot } from './snapshot.ts';
import { rowsOf } from './work.ts';

export interface EvaluateOptions {
  readonly job: Job;
  readonly snapshot: Snapshot;
  /** Default: what job.data names. */
  readonly dataset?: Dataset;
  /** Default: as many as the machine runs at once. Never changes a bit. */
  readonly threads?: number;
}

/**
 * Loss and metrics on the dataset's held-out part: the figures that training reports for the same parameters, bit for bit.
 * @throws SHOAL_JOB, SHOAL_WEIGHTS, SHOAL_NOT_FINITE for a loss that is not a number, SHOAL_THREAD_DIED, and what reading data and planning throw
 */
export async function evaluateSnapshot(
  options: EvaluateOptions,
): Promise<{ readonly metrics: Metrics; readonly samples: number }> {
  checkEvaluation(options);
  const { job, snapshot, threads = availableThreads() } = options;
  const dataset = options.dataset ?? (await openJobData(job));
  const prepared = prepare(job, dataset, { threads });
  const schedule = { ...scheduleOf(job, dataset, prepared, snapshot.version, false), onlyEvaluate: true };
  const tally = createTally(prepared.program, 'evaluate');
  const engine = await createEngine({
    job,
    dataset,
    prepared,
    schedule,
    start: snapshot,
    observer: {
      saves: false,
      committed() {},
      counted: (work, totals) => tally.add(totals, rowsOf(work)),
      async save() {},
      async notFinite() {},
    },
  });
  try {
    await engine.run(new AbortController().signal);
    if (engine.store.stopped === 'not-finite') throw notFinite(job);
    const { samples } = tally;
    return { metrics: tally.take(), samples };
  } finally {
    await engine.close();
  }
}

const notFinite = (job: Job): ShoalError =>
  new ShoalError({
    code: 'SHOAL_NOT_FINITE',
    operation: `evaluate "${job.name}"`,
    got: 'a loss that is NaN or infinite',
    expected: 'a finite loss',
    hint: 'Look at the data, and at the weights.',
  });
