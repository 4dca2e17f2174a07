// tasks.ts: one command in several processes, each told which part of the whole is its own, until all have ended: preparation of data. There
// is no run and no coordinator; what the parts come to is put together by whoever called.
import { ShoalError } from '../../base/errors.ts';
import type { Place } from './place.ts';
import { type Supervised, supervise } from './process.ts';

export interface TasksOptions {
  /** Of each task. */
  readonly places: readonly Place[];
  /** Of `shoal`; `--task NUMBER/TASKS` is put behind them. */
  readonly args: readonly string[];
  /** Aborted: tasks are asked to end. */
  readonly signal: AbortSignal;
  /** A line of its stdout; tasks are counted from 1. */
  readonly onLine: (task: number, text: string) => void;
  /** A line of its stderr. */
  readonly onSaid: (place: string, task: number, text: string) => void;
}

const GRACE_MS = 10_000;

/**
 * Resolves when every task has ended with 0. A task that was killed, or whose host was away, is started again.
 * @throws {ShoalError} SHOAL_PROCESS with what a task said that failed, the others having been ended; the signal's reason
 */
export async function runTasks({ places, args, signal, onLine, onSaid }: TasksOptions): Promise<void> {
  const tasks: Supervised[] = [];
  let left = places.length;
  let failed: ShoalError | null = null;
  let over = (): void => {};
  const ended = new Promise<void>((resolve) => {
    over = resolve;
  });
  for (const [i, place] of places.entries()) {
    const number = i + 1;
    const name = `task-${number}`;
    tasks.push(
      supervise({
        role: 'worker',
        name,
        place,
        env: {},
        args: () => [...args, '--task', `${number}/${places.length}`],
        line: (text) => onLine(number, text),
        said: (text) => onSaid(place.name, number, text),
        hopeless: (text) => /\bSHOAL_[A-Z]/.test(text), // its own error: it would say the same again
        restarted() {},
        ended(code, text) {
          if (code !== 0) failed ??= taskError(name, place.name, code, text);
          if (code !== 0 || --left === 0) over();
        },
      }),
    );
  }
  const end = (): void => {
    for (const task of tasks) task.signal('SIGTERM');
  };
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  try {
    await ended;
    signal.throwIfAborted();
    if (failed !== null) throw failed;
  } finally {
    signal.removeEventListener('abort', end);
    if (left > 0) end();
    await Promise.all(tasks.map((task) => task.stop(GRACE_MS)));
  }
}

const taskError = (name: string, host: string, code: number | null, text: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_PROCESS',
    operation: `run ${name} ${host}`,
    got: `its end, with ${code === null ? 'a signal' : `code ${code}`}${text.trim() === '' ? '' : `:\n${text.trim()}`}`,
    expected: 'a process that ends with 0',
    hint: 'What is finished stays: the same command makes the rest.',
  });
