// fetch-thread.ts: the thread that fetches for one that waits (block-fetcher.ts): every range that it is asked for, at once.
import { workerData } from 'node:worker_threads';
import { toWire } from '../base/errors.ts';
import type { Fetched, FetchSetup, Wanted } from './block-fetcher.ts';
import { fetchBytes } from './remote-data.ts';

const { remote, port, flag } = workerData as FetchSetup;

port.on('message', async ({ key, path, at, bytes }: Wanted) => {
  let answer: Fetched;
  try {
    answer = { key, bytes: await fetchBytes(remote, path, bytes, at) };
  } catch (error) {
    answer = { key, problem: toWire(error) };
  }
  port.postMessage(answer);
  Atomics.add(flag, 0, 1);
  Atomics.notify(flag, 0);
});
