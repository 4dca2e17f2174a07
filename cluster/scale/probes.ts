// probes.ts: what this machine gives so many independent processes at this moment: the limit that threads and workers are held against.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { workerFile } from '../../base/worker-file.ts';

export interface Probes {
  /** Multiply-adds a second of `count` processes at the same time, summed; in a unit of its own. */
  measure(count: number, seconds: number): Promise<number>;
  close(): Promise<void>;
}

/** Processes are started when they are first needed, and wait in between. */
export function startProbes(): Probes {
  const children: ChildProcess[] = [];
  const file = fileURLToPath(workerFile('./probe-process', import.meta.url));

  async function grow(count: number): Promise<void> {
    const fresh = Array.from({ length: Math.max(0, count - children.length) }, () => fork(file, { stdio: 'inherit' }));
    children.push(...fresh);
    await Promise.all(fresh.map((child) => once(child, 'message'))); // ready
  }

  return {
    async measure(count, seconds) {
      await grow(count);
      const rates = children.slice(0, count).map(async (child) => {
        const answer = once(child, 'message');
        child.send({ seconds });
        return ((await answer) as [number])[0];
      });
      return (await Promise.all(rates)).reduce((sum, rate) => sum + rate, 0);
    },
    async close() {
      const exits = children.map((child) => once(child, 'exit'));
      for (const child of children) child.disconnect();
      await Promise.all(exits);
    },
  };
}
