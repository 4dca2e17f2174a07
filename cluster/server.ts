// server.ts: a server's process: its connections and its range, driven by the machine (server-machine.ts). No decisions.
import { randomUUID } from 'node:crypto';
import { fromWire, ShoalError, toWire } from '../base/errors.ts';
import { movingOf } from '../trainer/contribution.ts';
import { parseJob } from '../trainer/job.ts';
import { withModules } from '../trainer/modules.ts';
import { optimizerOf } from '../trainer/optimizers/index.ts';
import { type Phase, phaseAt, phasesOf, segmentsAt } from '../trainer/phases.ts';
import { dial, type Reach } from './dial.ts';
import { drive } from './drive.ts';
import type { Bulk, FlatRange, FromCoordinator } from './messages.ts';
import { createMeter, REPORT_MS } from './meter.ts';
import { type PeerNews, termNews } from './peer-news.ts';
import { arithmetic } from './profile.ts';
import { createRangeServer, type RangeServer } from './range-server.ts';
import { createSender, type Sender } from './sender.ts';
import { handleServer, startServer } from './server-machine.ts';
import type { ServerAction, ServerConfig, Slice } from './server-types.ts';
import { type Connection, createListener, type ListenerTls } from './transport.ts';

export interface ServerOptions extends Reach {
  /** The coordinator's URL. */
  readonly connect: string;
  /** Lasts over restarts. Default: made up. */
  readonly name?: string;
  /** Where workers reach it. Default: a free port of 127.0.0.1. */
  readonly host?: string;
  readonly port?: number;
  /** Instead of host and port, as workers see them. */
  readonly advertise?: string;
  readonly listenTls?: ListenerTls;
  /** Without the coordinator for so long, it ends. Default: a minute. */
  readonly deadlineMs?: number;
  /** Aborted: leave. */
  readonly signal?: AbortSignal;
  readonly onNews?: (news: PeerNews) => void;
}

export const sliceOf = ({ values, ...rest }: Bulk): Slice => ({ ...rest, count: values.length });

/** Whether no value is NaN or infinite: x - x is 0 of all others. */
function isFinite32(values: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! - values[i]!;
  return sum === 0;
}

/**
 * Serves a range until the run is over.
 * @throws ShoalError when the coordinator refuses it, or is gone for too long
 */
