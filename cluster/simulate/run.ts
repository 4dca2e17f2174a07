// run.ts: one simulated run: so many workers and servers under the shipped coordinator for some steps, with deaths at random. What it means
// for a job: report.ts.

import { ShoalError } from '../../base/errors.ts';
import type { CoordinatorConfig } from '../coordinator-types.ts';
import { SimulatedCoordinator } from './coordinator.ts';
import { connectWorld, dialingOver, type Machines, type Times } from './machines.ts';
import type { LinkModel, Nic } from './network.ts';
import { SimulatedServer } from './server.ts';
import { SimulatedWorker } from './worker.ts';
import { type Process, World } from './world.ts';

export interface SimulateOptions {
  readonly job: Omit<CoordinatorConfig, 'workers'>;
  readonly vectors: number;
  readonly workers: number;
  readonly link: LinkModel;
  readonly times: Times;
  readonly seed: number;
  /** Committed steps that are measured, after those that warm it up. */
  readonly steps: number;
}

export interface Simulated {
  readonly workers: number;
  readonly servers: number;
  readonly steps: number;
  readonly step_ms: number;
  readonly samples_per_second: number;
  /** Of sums to the servers, and of parameters to the workers, in a step. */
  readonly pushed_bytes: number;
  readonly params_bytes: number;
  /** Everything that the links carried in a step. */
  readonly wire_bytes: number;
  /** Of the time: workers computing; the busiest link of a server, up and down; the coordinator's. */
  readonly computing: number;
  readonly server_up: number;
  readonly server_down: number;
  readonly coordinator_link: number;
  /** Processes that died; leases that went to others; steps computed again. */
  readonly deaths: number;
  readonly leases_lost: number;
  readonly steps_again: number;
}

/** Simulated. */
const MOST_MS = 48 * 3600 * 1000;

export function simulateRun(options: SimulateOptions): Simulated {
  const { job, vectors, link, times, seed, steps, workers: count } = options;
  const world = new World(seed, false);
  const nicOf = connectWorld(world, link);
  const machines: Machines = {
    world,
    link,
    times,
    job,
    vectors,
    listening: new Map(),
    dialing: dialingOver(world, link),
    tensorBytes: { pushed: 0, params: 0 },
  };
  const disk = { checkpoint: { version: 0, path: null }, lastTerm: 0 };
  const workers = new Map<string, SimulatedWorker>();
  const servers = new Map<string, SimulatedServer>();
  let coordinator: SimulatedCoordinator | null = null;
  let incarnations = 0;
  /** Steps that warm it up; large clusters are slow to simulate. */
  const warm = count > 2000 ? 1 : 3;
  let [deaths, leasesLost, again, committed, most] = [0, 0, 0, 0, 0];
  let over = false;
  let from: ReturnType<typeof mark> | null = null;
  let to: ReturnType<typeof mark> | null = null;

  function mark() {
    const own = nicOf(coordinator!);
    /** Bytes that a link has yet to carry: they are not what it was busy with. */
    const queued = (free: number): number => Math.max(0, free - world.now) * link.rate;
    const busiest = (of: (nic: Nic) => number) => Math.max(...[...servers.values()].map((it) => of(nicOf(it))));
    const all: Process[] = [...workers.values(), ...servers.values(), coordinator!];
    return {
      now: world.now,
      ...machines.tensorBytes,
      wire: all.reduce((sum, it) => sum + nicOf(it).sent, 0),
      busy: [...workers.values()].reduce((sum, it) => sum + it.busyMs, 0),
      up: busiest((nic) => nic.sent - queued(nic.upFree)),
      down: busiest((nic) => nic.received - queued(nic.downFree)),
      coordinator: Math.max(own.sent - queued(own.upFree), own.received - queued(own.downFree)),
    };
  }
  const watch = {
    committed(version: number) {
      committed++;
      if (version <= most) again++;
      most = Math.max(most, version);
      if (committed === warm) from = mark();
      if (most >= warm + steps) {
        to = mark();
        over = true;
      }
    },
    lost(leases: number) {
      leasesLost += leases;
    },
    stopped() {
      over = true;
    },
  };

  const startCoordinator = (): void => {
    coordinator = new SimulatedCoordinator(machines, disk, { min: 1, max: count }, watch);
  };
  /** Starts it and lets it die at some time, again and again. */
  function keep(start: () => Process): void {
    const process = start();
    if (times.mtbfMs === Number.POSITIVE_INFINITY) return;
    process.after(-Math.log(1 - world.random()) * times.mtbfMs, () => {
      deaths++;
      process.crash('at random');
      world.after(times.restartMs, () => keep(start));
    });
  }
  startCoordinator();
  job.ranges.forEach((_, i) => {
    const name = `server-${i + 1}`;
    keep(() => set(servers, name, new SimulatedServer(machines, name, String(++incarnations))));
  });
  for (let i = 1; i <= count; i++) {
    const name = `worker-${i}`;
    // not all at the same moment
    world.after(world.between(0, 200), () =>
      keep(() => set(workers, name, new SimulatedWorker(machines, name, String(++incarnations)))),
    );
  }
  while (!over && world.now < MOST_MS && world.next());
  if (!from || !to) throw stuck(count, most, warm + steps, world.now);
  const [a, b] = [from as ReturnType<typeof mark>, to as ReturnType<typeof mark>];
  const ms = b.now - a.now;
  const done = committed - warm;
  const kept = most - warm;
  const share = (bytes: number): number => bytes / link.rate / ms;
  return {
    workers: count,
    servers: job.ranges.length,
    steps: kept,
    step_ms: ms / kept,
    samples_per_second: (1000 * kept * job.schedule.batch) / ms,
    pushed_bytes: (b.pushed - a.pushed) / done,
    params_bytes: (b.params - a.params) / done,
    wire_bytes: (b.wire - a.wire) / done,
    computing: (b.busy - a.busy) / (ms * count),
    server_up: share(b.up - a.up),
    server_down: share(b.down - a.down),
    coordinator_link: share(b.coordinator - a.coordinator),
    deaths,
    leases_lost: leasesLost,
    steps_again: again,
  };
}

const stuck = (workers: number, got: number, wanted: number, ms: number): ShoalError =>
  new ShoalError({
    code: 'SHOAL_SIMULATE_STUCK',
    operation: `simulate ${workers} workers`,
    got: `${got} of ${wanted} steps in ${Math.round(ms / 1000)} simulated seconds`,
    expected: 'a cluster that gets on',
    hint: 'Processes die before a step is over, or messages are too long on their way: see --mtbf, --restart, --link and --latency.',
  });

function set<T>(map: Map<string, T>, name: string, value: T): T {
  map.set(name, value);
  return value;
}
