// reader-thread.ts: the other thread of the reader suite: opens what was shared, answers with all that it can see.
import { parentPort, workerData } from 'node:worker_threads';
import { fieldBytes, type ReaderShare, reopenReader } from '../../datasets/reader.ts';

const { share, indices } = workerData as { share: ReaderShare; indices: number[] };
const reader = await reopenReader(share);
const { fields, length, classes, hash } = reader;
const samples = indices.map((index) => {
  const entries = Object.entries(fields).map(([name, field]) => [name, new Uint8Array(fieldBytes(field))] as const);
  const sample = Object.fromEntries(entries);
  reader.read(index, sample);
  return sample;
});
reader.close();
parentPort!.postMessage({ fields, length, classes, hash, samples });
