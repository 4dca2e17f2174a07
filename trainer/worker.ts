// worker.ts: the compute thread as a Piscina task: one endless call a thread. What it does stands in thread.ts.
import { GCProfiler } from 'node:v8';
import { workerData } from 'node:worker_threads';
import { viewsOf } from '../kernels/abi.ts';
import { instantiate, type KernelModule } from '../kernels/load.ts';
import type { ThreadSetup } from './control.ts';
import { customCalls } from './custom-calls.ts';
import { importLayers } from './layers/import-layers.ts';
import { runThread } from './thread.ts';

export interface WorkerData {
  readonly setup: ThreadSetup;
  readonly kernels: KernelModule;
  /** That register layers. */
  readonly modules: readonly string[];
}

/** What a thread has to say when it ends. */
export interface ThreadReport {
  /** Micro-shards that it computed, or shared in. */
  readonly leaves: number;
  /** Collections of its heap while it ran. */
  readonly collections: number;
}

export async function compute({ index }: { readonly index: number }): Promise<ThreadReport> {
  const { setup, kernels, modules } = workerData as WorkerData;
  await importLayers(modules);
  const profiler = new GCProfiler();
  const instance = instantiate(kernels, setup.memory, customCalls(viewsOf(setup.memory.buffer)));
  profiler.start();
  const leaves = runThread(setup, index, instance);
  return { leaves, collections: profiler.stop().statistics.length };
}
