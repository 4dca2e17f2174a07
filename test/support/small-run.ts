// small-run.ts: one run of a small job, and what it leaves behind to compare. As a script it prints that of all jobs: see the end.
import { revectorizes } from '../../kernels/load.ts';
import type { RunEvent } from '../../trainer/events.ts';
import type { Job } from '../../trainer/job.ts';
import { runSession, type SessionOptions, type SessionResult } from '../../trainer/session.ts';
import type { Snapshot } from '../../trainer/snapshot.ts';
import { convNet, longNet, mlp, smallDataset, smallJob } from './small-jobs.ts';

/** Batches of 10, 10, 10, 10 and 3 rows: the last has fewer than there are micro-shards, and 4 does not divide 10. */
export const dataset = smallDataset(43, 23);

const everyMetric = ['accuracy', 'precision', 'f1', 'confusion_matrix', { name: 'top_k', k: 2 }];
export const JOBS = {
  convolutional: smallJob(convNet, { batch: 10, microShards: 4, metrics: everyMetric }),
  // 12, 12, 12 and 7 rows in 5 micro-shards, by SGD with momentum
  dense: smallJob(mlp, {
    batch: 12,
    microShards: 5,
    optimizer: { class_name: 'SGD', config: { learning_rate: 0.05, momentum: 0.9, nesterov: true } },
  }),
} as const;
/** And one with long calls, for the pool alone: a plain reference takes its time. */
export const POOL_JOBS = { ...JOBS, long: smallJob(longNet, { batch: 10, microShards: 4, epochs: 1 }) } as const;

/** A run's result, and all it told. */
export interface SmallRun extends SessionResult {
  readonly events: readonly RunEvent[];
  /** What onSave was given. */
  readonly saved: readonly Snapshot[];
}

export async function smallRun(job: Job, options: Partial<SessionOptions> = {}): Promise<SmallRun> {
  const events: RunEvent[] = [];
  const saved: Snapshot[] = [];
  const result = await runSession({
    job,
    dataset,
    threads: 2,
    ...options,
    onEvent(event) {
      events.push(event);
      options.onEvent?.(event);
    },
    async onSave(snapshot, info) {
      saved.push(snapshot);
      await options.onSave?.(snapshot, info);
    },
  });
  return { ...result, events, saved };
}

/** What must not depend on how a job was run: the hashes, the metrics, the number of steps. */
export function outcome({ done }: Pick<SessionResult, 'done'>) {
  const { reason, steps, metrics, parameters_sha256, state_sha256, optimizer_sha256 } = done;
  return { reason, steps, metrics, parameters_sha256, state_sha256, optimizer_sha256 };
}

/** The event of that kind which came last. */
export function lastEvent<E extends RunEvent['event']>(
  events: readonly RunEvent[],
  event: E,
): Extract<RunEvent, { event: E }> {
  return events.findLast((e) => e.event === event) as Extract<RunEvent, { event: E }>;
}

if (import.meta.main) {
  const outcomes = [];
  for (const job of Object.values(POOL_JOBS)) outcomes.push(outcome(await smallRun(job)));
  process.stdout.write(JSON.stringify({ revectorizes, outcomes }));
}
