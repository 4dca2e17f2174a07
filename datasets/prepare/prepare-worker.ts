// prepare-worker.ts: the thread side of a preparation: writes the shards that it is given. Decides nothing: run.ts says which.
import { workerData } from 'node:worker_threads';
import { type Problem, toWire } from '../../base/errors.ts';
import type { ReaderShare } from '../reader.ts';
import { type Loader, type Places, reopenSource } from '../source.ts';
import type { PrepareJob } from './job.ts';
import { type ShardRecord, type ShardTask, writeShard } from './shard.ts';

export interface PrepareSetup {
  readonly out: string;
  readonly share: ReaderShare;
  readonly job: PrepareJob;
  readonly classes: readonly string[] | null;
  readonly places: Places | undefined;
}

const { out, share, job, classes, places } = workerData as PrepareSetup;
// A failure is reported by the first task: thrown here, Piscina would know no task to give it to.
const opening: Promise<Loader> = reopenSource(share);
opening.catch(() => {});

/** Returned, not thrown: an error loses its class on the way. */
export async function prepare(task: ShardTask): Promise<ShardRecord | { readonly problem: Problem }> {
  try {
    return await writeShard(out, task, await opening, job, { classes, places });
  } catch (error) {
    return { problem: toWire(error) };
  }
}
