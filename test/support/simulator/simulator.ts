// simulator.ts: one seeded run of the shipped machines in virtual time, with faults, held against the undisturbed loop. Used by
// test/cluster/simulator.test.ts and by `npx node test/support/simulate.ts --seed N`.
import { auditLog } from '../../../cluster/audit.ts';
import type { Bug } from '../../../cluster/bugs.ts';
import type { FlatRange } from '../../../cluster/messages.ts';
import { type Schedule, totalSteps } from '../../../trainer/step-machine.ts';
import { type Cluster, must } from './cluster.ts';
import { CoordinatorProcess } from './coordinator-process.ts';
import { drawFaults, type Fault } from './faults.ts';
import { ServerProcess } from './server-process.ts';
import { firstVectors, sameBits, undisturbed } from './toy.ts';
import { WorkerProcess } from './worker-process.ts';
import { type Process, Violated, World } from './world.ts';

/** Virtual ms after which a run that has not ended hangs: all faults are over long before. */
const HANG = 120_000;
const EVENTS = 1_000_000;

export interface SimulationOptions {
  readonly seed: number;
  readonly bugs?: readonly Bug[];
  /** Checks with every event that the machines are pure. Slow. */
  readonly strict?: boolean;
  readonly trace?: boolean;
}

export interface Simulation {
  /** What was promised and not kept; null if nothing. */
  readonly violation: string | null;
  /** How often each thing happened. */
  readonly stats: ReadonlyMap<string, number>;
  readonly trace: readonly string[];
  readonly steps: number;
  readonly ms: number;
}

export function simulate({ seed, bugs = [], strict = false, trace = false }: SimulationOptions): Simulation {
  const world = new World(seed, trace);
  const run = new Run(drawCluster(world, seed, new Set(bugs), strict));
  let violation: string | null = null;
  try {
    run.begin();
    let events = 0;
    while (!run.over) {
      must(world.next(), () => 'nothing happens any more');
      must(++events < EVENTS, () => `${EVENTS} events`);
      must(world.now < HANG, () => `no end after ${HANG} ms`);
    }
    run.check();
  } catch (error) {
    // what the machines throw with a bug planted is as good a find
    violation = error instanceof Violated ? error.message : String(error instanceof Error ? error.stack : error);
  }
  return { violation, stats: world.stats, trace: world.trace, steps: totalSteps(run.cluster.schedule), ms: world.now };
}

function drawCluster(world: World, seed: number, bugs: ReadonlySet<Bug>, strict: boolean): Cluster {
  const batch = 4 + world.below(9);
  const microShards = Math.min(batch, 1 + world.below(8));
  const schedule: Schedule = {
    samples: batch + world.below(30),
    evaluationSamples: world.pick([0, 1, 7, 15]),
    batch,
    microShards,
    epochs: 1 + world.below(3),
    evaluateEvery: 1 + world.below(2),
    saveEvery: world.pick([null, 1, 2, 3]),
    depth: 1,
    from: 0,
    onlyEvaluate: false,
  };
  const length = 3 + world.below(9);
  const servers = 1 + world.below(3);
  const cuts = [0, ...Array.from({ length: servers - 1 }, () => world.below(length + 1)).sort((a, b) => a - b), length];
  const ranges = cuts.slice(1).map((to, i): FlatRange => ({ from: cuts[i]!, to }));
  const min = 1 + world.below(2);
  const first = firstVectors(length, seed);
  world.latency = world.pick([
    [1, 5],
    [2, 30],
    [10, 100],
  ]);
  world.duplicates = world.pick([0, 0.02, 0.2]);
  return {
    world,
    bugs,
    schedule,
    seed,
    length,
    ranges,
    workers: { min, max: 6 },
    unit: world.random() < 0.2 && microShards > 1 ? 2 : 1,
    leafMs: world.pick([1, 5, 15]),
    first,
    reference: undisturbed(schedule, first),
    disk: { log: '', synced: 0, checkpoints: new Map(), full: false },
    listening: new Map(),
    strict,
  };
}

/** The processes of one run, who restarts them, and what happens to them. */
class Run {
  readonly cluster: Cluster;
  readonly #world: World;
  #coordinator: CoordinatorProcess | null = null;
  readonly #servers = new Map<string, ServerProcess>();
  readonly #workers = new Map<string, WorkerProcess>();
  /** Workers that are to be there: they are started again when they die. */
  readonly #wanted = new Set<string>();
  #incarnations = 0;
  over = false;

