// feeder.ts: the data pool: threads that put the samples of coming steps into input slots. Not what to read when: sampler.ts and the trainer say.
import { Piscina } from 'piscina';
import { ShoalError } from '../base/errors.ts';
import { workerFile } from '../base/worker-file.ts';
import { augmentedFields } from './augment/index.ts';
import {
  type FeedAugment,
  type FeedFailure,
  type FeedSetup,
  type FeedTask,
  type FeedTimes,
  type InputLayout,
  NO_SAMPLE,
  SAMPLE,
  STOP,
} from './feed-messages.ts';
import { checkRequests, cutTasks, type FillRequest, leafCapacity } from './fill-request.ts';
import type { Reader } from './reader.ts';
import { type TransformConfig, transformRows } from './transforms/index.ts';

export interface FeederOptions {
  readonly reader: Reader;
  readonly transforms: readonly TransformConfig[];
  /** Changes of images, or of rows of ids, on their way. Default: none. */
  readonly augment?: FeedAugment | null;
  readonly memory: SharedArrayBuffer;
  readonly layout: InputLayout;
  /** Threads of the data pool. */
  readonly threads: number;
  /** How long one fill may take, queueing included, before it is given up. Default 60,000. */
  readonly deadlineMs?: number;
}

export interface Feeder {
  /**
   * Writes the rows of every request. Several steps in one call cost one message a thread (about 100 us), not one a step.
   * Resolves when all bytes are in place. Rejects with the signal's reason when aborted; when it rejects so, or for a read
   * error, no thread writes any more. What the slots hold is then undefined.
   * @throws {ShoalError} SHOAL_DATA_SAMPLE, SHOAL_DATA_THREAD, SHOAL_DATA_DEADLINE, SHOAL_DATA_QUEUE, SHOAL_DATA_LAYOUT, SHOAL_DATA_CLOSED
   */
  fill(requests: readonly FillRequest[], signal?: AbortSignal): Promise<void>;
  /** Ends the threads at once, waits until they are gone. Fills under way reject. */
  close(): Promise<void>;
  /** What the threads have done so far, all together. */
  readonly times: FeedTimes;
}

/** Tasks that may wait or run at a time. A caller who reads a few steps ahead never meets it. */
const QUEUE_LIMIT = 64;

/**
 * Starts the threads; they open the reader from its share.
 * @throws {ShoalError} SHOAL_DATA_LAYOUT when the layout does not fit the reader's fields after the transforms; SHOAL_DATA_FIELD, SHOAL_SHAPE
 */
export function createFeeder(options: FeederOptions): Feeder {
  const { reader, transforms, augment = null, memory, layout, threads, deadlineMs = 60_000 } = options;
  const fields = augmentedFields(transformRows(reader, transforms).fields, augment?.configs ?? []);
  const capacity = leafCapacity(layout, fields);
  const pool = new Piscina({
    filename: workerFile('./feed-worker', import.meta.url),
    name: 'feed',
    minThreads: threads,
    maxThreads: threads,
    workerData: { share: reader.share(), transforms, augment, memory, layout } satisfies FeedSetup,
    recordTiming: false,
  });
  // A thread that dies between tasks is replaced by Piscina, and the next task tells if it dies again.
  pool.on('error', () => {});
  let closed = false;
  let queued = 0;
  let times: FeedTimes = { read: 0, augment: 0 };

  async function runTasks(tasks: readonly FeedTask[], signal: AbortSignal | undefined): Promise<void> {
    const stop = () => {
      for (const { status } of tasks) Atomics.store(status, STOP, 1);
    };
    const deadline = new AbortController(); // Piscina ends a thread whose running task is aborted: the last resort
    const timer = setTimeout(() => deadline.abort(), deadlineMs);
    signal?.addEventListener('abort', stop);
    let failure: ShoalError | null = null;
    const outcomes = tasks.map(async (task) => {
      const sample = () => Atomics.load(task.status, SAMPLE);
      try {
        const answer = (await pool.run(task, { signal: deadline.signal })) as FeedFailure | FeedTimes;
        if (!('problem' in answer)) {
          times = { read: times.read + answer.read, augment: times.augment + answer.augment };
          return;
        }
        failure ??= notRead(answer);
      } catch (cause) {
        failure ??= closed ? closing() : deadline.signal.aborted ? late(sample(), deadlineMs) : died(sample(), cause);
      }
      stop();
    });
    await Promise.all(outcomes);
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
    if (failure !== null) throw failure;
    signal?.throwIfAborted();
  }

  return {
    async fill(requests, signal) {
      signal?.throwIfAborted();
      if (closed) throw closing();
      checkRequests(requests, layout, capacity, memory.byteLength);
      const tasks = cutTasks(requests, layout.leafBytes, threads);
      if (queued + tasks.length > QUEUE_LIMIT) throw queueFull(queued);
      queued += tasks.length;
      try {
        await runTasks(tasks, signal);
      } finally {
        queued -= tasks.length;
      }
    },
    async close() {
      closed = true;
      await pool.destroy();
    },
    get times() {
      return times;
    },
  };
}

const at = (sample: number): string =>
  sample === NO_SAMPLE ? 'open the dataset in a data thread' : `read sample ${sample}`;

function notRead({ sample, problem }: FeedFailure): ShoalError {
  const { operation, got, expected, hint } = problem;
  return new ShoalError({ code: 'SHOAL_DATA_SAMPLE', operation: `${at(sample)}: ${operation}`, got, expected, hint });
}

const died = (sample: number, cause: unknown): ShoalError =>
  new ShoalError(
    {
      code: 'SHOAL_DATA_THREAD',
      operation: at(sample),
      got: `the end of its data thread (${cause instanceof Error ? cause.message : String(cause)})`,
      expected: 'the sample',
      hint: 'Look at that sample, and at the memory that is left on this machine.',
    },
    { cause },
  );

const late = (sample: number, deadlineMs: number): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_DEADLINE',
    operation: at(sample),
    got: `no end after ${deadlineMs} ms`,
    expected: 'all rows of the batch',
    hint: 'Is the storage reachable? Give up this feeder: its thread was ended, perhaps in the middle of a row.',
  });

const queueFull = (queued: number): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_QUEUE',
    operation: 'fill input slots',
    got: `${queued} tasks under way already`,
    expected: `at most ${QUEUE_LIMIT}`,
    hint: 'Await earlier fills, or put more steps into one.',
  });

const closing = (): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_CLOSED',
    operation: 'fill input slots',
    got: 'a closed feeder',
    expected: 'an open one',
    hint: 'Close the feeder after the last fill.',
  });
