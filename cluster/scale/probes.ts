// probes.ts: what this machine gives so many independent processes at this moment: the limit that threads and workers are held against.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ShoalError } from '../../base/errors.ts';
import { workerFile } from '../../base/worker-file.ts';

export interface Probes {
  /** Multiply-adds a second of `count` processes at the same time, summed; in a unit of its own. @throws SHOAL_SCALE_PROBE */
  measure(count: number, seconds: number): Promise<number>;
  close(): Promise<void>;
}

interface Probe {
  /** It is loaded and warm. @throws SHOAL_SCALE_PROBE */
  readonly ready: Promise<unknown>;
  /** @throws SHOAL_SCALE_PROBE */
  measure(seconds: number): Promise<number>;
  /** Resolves when it is gone. */
  end(): Promise<unknown>;
}

/** Processes are started when they are first needed, and wait in between. */
export function startProbes(): Probes {
  const probes: Probe[] = [];
  const file = fileURLToPath(workerFile('./probe-process', import.meta.url));
  return {
    async measure(count, seconds) {
      while (probes.length < count) probes.push(startProbe(file));
      const wanted = probes.slice(0, count);
      await Promise.all(wanted.map((probe) => probe.ready)); // none computes while another still starts
      const rates = await Promise.all(wanted.map((probe) => probe.measure(seconds)));
      return rates.reduce((sum, rate) => sum + rate, 0);
    },
    async close() {
      await Promise.all(probes.map((probe) => probe.end()));
    },
  };
}

function startProbe(file: string): Probe {
  const child = fork(file, { stdio: 'inherit' });
  const gone = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(String(error))); // it did not start
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  // a process that is gone answers nothing: whoever waits for it is told so
  const lost = gone.then((how) => Promise.reject(lostError(how)));
  lost.catch(() => {}); // its end is no error where nobody waits
  const answer = (): Promise<unknown[]> => Promise.race([once(child, 'message'), lost]);
  const ready = answer();
  ready.catch(() => {}); // nor here: it is asked for later
  return {
    ready,
    async measure(seconds) {
      const rate = answer();
      child.send({ seconds }, () => {}); // where it cannot be told it has ended: `rate` tells
      return (await rate)[0] as number;
    },
    end() {
      if (child.connected) child.disconnect();
      return gone;
    },
  };
}

const lostError = (how: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_SCALE_PROBE',
    operation: 'measure what the machine gives',
    got: `the end of a probe process: ${how}`,
    expected: 'a process that lasts as long as the experiment',
    hint: 'What was measured is kept: go on with --resume. SIGKILL may come of too little memory.',
  });
