// usage.ts: loaded by --import into each process of a measured run: writes what the process used, and when, at its end. It changes nothing.
import { writeFileSync } from 'node:fs';
import { type Profiler, Session } from 'node:inspector';
import { isMainThread } from 'node:worker_threads';

/** What one process leaves behind, as JSON. Times are ms of the clock on the wall. */
export interface Usage {
  /** coordinator, server, worker; train for a single process. */
  readonly role: string;
  /** Time, ms of processor since the start (all threads), resident bytes. */
  readonly samples: readonly (readonly [at: number, cpu: number, memory: number])[];
  /** Of the main thread, where it was asked for. */
  readonly profile: { readonly began: number; readonly of: Profiler.Profile } | null;
}

const EVERY_MS = 50;
const PROFILE_US = 500;

const folder = process.env['SHOAL_BENCH_USAGE'];
if (folder !== undefined && isMainThread) watch(folder);

function watch(into: string): void {
  const samples: [number, number, number][] = [];
  const sample = (): void => {
    const { user, system } = process.cpuUsage();
    samples.push([Date.now(), (user + system) / 1000, process.memoryUsage.rss()]);
  };
  sample();
  setInterval(sample, EVERY_MS).unref();
  const session = process.env['SHOAL_BENCH_PROFILE'] === '1' ? new Session() : null;
  session?.connect();
  session?.post('Profiler.enable');
  session?.post('Profiler.setSamplingInterval', { interval: PROFILE_US });
  const began = Date.now();
  session?.post('Profiler.start');
  process.on('exit', () => {
    sample();
    let profile: Usage['profile'] = null;
    session?.post('Profiler.stop', (error, { profile: of }) => {
      if (!error) profile = { began, of };
    });
    const usage: Usage = { role: process.argv[2] ?? '', samples, profile };
    writeFileSync(`${into}/${process.pid}.json`, JSON.stringify(usage));
  });
}
