// slurm-script.ts: the batch script of a run: pure text. Its ranks find their places by themselves (environment.ts); what it adds is where
// the coordinator is, and what happens when Slurm wants the nodes back. Submitting it: slurm.ts.
import { executing } from './engine.ts';

export interface SlurmScript {
  readonly name: string;
  /** What runs `shoal`: [node, bin/shoal.js]. */
  readonly command: readonly string[];
  /** Of the submission: a folder that all nodes see. */
  readonly cwd: string;
  /** The run's folder, which all nodes see: made, with its job and its token. */
  readonly run: string;
  readonly workers: number;
  readonly servers: number;
  /** Of each worker; null: what Slurm gives a task. */
  readonly threads: number | null;
  /** LaunchOptions. */
  readonly executor?: string;
  /** Seconds before the time limit, or a preemption, at which the run is asked to end well. */
  readonly grace: number;
  /** More lines of #SBATCH: "--partition=short". */
  readonly more: readonly string[];
  readonly insecure: boolean;
}

/** A word as bash reads it. */
export const quoted = (word: string): string =>
  /^[\w./@:+=,%-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

export function slurmScript(of: SlurmScript): string {
  const { name, command, cwd, run, workers, servers, threads, executor, grace, more, insecure } = of;
  const directives = [
    `--job-name=${name}`,
    `--ntasks=${workers}`,
    ...(threads === null ? [] : [`--cpus-per-task=${threads}`]),
    '--requeue', // a node that fails, or an operator, starts the job again: it goes on from the newest checkpoint
    '--open-mode=append',
    `--signal=B:USR1@${grace}`,
    `--output=${quoted(`${run.replaceAll('%', '%%')}/slurm-%j.out`)}`, // sbatch reads quotes as bash does
    ...more,
  ];
  const rank = [
    ...command,
    'worker',
    '--resume',
    run,
    '--servers',
    String(servers),
    ...executing(executor),
    ...(insecure ? ['--insecure'] : []),
  ];
  return `#!/bin/bash
${directives.map((line) => `#SBATCH ${line}`).join('\n')}

cd ${quoted(cwd)} || exit 2
SHOAL_TOKEN=$(cat ${quoted(`${run}/token`)}) || exit 2
export SHOAL_TOKEN

# Rank 0 runs on the first node: the address that Slurm itself reaches it by, since names of nodes need not resolve.
first=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
MASTER_ADDR=$(sinfo -h -n "$first" -o %o | head -n 1)
export MASTER_ADDR MASTER_PORT=$((20000 + SLURM_JOB_ID % 20000))

# Before the time limit, and on a preemption (PreemptParameters=send_user_signal): finish the step, write a checkpoint, queue again.
again=
trap 'again=1; scancel --signal=TERM "$SLURM_JOB_ID.0"' USR1

srun --kill-on-bad-exit=0 ${rank.map(quoted).join(' ')} &
step=$!
wait "$step"
status=$?
while kill -0 "$step" 2>/dev/null; do # a trapped signal ends a wait
  wait "$step"
  status=$?
done
if [ -n "$again" ] && [ "$status" != 0 ]; then
  exec scontrol requeue "$SLURM_JOB_ID"
fi
exit "$status"
`;
}
