// rate.ts: how much came a second, over the last ten. It keeps ten numbers.

export interface Rate {
  /** @param now ms of a monotonic clock */
  add(amount: number, now: number): void;
  /** A second; over the time since the first, where that is less than ten. */
  at(now: number): number;
}

const SECONDS = 10;

export function createRate(): Rate {
  const buckets = new Float64Array(SECONDS);
  let first: number | null = null;
  let newest = 0; // second that the newest bucket is of

  /** Empties the buckets of seconds that went by. */
  function turn(now: number): number {
    const second = Math.floor(now / 1000);
    for (let s = Math.max(newest + 1, second - SECONDS + 1); s <= second; s++) buckets[s % SECONDS] = 0;
    newest = Math.max(newest, second);
    return second;
  }

  return {
    add(amount, now) {
      first ??= now;
      buckets[turn(now) % SECONDS]! += amount;
    },
    at(now) {
      if (first === null) return 0;
      const second = turn(now);
      // the oldest bucket is a whole second, the newest as far as it got
      const since = Math.max(first, (second - SECONDS + 1) * 1000);
      return buckets.reduce((a, b) => a + b, 0) / Math.max(1, (now - since) / 1000);
    },
  };
}
