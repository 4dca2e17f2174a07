// interrupt.ts: Ctrl-C: the first asks the run to end well, the second ends the process. Not what ending well is.
import { EXIT, type ExitCode } from './output/exit-codes.ts';
import type { Screen } from './output/screen.ts';

/**
 * One press can arrive more than once: the terminal signals every process of the group, and npx passes its own on. What comes this
 * soon after the first is the same press.
 */
const SAME_PRESS_MS = 500;

export interface InterruptOptions {
  readonly now: () => number;
  readonly first: () => void;
  readonly second: () => void;
}

/** A handler of signals. */
export function createInterrupt({ now, first, second }: InterruptOptions): () => void {
  let pressed: number | null = null;
  return () => {
    if (pressed === null) {
      pressed = now();
      first();
    } else if (now() - pressed > SAME_PRESS_MS) second();
  };
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Handles Ctrl-C, an end asked for by the system, and a terminal that closes, until the returned function is called. */
export function onInterrupt(first: () => void, second: () => void): () => void {
  const now = () => performance.now(); // a clock that is set back between two presses must not eat the second
  const handler = createInterrupt({ now, first, second });
  for (const signal of SIGNALS) process.on(signal, handler);
  return () => {
    for (const signal of SIGNALS) process.off(signal, handler);
  };
}

/**
 * Work that Ctrl-C breaks off, by its signal, and that the same command goes on with: then `kept` is said. A second Ctrl-C ends the process.
 */
export async function untilInterrupted(
  kept: string,
  screen: Screen,
  work: (signal: AbortSignal) => Promise<ExitCode>,
): Promise<ExitCode> {
  const stop = new AbortController();
  const release = onInterrupt(
    () => stop.abort(new Error('interrupted')),
    () => process.exit(EXIT.interrupted), // processes that it started end with it
  );
  try {
    return await work(stop.signal);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    screen.err(`Interrupted. ${kept}`);
    return EXIT.interrupted;
  } finally {
    release();
  }
}
