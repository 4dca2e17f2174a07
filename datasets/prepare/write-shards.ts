// write-shards.ts: shards written on a pool of threads, each by one of them. Which there are: plan.ts; how one is written: prepare-worker.ts.
import { Piscina } from 'piscina';
import { fromWire, type ShoalError } from '../../base/errors.ts';
import { workerFile } from '../../base/worker-file.ts';
import { each } from '../each.ts';
import type { PrepareSetup } from './prepare-worker.ts';
import type { ShardRecord, ShardTask } from './shard.ts';

/**
 * The first failure stops the others.
 * @param onRecord called as each shard is finished
 * @throws what a thread threw, and the signal's reason once it is aborted
 */
export async function writeShards(
  tasks: readonly ShardTask[],
  setup: PrepareSetup,
  threads: number,
  signal: AbortSignal,
  onRecord: (record: ShardRecord) => void,
): Promise<void> {
  if (tasks.length === 0) return;
  const pool = new Piscina({
    filename: workerFile('./prepare-worker', import.meta.url),
    name: 'prepare',
    minThreads: threads,
    maxThreads: threads,
    workerData: setup,
    recordTiming: false,
  });
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  try {
    // one task at a time for each thread: the entries of waiting shards are not cloned ahead
    await each(tasks, threads, async (task) => {
      const answer = (await pool.run(task, { signal: either })) as ShardRecord | { problem: ShoalError };
      if ('problem' in answer) throw fromWire(answer.problem);
      onRecord(answer);
    });
  } catch (error) {
    stop.abort();
    signal.throwIfAborted();
    throw error;
  } finally {
    await pool.destroy();
  }
}
