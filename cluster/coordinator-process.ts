// coordinator-process.ts: the coordinator's process: listener, clock, run folder and commit log, driven by the machine (coordinator.ts).
// No decisions. It resolves as trainer/session.ts does.
import { type Problem, ShoalError, toWire } from '../base/errors.ts';
import type { Dataset } from '../datasets/reader.ts';
import type { DoneEvent, RunEvent } from '../trainer/events.ts';
import { type Job, jobHash, jobToJson } from '../trainer/job.ts';
import { allFinite, type Snapshot } from '../trainer/local-store.ts';
import { createNarrator } from '../trainer/narrator.ts';
import { prepare } from '../trainer/prepare.ts';
import { RUN, type RunCheckpoint } from '../trainer/run-folder.ts';
import { type RunRecorder, recordRun } from '../trainer/run-recorder.ts';
import { type SessionResult, scheduleOf } from '../trainer/session.ts';
import { firstSnapshot } from '../trainer/snapshot.ts';
import { rowsOf, type Work } from '../trainer/work.ts';
import { openCommitLog } from './commit-log.ts';
import { handleCoordinator, startCoordinator } from './coordinator.ts';
import { auditRun, readSnapshot, usableCheckpoint } from './coordinator-files.ts';
import type {
  Checkpoint,
  CoordinatorAction,
  CoordinatorConfig,
  CoordinatorEvent,
  CoordinatorState,
  News,
} from './coordinator-types.ts';
import type { Reach } from './dial.ts';
import { drawsOf } from './draws.ts';
import { drive } from './drive.ts';
import { type Dumping, startDump } from './dump.ts';
import { failpoint } from './failpoints.ts';
import { flatRanges, mostRanges } from './flat-ranges.ts';
import type { FlatRange, Term, ToCoordinator } from './messages.ts';
import { arithmetic } from './profile.ts';
import { referenceHash } from './reference.ts';
import { dataRoute, datasetHash } from './remote-data.ts';
import { createSender, type Sender } from './sender.ts';
import { type Connection, createListener, type ListenerTls } from './transport.ts';

export interface CoordinatorOptions extends Pick<Reach, 'token' | 'insecure' | 'limits'> {
  readonly job: Job;
  readonly dataset: Dataset;
  /** The run's folder. */
  readonly path: string;
  /** Its newest checkpoint, where there is one. */
  readonly from: RunCheckpoint | null;
  /** Who writes checkpoints: "shoal 0.1.0". */
  readonly tool: string;
  readonly workers: { readonly min: number; readonly max: number };
  /** Workers that it waits for before its first step; afterwards `workers.min` are enough. Default: that. */
  readonly startWith?: number;
  readonly servers: number;
  /** Default: a free port of 127.0.0.1. */
  readonly host?: string;
  readonly port?: number;
  readonly tls?: ListenerTls;
  /** A lease is late after this at the earliest. Default 5,000. */
  readonly leaseFloorMs?: number;
  /** Aborted: finish the step, save, end with the reason "interrupted". */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: RunEvent) => void;
  readonly onListening?: (url: string) => void;
  /** Somebody without a token, or with wrong frames, was turned away. */
  readonly onTurnedAway?: (reason: ShoalError, address: string) => void;
}

const TICK_MS = 100;

/**
 * Leads a run of servers and workers that connect to it, to its end.
 * @throws SHOAL_NOT_FINITE, SHOAL_SERVERS for more servers than the model has blocks, SHOAL_WIRE_* when it cannot listen, and what
 *   reading data and planning throw
 */