export async function runServer(options: ServerOptions): Promise<void> {
  const { kernels, profile } = arithmetic();
  const { connect: url, host = '127.0.0.1', port = 0, listenTls: tls, deadlineMs = 60_000, signal } = options;
  const { token, insecure, limits } = options;
  const workers = new Map<number, { readonly connection: Connection; readonly sender: Sender }>();
  const incarnation = randomUUID();
  const meter = createMeter();
  const tell = (news: PeerNews): void => options.onNews?.(news);
  const hearTerm = termNews(tell);
  let links = 0;
  let owned: RangeServer | null = null;
  let phases: readonly Phase[] = [];
  let floats = new Float32Array(0); // of the frame that is being handled
  let line: { readonly control: Connection; readonly bulk: Connection; readonly sender: Sender } | null = null;
  let end = (_: ShoalError | null): void => {};
  const ended = new Promise<ShoalError | null>((resolve) => {
    end = resolve;
  });
  const fail = (error: unknown): void => end(error instanceof ShoalError ? error : fromWire(toWire(error)));
  const listener = await createListener({
    host,
    port,
    token,
    ...(tls && { tls }),
    ...(insecure !== undefined && { insecure }),
    ...(limits && { limits }),
    onRefused: meter.ended,
    onPeer(first, connection) {
      meter.add(connection);
      if (first.type !== 'attach') throw outOfTurn(first.type);
      const link = ++links;
      workers.set(link, { connection, sender: createSender(connection) });
      machine.feed({ kind: 'attach', link, message: first });
      return {
        message(message) {
          // once more in a new term
          if (message.type === 'attach') machine.feed({ kind: 'attach', link, message });
        },
        bulk(bulk) {
          if (bulk.type !== 'push') throw outOfTurn(bulk.type);
          floats = bulk.values as Float32Array<ArrayBuffer>;
          machine.feed({ kind: 'push', link, slice: { ...sliceOf(bulk), finite: isFinite32(floats) } });
        },
        close(reason) {
          meter.ended(reason);
          if (workers.delete(link)) machine.feed({ kind: 'detached', link });
        },
      };
    },
  });

  const peer = { role: 'server', name: options.name ?? `server-${incarnation.slice(0, 8)}`, incarnation } as const;
  const config: ServerConfig = { peer, profile, url: options.advertise ?? listener.url, bugs: new Set() };
  const machine = drive(
    startServer(),
    (state, event: Parameters<typeof handleServer>[2]) => handleServer(config, state, event),
    act,
  );

  let making = false;
  let waiting: (() => void)[] = [];
  /** What the coordinator says while a range is being made is heard afterwards: its frames are the first that go into it. */
  function inTurn(hear: () => void): void {
    waiting.push(hear);
    while (!making && waiting.length > 0) waiting.shift()!();
  }

  async function prepare(json: unknown, range: FlatRange): Promise<void> {
    making = true;
    const job = parseJob(await withModules(json, (named) => named), "the run's job");
    phases = phasesOf(job);
    const segments = phases.map(({ from }) => movingOf(segmentsAt(job, from)));
    const optimizer = optimizerOf(job.optimizer.class_name);
    const { config: optimizerConfig } = job.optimizer;
    const { microShards } = job;
    owned = createRangeServer({ phases: segments, optimizer, optimizerConfig, microShards, range, kernels });
    machine.feed({ kind: 'prepared', vectors: owned.vectors, microShards });
    making = false;
    inTurn(() => {});
  }

  function act(action: ServerAction): void {
    switch (action.kind) {
      case 'send':
        line?.control.send(action.message);
        return;
      case 'ask':
        line?.bulk.send(action.message);
        return;
      case 'prepare':
        prepare(action.job, action.range).catch(fail);
        return;
      case 'store': {
        const { type, node, step, vector, from } = action.slice;
        if (type === 'load') owned!.load(step, vector, from, floats);
        else owned!.store(node!, from, floats);
        return;
      }
      case 'free':
        return; // apply has forgotten them, or what comes next is written over them
      case 'answer':
        workers.get(action.link)?.connection.send(action.message);
        return;
      case 'close': {
        const worker = workers.get(action.link);
        worker?.connection.send({ type: 'refuse', problem: action.problem });
        void worker?.connection.close();
        return;
      }
      case 'apply':
        owned!.apply({ ...action, phase: phaseAt(phases, action.epoch) });
        machine.feed({ kind: 'applied', term: action.term, version: action.version + 1 });
        return;
      case 'measure': {
        const { term, version, epoch, votes } = action.message;
        const sums = owned!.vote({ ...action.message, phase: phaseAt(phases, epoch) });
        machine.feed({ kind: 'measured', term, version, round: votes.length, sums });
        return;
      }
      case 'params': {
        const { term, version: step } = action;
        const values = owned!.read(step, 0); // one copy for all of them
        for (const link of action.links) {
          const sender = workers.get(link)?.sender;
          sender?.drop();
          sender?.send('params', { type: 'params', term, step, node: null, vector: 0 }, owned!.range, values);
        }
        return;
      }
      case 'dump': {
        const { term, version: step } = action;
        for (let vector = 0; vector < owned!.vectors; vector++) {
          const name = { type: 'dump', term, step, node: null, vector } as const;
          line?.sender.send('dump', name, owned!.range, owned!.read(step, vector));
        }
        return;
      }
      case 'reset':
        for (const { sender } of workers.values()) sender.drop();
        line?.sender.drop();
        owned?.forget();
        return;
      case 'stop':
        end(action.problem && fromWire(action.problem));
        return;
    }
  }

  const lines = dial({
    ...options,
    url,
    deadlineMs,
    bulkApart: true,
    up(control, bulk) {
      for (const connection of [control, bulk]) meter.add(connection);
      tell({ news: 'connected', to: url });
      line = { control, bulk, sender: createSender(bulk) };
      machine.feed({ kind: 'connected' });
    },
    inVain: (problem) => tell({ news: 'unreachable', to: url, problem: toWire(problem) }),
    down() {
      line = null;
      waiting = [];
      tell({ news: 'disconnected', to: url });
      machine.feed({ kind: 'lost' });
    },
    message(message) {
      inTurn(() => {
        hearTerm(message as FromCoordinator);
        machine.feed({ kind: 'message', message: message as FromCoordinator });
      });
    },
    bulk(bulk) {
      inTurn(() => {
        floats = bulk.values as Float32Array<ArrayBuffer>;
        machine.feed({ kind: 'load', slice: sliceOf(bulk) });
      });
    },
    failed: end,
  });
  const reports = setInterval(() => line?.control.send(meter.report), REPORT_MS);
  const leave = (): void => end(null);
  signal?.addEventListener('abort', leave, { once: true });
  if (signal?.aborted) leave();
  const problem = await ended;
  clearInterval(reports);
  signal?.removeEventListener('abort', leave);
  await Promise.all([lines.stop(), listener.close()]);
  if (problem) throw problem;
}

const outOfTurn = (got: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_OUT_OF_TURN',
    operation: 'hear a worker',
    got,
    expected: 'attach, then pushes',
    hint: 'Do both ends run the same version of Shoal?',
  });
