// feed-worker.ts: the thread side of the feeder: reads samples straight into shared memory. Decides nothing: feeder.ts says what goes where.
import { workerData } from 'node:worker_threads';
import { toWire } from '../base/errors.ts';
import { type FeedFailure, type FeedSetup, type FeedTask, SAMPLE, STOP } from './feed-messages.ts';
import { reopenReader } from './reader.ts';
import { type Rows, transformRows } from './transforms/index.ts';

const { share, transforms, memory, layout } = workerData as FeedSetup;
const bytes = new Uint8Array(memory);
// A failure is reported by the first task: thrown here, Piscina would know no task to give it to.
const opening: Promise<Rows> = reopenReader(share).then((reader) => transformRows(reader, transforms));
opening.catch(() => {});

/** Returns null when every row is in place, or when told to stop. */
export default async function feed({ addresses, rows, indices, status }: FeedTask): Promise<FeedFailure | null> {
  try {
    const source = await opening;
    let next = 0;
    for (let leaf = 0; leaf < addresses.length; leaf++) {
      for (let row = 0; row < rows[leaf]!; row++) {
        if (Atomics.load(status, STOP) === 1) return null;
        const index = indices[next++]!;
        Atomics.store(status, SAMPLE, index);
        const into: Record<string, Uint8Array> = {};
        for (const name in layout.fields) {
          const { at, rowBytes } = layout.fields[name]!;
          const start = addresses[leaf]! + at + row * rowBytes;
          into[name] = bytes.subarray(start, start + rowBytes);
        }
        source.read(index, into);
      }
    }
    return null;
  } catch (error) {
    return { sample: Atomics.load(status, SAMPLE), problem: toWire(error) };
  }
}