export async function runCoordinator(options: CoordinatorOptions): Promise<SessionResult> {
  const { job, dataset, path, tool, workers, servers, signal } = options;
  const { kernels, profile, speed } = arithmetic();
  const prepared = prepare(job, dataset, { threads: 1, level: 0 });
  const { segments, optimizer, optimizerConfig } = prepared;
  if (servers > mostRanges(segments)) throw tooManyServers(servers, mostRanges(segments));
  const log = openCommitLog(`${path}/${RUN.commits}`);
  const from = await usableCheckpoint(job, path, options.from, log.version);
  const schedule = { ...scheduleOf(job, dataset, prepared, from?.snapshot.version ?? 0, false), depth: 1 };
  const slots = optimizer.slots(optimizerConfig);
  const length = segments.reduce((sum, s) => sum + s.length, 0);
  const facts = { samples: schedule.samples, batch: job.batch, seed: job.seed };
  const hash = await jobHash(job);
  let computed = false; // a step, or a batch of an evaluation
  const config: CoordinatorConfig = {
    schedule,
    job: jobToJson(job),
    jobHash: hash,
    seed: job.seed,
    profile,
    dataset: datasetHash(dataset),
    reference: referenceHash(job, prepared, kernels),
    ranges: flatRanges(segments, servers),
    workers: {
      get min() {
        return computed ? workers.min : (options.startWith ?? workers.min);
      },
      max: workers.max,
    },
    scalars: (step) => optimizer.scalars(optimizerConfig, step),
    draws: drawsOf(facts),
    leaseFloorMs: options.leaseFloorMs ?? 5000,
    bugs: new Set(),
  };

  const links = new Map<number, { readonly connection: Connection; readonly sender: Sender }>();
  let newLinks = 0;
  let newest: Snapshot | null = from?.snapshot ?? null;
  let dumping: Dumping | null = null;
  let saving: Promise<void> = Promise.resolve();
  let failure: ShoalError | null = null;
  let end = (_: DoneEvent['reason']): void => {};
  const ended = new Promise<DoneEvent['reason']>((resolve) => {
    end = resolve;
  });

  let written: string | null = null; // path of the checkpoint that the recorder has told of last
  let notWritten: Problem | null = null;
  const emit = (event: RunEvent): void => {
    if (event.event === 'checkpoint') written = event.path;
    if (event.event === 'problem') notWritten = event.problem;
    recorder.note(event);
    options.onEvent?.(event);
  };
  const data = { train: dataset.train.hash, test: dataset.test.hash };
  const recorder: RunRecorder = await recordRun({ path, job, tool, data, from, emit });
  const version = from?.snapshot.version ?? 0;
  if (from && version > (log.version ?? 0))
    append({ record: 'adopt', term: log.lastTerm, version, path: from.path }, true);
  const before = log.lineage.filter((past) => past.step < version);
  const narrator = createNarrator({ job, prepared, schedule, tell: emit, before });
  narrator.saved(version);

  const start: Checkpoint = { version, path: from?.path ?? null };
  const handle = (state: CoordinatorState, event: CoordinatorEvent) =>
    handleCoordinator(config, state, event, performance.now());
  const machine = drive(startCoordinator(config, log.lastTerm, start), handle, act);

  /** The values of a checkpoint: those at hand, or from its files. */
  async function valuesOf(checkpoint: Checkpoint): Promise<Snapshot> {
    if (newest?.version === checkpoint.version) return newest;
    if (checkpoint.path === null) return firstSnapshot(job);
    return readSnapshot(job, checkpoint.path);
  }

  async function load(link: number, term: Term, checkpoint: Checkpoint, range: FlatRange): Promise<void> {
    try {
      const { parameters, slots: kept } = await valuesOf(checkpoint);
      const vectors = [parameters, ...slots.map((name) => kept[name]!)];
      for (const [vector, values] of vectors.entries()) {
        const name = { type: 'load', term, step: checkpoint.version, node: null, vector } as const;
        links.get(link)?.sender.send('load', name, range, values.subarray(range.from, range.to));
      }
    } catch (error) {
      emit({ event: 'problem', problem: toWire(error), fatal: false });
      const older = await usableCheckpoint(job, path, null, checkpoint.version - 1);
      const fallback = { version: older?.snapshot.version ?? 0, path: older?.path ?? null };
      if (machine.state.checkpoint === checkpoint) machine.feed({ kind: 'fallback', checkpoint: fallback });
    }
  }

  /** Keeps a version that has come from all servers. */
  async function keep(term: Term, snapshot: Snapshot): Promise<void> {
    const finite = allFinite(snapshot);
    const at = snapshot.version;
    written = notWritten = null;
    if (finite) {
      newest = snapshot;
      try {
        failpoint('before checkpoint');
        log.sync();
        failpoint('checkpoint: log synced');
        await recorder.save(snapshot, { ...narrator.saveInfo(at), final: signal?.aborted ?? false });
        failpoint('after checkpoint');
        if (written !== null) narrator.saved(at);
      } catch (error) {
        emit({ event: 'problem', problem: toWire(error), fatal: false });
      }
    }
    machine.feed({ kind: 'dumped', term, version: at, finite, path: written, problem: written ? null : notWritten });
  }

  function act(action: CoordinatorAction): void {
    switch (action.kind) {
      case 'send':
        links.get(action.link)?.connection.send(action.message);
        return;
      case 'close': {
        const link = links.get(action.link);
        links.delete(action.link);
        if (action.problem) link?.connection.send({ type: 'refuse', problem: action.problem });
        void link?.connection.close();
        return;
      }
      case 'log':
        append(action.record, action.sync);
        return;
      case 'load':
        void load(action.link, action.term, action.checkpoint, action.range);
        return;
      case 'dump':
        dumping = startDump(action.term, action.version, slots, length);
        return;
      case 'undump':
        dumping = null;
        return;
      case 'committed':
        computed = true;
        narrator.committed(action.work, action.totals, action.epochEnd);
        return;
      case 'counted':
        computed = true;
        narrator.counted(action.work, action.totals, action.last);
        return;
      case 'notFinite':
        failure ??= notFinite(action.work);
        emit({ event: 'problem', problem: failure, fatal: true });
        return;
      case 'tell':
        hear(action.news);
        return;
      case 'stop':
        end(action.reason);
        return;
    }
  }

  function append(record: Parameters<typeof log.append>[0], sync: boolean): void {
    try {
      log.append(record, sync);
    } catch (error) {
      emit({ event: 'problem', problem: toWire(error), fatal: false });
    }
  }

  function hear(news: News): void {
    const told = eventOf(news);
    if (news.news === 'term' && news.rollback) narrator.rollback(news.version);
    if (told) emit(told);
  }

  const listener = await createListener({
    ...options,
    host: options.host ?? '127.0.0.1',
    port: options.port ?? 0,
    routes: new Map([['/data', dataRoute(dataset)]]),
    onPeer(first, connection) {
      if (first.type !== 'hello') throw new Error('hello must come first');
      const link = ++newLinks;
      links.set(link, { connection, sender: createSender(connection) });
      machine.feed({ kind: 'message', link, message: first });
      return {
        message: (message) => {
          if (links.has(link)) machine.feed({ kind: 'message', link, message: message as ToCoordinator });
        },
        bulk(bulk) {
          if (bulk.type !== 'dump' || bulk.term !== dumping?.term || bulk.step !== dumping.version) return;
          const snapshot = dumping.take(bulk);
          if (!snapshot) return;
          const { term } = dumping;
          dumping = null;
          saving = saving.then(() => keep(term, snapshot));
        },
        close() {
          if (links.delete(link)) machine.feed({ kind: 'closed', link });
        },
      };
    },
    ...(options.onTurnedAway && { onRefused: options.onTurnedAway }),
  });

  /** Who computed what, which the log proves. */
  function tellWorkers(): void {
    log.sync();
    const audit = auditRun(path, job, hash);
    if (audit.ok) emit({ event: 'workers', leaves: audit.report.leaves });
    else emit({ event: 'problem', problem: auditFailed(path, audit.line, audit.violation), fatal: false });
  }

  const interrupt = (): void => machine.feed({ kind: 'interrupt' });
  const ticks = setInterval(() => machine.feed({ kind: 'tick' }), TICK_MS);
  try {
    options.onListening?.(listener.url);
    await narrator.started({ profile, speed, from: version, workers: options.startWith ?? workers.min, servers });
    narrator.begin();
    signal?.addEventListener('abort', interrupt);
    if (signal?.aborted) interrupt();
    machine.feed({ kind: 'tick' });
    const reason = await ended;
    await saving;
    if (failure) throw failure;
    const snapshot = await valuesOf(machine.state.checkpoint);
    const last = newest && newest.version > snapshot.version ? newest : snapshot;
    tellWorkers();
    const done = await narrator.done(last, reason);
    emit(done);
    return { done, snapshot: last };
  } finally {
    clearInterval(ticks);
    signal?.removeEventListener('abort', interrupt);
    await listener.close();
    await saving;
    await recorder.close();
    log.close();
  }
}

