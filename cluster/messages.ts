// messages.ts: everything that roles say to each other, as types. How they stand in frames is protocol.ts's business.
//
// A run has one coordinator, servers (each owns a range of the flat vector) and workers. Servers and workers connect to the
// coordinator (control), servers once more (bulk: versions in and out, so that control never queues behind them); workers connect
// to each server (bulk). On a bulk connection the listener sends values when it was sent attach: in each term anew. A step goes:
//
//   coordinator --lease--> worker      compute nodes of the tree at a version
//   worker ----push------> server      the sums of a node, cut to the server's range; acked when all slices are stored
//   worker ----done------> coordinator after every server's ack: totals of the node
//   coordinator --apply--> servers     once done nodes cover the tree: which nodes to add, and the step's scalars
//   server ----vote------> coordinator where the update needs norms: squares of its blocks; apply comes again, with all servers' joined
//   server ----params----> workers     the new version of its range; then applied -> coordinator
//   coordinator: commit record, next step
//
// A node's sums have the same bits whoever computed them, so duplicates and overlaps do no harm: the first is kept. Durability is
// the coordinator's run folder: every so often it dumps the servers' ranges into an ordinary checkpoint. When a server or the
// coordinator dies, a new term begins: servers load the newest checkpoint, and the steps after it are computed again.
import type { Problem } from '../base/errors.ts';
import type { CodecName } from '../trainer/codecs/index.ts';
import type { FlatRange } from '../trainer/contribution.ts';
import type { Profile } from '../trainer/executor.ts';
import type { Node } from '../trainer/tree.ts';
import type { Work } from '../trainer/work.ts';
import type { Report } from './report.ts';

/** A coordinator's period in office, from 1. What carries an older one is refused. */
export type Term = number;

export type { FlatRange };

/** Who a peer is: its name lasts over reconnects; the incarnation is new each time its process starts. */
export interface Peer {
  readonly role: 'worker' | 'server';
  readonly name: string;
  readonly incarnation: string;
}

/** One server as workers reach it. */
export interface ServerAddress {
  readonly name: string;
  readonly url: string;
  readonly range: FlatRange;
}

// ---- control, to the coordinator
/** First message of a connection. `version`: what a server holds in this term's lineage; null: nothing. `url`: where a server listens. */
export interface Hello {
  readonly type: 'hello';
  readonly peer: Peer;
  readonly profile: Profile;
  readonly url: string | null;
  /** Of a server: which attach, on another connection, belongs to it. 0: none, it is a worker. */
  readonly pair: number;
}
/** A worker has its data and plan and can compute; what the joining gate compares. */
export interface Ready {
  readonly type: 'ready';
  readonly term: Term;
  readonly dataset: string; // sha256 of the training and held-out data
  readonly decoder?: string | undefined; // what decodes their images as they are drawn (Reader.decoder); absent where nothing does
  readonly reference: string; // sha256 of the contribution of a reference micro-shard
  readonly sketch: readonly number[]; // of the same, for a job with a tolerance: sketch.ts; else empty
  readonly unit: number;
}
/** Parameters of this version stand in a worker's memory: it can be leased work. */
export interface Holding {
  readonly type: 'holding';
  readonly term: Term;
  readonly version: number;
}
/** All servers have acked the node's sums (gradient), or there are only totals (evaluate). */
export interface Done {
  readonly type: 'done';
  readonly term: Term;
  readonly lease: number;
  readonly work: WorkName;
  readonly node: Node;
  readonly totals: readonly number[]; // f64: loss, then counts
}
/** A server has loaded or applied. */
export interface Applied {
  readonly type: 'applied';
  readonly term: Term;
  readonly version: number;
}
/** A server has measured its blocks for a round of norms: votes.ts. */
export interface Vote {
  readonly type: 'vote';
  readonly term: Term;
  readonly version: number;
  readonly round: number;
  readonly sums: readonly number[]; // f64
}
/** A server was sent sums of a node that are not finite: it keeps nothing of them. */
export interface Flawed {
  readonly type: 'flawed';
  readonly term: Term;
  readonly step: number;
  readonly node: Node;
  /** Who sent them. */
  readonly worker: string;
}

