// monitor.ts: listens to a coordinator's process and keeps what `GET /status`, /metrics and /health tell of it. It decides nothing.
import type { ShoalError } from '../base/errors.ts';
import type { RunEvent, StepEventRecord } from '../trainer/events.ts';
import type { FeedUsage } from '../trainer/feed.ts';
import { stepsPerEpoch, totalSteps } from '../trainer/step-machine.ts';
import type { CoordinatorConfig, CoordinatorState, News } from './coordinator-types.ts';
import { createMembers } from './members.ts';
import type { Peer, ToCoordinator } from './messages.ts';
import { createMeter } from './meter.ts';
import { createMetrics, type Metrics, setCounter } from './metrics.ts';
import type { Status } from './status.ts';
import { serversOf, trafficOf, waitingFor, workersOf } from './status-of.ts';
import type { Connection } from './transport.ts';

export interface MonitorOptions {
  /** Of the job. */
  readonly name: string;
  readonly config: CoordinatorConfig;
  readonly state: () => CoordinatorState;
  /** Bytes of the commit log. */
  readonly logBytes: () => number;
}

export interface Monitor {
  hello(link: number, peer: Peer, ...connections: readonly Connection[]): void;
  said(link: number, message: ToCoordinator): void;
  /** A connection has ended; link null: of one that never had a number. */
  gone(link: number | null, reason: ShoalError | null): void;
  turnedAway(reason: ShoalError): void;
  hear(news: News): void;
  told(event: RunEvent): void;
  /** A version is being collected; and it was kept, or not. */
  collecting(): void;
  kept(path: string | null): void;
  /** Seconds that a record of the commit log took. */
  logged(seconds: number): void;
  /** Whether a process of that name was there before with another incarnation. */
  restarted(role: Peer['role'], name: string): boolean;
  /** What keeps the run from going on; null: nothing. */
  waiting(): string | null;
  status(): Status;
  /** How all workers were fed, as one feed's usage: their times together, as of their newest reports. */
  fed(): FeedUsage;
  readonly metrics: Metrics;
}

/** Steps that the pace is taken of. */
const PACE = 64;

export function createMonitor({ name, config, state, logBytes }: MonitorOptions): Monitor {
  const { schedule } = config;
  const members = createMembers();
  const meter = createMeter();
  const metrics = createMetrics(look);
  const again = new Set<string>();
  let pace: StepEventRecord[] = [];
  let collectingSince: number | null = null;
  const now = (): number => performance.now();

  function status(): Status {
    const at = now();
    const { phase, term, steps, checkpoint } = state();
    const all = totalSteps(schedule);
    const samples = pace.reduce((sum, it) => sum + it.samples, 0);
    const seconds = pace.reduce((sum, it) => sum + it.ms, 0) / 1000;
    const loss = pace.at(-1)?.loss ?? Number.NaN;
    return {
      name,
      phase,
      waiting: waitingFor(state(), config),
      term,
      step: steps.committed,
      steps: all,
      epoch: Math.min(schedule.epochs, Math.floor(steps.committed / stepsPerEpoch(schedule)) + 1),
      epochs: schedule.epochs,
      loss: Number.isFinite(loss) ? loss : null,
      samples_per_second: seconds > 0 ? samples / seconds : 0,
      eta_s: seconds > 0 ? ((all - steps.committed) * seconds) / pace.length : null,
      checkpoint: checkpoint.version,
      coordinator: trafficOf(meter.report),
      servers: serversOf(state(), members, at),
      workers: workersOf(state(), members, at),
    };
  }

  /** Sets what is read at a scrape. */
  function look(to: Metrics): void {
    const { workers, servers, ...run } = status();
    const own = meter.report;
    to.step.set(run.step);
    to.stepsPlanned.set(run.steps);
    to.term.set(run.term);
    to.checkpoint.set(run.checkpoint);
    to.logBytes.set(logBytes());
    to.lag.set(Math.max(0, ...workers.map((it) => it.lag ?? 0)));
    to.loss.set(run.loss ?? Number.NaN);
    for (const is of ['joining', 'computing', 'idle', 'fenced'] as const)
      to.workers.set({ state: is }, workers.filter((it) => it.state === is).length);
    for (const is of ['connected', 'missing'] as const)
      to.servers.set({ state: is }, servers.filter((it) => it.state === is).length);
    for (const role of ['coordinator', 'server', 'worker'] as const) {
      const sums = role === 'coordinator' ? own : members.sums(role);
      setCounter(to.wireBytes, { role, direction: 'in' }, sums.read);
      setCounter(to.wireBytes, { role, direction: 'out' }, sums.written);
      setCounter(to.refusedFrames, { role }, sums.refused);
      to.memory.set({ role }, role === 'coordinator' ? own.memory : members.memory(role));
    }
  }

  return {
    hello(link, peer, ...connections) {
      connections.forEach(meter.add);
      const key = `${peer.role} ${peer.name}`;
      if (members.hello(link, peer, now()) === 'restarted') again.add(key);
      else again.delete(key);
    },
    said: (link, message) => members.said(link, now(), message.type === 'report' ? message : null),
    gone(link, reason) {
      meter.ended(reason);
      if (link !== null) members.gone(link);
    },
    turnedAway(reason) {
      meter.ended(reason);
      metrics.refusedPeers.inc({ code: reason.code });
    },
    hear(news) {
      if (news.news === 'leased') metrics.leases.inc({ kind: news.backup ? 'backup' : 'first' });
      if (news.news === 'lost') metrics.leasesLost.inc({ reason: news.why }, news.leases);
      if (news.news === 'refused') metrics.refusedPeers.inc({ code: news.problem.code });
      if (news.news === 'term' && news.rollback) metrics.rollbacks.inc();
      if (news.news !== 'done') return;
      metrics.leasesDone.inc();
      const member = members.of('worker', news.name);
      if (!member) return;
      member.leasesDone++;
      member.rate.add(news.samples, now());
    },
    told(event) {
      if (event.event !== 'step') return;
      pace = [...pace.slice(1 - PACE), event];
      metrics.steps.inc();
      metrics.samples.inc(event.samples);
      metrics.stepSeconds.observe(event.ms / 1000);
    },
    collecting() {
      collectingSince = now();
    },
    kept(path) {
      if (path === null) metrics.notSaved.inc();
      else if (collectingSince !== null) metrics.saveSeconds.observe((now() - collectingSince) / 1000);
      collectingSince = null;
    },
    logged: (seconds) => metrics.logSeconds.inc(seconds),
    restarted: (role, of) => again.has(`${role} ${of}`),
    waiting: () => waitingFor(state(), config),
    status,
    fed() {
      const { wall, waited, read, augment } = members.fed();
      return { wall, waited, stages: { read, augment } };
    },
    metrics,
  };
}
