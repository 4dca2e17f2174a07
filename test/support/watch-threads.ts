// watch-threads.ts: the worker threads that a test starts: to kill one, and to see that none is left.
import assert from 'node:assert/strict';
import type { Worker } from 'node:worker_threads';

export interface WatchedThreads {
  /** In the order of their start: a session starts its compute threads first. */
  readonly started: readonly Worker[];
  /** Those that have not ended. */
  readonly alive: number;
  stop(): void;
}

/** Watches the threads that this process starts from now on. */
export function watchThreads(): WatchedThreads {
  const started: Worker[] = [];
  let alive = 0;
  const seen = (worker: Worker) => {
    started.push(worker);
    alive++;
    worker.once('exit', () => alive--);
  };
  process.on('worker', seen);
  return {
    started,
    get alive() {
      return alive;
    },
    stop: () => process.off('worker', seen),
  };
}

/** Every test of this describe() must leave no thread and nothing open behind. @returns the threads of the test under way */
export function leavesNothing(): () => WatchedThreads {
  let watch: WatchedThreads;
  let open: string;
  const resources = () => process.getActiveResourcesInfo().sort().join();
  beforeEach(() => {
    open = resources();
    watch = watchThreads();
  });
  afterEach(() => {
    watch.stop();
    assert.equal(watch.alive, 0, 'threads that outlived the run');
    assert.equal(resources(), open, 'handles that outlived the run');
  });
  return () => watch;
}
