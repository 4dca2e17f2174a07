// status-of.ts: the coordinator's state and what is remembered of its members, put together as a status. Pure.
import type { CoordinatorConfig, CoordinatorState, ServerSeat, WorkerSeat } from './coordinator-types.ts';
import type { Member, Members } from './members.ts';
import type { Report } from './report.ts';
import type { ServerStatus, WorkerStatus } from './status.ts';

/** What keeps the run from going on; null: nothing. */
export function waitingFor({ phase, seats, workers, checkpoint }: CoordinatorState, config: CoordinatorConfig) {
  if (phase === 'stopped') return 'the run has ended';
  const there = seats.filter((seat) => seat.link !== null).length;
  if (there < seats.length) return `waiting for servers: ${there} of ${seats.length}`;
  if (phase !== 'running') return `servers are loading step ${checkpoint.version}`;
  const ready = workers.filter((worker) => worker.ready).length;
  const { min } = config.workers;
  return ready < min ? `waiting for workers: ${ready} of ${min}` : null;
}

export const trafficOf = (report: Report | null | undefined) => ({
  bytes_in: report?.read ?? null,
  bytes_out: report?.written ?? null,
  memory: report?.memory ?? null,
});

const dataWait = (report: Report | null | undefined): number | null =>
  report?.fed && report.fed.wall > 0 ? Math.min(1, report.fed.waited / report.fed.wall) : null;

const stateOf = ({ ready, fenced, busy }: WorkerSeat): WorkerStatus['state'] => {
  if (!ready) return 'joining';
  if (fenced) return 'fenced';
  return busy.length > 0 ? 'computing' : 'idle';
};

/** Those that are there, then those that have gone; each by name. */
export function workersOf(state: CoordinatorState, members: Members, now: number): WorkerStatus[] {
  const common = (member: Member | undefined) => ({
    samples_per_second: member?.rate.at(now) ?? 0,
    leases_done: member?.leasesDone ?? 0,
    data_wait: dataWait(member?.report),
    ...trafficOf(member?.report),
    last_seen_s: member ? (now - member.seen) / 1000 : 0,
  });
  const byName = (a: WorkerStatus, b: WorkerStatus) => a.name.localeCompare(b.name, 'en', { numeric: true });
  const here = state.workers.map((seat) => ({
    name: seat.name,
    state: stateOf(seat),
    leases: seat.busy.length,
    lag: seat.holding === null ? null : Math.max(0, state.steps.committed - seat.holding),
    ...common(members.of('worker', seat.name)),
  }));
  const gone = members.left('worker').map((member) => ({
    name: member.peer.name,
    state: 'gone' as const,
    leases: 0,
    lag: null,
    ...common(member),
  }));
  return [...here.toSorted(byName), ...gone.toSorted(byName)];
}

export function serversOf({ seats }: CoordinatorState, members: Members, now: number): ServerStatus[] {
  return seats.map(({ name, link, range, version }: ServerSeat) => {
    const member = name === null ? undefined : members.of('server', name);
    return {
      name,
      state: link === null ? 'missing' : 'connected',
      from: range.from,
      to: range.to,
      version,
      ...trafficOf(member?.report),
      last_seen_s: member ? (now - member.seen) / 1000 : null,
    };
  });
}
