// executor.ts: what a worker computes with. The interface alone: wasm-executor.ts is one.
import type { Contribution } from './contribution.ts';
import type { Work } from './work.ts';

/** What of a process decides the bits. Compared when a worker joins. */
export interface Profile {
  /** strict: multiply, then add. fused: relaxed SIMD's multiply-add. tfjs: whatever its backend does. */
  readonly arithmetic: 'strict' | 'fused' | 'reference' | 'tfjs';
  /** sha256 of the kernels that computed; of tfjs the backend and its version. */
  readonly kernels: string;
}

/** The samples of one piece of work, in memory that both the data pool and the executor see. */
export interface Batch {
  /** All bundles of the work (work.ts), InputLayout.leafBytes apart. With `samples`: room for a bundle of each team. */
  readonly bytes: Uint8Array;
  /** Which samples they are, where they are not there yet: for the executor that has them all in its memory. Default: they are there. */
  readonly samples?: BatchSamples;
  /** To be called once, when nothing reads the samples any more. */
  release(): void;
}

/** Samples of a batch, to be copied from a table (resident.ts). */
export interface BatchSamples {
  /** Address of the table. */
  readonly table: number;
  /** Rows of the table, bundle by bundle. */
  readonly indices: Uint32Array;
}

/** Parameters of one version. Pinned: they are not overwritten before release. */
export interface Pinned {
  /** Names these values: what an executor has made of them stands for as long as it is given the same number. */
  readonly version: number;
  /** As in memory: each tensor at 64 bytes. */
  readonly bytes: Uint8Array;
  /** Settles when the version stands. Work in the same memory need not wait: it is queued behind. */
  readonly ready: Promise<void>;
  release(): void;
}

export interface Executor {
  readonly profile: Profile;
  /** How many leaves it computes as one device batch: work is never smaller. A power of two. */
  readonly unit: number;
  /** Computes the node's contribution. It releases the batch and the parameters when it has read them. */
  compute(work: Work, batch: Batch, parameters: Pinned, signal: AbortSignal): Promise<Contribution>;
  /** The newest piece of work is not wanted: it may end early, and its sums mean nothing. */
  cancel?(): void;
  close(): Promise<void>;
}
