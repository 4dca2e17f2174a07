// is-alive.ts: whether a process of this machine is there. Not whether it is the one that was meant: numbers are given again.

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0); // no signal: whether there is one
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'; // one of another user's is there
  }
}
