// write-shards.ts: shards written by several processes, each by one of them. Which there are: plan.ts; how one is written: prepare-process.ts.
import { each } from '../each.ts';
import type { Loader } from '../source.ts';
import type { PrepareSetup } from './prepare-process.ts';
import type { ShardRecord, ShardTask } from './shard.ts';
import { startShardProcess } from './shard-process.ts';

/**
 * The first failure stops the others.
 * @param contents where the setup's share is of no use to other processes
 * @param onRecord called as each shard is finished
 * @throws what writing a shard throws, and the signal's reason once it is aborted
 */
export async function writeShards(
  tasks: readonly ShardTask[],
  setup: PrepareSetup,
  contents: Loader,
  processes: number,
  signal: AbortSignal,
  onRecord: (record: ShardRecord) => void,
): Promise<void> {
  signal.throwIfAborted();
  const all = Array.from({ length: processes }, () => startShardProcess(setup, contents));
  const endAll = () => Promise.all(all.map((process) => process.end()));
  signal.addEventListener('abort', endAll);
  try {
    const free = [...all];
    await each(tasks, processes, async (task) => {
      const process = free.pop()!;
      onRecord(await process.write(task));
      free.push(process);
    });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', endAll);
    await endAll();
  }
}
