// events.ts: what a run tells while it goes on: one object an event, as they stand in events.jsonl and on stdout with --json.
import type { Problem } from '../base/errors.ts';
import type { CodecName } from './codecs/index.ts';
import type { Profile } from './executor.ts';
import type { MetricValue } from './metrics/kind.ts';
import type { StopReason } from './step-machine.ts';

export type Metrics = Readonly<Record<string, MetricValue>>;

export interface StartEvent {
  readonly event: 'start';
  readonly name: string;
  /** sha256 of what decides the bits of the job. */
  readonly job: string;
  /** Of the run: its codec, and what decodes its images where they are decoded as they are drawn, too. */
  readonly profile: Profile & { readonly codec: CodecName; readonly decoder?: string };
  readonly node: string;
  /** Share of the speed that the fastest engine reaches on such a core, estimated. */
  readonly speed: number;
  readonly threads: number;
  /** Threads that share one micro-shard. */
  readonly team_size: number;
  /** Processes of a run across several: workers at least, servers. */
  readonly workers?: number;
  readonly servers?: number;
  readonly micro_shards: number;
  readonly parameters: number;
  /** Bytes by purpose, and in all. */
  readonly memory: Readonly<Record<string, number>>;
  readonly flops_per_sample: number;
  readonly steps: number;
  readonly epochs: number;
  readonly samples: number;
  /** Steps already done when the run began: 0 unless resumed. */
  readonly from: number;
}

export interface StepEventRecord {
  readonly event: 'step';
  /** From 1. */
  readonly step: number;
  readonly epoch: number;
  /** Mean over the batch. */
  readonly loss: number;
  readonly metrics: Metrics;
  /** Since the step before was told: several are told at once, so only sums of it mean something. */
  readonly ms: number;
  readonly samples: number;
}

export interface EpochEvent {
  readonly event: 'epoch';
  /** From 1. */
  readonly epoch: number;
  /** Means over the epoch's training batches, as they were computed. */
  readonly train: Metrics;
  /** On held-out data; null when this epoch was not evaluated. */
  readonly metrics: Metrics | null;
  readonly wall_s: number;
}

export interface CheckpointEvent {
  readonly event: 'checkpoint' | 'model';
  readonly step: number;
  readonly path: string;
}

export interface ProblemEvent {
  readonly event: 'problem';
  readonly problem: Problem;
  /** Whether the run ends of it. */
  readonly fatal: boolean;
}

/**
 * How well training was fed; told at the end of each epoch, for the time since the event before. In several processes times are those of all
 * workers together, as of what each reported last, a second ago at most.
 */
export interface DataEvent {
  readonly event: 'data';
  readonly epoch: number;
  readonly wall_s: number;
  /** Of these, seconds in which nothing was computed because the next batch was not there. */
  readonly waited_s: number;
  readonly share: number;
  /** Seconds that the data threads worked, all together, by stage. */
  readonly stages: { readonly read: number; readonly augment: number };
  /** The stage that takes longest, where 5 % of the time or more was waited. */
  readonly bottleneck: 'read' | 'augment' | null;
  /** Threads that read ahead, of each process that computes. Sets that are kept whole need none (resident.ts). */
  readonly data_threads: number;
  /** In several processes: that it does not tell of one alone. */
  readonly workers?: true;
}

/** What each compute thread did. */
export interface ThreadsEvent {
  readonly event: 'threads';
  /** Micro-shards computed, by thread. */
  readonly leaves: readonly number[];
  /** Collections of each thread's heap while it computed. */
  readonly collections: readonly number[];
}

/** Somebody came to a run of several processes, or went. */
export interface MemberEvent {
  readonly event: 'member';
  /**
   * restarted: joined, as another process of that name than before. lost: leases that it held are void. fenced: past its lease,
   * whose work went to others. refused: did not pass the joining gate.
   */
  readonly change: 'joined' | 'restarted' | 'left' | 'lost' | 'fenced' | 'refused';
  readonly role: 'worker' | 'server' | null;
  readonly name: string;
  /** Of `lost`: how many. */
  readonly leases?: number;
  readonly problem?: Problem;
}

/** The run goes on from a version: after a server or the coordinator has died, steps are computed again. */
export interface TermEvent {
  readonly event: 'term';
  readonly term: number;
  readonly step: number;
}

/** Too few processes to go on; told once each time. */
export interface WaitingEvent {
  readonly event: 'waiting';
  readonly role: 'worker' | 'server';
  readonly have: number;
  readonly need: number;
}

/** Micro-shards of the run's training steps, by the worker that computed them. */
export interface WorkersEvent {
  readonly event: 'workers';
  readonly leaves: Readonly<Record<string, number>>;
}

/** A process of the run was ended on purpose (shoal chaos), or ended by itself and was started again. */
export interface ProcessEvent {
  readonly event: 'killed' | 'restarted';
  readonly role: 'coordinator' | 'server' | 'worker';
  readonly name: string;
  /** The newest step told at that time. */
  readonly step: number;
}

/** The hashes of a disturbed run beside those of an undisturbed one in a single process (shoal chaos). */
export interface ComparedEvent {
  readonly event: 'compared';
  readonly equal: boolean;
  readonly parameters_sha256: string;
  readonly state_sha256: string;
  readonly optimizer_sha256: string;
}

export interface DoneEvent {
  readonly event: 'done';
  readonly reason: StopReason;
  readonly steps: number;
  readonly wall_s: number;
  /** Samples trained on, over the time in which steps were computed. */
  readonly samples_per_second: number;
  /** Of the last epoch, or of that whose weights were restored, on held-out data. */
  readonly metrics: Metrics;
  /** The step whose weights EarlyStopping has restored, where those are not the last one's. */
  readonly restored_step?: number;
  /** Over the flat f32 vectors in Keras order, little endian. */
  readonly parameters_sha256: string;
  readonly state_sha256: string;
  readonly optimizer_sha256: string;
}

export type RunEvent =
  | StartEvent
  | StepEventRecord
  | EpochEvent
  | CheckpointEvent
  | ProblemEvent
  | DataEvent
  | ThreadsEvent
  | MemberEvent
  | TermEvent
  | WaitingEvent
  | WorkersEvent
  | ProcessEvent
  | ComparedEvent
  | DoneEvent;
