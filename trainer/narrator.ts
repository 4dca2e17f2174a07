// narrator.ts: tells a run in events, from what its store says: steps, epochs, the hashes at its end. It decides nothing and writes no file.
import type { Evaluated } from './callbacks/kind.ts';
import { lengthOf, parametersOf } from './contribution.ts';
import { type Counted, countedUpTo, sinceEpoch } from './counted.ts';
import type { Decisions } from './decisions.ts';
import type { DoneEvent, Metrics, RunEvent } from './events.ts';
import type { Profile } from './executor.ts';
import { type Job, jobHash } from './job.ts';
import type { Prepared } from './prepare.ts';
import { createTally, figures } from './progress.ts';
import { startSha256 } from './sha256.ts';
import type { WeightsAt } from './snapshot.ts';
import { type Schedule, type StopReason, stepsPerEpoch, totalSteps } from './step-machine.ts';
import { rowsOf, type Work } from './work.ts';

/** What a step counted: kept for as long as its epoch goes on, or may be gone back to. */
export interface StepTotals {
  /** From 0. */
  readonly step: number;
  readonly samples: number;
  readonly totals: readonly number[];
}

/** What a save is told beside the snapshot. */
export interface SaveInfo {
  /** Epochs finished. */
  readonly epoch: number;
  readonly step: number;
  readonly epochEnd: boolean;
  /** Of the epoch's evaluation; null where there was none. */
  readonly metrics: Metrics | null;
  /** What its epoch's steps have counted up to it. */
  readonly counted?: Counted | null;
  /** What callbacks have seen before it. */
  readonly evaluations?: readonly Evaluated[];
  /** What they have seen of it. */
  readonly evaluated?: Evaluated | null;
  /** The run is over: the snapshot has the weights of its best epoch, and is no checkpoint. */
  readonly restored?: boolean;
}

export interface NarratorOptions {
  readonly job: Job;
  readonly prepared: Prepared;
  readonly schedule: Schedule;
  readonly tell: (event: RunEvent) => void;
  /** Steps of the epoch under way that an earlier process counted. Default: none. */
  readonly before?: readonly StepTotals[];
  /** Told of evaluations. */
  readonly decisions: Decisions;
}

/** What the beginning of a run has to say beside its job. */
export interface Beginning {
  readonly profile: Profile;
  /** Reader.decoder of the dataset. */
  readonly decoder?: string;
  /** Share of the speed that the fastest engine reaches on such a core (KernelReport). */
  readonly speed: number;
  readonly from: number;
  readonly workers?: number;
  readonly servers?: number;
}

export interface Narrator {
  started(begin: Beginning): Promise<void>;
  /** From now on time counts. */
  begin(): void;
  committed(work: Work, totals: readonly number[], epochEnd: boolean): void;
  counted(work: Work, totals: readonly number[], last: boolean): void;
  saveInfo(version: number): SaveInfo;
  /** The version is kept: nothing goes back before it. */
  saved(version: number): void;
  /** Steps from this version on are computed again: what they counted is forgotten. */
  rollback(version: number): void;
  /**
   * @param slots what the optimizer keeps, in pieces of any length
   * @param best the evaluation whose weights these are, where they are not the last step's
   */
  done(version: WeightsAt, slots: readonly Float32Array[], reason: StopReason, best: Evaluated | null): DoneEvent;
}

export function createNarrator({ job, prepared, schedule, tell, before = [], decisions }: NarratorOptions): Narrator {
  const { program } = prepared;
  const perEpoch = stepsPerEpoch(schedule);
  const evaluation = createTally(program, 'evaluate');
  let history: StepTotals[] = [...before];
  let metrics: Metrics | null = null;
  let began = 0;
  let epochBegan = 0;
  let lastStep = 0;
  let trainedMs = 0;
  let samples = 0;
  let warm = false;

  function endEpoch(epoch: number): void {
    const now = performance.now();
    const tally = createTally(program, 'train');
    for (const past of history)
      if (Math.floor(past.step / perEpoch) === epoch - 1) tally.add(past.totals, past.samples);
    tell({ event: 'epoch', epoch, train: tally.take(), metrics, wall_s: (now - epochBegan) / 1000 });
    epochBegan = now;
  }

  return {
    async started({ profile, decoder, speed, from, ...more }) {
      const { machine, segments, memory, bytes } = prepared;
      tell({
        event: 'start',
        name: job.name,
        job: await jobHash(job),
        profile: { ...profile, codec: job.codec, ...(decoder !== undefined && { decoder }) },
        node: process.version,
        speed,
        threads: machine.threads,
        team_size: machine.teamSize,
        ...more,
        micro_shards: job.microShards,
        parameters: lengthOf(parametersOf(segments)),
        memory: { ...memory, total: bytes },
        flops_per_sample: program.plans.train.flops,
        steps: totalSteps(schedule),
        epochs: schedule.epochs,
        samples: schedule.samples,
        from,
      });
      for (const problem of prepared.warnings) tell({ event: 'problem', problem, fatal: false });
    },
    begin() {
      began = epochBegan = lastStep = performance.now();
    },
    committed(work, totals, epochEnd) {
      const now = performance.now();
      const rows = rowsOf(work);
      history.push({ step: work.step, samples: rows, totals });
      if (!warm)
        warm = true; // the first step waits for threads to start
      else {
        samples += rows;
        trainedMs += now - lastStep;
      }
      const { loss, ...rest } = figures(program, 'train', totals, rows);
      tell({
        event: 'step',
        step: work.step + 1,
        epoch: work.epoch + 1,
        loss: loss as number,
        metrics: rest,
        ms: now - lastStep,
        samples: rows,
      });
      lastStep = now;
      if (!epochEnd) return;
      metrics = null;
      const epoch = work.epoch + 1;
      if (epoch !== schedule.epochs && epoch % schedule.evaluateEvery !== 0) endEpoch(epoch);
    },
    counted(work, totals, last) {
      evaluation.add(totals, rowsOf(work));
      lastStep = performance.now();
      if (!last) return;
      metrics = evaluation.take();
      decisions.note(work.version, work.epoch + 1, metrics);
      endEpoch(work.epoch + 1);
    },
    saveInfo(version) {
      const epochEnd = version % perEpoch === 0;
      return {
        epoch: Math.floor(version / perEpoch),
        step: version,
        epochEnd,
        metrics: epochEnd ? metrics : null,
        counted: countedUpTo(job, history, version, perEpoch),
        evaluations: decisions.before(version),
        evaluated: decisions.of(version),
      };
    },
    saved(version) {
      // an evaluation may still follow the epoch's last step, and the epoch's figures with it
      history = sinceEpoch(history, version, perEpoch);
    },
    rollback(version) {
      history = history.filter((past) => past.step < version);
      decisions.rollback(version);
      evaluation.take();
      lastStep = performance.now();
    },
    done({ version, parameters, state }, slots, reason, best) {
      return {
        event: 'done',
        reason,
        steps: version,
        wall_s: (performance.now() - began) / 1000,
        samples_per_second: trainedMs === 0 ? 0 : samples / (trainedMs / 1000),
        metrics: best?.figures ?? metrics ?? {},
        ...(best && { restored_step: best.version }),
        parameters_sha256: hashOf([parameters]),
        state_sha256: hashOf([state]),
        optimizer_sha256: hashOf(slots),
      };
    },
  };
}

/** SHA-256 of vectors as if they were one; none is copied. */
function hashOf(vectors: readonly Float32Array[]): string {
  const hash = startSha256();
  for (const { buffer, byteOffset, byteLength } of vectors) hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  return hash.hex();
}
