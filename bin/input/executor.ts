// executor.ts: what --executor names, loaded when it is asked for. Not the executors: trainer/tfjs-executor.ts.
import type { WorkerExecutor } from '../../cluster/worker-executor.ts';

/** Undefined: our own kernels. @throws SHOAL_USAGE for another name, and what says that its backend is not installed */
export async function executorOf(name: string | undefined): Promise<WorkerExecutor | undefined> {
  if (name === undefined || name === 'wasm') return undefined;
  const { executorNamed, executorProfile } = await import('../../trainer/tfjs-executor.ts');
  return { profile: executorProfile(name)!, of: (job) => executorNamed(name, job)! };
}
