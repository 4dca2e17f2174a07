// waiting.ts: those of the host who wait for commands of a pool, and the one sleep that serves them all. Threads wait otherwise (thread.ts).
import { CONTROL, commandWord, RING, TELL } from './control.ts';

export interface WaitingOptions {
  readonly i32: Int32Array;
  /** Where the control block begins, in words. */
  readonly control: number;
  readonly teams: number;
  /** Commands that all threads have finished. */
  readonly completed: () => number;
  /** Why no more will be finished; null while all is well. Whoever says so adds to CONTROL.told, and notifies. */
  readonly failure: () => Error | null;
}

export interface Waiting {
  /** Settles when so many commands are finished. Rejects when they will not be. */
  reached(count: number): Promise<void>;
}

export function createWaiting({ i32, control, teams, completed, failure }: WaitingOptions): Waiting {
  /** Who waits, and for how many commands: the fewest first. */
  const waiting: { readonly count: number; readonly settle: (error?: Error) => void }[] = [];
  let watching = false;

  /** Sleeps until about half of those who wait have what they want: waking the host takes a core from a compute thread, so it is done seldom. */
  async function watch(): Promise<void> {
    watching = true;
    await null; // so that those who begin to wait now are among them
    for (;;) {
      const told = Atomics.load(i32, control + CONTROL.told);
      settleReached();
      const middle = waiting[Math.floor(waiting.length / 2)];
      if (!middle) break;
      Atomics.store(i32, control + commandWord((middle.count - 1) % RING, teams) + TELL, 1);
      if (completed() >= middle.count) continue; // it may have ended before it could see that somebody waits
      const wait = Atomics.waitAsync(i32, control + CONTROL.told, told);
      if (wait.async) await wait.value;
    }
    watching = false;
  }

  function settleReached(): void {
    const now = completed();
    const reason = failure();
    while (waiting.length > 0 && (waiting[0]!.count <= now || reason)) {
      const { count, settle } = waiting.shift()!;
      settle(count <= now ? undefined : reason!); // done is done, even when a thread has died since
    }
  }

  return {
    async reached(count) {
      if (completed() >= count) return;
      await new Promise<void>((resolve, reject) => {
        const place = waiting.findLastIndex((other) => other.count <= count) + 1;
        waiting.splice(place, 0, { count, settle: (error) => (error ? reject(error) : resolve()) });
        if (!watching) void watch();
      });
    },
  };
}
