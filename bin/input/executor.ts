// executor.ts: what --executor names, loaded when it is asked for. Not the executors: trainer/tfjs-executor.ts.
import type { WorkerExecutor } from '../../cluster/worker-executor.ts';
import type { Job } from '../../trainer/job.ts';
import { usageError } from '../output/usage-error.ts';

/** Undefined: our own kernels. @throws SHOAL_USAGE for another name, and what says that its backend is not installed */
export async function executorOf(name: string | undefined): Promise<WorkerExecutor | undefined> {
  if (name === undefined || name === 'wasm') return undefined;
  const { executorNamed, executorProfile } = await import('../../trainer/tfjs-executor.ts');
  return { profile: executorProfile(name)!, of: (job) => executorNamed(name, job)! };
}

/**
 * Whether processes that compute with it may train the job, wherever they are: it need not be installed here.
 * @throws SHOAL_USAGE for another name and for a job without a tolerance, SHOAL_EXECUTOR for what it cannot compute of the job
 */
export async function checkWorkers(operation: string, name: string | undefined, job: Job): Promise<void> {
  if (name === undefined || name === 'wasm') return;
  const { checkExecutor } = await import('../../trainer/tfjs-executor.ts');
  checkExecutor(name, job);
  if (job.tolerance === null)
    throw usageError(
      operation,
      `--executor ${name} with several processes, and a job without a tolerance`,
      'a job that says how far its gradients may be from those of our kernels',
      'For example: --set tolerance=0.001',
    );
}
