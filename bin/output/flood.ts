// flood.ts: something that may be said thousands of times a second is said once a second, with how many of it were not said. It says nothing itself.

const FLOOD_MS = 1000;

/** @returns calls what it is given now and then, with the number of calls before that came to nothing */
export function createFlood(now: () => number = () => performance.now()): (say: (unsaid: number) => void) => void {
  let until = 0;
  let unsaid = 0;
  return (say) => {
    const at = now();
    if (at < until) {
      unsaid++;
      return;
    }
    say(unsaid);
    until = at + FLOOD_MS;
    unsaid = 0;
  };
}
