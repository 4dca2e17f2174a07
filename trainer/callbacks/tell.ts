// tell.ts: what happens is told to the callbacks of a job's own, each in order; what becomes of those that throw or never come to an end.
// It keeps nothing.
import type { Problem } from '../../base/errors.ts';
import type { RunEvent } from '../events.ts';
import type { CallbackConfig } from './index.ts';
import { registeredCallbacks } from './registered.ts';

export interface OwnCallbacks {
  tell(event: RunEvent): void;
  /** Returns once all have taken what they were told, or have had their time. */
  close(): Promise<void>;
}

/** @param most milliseconds that a callback may take at a run's end */
export function openOwnCallbacks(
  configs: readonly CallbackConfig[],
  problem: (problem: Problem) => void,
  most = 10_000,
): OwnCallbacks {
  const own = configs.flatMap(({ class_name, config }) => {
    const callback = registeredCallbacks.get(class_name);
    return callback ? [{ callback, config, told: Promise.resolve() }] : [];
  });
  return {
    tell(event) {
      if (event.event === 'problem' && event.problem.code === 'SHOAL_CALLBACK') return; // or who fails at all told is told of it for ever
      for (const one of own)
        one.told = one.told
          .then(() => one.callback.onEvent(event, one.config))
          .catch((error: unknown) =>
            problem(failed(one.callback.className, error instanceof Error ? error.message : String(error))),
          );
    },
    async close() {
      for (const { callback, told } of own) {
        let timer: NodeJS.Timeout | undefined;
        const late = new Promise<'late'>((resolve) => {
          timer = setTimeout(resolve, most, 'late');
        });
        if ((await Promise.race([told, late])) === 'late')
          problem(failed(callback.className, `a promise that does not settle within ${most / 1000} s`));
        clearTimeout(timer);
      }
    },
  };
}

const failed = (className: string, got: string): Problem => ({
  code: 'SHOAL_CALLBACK',
  operation: `tell the callback ${className} what happens`,
  got,
  expected: 'a function that returns',
  hint: 'Correct its onEvent: the run goes on.',
});
