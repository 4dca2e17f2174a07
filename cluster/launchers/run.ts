// run.ts: a run of several processes, placed by a launcher: coordinator, then servers and workers, each started again when it dies. It
// computes nothing and writes no file; where the processes are is the launcher's business (place.ts).
import { ShoalError } from '../../base/errors.ts';
import type { DoneEvent, RunEvent } from '../../trainer/events.ts';
import type { Allowed } from './engine.ts';
import type { Place } from './place.ts';
import { REFUSED, type Role, type Supervised, supervise } from './process.ts';

/** A server or worker of a run. */
export interface Part {
  readonly role: 'server' | 'worker';
  readonly name: string;
  readonly place: Place;
  /** Options beside --connect and --name. */
  readonly options: readonly string[];
}

export interface RunOptions {
  /** The run's folder: made, with its job. */
  readonly run: string;
  readonly token: string;
  readonly coordinator: {
    readonly place: Place;
    /** Where it listens, HOST:PORT; a port 0 is kept once it is known. */
    readonly listen: string;
    /** Host under which the others reach it, where that is not `listen`'s. */
    readonly host?: string;
    readonly options: readonly string[];
  };
  readonly parts: readonly Part[];
  /** Workers that the first step waits for, where others than `parts` come by themselves. Default: those of `parts`. */
  readonly workers?: number;
  /** Default: 1, and as many as the first step waits for. */
  readonly allowed?: Allowed;
  readonly onEvent: (event: RunEvent) => void;
  /** Where the coordinator is reached; once. */
  readonly onListening?: (url: string) => void;
  /** A line of some process's stderr. */
  readonly onSaid?: (place: string, name: string, text: string) => void;
  /** Aborted: the coordinator finishes the step and saves. */
  readonly signal?: AbortSignal;
  /** The processes, once they are started: for who wants to kill them. */
  readonly onStarted?: (processes: Processes) => void;
}

export interface Processes {
  readonly processes: readonly Supervised[];
  /** Kill -9; it is started again. */
  kill(name: string): void;
}

const GRACE_MS = 10_000;

/**
 * Runs to the end.
 * @throws ShoalError of the coordinator where the run failed; SHOAL_PROCESS when a process dies again and again
 */
export async function runProcesses(options: RunOptions): Promise<DoneEvent> {
  const { run, token, coordinator, parts, onEvent, signal } = options;
  const env = { SHOAL_TOKEN: token };
  const processes: Supervised[] = [];
  let url: string | null = null;
  let done: DoneEvent | null = null;
  let fatal: ShoalError | null = null;
  let step = 0;
  /** The coordinator is there. */
  let leads = false;
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });

  const told = (event: 'killed' | 'restarted', role: Role, name: string): void => onEvent({ event, role, name, step });
  /**
   * A worker that is given up, or was asked to end (its machine is taken away), is missed only by whoever waits for more of them, unless it was
   * the last, or all will end as it did.
   */
  const bearable = (role: Role, code: number | null): boolean =>
    role === 'worker' && (code === 0 || (code !== REFUSED && processes.some((it) => it.role === role && it.running)));

  function start(role: Role, name: string, place: Place, args: () => readonly string[], more: object = {}): void {
    processes.push(
      supervise({
        role,
        name,
        place,
        env,
        args: () => [role, ...args()],
        said: (text) => options.onSaid?.(place.name, name, text),
        restarted() {
          if (role === 'coordinator') leads = false;
          told('restarted', role, name);
        },
        ended(code, text) {
          if (done || (code === 0 && role !== 'coordinator')) return; // told goodbye before we heard of the end
          if (bearable(role, code)) {
            onEvent({ event: 'problem', problem: processError(name, code, text), fatal: false });
            return;
          }
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
    if (said.listening === undefined) return;
    leads = true;
    if (signal?.aborted) interrupt();
    if (url !== null) return;
    const found = new URL(said.listening);
    port = found.port;
    if (coordinator.host !== undefined) found.hostname = coordinator.host;
    url = found.href.replace(/\/$/, '');
    options.onListening?.(url);
    for (const { role, name, place, options: more } of parts)
      start(role, name, place, () => ['--connect', url!, '--name', name, ...more]);
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

  /** It ends well once it leads: before, it would die of the signal, and be started again. */
  function interrupt(): void {
    if (leads) processes[0]!.signal('SIGINT');
  }

  let port: string | null = null;
  const address = () => (port === null ? coordinator.listen : coordinator.listen.replace(/\d+$/, port));
  const count = (role: Role): number => parts.filter((it) => it.role === role).length;
  const workers = options.workers ?? count('worker');
  const { min, max } = options.allowed ?? { min: 1, max: workers };
  const range = ['--workers', `${min}:${max}`, '--start-with', String(workers)];
  const numbers = ['--servers', String(count('server')), ...range];
  const coordinatorArgs = () => ['--resume', run, '--listen', address(), ...numbers, '--json', ...coordinator.options];
  start('coordinator', 'coordinator', coordinator.place, coordinatorArgs, { line: hear, message: listening });
  signal?.addEventListener('abort', interrupt);
  try {
    await ended;
  } finally {
    signal?.removeEventListener('abort', interrupt);
    const [leader, ...others] = processes;
    if (!done) leader!.signal('SIGTERM');
    const stopped = others.map((it) => it.stop(GRACE_MS));
    await leader!.stop(GRACE_MS);
    for (const it of others) it.signal('SIGTERM'); // who was just being started has heard no goodbye
    await Promise.all(stopped);
  }
  if (fatal) throw fatal;
  return done!;
}

export const processError = (name: string, code: number | null, text: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_PROCESS',
    operation: `run the process ${name}`,
    got: `its end, with ${code === null ? 'a signal' : `code ${code}`}${text.trim() === '' ? '' : `:\n${text.trim()}`}`,
    expected: 'a process that lives as long as the run',
    hint: 'The newest checkpoint is intact: run `shoal train --resume RUN`.',
  });
