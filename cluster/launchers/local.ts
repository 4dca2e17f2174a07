// local.ts: the launcher of this machine: all processes here, over loopback; the same as on several machines.
import { availableThreads } from '../../trainer/pool.ts';
import { RUN } from '../../trainer/run-folder.ts';
import { findToken, keepToken } from '../token.ts';
import { type Engine, executing, type LaunchOptions } from './engine.ts';
import { here } from './place.ts';
import { type Part, type Processes, runProcesses } from './run.ts';

export interface LocalOptions extends LaunchOptions {
  /** The processes, once they are started: for who wants to kill them. */
  readonly onStarted?: (processes: Processes) => void;
}

/** The token of a run: from SHOAL_TOKEN, or kept in its folder. */
export const tokenOf = (run: string): string =>
  findToken({ environment: process.env }) ?? keepToken(`${run}/${RUN.token}`);

/** Names of one role: "worker-1", "worker-2"... */
export const namesOf = (role: Part['role'], count: number): readonly string[] =>
  Array.from({ length: count }, (_, i) => `${role}-${i + 1}`);

export const local: Engine<LocalOptions> = {
  name: 'local',
  what: 'processes on this machine',
  launch(options) {
    const { command, run, workers, servers, threads, executor, ...rest } = options;
    const place = here(command);
    const each = threads ?? Math.max(1, Math.floor(availableThreads() / workers));
    const computing = ['--threads', String(each), ...executing(executor)];
    const part = (role: Part['role'], count: number, more: readonly string[]): readonly Part[] =>
      namesOf(role, count).map((name) => ({ role, name, place, options: more }));
    return runProcesses({
      ...rest,
      run,
      token: tokenOf(run),
      coordinator: { place, listen: '127.0.0.1:0', options: [] },
      parts: [...part('server', servers, []), ...part('worker', workers, computing)],
    });
  },
};
