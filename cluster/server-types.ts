// server-types.ts: what a server is told, keeps and asks for, as types. Its decisions are in server-machine.ts.
import type { Problem } from '../base/errors.ts';
import type { Profile } from '../trainer/executor.ts';
import type { Node } from '../trainer/tree.ts';
import type { Bugs } from './bugs.ts';
import type { Link } from './coordinator-types.ts';
import type {
  Apply,
  Attach,
  Bulk,
  FlatRange,
  FromCoordinator,
  FromServer,
  Peer,
  Term,
  ToCoordinator,
} from './messages.ts';
import type { Received } from './received.ts';

export interface ServerConfig {
  readonly peer: Peer;
  readonly profile: Profile;
  /** Where workers reach it. */
  readonly url: string;
  readonly bugs: Bugs;
}

/** A bulk frame without its floats. */
export interface Slice extends Omit<Bulk, 'values'> {
  /** Floats in it. */
  readonly count: number;
  /** Of a push: whether all of them are finite. */
  readonly finite?: boolean;
}

export type ServerEvent =
  /**
   * Both connections to the coordinator, for control and for bulk, stand; or one is gone: the driver closes the other and connects both
   * again by itself. Both are told at once; what the lost ones brought and was not fed yet is dropped.
   */
  | { readonly kind: 'connected' }
  | { readonly kind: 'lost' }
  | { readonly kind: 'message'; readonly message: FromCoordinator }
  /** The answer to `prepare`; no `message` or `load` may be fed between the two. `vectors`: 1 + the optimizer's slots. */
  | { readonly kind: 'prepared'; readonly vectors: number; readonly microShards: number }
  /** A `load` frame from the coordinator. */
  | { readonly kind: 'load'; readonly slice: Slice }
  | { readonly kind: 'attach'; readonly link: Link; readonly message: Attach }
  | { readonly kind: 'detached'; readonly link: Link }
  | { readonly kind: 'push'; readonly link: Link; readonly slice: Slice }
  /** The answer to `measure`; no `message` or `load` may be fed between the two. */
  | {
      readonly kind: 'measured';
      readonly term: Term;
      readonly version: number;
      readonly round: number;
      readonly sums: readonly number[];
    }
  /** An `apply` action is done: this version stands. No `message` or `load` may be fed between the two: pause the socket. */
  | { readonly kind: 'applied'; readonly term: Term; readonly version: number };

/** Done in order. Nothing here waits for the network: `params` and `dump` are queued. */
export type ServerAction =
  | { readonly kind: 'send'; readonly message: ToCoordinator }
  /** As `send`, on the connection for bulk. */
  | { readonly kind: 'ask'; readonly message: Attach }
  /** Read the job, make room for the range: then tell `prepared`. Again when the range is another. */
  | { readonly kind: 'prepare'; readonly job: unknown; readonly range: FlatRange }
  /** Copy the frame's floats: into the first copy of a version being loaded, or into a node's room (made when it is first named). */
  | { readonly kind: 'store'; readonly slice: Slice }
  /** The room of these nodes may be used again; none of them is being applied. */
  | { readonly kind: 'free'; readonly nodes: readonly Node[] }
  | { readonly kind: 'answer'; readonly link: Link; readonly message: FromServer }
  | { readonly kind: 'close'; readonly link: Link; readonly problem: Problem }
  /** Add the nodes in the tree over `leaves` leaves, update version -> version + 1 in the other copy, then tell `applied`. */
  | {
      readonly kind: 'apply';
      readonly term: Term;
      readonly version: number;
      readonly epoch: number;
      readonly leaves: number;
      readonly nodes: readonly Node[];
      readonly scalars: readonly number[];
      readonly votes: readonly (readonly number[])[];
    }
  /** Measure the nodes for the round after those of `votes`, then tell `measured`. No version changes. */
  | { readonly kind: 'measure'; readonly message: Apply }
  /** Send vector 0 of this version to these workers; what of an older version still waits for them is dropped. */
  | { readonly kind: 'params'; readonly links: readonly Link[]; readonly term: Term; readonly version: number }
  /** Send all vectors of this version to the coordinator as `dump` frames. */
  | { readonly kind: 'dump'; readonly term: Term; readonly version: number }
  /** A new term: drop what waits to be sent to workers and the coordinator, and all nodes' rooms. */
  | { readonly kind: 'reset' }
  /** problem: refused, do not come back. Null: the run is over. */
  | { readonly kind: 'stop'; readonly problem: Problem | null };

export interface ServerState {
  readonly term: Term;
  readonly range: FlatRange | null;
  readonly prepared: { readonly vectors: number; readonly microShards: number } | null;
  readonly connected: boolean;
  /** How often its two connections were made. */
  readonly pair: number;
  readonly version: number | null;
  /** A version that is being loaded. */
  readonly loading: { readonly version: number; readonly received: Received } | null;
  /** Nodes of step = version: complete when received is the whole range. `links` wait for the ack. */
  readonly nodes: readonly NodeState[];
  readonly applying: number | null;
  readonly attached: readonly { readonly link: Link; readonly term: Term; readonly name: string }[];
  /** The highest link that ever attached. */
  readonly newest: Link;
}

export interface NodeState {
  readonly node: Node;
  readonly received: Received;
  readonly complete: boolean;
  readonly links: readonly Link[];
}

export interface ServerResult {
  readonly state: ServerState;
  readonly actions: readonly ServerAction[];
}
