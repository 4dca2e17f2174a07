// coordinator-types.ts: what the coordinator is told, keeps and asks for, as types. Its decisions are in coordinator.ts.
import type { Problem } from '../base/errors.ts';
import type { Profile } from '../trainer/executor.ts';
import type { Schedule, StepState, StopReason } from '../trainer/step-machine.ts';
import type { Node } from '../trainer/tree.ts';
import type { Work } from '../trainer/work.ts';
import type { Bugs } from './bugs.ts';
import type { LogRecord } from './log-record.ts';
import type { Apply, FlatRange, FromCoordinator, Term, ToCoordinator } from './messages.ts';
import type { Votes } from './votes.ts';

/** A connection, as the driver numbers it: never used twice in one process. */
export type Link = number;

export interface CoordinatorConfig {
  /** `from` and `depth` are not read: a term begins at its checkpoint, and one piece of work is open at a time. */
  readonly schedule: Schedule;
  /** The resolved job file, for Welcome. */
  readonly job: unknown;
  readonly jobHash: string;
  readonly seed: number;
  /** What the joining gate compares. `reference` null: the first worker's holds for all later ones. */
  readonly profile: Profile;
  readonly dataset: string;
  /** Reader.decoder, where images are decoded as they are drawn. */
  readonly decoder?: string;
  readonly reference: string | null;
  /** How far a worker of any profile may be from this sketch of the reference (sketch.ts). Default: profile and bits must be the same. */
  readonly tolerated?: { readonly tolerance: number; readonly sketch: readonly number[] };
  /** One for each server, cut at block borders: together the whole compact vector. */
  readonly ranges: readonly FlatRange[];
  readonly workers: { readonly min: number; readonly max: number };
  /** Of a step, counted from 1: trainer/step-scalars.ts, scalarsOf. */
  readonly scalars: (step: number) => readonly number[];
  readonly votes: Votes;
  /** sha256 of the sample indices of a gradient step, counted from 0 over the whole run: draws.ts. */
  readonly draws: (step: number) => string;
  /** A lease is late after max(floor, 4 x median of a leaf's time x its leaves); idle workers back it up after half of that. */
  readonly leaseFloorMs: number;
  readonly bugs: Bugs;
}

/** The newest checkpoint that can be read; version 0 is the job's first values, path null. */
export interface Checkpoint {
  readonly version: number;
  readonly path: string | null;
}

/** What happens to a coordinator. Events of one connection come in order. */
export type CoordinatorEvent =
  /** A link is new with its first message, which must be Hello: the driver closes those that say nothing for too long. */
  | { readonly kind: 'message'; readonly link: Link; readonly message: ToCoordinator }
  /** Also when the driver itself closed it because nothing was heard for too long. Not after a `close` action. */
  | { readonly kind: 'closed'; readonly link: Link }
  /** Time passes: some 10 times a second. */
  | { readonly kind: 'tick' }
  /** All servers' ranges of a version have come. `path` null: not kept, because of `problem` (a full disk) or because not finite. */
  | {
      readonly kind: 'dumped';
      readonly term: Term;
      readonly version: number;
      readonly finite: boolean;
      readonly path: string | null;
      readonly problem: Problem | null;
    }
  /** The checkpoint that a `load` action named cannot be read; this older one can. */
  | { readonly kind: 'fallback'; readonly checkpoint: Checkpoint }
  /** Finish what is open, save, stop. A second one stops at once, but for those with a reason of the run's own. */
  | { readonly kind: 'interrupt'; readonly reason?: 'early-stopping' };

/**
 * What the driver has to do, in the order given: an action is not begun before those before it are done, as far as this process
 * goes (a message is queued on its socket, a log record is written).
 */
export type CoordinatorAction =
  | { readonly kind: 'send'; readonly link: Link; readonly message: FromCoordinator }
  /** With a problem: the peer is sent Refuse first, and must not come back by itself. Null: it was replaced by its own reconnection. */
  | { readonly kind: 'close'; readonly link: Link; readonly problem: Problem | null }
  /** Append a line. `sync`: fsync too. */
  | { readonly kind: 'log'; readonly record: LogRecord; readonly sync: boolean }
  /** Send `load` bulk frames of this range of the checkpoint (or of the first values) to this server, which has asked for them. */
  | {
      readonly kind: 'load';
      readonly link: Link;
      readonly term: Term;
      readonly checkpoint: Checkpoint;
      readonly range: FlatRange;
    }
  /** Dump messages went to all servers: collect their `dump` bulk frames, fsync the log, write the checkpoint, then tell `dumped`. */
  | { readonly kind: 'dump'; readonly term: Term; readonly version: number }
  /** A new term voids a dump under way: forget what was collected. */
  | { readonly kind: 'undump' }
  /** As StoreObserver: called in order. After `rollback` in a `tell`, steps from that version on come again. */
  | { readonly kind: 'committed'; readonly work: Work; readonly totals: readonly number[]; readonly epochEnd: boolean }
  | { readonly kind: 'counted'; readonly work: Work; readonly totals: readonly number[]; readonly last: boolean }
  | { readonly kind: 'notFinite'; readonly work: Work }
  | { readonly kind: 'tell'; readonly news: News }
  /** The run is over. Bye messages went to everybody: flush and close. */
  | { readonly kind: 'stop'; readonly reason: StopReason };

