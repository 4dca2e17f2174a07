// local.ts: a run of several processes on this machine: coordinator, servers and workers over loopback, each started again when it
// dies. It computes nothing and writes no file but the token's; the processes are the same as on several machines.
import { ShoalError } from '../../base/errors.ts';
import type { DoneEvent, RunEvent } from '../../trainer/events.ts';
import { RUN } from '../../trainer/run-folder.ts';
import { findToken, keepToken } from '../token.ts';
import { type Role, type Supervised, supervise } from './process.ts';

export interface LocalOptions {
  /** What runs `shoal`: [node, bin/shoal.js]. */
  readonly command: readonly string[];
  /** The run's folder: made, with its job. */
  readonly run: string;
  readonly workers: number;
  readonly servers: number;
  /** Of each worker. */
  readonly threads: number;
  readonly onEvent: (event: RunEvent) => void;
  /** Aborted: the coordinator finishes the step and saves. */
  readonly signal?: AbortSignal;
  /** The processes, once they are started: for who wants to kill them. */
  readonly onStarted?: (processes: Local) => void;
}

export interface Local {
  readonly processes: readonly Supervised[];
  /** Kill -9; it is started again. */
  kill(name: string): void;
}

const GRACE_MS = 10_000;

/**
 * Runs to the end.
 * @throws ShoalError of the coordinator where the run failed; SHOAL_PROCESS when a process dies again and again
 */
export async function runLocal(options: LocalOptions): Promise<DoneEvent> {
  const { command, run, workers, servers, threads, onEvent, signal } = options;
  const env = { SHOAL_TOKEN: findToken({ environment: process.env }) ?? keepToken(`${run}/${RUN.token}`) };
  const processes: Supervised[] = [];
  let url: string | null = null;
  let done: DoneEvent | null = null;
  let fatal: ShoalError | null = null;
  let step = 0;
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });

  const told = (event: 'killed' | 'restarted', role: Role, name: string): void => onEvent({ event, role, name, step });
  function start(role: Role, name: string, args: () => readonly string[], more: object = {}): void {
    processes.push(
      supervise({
        role,
        name,
        env,
        command: () => [...command, role, ...args()],
        restarted: () => told('restarted', role, name),
        ended(code, text) {
          if (done || (code === 0 && role !== 'coordinator')) return; // told goodbye before we heard of the end
          fatal ??= processError(name, code, text);
          end();
        },
        ...more,
      }),
    );
  }

  function hear(text: string): void {
    let event: RunEvent;
    try {
      event = JSON.parse(text) as RunEvent;
    } catch {
      return; // a line that a kill cut short
    }
    if (event.event === 'step') {
      step = event.step;
      for (const it of processes) it.progressed();
    }
    if (event.event === 'problem' && event.fatal) fatal = new ShoalError(event.problem);
    if (event.event === 'done') done = event;
    onEvent(event);
    if (done || fatal) end();
  }

  /** The others need to know where it listens. A new one listens at the same place. */
  function listening(message: unknown): void {
    const said = message as { readonly listening?: string };
    if (said.listening === undefined || url !== null) return;
    url = said.listening;
    for (let i = 1; i <= servers; i++)
      start('server', `server-${i}`, () => ['--connect', url!, '--name', `server-${i}`]);
    for (let i = 1; i <= workers; i++)
      start('worker', `worker-${i}`, () => ['--connect', url!, '--name', `worker-${i}`, '--threads', String(threads)]);
    options.onStarted?.({
      processes,
      kill(name) {
        const victim = processes.find((it) => it.name === name && it.running);
        if (!victim || done) return;
        told('killed', victim.role, name);
        victim.kill();
      },
    });
  }

  const address = () => (url === null ? '127.0.0.1:0' : new URL(url).host);
  const numbers = ['--servers', String(servers), '--workers', `1:${workers}`, '--start-with', String(workers)];
  const coordinatorArgs = () => ['--resume', run, '--listen', address(), ...numbers, '--json'];
  start('coordinator', 'coordinator', coordinatorArgs, { line: hear, message: listening });
  const interrupt = (): void => processes[0]!.signal('SIGINT');
  signal?.addEventListener('abort', interrupt);
  if (signal?.aborted) interrupt();
  try {
    await ended;
  } finally {
    signal?.removeEventListener('abort', interrupt);
    const [coordinator, ...others] = processes;
    if (!done) coordinator!.signal('SIGTERM');
    const stopped = others.map((it) => it.stop(GRACE_MS));
    await coordinator!.stop(GRACE_MS);
    for (const it of others) it.signal('SIGTERM'); // who was just being started has heard no goodbye
    await Promise.all(stopped);
  }
  if (fatal) throw fatal;
  return done!;
}

const processError = (name: string, code: number | null, text: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_PROCESS',
    operation: `run the process ${name}`,
    got: `its end, with ${code === null ? 'a signal' : `code ${code}`}${text.trim() === '' ? '' : `:\n${text.trim()}`}`,
    expected: 'a process that lives as long as the run',
    hint: 'The newest checkpoint is intact: run `shoal train --resume RUN`.',
  });
