// chaos.ts: kills processes of a local run at random, from a seed. Not what becomes of it.
import { draws, seedWords, unit } from '../../base/random.ts';
import type { Processes } from './run.ts';

export interface ChaosOptions {
  /** Milliseconds between kills, on average. */
  readonly mtbfMs: number;
  readonly seed: number;
}

/** Kills one of the processes at once, and others now and then, until it is told to stop. */
export function unleash({ processes, kill }: Processes, { mtbfMs, seed }: ChaosOptions): () => void {
  const random = draws(seedWords(seed), 0, 0, 0);
  let turn = 0;
  let timer: NodeJS.Timeout | undefined;
  const strike = (): void => {
    kill(processes[Math.floor(unit(random(turn++)) * processes.length)]!.name);
    // the time to the next of independent accidents
    const pause = -Math.log(1 - unit(random(turn++))) * mtbfMs;
    timer = setTimeout(strike, pause);
  };
  strike();
  return () => clearTimeout(timer);
}
