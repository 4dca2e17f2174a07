// worker-types.ts: what a worker is told, keeps and asks for, as types. Its decisions are in worker-machine.ts.
import type { Problem } from '../base/errors.ts';
import type { Profile } from '../trainer/executor.ts';
import type { Node } from '../trainer/tree.ts';
import type { Work } from '../trainer/work.ts';
import type { Bugs } from './bugs.ts';
import type {
  Ack,
  Done,
  FlatRange,
  FromCoordinator,
  Peer,
  Ready,
  ServerAddress,
  Term,
  ToCoordinator,
  ToServer,
} from './messages.ts';
import type { Received } from './received.ts';
import type { Slice } from './server-types.ts';

export interface WorkerConfig {
  readonly peer: Peer;
  readonly profile: Profile;
  readonly bugs: Bugs;
}

/** What the joining gate asks of a worker. */
export type Capable = Pick<Ready, 'dataset' | 'decoder' | 'reference' | 'sketch' | 'unit'>;

export type WorkerEvent =
  /** The control connection stands, or is gone: the driver connects again by itself. */
  | { readonly kind: 'connected' }
  | { readonly kind: 'lost' }
  | { readonly kind: 'message'; readonly message: FromCoordinator }
  /** The answer to `prepare`: plan and data are there. */
  | ({ readonly kind: 'prepared' } & Capable)
  /** A connection to a server stands, or is gone: the driver connects again by itself, to the address of the last `servers` action. */
  | { readonly kind: 'attached'; readonly server: string }
  | { readonly kind: 'detached'; readonly server: string }
  | { readonly kind: 'ack'; readonly server: string; readonly message: Ack }
  /** A `params` frame. */
  | { readonly kind: 'params'; readonly server: string; readonly slice: Slice }
  /** These elements of the sums of the lease that is being computed stand already. Any number of times before `computed`. */
  | { readonly kind: 'final'; readonly lease: number; readonly ranges: readonly FlatRange[] }
  /** The answer to `compute`, also when it was cancelled meanwhile. The sums stay where they are until `release`. */
  | { readonly kind: 'computed'; readonly lease: number; readonly totals: readonly number[] };

export type WorkerAction =
  | { readonly kind: 'send'; readonly message: ToCoordinator }
  /** Make plan and data, compute the reference micro-shard, then tell `prepared`. Once in a process. */
  | { readonly kind: 'prepare'; readonly job: unknown }
  /** Connect to these, and to no others; a connection to an address that stays, stays. */
  | { readonly kind: 'servers'; readonly servers: readonly ServerAddress[] }
  | { readonly kind: 'tell'; readonly server: string; readonly message: ToServer }
  /** Copy the frame's floats into the copy of this version: there are two, and it is never the one being computed with. */
  | { readonly kind: 'store'; readonly slice: Slice; readonly copy: 0 | 1 }
  /** Compute with the parameters in this copy, then tell `computed`. One at a time. */
  | { readonly kind: 'compute'; readonly lease: number; readonly work: Work; readonly copy: 0 | 1 }
  /** It will be computed soon: read its samples. */
  | { readonly kind: 'ahead'; readonly work: Work }
  /** The result of the running computation is not wanted: it may end early, but must be told. */
  | { readonly kind: 'cancel'; readonly lease: number }
  /** Send these parts of the lease's sums, which lie in the server's range, as `push` frames; on reconnection all is asked for again. */
  | {
      readonly kind: 'push';
      readonly server: string;
      readonly range: FlatRange;
      readonly parts: readonly FlatRange[];
      readonly lease: number;
      readonly term: Term;
      readonly step: number;
      readonly node: Node;
      /** The sums are those of one leaf: what the job's codec made of them. */
      readonly single: boolean;
    }
  /** The sums of a lease are no longer needed; what of them still waits to be sent is dropped. */
  | { readonly kind: 'release'; readonly lease: number }
  /** problem: refused, do not come back. Null: the run is over. */
  | { readonly kind: 'stop'; readonly problem: Problem | null };

export interface WorkerState {
  readonly term: Term;
  readonly prepared: Capable | null;
  readonly asked: boolean;
  readonly welcomed: boolean;
  readonly servers: readonly ServerAddress[];
  readonly attached: readonly string[];
  /** The newest whole version. */
  readonly held: { readonly version: number; readonly copy: 0 | 1 } | null;
  /** A version of which slices have come. */
  readonly assembling: { readonly version: number; readonly copy: 0 | 1; readonly received: Received } | null;
  /** Slices of a version came while both copies were in use: it must be asked for. */
  readonly missed: boolean;
  readonly queue: readonly { readonly lease: number; readonly work: Work }[];
  readonly running: Running | null;
  /** Computed, and on the way to the servers. */
  readonly pushing: readonly Pushing[];
  /** Sent for the newest work: sent again after a reconnection. */
  readonly done: readonly Done[];
  /** Fenced in its term: says what it holds as soon as nothing runs. */
  readonly fenced: boolean;
}

export interface Running {
  readonly lease: number;
  /** Later leases of the same node. */
  readonly also: readonly number[];
  readonly work: Work;
  readonly copy: 0 | 1;
  /** Its result is not wanted. */
  readonly void: boolean;
  /** Elements of its sums that stand already, and the servers that were sent them all: attached ever since it began. */
  readonly early: readonly FlatRange[];
  readonly sentTo: readonly string[];
  /** Names of servers that want no more of it. */
  readonly acked: readonly string[];
}

export interface Pushing {
  readonly lease: number;
  readonly also: readonly number[];
  readonly work: Work;
  readonly totals: readonly number[];
  /** Names of servers. */
  readonly acked: readonly string[];
}

export interface WorkerResult {
  readonly state: WorkerState;
  readonly actions: readonly WorkerAction[];
}