  constructor(cluster: Cluster) {
    this.cluster = cluster;
    this.#world = cluster.world;
  }

  begin(): void {
    const world = this.#world;
    world.onCrash = (process) => this.#restart(process);
    const { ranges, workers } = this.cluster;
    const count = workers.min + world.below(3);
    for (let i = 0; i < count; i++) this.#wanted.add(`worker-${i}`);
    world.after(world.between(0, 50), () => this.#startCoordinator());
    ranges.forEach((_, i) => {
      world.after(world.between(0, 50), () => this.#startServer(`server-${i}`));
    });
    for (const name of this.#wanted) world.after(world.between(0, 100), () => this.#startWorker(name));
    const { schedule, leafMs } = this.cluster;
    const span = 100 + totalSteps(schedule) * (40 + leafMs * schedule.microShards);
    for (const fault of drawFaults(world, this.cluster.seed, span)) world.at(fault.at, () => this.#inject(fault));
  }

  #startCoordinator(): void {
    if (this.over || (this.#coordinator?.alive && !this.#coordinator.stopped)) return;
    if (this.#coordinator?.alive) {
      this.#world.after(50, () => this.#startCoordinator()); // it is on its way out
      return;
    }
    const process = new CoordinatorProcess(this.cluster);
    this.#coordinator = process;
    process.onStop = () => this.#stopped(process);
  }

  #stopped(coordinator: CoordinatorProcess): void {
    const world = this.#world;
    // sockets are flushed before the process goes
    coordinator.after(world.between(1, 20), () => coordinator.end());
    if (coordinator.stopped === 'done') {
      if (!coordinator.unsaved) {
        this.over = true;
        return;
      }
      this.cluster.disk.full = false; // its last version could not be written: somebody made room and starts it again
    } else must(coordinator.stopped === 'interrupted', () => `stopped: ${coordinator.stopped}`);
    world.after(world.between(50, 200), () => this.#startCoordinator());
    for (const name of this.#servers.keys()) world.after(world.between(50, 300), () => this.#startServer(name));
    for (const name of this.#wanted) world.after(world.between(50, 300), () => this.#startWorker(name));
  }

  #startServer(name: string, again = false): void {
    if (this.over || (this.#servers.get(name)?.alive && !again)) return;
    const process = new ServerProcess(this.cluster, name, String(++this.#incarnations));
    this.#servers.set(name, process);
    process.onStop = (problem) => this.#ended(process, problem);
  }

  #startWorker(name: string, again = false): void {
    if (this.over || (this.#workers.get(name)?.alive && !again)) return;
    const process = new WorkerProcess(this.cluster, name, String(++this.#incarnations));
    this.#workers.set(name, process);
    process.onStop = (problem) => this.#ended(process, problem);
  }

  /** A process was told to go. */
  #ended(process: Process, problem: string | null): void {
    const expected = [null, 'SHOAL_REPLACED', 'SHOAL_JOIN_FULL', 'SHOAL_JOIN_SEAT'];
    must(expected.includes(problem), () => `${process.name} was refused: ${problem}`);
    if (problem) this.#world.count(`refused ${problem}`);
    process.end();
    // of two that were started, the one left may be the older; the supervisor starts the name again if none is
    const name = process.name;
    this.#world.after(this.#world.between(100, 400), () => {
      if (this.#others(process).length > 0 || this.over) return;
      if (process instanceof ServerProcess) this.#startServer(name);
      else if (this.#wanted.has(name)) this.#startWorker(name);
    });
  }

  readonly #all: Process[] = [];
  #others(process: Process): readonly Process[] {
    return this.#all.filter((it) => it !== process && it.alive && it.name === process.name);
  }

  #restart(process: Process): void {
    const delay = this.#world.pick([20, 100, 800]) * (0.5 + this.#world.random());
    this.#world.after(delay, () => {
      if (process === this.#coordinator) this.#startCoordinator();
      else if (process instanceof ServerProcess) this.#startServer(process.name);
      else if (this.#wanted.has(process.name)) this.#startWorker(process.name);
    });
  }

  #alive<P extends Process>(processes: Iterable<P>): P[] {
    return [...processes].filter((it) => it.alive);
  }

  #inject(fault: Fault): void {
    const { kind } = fault;
    if (this.over) return;
    const world = this.#world;
    const workers = this.#alive(this.#workers.values());
    const servers = this.#alive(this.#servers.values());
    const coordinator = this.#coordinator?.alive ? [this.#coordinator] : [];
    const done = this.#does(fault, workers, servers, coordinator);
    if (done) world.count(`fault ${kind}`);
    world.log(() => `FAULT ${kind}${done ? '' : ' (nothing there)'}`);
  }

  /** @returns whether there was something to do it to */
  #does(
    { kind, point, nth }: Fault,
    workers: WorkerProcess[],
    servers: ServerProcess[],
    coordinator: CoordinatorProcess[],
  ): boolean {
    const world = this.#world;
    const crash = (processes: readonly Process[]): boolean => {
      for (const process of processes) process.crash(`by ${kind}`);
      return processes.length > 0;
    };
    const freeze = (processes: readonly Process[]): boolean => {
      if (processes.length === 0) return false;
      const process = world.pick(processes);
      const thaw = world.now + world.pick([50, 300, 2000]) * (0.5 + world.random());
      process.frozenUntil = Math.max(process.frozenUntil, thaw);
      return true;
    };
    const one = <P>(list: readonly P[]): readonly P[] => (list.length === 0 ? [] : [world.pick(list)]);
    switch (kind) {
      case 'crash a worker':
        return crash(one(workers));
      case 'crash a server':
        return crash(one(servers));
      case 'crash the coordinator':
        return crash(coordinator);
      case 'crash all workers':
        return crash(workers);
      case 'crash a server and the coordinator':
        return crash([...one(servers), ...coordinator]);
      case 'crash everything':
        return crash([...workers, ...servers, ...coordinator]);
      case 'cut the power': {
        const { disk } = this.cluster;
        const kept = disk.synced + world.below(disk.log.length - disk.synced + 1);
        if (kept < disk.log.length) world.count('log records lost');
        disk.log = disk.log.slice(0, kept);
        return crash([...workers, ...servers, ...coordinator]);
      }
      case 'crash at a failpoint':
        world.armed = { point, nth };
        return true;
      case 'reset a connection':
      case 'reset many connections': {
        const many = kind === 'reset a connection' ? 1 : 6;
        const open = world.connections.length;
        for (let i = 0; i < many && world.connections.length > 0; i++) world.pick(world.connections).reset();
        return open > 0;
      }
      case 'freeze a worker':
        return freeze(workers);
      case 'freeze a server':
        return freeze(servers);
      case 'freeze the coordinator':
        return freeze(coordinator);
      case 'slow a worker':
        for (const worker of one(workers)) worker.slowness = world.pick([3, 10, 40]);
        return workers.length > 0;
      case 'add a worker': {
        const name = `worker-${this.#wanted.size + world.below(3)}`;
        this.#wanted.add(name);
        this.#startWorker(name);
        return true;
      }
      case 'remove a worker': {
        if (this.#wanted.size <= this.cluster.workers.min) return false;
        const name = world.pick([...this.#wanted]);
        this.#wanted.delete(name);
        const worker = this.#workers.get(name);
        if (worker?.alive) worker.end();
        return true;
      }
      case 'start a worker twice':
        for (const { name } of one(workers)) this.#startWorker(name, true);
        return workers.length > 0;
      case 'start a server twice':
        for (const { name } of one(servers)) this.#startServer(name, true);
        return servers.length > 0;
      case 'tear the newest checkpoint': {
        const newest = [...this.cluster.disk.checkpoints.values()].at(-1);
        if (newest) newest.good = false;
        return newest !== undefined;
      }
      case 'fill the disk':
        this.cluster.disk.full = true;
        world.after(world.between(50, 500), () => {
          this.cluster.disk.full = false;
        });
        return true;
      case 'interrupt':
        for (const process of coordinator) process.after(0, () => process.feed({ kind: 'interrupt' }));
        return coordinator.length > 0;
    }
  }

  /** What is promised at the end. */
  check(): void {
    const { disk, schedule, reference } = this.cluster;
    const steps = totalSteps(schedule);
    const last = [...disk.checkpoints.values()].find((it) => it.version === steps);
    must(last !== undefined, () => 'the last version was not kept');
    last.vectors.forEach((vector, i) => {
      must(sameBits(vector, reference.versions[steps]![i]!), () => `vector ${i} ends with other bits`);
    });
    const audit = auditLog(disk.log, { microShards: schedule.microShards, job: 'toy', steps });
    must(audit.ok, () => `audit: ${JSON.stringify(audit)}`);
    this.#world.stats.set('terms', audit.report.terms);
    this.#world.stats.set('steps rolled back', audit.report.cut);
    this.#world.stats.set('steps', audit.report.steps);
  }
}
