// slurm-tasks.ts: the batch script of tasks that share one piece of work, each by its rank, and of what follows them: pure text. Of a run:
// slurm-script.ts.
import { quoted } from './slurm-script.ts';

export interface SlurmTasks {
  readonly name: string;
  /** What runs `shoal`: [node, bin/shoal.js]. */
  readonly command: readonly string[];
  /** Of the submission: a folder that all nodes see. */
  readonly cwd: string;
  readonly tasks: number;
  /** Processors of each; null: what Slurm gives a task. */
  readonly threads: number | null;
  /** Of `shoal`: they take --task auto. */
  readonly args: readonly string[];
  /** Of `shoal`, once, after all tasks. */
  readonly after: readonly string[];
  /** File of what they say: %j stands for the job's number. */
  readonly output: string;
  /** More lines of #SBATCH. */
  readonly more: readonly string[];
}

export function slurmTasks({ name, command, cwd, tasks, threads, args, after, output, more }: SlurmTasks): string {
  const directives = [
    `--job-name=${name}`,
    `--ntasks=${tasks}`,
    ...(threads === null ? [] : [`--cpus-per-task=${threads}`]),
    '--requeue', // a node that fails starts the job again: finished shards stay
    '--open-mode=append',
    `--output=${quoted(output)}`,
    ...more,
  ];
  const line = (words: readonly string[]): string => [...command, ...words].map(quoted).join(' ');
  return `#!/bin/bash
${directives.map((it) => `#SBATCH ${it}`).join('\n')}

cd ${quoted(cwd)} || exit 2
srun --kill-on-bad-exit=1 ${line(args)} --task auto --threads "\${SLURM_CPUS_PER_TASK:-1}" || exit
exec ${line(after)}
`;
}
