// interrupt.ts: Ctrl-C: the first asks the run to end well, the second ends the process. Not what ending well is.

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

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Handles Ctrl-C, and an end asked for by the system, until the returned function is called. */
export function onInterrupt(first: () => void, second: () => void): () => void {
  const handler = createInterrupt({ now: Date.now, first, second });
  for (const signal of SIGNALS) process.on(signal, handler);
  return () => {
    for (const signal of SIGNALS) process.off(signal, handler);
  };
}