function eventOf(news: News): RunEvent | null {
  switch (news.news) {
    case 'joined':
    case 'left':
      return { event: 'member', change: news.news, role: news.role, name: news.name };
    case 'refused':
      return { event: 'member', change: 'refused', role: null, name: news.name, problem: news.problem };
    case 'fenced':
      return { event: 'member', change: 'fenced', role: 'worker', name: news.name };
    case 'waiting-for-workers':
    case 'waiting-for-servers': {
      const role = news.news === 'waiting-for-workers' ? 'worker' : 'server';
      return { event: 'waiting', role, have: news.have, need: news.need };
    }
    case 'term':
      return { event: 'term', term: news.term, step: news.version };
    default:
      return null; // leases are too many to tell of each; what is not saved was told by the recorder
  }
}

const notFinite = (work: Work): ShoalError =>
  new ShoalError({
    code: 'SHOAL_NOT_FINITE',
    operation:
      work.kind === 'gradient'
        ? `train step ${work.step + 1} of epoch ${work.epoch + 1}`
        : `evaluate epoch ${work.epoch + 1}`,
    got: `NaN or infinity in the sums over ${rowsOf(work)} samples, or in what an update made of them`,
    expected: 'a finite loss and finite weights',
    hint: 'Lower the learning rate, or look at the data. `shoal train --resume` in one process names the layer.',
  });

const tooManyServers = (got: number, most: number): ShoalError =>
  new ShoalError({
    code: 'SHOAL_SERVERS',
    operation: 'cut the model into ranges',
    got: `${got} servers`,
    expected: `at most ${most}, one for each block of 4,096 parameters of a tensor`,
    hint: 'Start fewer servers: small models gain nothing from many.',
  });

const auditFailed = (path: string, line: number, violation: string): Problem => ({
  code: 'SHOAL_AUDIT',
  operation: `audit ${path}/${RUN.commits}`,
  got: `${violation} (line ${line})`,
  expected: 'each draw counted exactly once',
  hint: 'Please report this with the file.',
});
