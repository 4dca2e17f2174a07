// worker.ts: the compute thread as a Piscina task: one endless call a thread. What it does stands in thread.ts.
import { GCProfiler } from 'node:v8';
import { workerData } from 'node:worker_threads';
import { instantiate, type KernelModule } from '../kernels/load.ts';
import type { ThreadSetup } from './control.ts';
import { runThread } from './thread.ts';

export interface WorkerData {
  readonly setup: ThreadSetup;
  readonly kernels: KernelModule;
}

/** What a thread has to say when it ends: collections of its heap while it ran. */
export interface ThreadReport {
  readonly collections: number;
}

export default function compute({ index }: { readonly index: number }): ThreadReport {
  const { setup, kernels } = workerData as WorkerData;
  const profiler = new GCProfiler();
  const instance = instantiate(kernels, setup.memory);
  profiler.start();
  runThread(setup, index, instance);
  return { collections: profiler.stop().statistics.length };
}
