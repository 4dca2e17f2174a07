// worker.ts: a worker's process: its connections, its engine, driven by the machine (worker-machine.ts). No decisions.
import { randomUUID } from 'node:crypto';
import { fromWire, ShoalError, toWire } from '../base/errors.ts';
import { type Dataset, decodedBy } from '../datasets/reader.ts';
import { initializeWeights, joined } from '../trainer/initialize.ts';
import { type Job, parseJob } from '../trainer/job.ts';
import { withModules } from '../trainer/modules.ts';
import { availableThreads } from '../trainer/pool.ts';
import { openJobData } from '../trainer/session.ts';
import { segmentsOf } from '../trainer/weights.ts';
import { type Dial, dial, type Reach } from './dial.ts';
import { drive } from './drive.ts';
import { withFrozen } from './frozen.ts';
import type { FromCoordinator, FromServer, ServerAddress } from './messages.ts';
import { createMeter, REPORT_MS } from './meter.ts';
import { type PeerNews, termNews } from './peer-news.ts';
import { datasetHash, fetchDataset } from './remote-data.ts';
import { createSender, type Sender } from './sender.ts';
import { sliceOf } from './server.ts';
import { createWorkerEngine, type WorkerEngine } from './worker-engine.ts';
import { profileOfWorker, type WorkerExecutor } from './worker-executor.ts';
import { handleWorker, startWorker } from './worker-machine.ts';
import type { WorkerAction, WorkerConfig, WorkerEvent } from './worker-types.ts';

export interface WorkerOptions extends Reach {
  /** The coordinator's URL. */
  readonly connect: string;
  /** Lasts over restarts. Default: made up. */
  readonly name?: string;
  /** Default: as many as the machine runs at once. */
  readonly threads?: number;
  /** What it computes with. Default: our kernels. */
  readonly executor?: WorkerExecutor;
  /** Default: what the job's data names; fetched from the coordinator where it is not on this machine. */
  readonly openData?: (job: Job) => Promise<Dataset>;
  /** Folder that fetched data are kept in. Default: memory alone. */
  readonly cache?: string;
  /** Bytes that it may hold. Default: 64 GiB. */
  readonly cacheBytes?: number;
  /** Without the coordinator for so long, it ends. Default: a minute. */
  readonly deadlineMs?: number;
  /** Aborted: leave. */
  readonly signal?: AbortSignal;
  readonly onNews?: (news: PeerNews) => void;
}

interface Line {
  readonly address: ServerAddress;
  readonly dial: Dial;
  sender: Sender | null;
}

/**
 * Works until the run is over.
 * @throws ShoalError when the coordinator refuses it or is gone for too long, when its data cannot be read, when its executor refuses the job,
 *   when a thread dies
 */
