// feed-messages.ts: what the feeder and its threads say to each other. Types and word numbers only: both sides import it.
import type { Problem } from '../base/errors.ts';
import type { Seed } from '../base/random.ts';
import type { KernelModule } from '../kernels/load.ts';
import type { AugmentConfig } from './augment/index.ts';
import type { ReaderShare } from './reader.ts';
import type { TransformConfig } from './transforms/index.ts';

/** How one micro-shard's input lies in memory. */
export interface InputLayout {
  /** From the start of one leaf to the next. */
  readonly leafBytes: number;
  /** By field: its first row within the leaf, and the bytes of a row. Rows are packed. Fields not named are not read. */
  readonly fields: Readonly<Record<string, { readonly at: number; readonly rowBytes: number }>>;
}

/** Transforms of samples on their way, and whether they are held out: then these get the fixed counterparts of random changes. */
export interface FeedAugment {
  readonly configs: readonly AugmentConfig[];
  readonly seed: Seed;
  readonly heldOut: boolean;
  readonly kernels: KernelModule;
}

/** What a data thread is started with. */
export interface FeedSetup {
  readonly share: ReaderShare;
  readonly transforms: readonly TransformConfig[];
  /** Null: images go into their slots as they are. */
  readonly augment: FeedAugment | null;
  readonly memory: SharedArrayBuffer;
  readonly layout: InputLayout;
}

/** Rows of several leaves, flat: three arrays are cloned far faster than a tree of objects. */
export interface FeedTask {
  /** (leaves) Byte addresses. Doubles: a memory may be larger than 2 GiB. */
  readonly addresses: Float64Array;
  /** (leaves) Rows in each. */
  readonly rows: Uint32Array;
  /** (leaves) What random changes are keyed by: the step, and the place in the global batch of the leaf's first row. */
  readonly steps: Uint32Array;
  readonly places: Uint32Array;
  /** Rows of each micro-shard, leaf after leaf: samples are mixed within one. */
  readonly shards: Uint32Array;
  /** (sum of rows) Samples. */
  readonly indices: Uint32Array;
  /** In shared memory: STOP, SAMPLE. */
  readonly status: Int32Array;
}

/** Word of a task's status: the feeder sets it to 1, the thread returns before the next sample. */
export const STOP = 0;
/** Word of a task's status: the sample being read, or NO_SAMPLE. Tells what a thread died of. */
export const SAMPLE = 1;
export const NO_SAMPLE = -1;

/** Milliseconds of a data thread's work, by stage. */
export interface FeedTimes {
  /** Samples from memory or from disk, decoded where they are not yet, labels in the form that the loss takes. */
  readonly read: number;
  /** Changes at random. */
  readonly augment: number;
}

/** What the thread could not do. Returned, not thrown: an error loses its class on the way. */
export interface FeedFailure {
  /** NO_SAMPLE when the reader did not open. */
  readonly sample: number;
  readonly problem: Problem;
}
