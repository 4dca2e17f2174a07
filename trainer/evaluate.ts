// evaluate.ts: a snapshot measured on held-out data, by the same plan and the same tree as during training: the same figures.
import type { Dataset } from '../datasets/reader.ts';
import { createEngine } from './engine.ts';
import type { Metrics } from './events.ts';
import type { Job } from './job.ts';
import type { Snapshot } from './local-store.ts';
import { availableThreads } from './pool.ts';
import { prepare } from './prepare.ts';
import { createTally } from './progress.ts';
import { openJobData, scheduleOf } from './session.ts';
import { rowsOf } from './work.ts';

export interface EvaluateOptions {
  readonly job: Job;
  /** Default: what job.data names. */
  readonly dataset?: Dataset;
  readonly snapshot: Snapshot;
  readonly threads?: number;
}

/** Loss and all of the job's metrics over the dataset's held-out part. */
export async function evaluateSnapshot(options: EvaluateOptions): Promise<{ metrics: Metrics; samples: number }> {
  const { job, snapshot } = options;
  const dataset = options.dataset ?? (await openJobData(job));
  const prepared = prepare(job, dataset, { threads: options.threads ?? availableThreads() });
  const { program } = prepared;
  const tally = createTally(program.plans.evaluate, prepared.metrics, program.metrics);
  const schedule = { ...scheduleOf(job, dataset, prepared, snapshot.version, false), onlyEvaluate: true };
  const engine = createEngine({
    job,
    dataset,
    prepared,
    schedule,
    start: snapshot,
    observer: {
      committed() {},
      counted: (work, totals) => tally.add(totals, rowsOf(work)),
      async save() {},
      async notFinite() {}, // a loss that is not finite is the answer here
    },
  });
  try {
    await engine.run(new AbortController().signal);
  } finally {
    await engine.close();
  }
  return { samples: tally.samples, metrics: tally.take() };
}