/** One line each in the log of the process; counted for the table of workers. */
export type News =
  | { readonly news: 'joined' | 'left'; readonly role: 'worker' | 'server'; readonly name: string }
  | { readonly news: 'refused'; readonly name: string; readonly problem: Problem }
  /** Past its lease: its nodes went to others. */
  | { readonly news: 'fenced'; readonly name: string }
  /** Its leases of the open work are void. */
  | { readonly news: 'lost'; readonly name: string; readonly leases: number; readonly why: 'late' | 'gone' }
  | { readonly news: 'leased'; readonly name: string; readonly work: Work; readonly backup: boolean }
  | {
      readonly news: 'done';
      readonly name: string;
      readonly node: Node;
      readonly leaves: number;
      readonly samples: number;
      readonly ms: number;
    }
  | { readonly news: 'waiting-for-workers' | 'waiting-for-servers'; readonly have: number; readonly need: number }
  /** Steps from this version on are computed again. */
  | { readonly news: 'term'; readonly term: Term; readonly version: number; readonly rollback: boolean }
  | { readonly news: 'not-saved'; readonly version: number; readonly problem: Problem };

export interface CoordinatorState {
  readonly term: Term;
  /** gathering: until all servers are there, then a term begins. loading: until they all have its first version. */
  readonly phase: 'gathering' | 'loading' | 'running' | 'stopped';
  readonly checkpoint: Checkpoint;
  /** Whether any term has begun in this process or before it. */
  readonly begun: boolean;
  readonly seats: readonly ServerSeat[];
  readonly workers: readonly WorkerSeat[];
  readonly steps: StepState;
  readonly open: OpenWork | null;
  /** The version being dumped. */
  readonly dumping: number | null;
  readonly reference: string | null;
  readonly nextLease: number;
  /** The last 64 times of a leaf, in ms. */
  readonly leafTimes: readonly number[];
  /** The last piece of work that was settled. */
  readonly newest: Work | null;
  /** What was last told of waiting, so that it is told once. */
  readonly waiting: string | null;
  readonly interrupts: number;
}

/** One for each range. */
export interface ServerSeat {
  readonly range: FlatRange;
  readonly name: string | null;
  readonly incarnation: string | null;
  readonly url: string | null;
  readonly link: Link | null;
  /** In this term: what it is known to hold. */
  readonly version: number | null;
}

export interface WorkerSeat {
  readonly name: string;
  readonly incarnation: string;
  readonly link: Link;
  readonly profile: Profile;
  /** Through the joining gate. */
  readonly ready: boolean;
  readonly unit: number;
  /** In this term. Null after it was fenced. */
  readonly holding: number | null;
  /** Was late, and has not said since what it holds. */
  readonly fenced: boolean;
  /** What a leaf takes it, in ms, of late; null: not known yet. */
  readonly leafMs: number | null;
  /** Leases that it has not answered, also those of works that are over. */
  readonly busy: readonly number[];
}

export interface LeaseState {
  readonly lease: number;
  readonly worker: string;
  readonly node: Node;
  readonly since: number;
  /** Leaves that its worker had to compute until this one is done, queued ones before it included. */
  readonly leaves: number;
  /** void: its worker has gone or was fenced; its done is taken all the same while the work is open. Answered ones go. */
  readonly status: 'live' | 'void';
}

export interface DoneNode {
  readonly node: Node;
  readonly worker: string;
  readonly totals: readonly number[];
  readonly at: number;
}

export interface OpenWork {
  readonly work: Work;
  readonly leases: readonly LeaseState[];
  readonly done: readonly DoneNode[];
  /** How often a lease of this work was late: patience doubles with each. */
  readonly late: number;
  /** Workers that sent sums of it which are not finite. */
  readonly flawed: readonly string[];
  /** Null while it is computed. */
  readonly applying: {
    readonly cover: readonly DoneNode[];
    readonly totals: readonly number[];
    readonly message: Apply;
    /** The servers' votes of the round that is under way, by seat. */
    readonly votes: readonly (readonly number[] | null)[];
  } | null;
}

export interface CoordinatorResult {
  readonly state: CoordinatorState;
  readonly actions: readonly CoordinatorAction[];
}
