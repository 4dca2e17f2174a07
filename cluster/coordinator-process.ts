// coordinator-process.ts: the coordinator's process: listener, clock, run folder and commit log, driven by the machine (coordinator.ts).
// No decisions. It resolves as trainer/session.ts does.
import type { ShoalError } from '../base/errors.ts';
import { decodedBy } from '../datasets/reader.ts';
import { deciding } from '../trainer/callbacks/index.ts';
import { createDataUsage } from '../trainer/data-usage.ts';
import type { DoneEvent, RunEvent } from '../trainer/events.ts';
import { joined } from '../trainer/initialize.ts';
import { createNarrator } from '../trainer/narrator.ts';
import { restoredInfo } from '../trainer/restore-best.ts';
import { RUN } from '../trainer/run-folder.ts';
import { type RunRecorder, recordRun } from '../trainer/run-recorder.ts';
import type { SessionResult } from '../trainer/session.ts';
import { firstSnapshot } from '../trainer/snapshot.ts';
import type { Work } from '../trainer/work.ts';
import { writeProblem } from '../trainer/write-error.ts';
import { handleCoordinator, startCoordinator } from './coordinator.ts';
import { eventOf } from './coordinator-events.ts';
import { announce, auditRun } from './coordinator-files.ts';
import { createKeeper } from './coordinator-keeper.ts';
import { createLinks } from './coordinator-links.ts';
import type { CoordinatorOptions } from './coordinator-options.ts';
import { auditFailed, notFinite } from './coordinator-problems.ts';
import { setUp } from './coordinator-setup.ts';
import type { Checkpoint, CoordinatorAction, CoordinatorEvent, CoordinatorState, News } from './coordinator-types.ts';
import { drive } from './drive.ts';
import { frozenRoute } from './frozen.ts';
import type { FlatRange, Term } from './messages.ts';
import { createMonitor } from './monitor.ts';
import { healthRoute, metricsRoute, statusRoute } from './monitor-routes.ts';
import { dataRoute } from './remote-data.ts';
import { DATA_THREADS } from './report.ts';
import { createListener } from './transport.ts';

const TICK_MS = 100;

/**
 * Leads a run of servers and workers that connect to it, to its end.
 * @throws SHOAL_NOT_FINITE, SHOAL_SERVERS for more servers than the model has blocks, SHOAL_WIRE_* when it cannot listen, and what
 *   reading data and planning throw
 */