export async function runWorker(options: WorkerOptions): Promise<void> {
  const { connect: url, threads = availableThreads(), deadlineMs = 60_000, signal } = options;
  const incarnation = randomUUID();
  const peer = { role: 'worker', name: options.name ?? `worker-${incarnation.slice(0, 8)}`, incarnation } as const;
  const config: WorkerConfig = { peer, profile: profileOfWorker(options.executor), bugs: new Set() };
  const handle = (state: ReturnType<typeof startWorker>, event: WorkerEvent) => handleWorker(config, state, event);
  const machine = drive(startWorker(), handle, act);
  const servers = new Map<string, Line>();
  const meter = createMeter();
  const tell = (news: PeerNews): void => options.onNews?.(news);
  const hearTerm = termNews(tell);
  let engine: WorkerEngine | null = null;
  let over = false;
  let floats = new Float32Array(0); // of the frame that is being handled
  let end = (_: ShoalError | null): void => {};
  const ended = new Promise<ShoalError | null>((resolve) => {
    end = resolve;
  });
  const fail = (error: unknown): void => end(error instanceof ShoalError ? error : fromWire(toWire(error)));

  async function open(job: Job): Promise<Dataset> {
    if (options.openData) return options.openData(job);
    try {
      return await openJobData(job);
    } catch (error) {
      if (!(error instanceof ShoalError && error.code === 'SHOAL_DATA_MISSING')) throw error;
      return fetchDataset({ ...options, url });
    }
  }

  async function prepare(json: unknown): Promise<void> {
    const job = parseJob(await withModules(json, (named) => named), "the run's job");
    const dataset = await open(job);
    const first = joined(initializeWeights(job.model, job.seed));
    const weights = await withFrozen({ ...options, url }, segmentsOf(job.model).weights, first);
    if (over) return; // nobody would close it
    engine = createWorkerEngine({
      job,
      dataset,
      threads,
      ...(options.executor && { executor: options.executor }),
      weights,
      final: (lease, ranges) => machine.feed({ kind: 'final', lease, ranges }),
      computed: (lease, totals) => machine.feed({ kind: 'computed', lease, totals }),
    });
    const { unit } = engine;
    const reference = await engine.reference();
    engine.run().catch(fail);
    machine.feed({ kind: 'prepared', dataset: datasetHash(dataset), ...decodedBy(dataset), ...reference, unit });
  }

  function open1(address: ServerAddress): Line {
    const { name } = address;
    const line: Line = {
      address,
      sender: null,
      dial: dial({
        ...options,
        url: address.url,
        deadlineMs: Number.POSITIVE_INFINITY, // the coordinator says when there is another
        changing: true, // a server that is gone leaves its port to whoever comes, of another run for example
        up(connection) {
          meter.add(connection);
          line.sender = createSender(connection);
          machine.feed({ kind: 'attached', server: name });
        },
        inVain: (problem) => tell({ news: 'unreachable', to: address.url, problem: toWire(problem) }),
        down() {
          line.sender = null;
          machine.feed({ kind: 'detached', server: name });
        },
        message(message) {
          const said = message as FromServer;
          if (said.type === 'ack') machine.feed({ kind: 'ack', server: name, message: said });
          else if (said.type === 'refuse') end(fromWire(said.problem));
        },
        bulk(bulk) {
          floats = bulk.values as Float32Array<ArrayBuffer>;
          machine.feed({ kind: 'params', server: name, slice: sliceOf(bulk) });
        },
        failed: end,
      }),
    };
    return line;
  }

  function setServers(addresses: readonly ServerAddress[]): void {
    for (const [name, line] of servers) {
      if (addresses.some((it) => it.name === name && it.url === line.address.url)) continue;
      servers.delete(name);
      void line.dial.stop();
    }
    for (const address of addresses) if (!servers.has(address.name)) servers.set(address.name, open1(address));
  }

  function act(action: WorkerAction): void {
    switch (action.kind) {
      case 'send':
        control.connection?.send(action.message);
        return;
      case 'prepare':
        prepare(action.job).catch(fail);
        return;
      case 'servers':
        setServers(action.servers);
        return;
      case 'tell':
        servers.get(action.server)?.dial.connection?.send(action.message);
        return;
      case 'store':
        engine!.store.store(action.copy, action.slice.from, floats);
        return;
      case 'compute':
        engine!.store.compute(action.lease, action.work, action.copy);
        return;
      case 'ahead':
        engine!.ahead(action.work);
        return;
      case 'cancel':
        engine!.store.cancel(action.lease);
        return;
      case 'push': {
        const { server, range, parts, lease, term, step, node, single } = action;
        const sums = engine!.store.sums(lease);
        if (!sums) return;
        const name = { type: 'push', term, step, node, vector: 0 } as const;
        for (const { from, to, encoding } of parts.flatMap((part) => engine!.pieces(part, single)))
          servers.get(server)?.sender?.send(String(lease), { ...name, encoding }, range, sums.subarray(from, to), from);
        return;
      }
      case 'release':
        engine!.store.release(action.lease);
        for (const { sender } of servers.values()) sender?.drop(String(action.lease));
        return;
      case 'stop':
        end(action.problem && fromWire(action.problem));
        return;
    }
  }

  const control = dial({
    ...options,
    url,
    deadlineMs,
    up(connection) {
      meter.add(connection);
      tell({ news: 'connected', to: url });
      machine.feed({ kind: 'connected' });
    },
    inVain: (problem) => tell({ news: 'unreachable', to: url, problem: toWire(problem) }),
    down() {
      tell({ news: 'disconnected', to: url });
      machine.feed({ kind: 'lost' });
    },
    message(message) {
      hearTerm(message as FromCoordinator);
      machine.feed({ kind: 'message', message: message as FromCoordinator });
    },
    bulk() {},
    failed: end,
  });
  const reports = setInterval(() => {
    const fed = engine?.fed();
    control.connection?.send({ ...meter.report, ...(fed && { fed }) });
  }, REPORT_MS);
  const leave = (): void => end(null);
  signal?.addEventListener('abort', leave, { once: true });
  if (signal?.aborted) leave();
  const problem = await ended;
  over = true;
  clearInterval(reports);
  signal?.removeEventListener('abort', leave);
  await Promise.all([control.stop(), ...[...servers.values()].map((line) => line.dial.stop())]);
  await (engine as WorkerEngine | null)?.close();
  if (problem) throw problem;
}
