// fetch-thread.ts: the thread that fetches for one that waits (remote-reader.ts): one range at a time.
import { workerData } from 'node:worker_threads';
import { toWire } from '../base/errors.ts';
import { fetchBytes } from './remote-data.ts';
import type { Fetched, FetchSetup, Wanted } from './remote-reader.ts';

const { remote, port, flag } = workerData as FetchSetup;

port.on('message', async ({ path, at, bytes }: Wanted) => {
  let answer: Fetched;
  try {
    answer = { bytes: await fetchBytes(remote, path, bytes, at) };
  } catch (error) {
    answer = { problem: toWire(error) };
  }
  port.postMessage(answer);
  Atomics.store(flag, 0, 1);
  Atomics.notify(flag, 0);
});