export async function runCoordinator(options: CoordinatorOptions): Promise<SessionResult> {
  const { job, dataset, path, tool, workers, servers, signal } = options;
  let computed = false;
  const setup = await setUp(options, () => computed);
  const { config, decisions, from, hash, log, prepared, schedule, speed, version } = setup;

  let failure: ShoalError | null = null;
  let end = (_: DoneEvent['reason']): void => {};
  const ended = new Promise<DoneEvent['reason']>((resolve) => {
    end = resolve;
  });

  const emit = (event: RunEvent): void => {
    keeper.told(event);
    monitor.told(event);
    recorder.note(event);
    options.onEvent?.(event);
  };
  const data = { train: dataset.train.hash, test: dataset.test.hash };
  const recorder: RunRecorder = await recordRun({ path, job, tool, data, fields: dataset.train.fields, from, emit });
  // the checkpoint tells of steps that one process took before, too; one of an older version does not
  const before = from?.snapshot.counted ?? log.lineage.filter((past) => past.step < version);
  const narrator = createNarrator({ job, prepared, schedule, tell: emit, before, decisions });
  narrator.saved(version);

  const start: Checkpoint = { version, path: from?.path ?? null };
  const handle = (state: CoordinatorState, event: CoordinatorEvent) =>
    handleCoordinator(config, state, event, performance.now());
  const machine = drive(startCoordinator(config, log.lastTerm, start), handle, act);
  const monitor = createMonitor({ name: job.name, config, state: () => machine.state, logBytes: () => log.bytes });
  const keeper = createKeeper({
    ...setup,
    path,
    recorder,
    narrator,
    final: () => signal?.aborted ?? false,
    emit,
    dumped(event) {
      monitor.kept(event.path);
      machine.feed(event);
    },
  });

  const usage = createDataUsage(() => monitor.fed(), DATA_THREADS);

  const links = createLinks({ monitor, feed: machine.feed, bulk: keeper.take });
  if (from && version > (log.version ?? 0))
    append({ record: 'adopt', term: log.lastTerm, version, path: from.path }, true);

  async function load(link: number, term: Term, checkpoint: Checkpoint, range: FlatRange): Promise<void> {
    const older = await keeper.load(() => links.sender(link), term, checkpoint, range);
    if (older && machine.state.checkpoint === checkpoint) machine.feed({ kind: 'fallback', checkpoint: older });
  }

  function act(action: CoordinatorAction): void {
    switch (action.kind) {
      case 'send':
        links.send(action.link, action.message);
        return;
      case 'close':
        links.close(action.link, action.problem);
        return;
      case 'log':
        append(action.record, action.sync);
        return;
      case 'load':
        void load(action.link, action.term, action.checkpoint, action.range);
        return;
      case 'dump':
        monitor.collecting();
        keeper.collect(action.term, action.version);
        return;
      case 'undump':
        keeper.forget();
        return;
      case 'committed':
        computed = true;
        if (action.epochEnd) emit({ ...usage(action.work.epoch + 1), workers: true }); // before the epoch's own event
        narrator.committed(action.work, action.totals, action.epochEnd);
        return;
      case 'counted':
        computed = true;
        narrator.counted(action.work, action.totals, action.last);
        if (action.last) decided(action.work);
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

  const notWritten = (error: unknown, file: string): void =>
    emit({ event: 'problem', problem: writeProblem(error, `write ${path}/${file}`), fatal: false });

  /** What callbacks decided after an evaluation stands in the log; a stop is told to the machine before it opens anything more. */
  function decided({ version, epoch }: Work): void {
    if (deciding(job.callbacks).length === 0) return;
    const { rate, stop } = decisions.now;
    append({ record: 'decision', term: machine.state.term, version, epoch: epoch + 1, rate, stop }, false);
    if (stop) machine.feed({ kind: 'interrupt', reason: 'early-stopping' });
  }

  function append(record: Parameters<typeof log.append>[0], sync: boolean): void {
    const since = performance.now();
    try {
      log.append(record, sync);
    } catch (error) {
      notWritten(error, RUN.commits);
    }
    monitor.logged((performance.now() - since) / 1000);
  }

  function hear(news: News): void {
    monitor.hear(news);
    const told = eventOf(news, monitor.restarted);
    if (news.news === 'term' && news.rollback) narrator.rollback(news.version);
    if (told) emit(told);
  }

  const listener = await createListener({
    ...options,
    host: options.host ?? '127.0.0.1',
    port: options.port ?? 0,
    routes: new Map([
      ['/data', dataRoute(dataset)],
      ['/frozen', frozenRoute(prepared.segments, joined(from?.snapshot ?? firstSnapshot(job)))],
      ['/status', statusRoute(monitor)],
    ]),
    localRoutes: new Map([
      ['/metrics', metricsRoute(monitor)],
      ['/health', healthRoute(monitor)],
    ]),
    onPeer: links.onPeer,
    onRefused(reason, address) {
      monitor.turnedAway(reason);
      options.onTurnedAway?.(reason, address);
    },
  });

  /** For `shoal status RUN`, without which a run gets along. */
  function say(url: string): () => void {
    try {
      return announce(path, url);
    } catch (error) {
      notWritten(error, RUN.url);
      return () => {};
    }
  }

  /** Who computed what, which the log proves. */
  async function tellWorkers(): Promise<void> {
    try {
      log.sync();
    } catch (error) {
      notWritten(error, RUN.commits);
      return;
    }
    const audit = await auditRun(path, job, hash);
    if (audit.ok) emit({ event: 'workers', leaves: audit.report.leaves });
    else emit({ event: 'problem', problem: auditFailed(path, audit.line, audit.violation), fatal: false });
  }

  const interrupt = (): void => machine.feed({ kind: 'interrupt' });
  const ticks = setInterval(() => machine.feed({ kind: 'tick' }), TICK_MS);
  let unsay = (): void => {};
  try {
    unsay = say(listener.url);
    options.onListening?.(listener.url);
    await narrator.started({
      profile: config.profile,
      ...decodedBy(options.dataset),
      speed,
      from: version,
      workers: options.startWith ?? workers.min,
      servers,
    });
    narrator.begin();
    signal?.addEventListener('abort', interrupt);
    if (signal?.aborted) interrupt();
    machine.feed({ kind: 'tick' });
    const reason = await ended;
    await keeper.settled();
    if (failure) throw failure;
    const snapshot = await keeper.valuesOf(machine.state.checkpoint);
    const { newest } = keeper;
    const last = newest && newest.version > snapshot.version ? newest : snapshot;
    const { version: weights, best } = decisions.ending(last, reason);
    if (best) await recorder.save(weights, restoredInfo(best));
    await tellWorkers();
    const done = narrator.done(weights, Object.values(weights.slots), reason, best);
    emit(done);
    return { done, weights };
  } finally {
    clearInterval(ticks);
    signal?.removeEventListener('abort', interrupt);
    await listener.close();
    await keeper.settled();
    await recorder.close();
    unsay();
    log.close();
  }
}
