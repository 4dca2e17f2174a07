// task.ts: which part of a job this machine does: `3/16`, or what Slurm and Kubernetes say in the environment. It starts nothing.
import { ShoalError } from '../../base/errors.ts';

/** Counted from 1. */
export interface Task {
  readonly number: number;
  readonly of: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * "3/16": the third of sixteen. "auto": of Slurm's array or step. "auto/16": of a Kubernetes indexed Job of 16 completions.
 * @throws {ShoalError} SHOAL_USAGE
 */
export function parseTask(text: string, environment: Environment): Task {
  const [first, second] = text.split(/\/(.*)/s, 2);
  const task = first === 'auto' ? fromEnvironment(environment, second) : { number: whole(first), of: whole(second) };
  const { number, of } = task;
  if (Number.isInteger(number) && Number.isInteger(of) && number >= 1 && number <= of && of <= 100_000) return task;
  throw new ShoalError({
    code: 'SHOAL_USAGE',
    operation: 'choose the part of a job',
    got:
      first === 'auto'
        ? `--task ${text} where the environment says ${said(number)} of ${said(of)} tasks`
        : `--task ${text}`,
    expected: 'NUMBER/TASKS, or auto under Slurm, or auto/TASKS in a Kubernetes indexed Job',
    hint: 'For example --task 3/16: tasks are numbered from 1.',
  });
}

function fromEnvironment(environment: Environment, tasks: string | undefined): Task {
  const at = (name: string) => whole(environment[name]);
  if (environment['SLURM_ARRAY_TASK_ID'] !== undefined) {
    const first = environment['SLURM_ARRAY_TASK_MIN'] === undefined ? 0 : at('SLURM_ARRAY_TASK_MIN');
    const step = environment['SLURM_ARRAY_TASK_STEP'] === undefined ? 1 : at('SLURM_ARRAY_TASK_STEP');
    return { number: (at('SLURM_ARRAY_TASK_ID') - first) / step + 1, of: at('SLURM_ARRAY_TASK_COUNT') };
  }
  if (environment['SLURM_PROCID'] !== undefined) return { number: at('SLURM_PROCID') + 1, of: at('SLURM_NTASKS') };
  return { number: at('JOB_COMPLETION_INDEX') + 1, of: whole(tasks) };
}

const said = (value: number): string => (Number.isNaN(value) ? 'nothing' : String(value));

const whole = (text: string | undefined): number => (/^\d{1,9}$/.test(text ?? '') ? Number(text) : Number.NaN);
