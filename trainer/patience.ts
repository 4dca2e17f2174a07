// patience.ts: how long a compute thread that waits stays awake: long while nobody else wants the cores, briefly beside other programs.
// It measures and decides; the pool tells its threads.
import { cpus } from 'node:os';

/**
 * Turns of a waiting loop before a thread sleeps: about 0.15 ms, and 1.5 ms. Waking costs more than a sleep saves: the core must first
 * be given back by whoever runs the machine, and the thread may find itself beside the one that woke it. (OpenMP waits awake for 200 ms.)
 */
export const BRIEF = 10_000;
export const LONG = 100_000;

/** Cores' worth of other programs that count as none: an editor, a browser at rest, the system. */
const STRANGERS = 0.25;

/** What has been counted since the system, or this process, began: in ms of one core. */
export interface CoreTimes {
  /** All programs on all cores. */
  readonly busy: number;
  /** This process. */
  readonly own: number;
  readonly now: number;
}

/** As the operating system counts; `busy` in steps of some 10 ms. */
export function coreTimes(): CoreTimes {
  const { user, system } = process.cpuUsage();
  const busy = cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
  return { busy, own: (user + system) / 1000, now: performance.now() };
}

/**
 * The turns for `threads` compute threads on `cores` cores, from what two readings lie apart. 0 where there are more threads than cores:
 * one that waits awake would hold up the one it waits for.
 */
export function patience(before: CoreTimes, after: CoreTimes, threads: number, cores: number): number {
  if (threads > cores) return 0;
  const wall = after.now - before.now;
  const strangers = after.busy - before.busy - (after.own - before.own);
  return strangers <= (cores - threads + STRANGERS) * wall ? LONG : BRIEF;
}

/** How often is looked whether other programs want the cores. */
const EVERY_MS = 200;

/** Tells the turns for `threads` compute threads, at once and from then on, until the returned function is called. */
export function keepPatience(threads: number, cores: number, tell: (turns: number) => void): () => void {
  if (threads > cores) {
    tell(0);
    return () => {};
  }
  tell(BRIEF);
  let times = coreTimes();
  const timer = setInterval(() => {
    const before = times;
    times = coreTimes();
    tell(patience(before, times, threads, cores));
  }, EVERY_MS).unref();
  return () => clearInterval(timer);
}