// ---- control, from the coordinator
/** What a peer needs to begin. `job` is the resolved job file. */
export interface Welcome {
  readonly type: 'welcome';
  readonly term: Term;
  readonly job: unknown;
  readonly servers: readonly ServerAddress[];
  /** Servers only: its own range. */
  readonly range: FlatRange | null;
  readonly version: number;
}
/** A new term, or other servers: what was under way is void. */
export interface Fence {
  readonly type: 'fence';
  readonly term: Term;
  readonly servers: readonly ServerAddress[];
  readonly version: number;
}
export interface Lease {
  readonly type: 'lease';
  readonly term: Term;
  readonly lease: number;
  readonly work: Work;
}
/** To a server: when it attaches in this term, its range of a version comes in `load` bulk frames. Slots in the optimizer's order. */
export interface Load {
  readonly type: 'load';
  readonly term: Term;
  readonly version: number;
}
/** To a server: add these nodes in the tree and vote; or, when there are as many votes as rounds, divide, update: version -> version + 1. */
export interface Apply {
  readonly type: 'apply';
  readonly term: Term;
  readonly version: number;
  /** From 0: it says which layers rest. */
  readonly epoch: number;
  readonly leaves: number;
  readonly nodes: readonly Node[];
  /** f32: trainer/step-scalars.ts, scalarsOf. */
  readonly scalars: readonly number[];
  /** Votes that this step needs. */
  readonly rounds: number;
  /** Those of all servers, joined, f64. */
  readonly votes: readonly (readonly number[])[];
}
/** To a server: send your range of this version in `dump` bulk frames. */
export interface Dump {
  readonly type: 'dump';
  readonly term: Term;
  readonly version: number;
}
export interface Refuse {
  readonly type: 'refuse';
  readonly problem: Problem;
}
/** The run has ended: go. */
export interface Bye {
  readonly type: 'bye';
  readonly reason: string;
}

// ---- bulk connections
/** First message of a bulk connection, of a worker to a server and of a server to the coordinator; again in each term: send me values. */
export interface Attach {
  readonly type: 'attach';
  readonly peer: Peer;
  readonly term: Term;
  /** Of a server: which hello belongs to it. 0: none, it is a worker's. */
  readonly pair: number;
}
/** Every slice of the node is stored, or was already. */
export interface Ack {
  readonly type: 'ack';
  readonly term: Term;
  readonly step: number;
  readonly node: Node;
}

export interface Ping {
  readonly type: 'ping';
  readonly sent: number;
}
export interface Pong {
  readonly type: 'pong';
  readonly sent: number;
}

export type ToCoordinator = Hello | Attach | Ready | Holding | Done | Applied | Vote | Flawed | Report | Ping | Pong;
export type FromCoordinator = Welcome | Fence | Lease | Load | Apply | Dump | Refuse | Bye | Ping | Pong;
export type ToServer = Attach | Ping | Pong;
export type FromServer = Ack | Refuse | Ping | Pong;
export type Message = ToCoordinator | FromCoordinator | ToServer | FromServer;

/** Floats of a range, cut in slices of 1 to 4 MiB. `what`: push (worker -> server), params (server -> worker), load, dump. */
export interface Bulk {
  readonly type: 'push' | 'params' | 'load' | 'dump';
  readonly term: Term;
  /** Step of a push; version of the others. */
  readonly step: number;
  /** Of a push. */
  readonly node: Node | null;
  /** 0: weights (parameters, then state), or their gradients and sums; 1 + i: slot i of the optimizer. */
  readonly vector: number;
  /** Elements of the compact vector that the values begin at, and how many the whole range has: when all have come it is complete. */
  readonly from: number;
  readonly range: FlatRange;
  readonly values: Float32Array;
  /** How they travel. Default f32. */
  readonly encoding?: CodecName;
}

/** A piece of work without its node: what nodes of one tree share. */
export interface WorkName {
  readonly kind: Work['kind'];
  readonly epoch: number;
  readonly step: number;
  readonly version: number;
}
