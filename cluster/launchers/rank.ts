// rank.ts: one of many processes that something else started (srun, mpirun, a Job): by its rank it leads a run, or computes for it. Rank 0
// runs the coordinator and the servers beside its worker; every other rank is a worker. Where ranks come from: environment.ts.
import type { DoneEvent, RunEvent } from '../../trainer/events.ts';
import { availableThreads } from '../../trainer/pool.ts';
import { inUrl, isLoopback } from '../address.ts';
import { keepIdentity } from '../certificate.ts';
import { executing } from './engine.ts';
import type { Placement } from './environment.ts';
import { namesOf } from './local.ts';
import { takeOffice } from './office.ts';
import { here } from './place.ts';
import { supervise } from './process.ts';
import { type Part, processError, runProcesses } from './run.ts';

export interface RankOptions {
  readonly placement: Placement;
  /** What runs `shoal`: [node, bin/shoal.js]. */
  readonly command: readonly string[];
  readonly token: string;
  /** Of this rank's worker. Default: its processors, or its share of the machine's. */
  readonly threads?: number;
  /** What that computes with: LaunchOptions. */
  readonly executor?: string;
  /** Beyond loopback without TLS. */
  readonly insecure?: boolean;
  /** Aborted: the run is to end well. */
  readonly signal: AbortSignal;
  readonly onSaid: (place: string, name: string, text: string) => void;
}

export interface LeadOptions extends RankOptions {
  /** The run's folder: made, with its job. */
  readonly run: string;
  readonly servers: number;
  readonly onEvent: (event: RunEvent) => void;
  /** Another process leads this folder now. */
  readonly onDeposed: () => void;
}

export interface FollowOptions extends RankOptions {
  /** Whom to trust, as a file of PEM; it may appear later. */
  readonly ca: string | null;
}

/** For a run to end well before those who compute for it leave. */
const LEAVE_MS = 20_000;

/** Of its worker. */
function computing({ threads, executor, placement: { cpus, localWorld } }: RankOptions): readonly string[] {
  const each = threads ?? cpus ?? Math.max(1, Math.floor(availableThreads() / localWorld));
  return ['--threads', String(each), ...executing(executor)];
}

/** Its worker has tried for a minute to find the coordinator, and ended of it. That it tries in vain so far is a warning. */
export const leaderless = (text: string): boolean => /error SHOAL_WIRE_(CONNECT|TIMEOUT)/.test(text);

export const rankName = (rank: number): string => `rank-${rank}`;

/** Rank 0. @throws as runProcesses does */
export async function lead(options: LeadOptions): Promise<DoneEvent> {
  const { placement, run, servers, command, token, signal, onEvent, onSaid, insecure = false } = options;
  const { master, port, world, rank } = placement;
  const inside = isLoopback(master);
  const identity = inside || insecure ? null : `${run}/tls`;
  if (identity) keepIdentity(identity, [master]);
  const open = insecure ? ['--insecure'] : [];
  const shown = identity ? ['--cert', `${identity}/cert.pem`, '--key', `${identity}/key.pem`] : open;
  const trust = identity ? ['--ca', `${identity}/cert.pem`] : open;
  // a name that stands for this machine elsewhere may stand for its loopback here
  const any = inside ? inUrl(master) : '0.0.0.0';
  const scheme = identity ? 'wss' : 'ws';
  const place = here(command);
  const server = (name: string, i: number): Part => {
    const at = port + 1 + i;
    const reached = inside ? [] : ['--advertise', `${scheme}://${inUrl(master)}:${at}`];
    const both = identity ? [...shown, ...trust] : open;
    return { role: 'server', name, place, options: ['--listen', `${any}:${at}`, ...reached, ...both] };
  };
  let killAll = (): void => {};
  const office = await takeOffice(run, () => {
    killAll();
    options.onDeposed();
  });
  try {
    return await runProcesses({
      run,
      token,
      signal,
      onEvent,
      onSaid,
      coordinator: { place, listen: `${any}:${port}`, ...(!inside && { host: master }), options: shown },
      parts: [
        ...namesOf('server', servers).map(server),
        { role: 'worker', name: rankName(rank), place, options: [...computing(options), ...trust] },
      ],
      workers: world,
      onStarted({ processes }) {
        killAll = () => {
          for (const it of processes) it.signal('SIGKILL');
        };
      },
    });
  } finally {
    office.leave();
  }
}

/** Any other rank: a worker, started again while that helps. @throws SHOAL_PROCESS */
export async function follow(options: FollowOptions): Promise<void> {
  const { placement, command, token, signal, onSaid, ca, insecure = false } = options;
  const { master, port, rank } = placement;
  const secure = !isLoopback(master) && !insecure;
  const url = `${secure ? 'wss' : 'ws'}://${inUrl(master)}:${port}`;
  const trust = [...(secure && ca ? ['--ca', ca] : []), ...(insecure ? ['--insecure'] : [])];
  const name = rankName(rank);
  const place = here(command);
  await new Promise<void>((resolve, reject) => {
    const worker = supervise({
      role: 'worker',
      name,
      place,
      env: { SHOAL_TOKEN: token },
      args: () => ['worker', '--connect', url, '--name', name, ...computing(options), ...trust],
      said: (text) => onSaid(place.name, name, text),
      hopeless: leaderless,
      restarted() {},
      ended(code, text) {
        // one that was being started when the run ended has heard no goodbye; a rank 0 that failed says so itself
        if (code === 0 || signal.aborted || leaderless(text)) resolve();
        else reject(processError(name, code, text));
      },
    });
    // rank 0 has heard the same: the step under way is to be finished, and its end is told
    signal.addEventListener('abort', () => setTimeout(() => worker.signal('SIGTERM'), LEAVE_MS).unref(), {
      once: true,
    });
  });
}
