// coordinator-setup.ts: what a coordinator knows before anybody connects: plan, commit log, checkpoint to begin at, configuration.
import { decodedBy } from '../datasets/reader.ts';
import { movingOf } from '../trainer/contribution.ts';
import { createDecisions, type Decisions } from '../trainer/decisions.ts';
import { type Job, jobHash, jobToJson } from '../trainer/job.ts';
import { phaseAt, phasesOf, restingLayers, segmentsAt } from '../trainer/phases.ts';
import { type Prepared, prepare } from '../trainer/prepare.ts';
import { mostRanges } from '../trainer/ranges.ts';
import { RUN, type RunCheckpoint } from '../trainer/run-folder.ts';
import { scheduleOf } from '../trainer/session.ts';
import { type Schedule, stepsPerEpoch } from '../trainer/step-machine.ts';
import { scalarsOf } from '../trainer/step-scalars.ts';
import { type CommitLog, openCommitLog } from './commit-log.ts';
import { usableCheckpoint } from './coordinator-files.ts';
import type { CoordinatorOptions } from './coordinator-options.ts';
import { drawnOtherwise, tooLargeJob, tooManyServers } from './coordinator-problems.ts';
import type { CoordinatorConfig } from './coordinator-types.ts';
import { drawsOf } from './draws.ts';
import { flatRanges } from './flat-ranges.ts';
import { CONTROL_BYTES } from './frame.ts';
import { arithmetic } from './profile.ts';
import { ownReference } from './reference.ts';
import { datasetHash } from './remote-data.ts';
import { createVotes } from './votes.ts';

/** Of a job as it stands in a welcome, beside the servers' names and addresses. */
const JOB_BYTES = CONTROL_BYTES - 2 ** 16;

export interface Setup {
  readonly job: Job;
  readonly hash: string;
  readonly prepared: Prepared;
  readonly schedule: Schedule;
  readonly config: CoordinatorConfig;
  readonly decisions: Decisions;
  /** Open: the caller closes it. */
  readonly log: CommitLog;
  /** Where the run goes on from; null: from its first values. */
  readonly from: RunCheckpoint | null;
  /** The steps that `from` stands after. */
  readonly version: number;
  /** Of the engine, as trainer/narrator.ts tells it. */
  readonly speed: number;
}

/**
 * @param computed whether a step, or a batch of an evaluation, was computed: from then on the least number of workers is enough
 * @throws SHOAL_SERVERS for more servers than the model has blocks, SHOAL_JOB for a job that only one process can train, and what planning and
 *   the file system throw
 */
export async function setUp(options: CoordinatorOptions, computed: () => boolean): Promise<Setup> {
  const { job, dataset, path, workers, servers } = options;
  if (job.sampler.class_name !== 'shuffled') throw drawnOtherwise(job);
  const told = jobToJson(job);
  const bytes = Buffer.byteLength(JSON.stringify(told));
  if (bytes > JOB_BYTES) throw tooLargeJob(job, bytes, JOB_BYTES);
  const { kernels, profile, speed } = arithmetic();
  const phases = phasesOf(job);
  const prepared = prepare(job, dataset, { threads: 1, level: 0, resting: restingLayers(job, 0) });
  const { optimizer, optimizerConfig } = prepared;
  const segments = movingOf(prepared.segments); // what is frozen, nobody sends
  if (servers > mostRanges(segments)) throw tooManyServers(servers, mostRanges(segments));
  const log = openCommitLog(`${path}/${RUN.commits}`);
  const from = await usableCheckpoint(job, path, options.from, log.version);
  const version = from?.snapshot.version ?? 0;
  const schedule = { ...scheduleOf(job, dataset, prepared, version, false), depth: 1 };
  const ranges = flatRanges(segments, servers);
  const hash = await jobHash(job);
  const { reference, sketch } = ownReference(job, prepared, kernels);
  const votes = phases.map(({ from }) =>
    createVotes(movingOf(segmentsAt(job, from)), optimizer, optimizerConfig, ranges),
  );
  const votesAt = (step: number) => votes[phaseAt(phases, Math.floor((step - 1) / stepsPerEpoch(schedule)))]!;
  const decisions = createDecisions(job, from?.snapshot ?? null);
  const config: CoordinatorConfig = {
    schedule,
    job: told,
    jobHash: hash,
    seed: job.seed,
    profile,
    dataset: datasetHash(dataset),
    ...decodedBy(dataset),
    reference,
    ...(job.tolerance !== null && { tolerated: { tolerance: job.tolerance, sketch } }),
    ranges,
    workers: {
      get min() {
        return computed() ? workers.min : (options.startWith ?? workers.min);
      },
      max: workers.max,
    },
    scalars: (step) => scalarsOf(optimizer, optimizerConfig, schedule, step, decisions.now.rate),
    votes: {
      rounds: (step) => votesAt(step).rounds(step),
      join: (round, votes, step) => votesAt(step).join(round, votes, step),
    },
    draws: drawsOf({ samples: schedule.samples, batch: job.batch, seed: job.seed }),
    leaseFloorMs: options.leaseFloorMs ?? 5000,
    bugs: new Set(),
  };
  return { job, hash, prepared, schedule, config, decisions, log, from, version, speed };
}
