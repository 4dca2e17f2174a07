// run.ts: the processes of one simulated run: who starts and restarts them, and what must hold at the end.
import { auditLog } from '../../../cluster/audit.ts';
import type { Process, World } from '../../../cluster/simulate/world.ts';
import { totalSteps } from '../../../trainer/step-machine.ts';
import { type Cluster, must } from './cluster.ts';
import { CoordinatorProcess } from './coordinator-process.ts';
import { drawFaults } from './faults.ts';
import { inject } from './inject.ts';
import { ServerProcess } from './server-process.ts';
import { sameBits } from './toy.ts';
import { WorkerProcess } from './worker-process.ts';

/** The processes of one run, who restarts them, and what happens to them. */
export class Run {
  readonly cluster: Cluster;
  readonly world: World;
  coordinator: CoordinatorProcess | null = null;
  readonly servers = new Map<string, ServerProcess>();
  readonly workers = new Map<string, WorkerProcess>();
  /** Workers that are to be there: they are started again when they die. */
  readonly wanted = new Set<string>();
  #incarnations = 0;
  over = false;

  constructor(cluster: Cluster) {
    this.cluster = cluster;
    this.world = cluster.world;
  }

  begin(): void {
    const world = this.world;
    world.onCrash = (process) => this.#restart(process);
    const { ranges, workers } = this.cluster;
    const count = workers.min + world.below(3);
    for (let i = 0; i < count; i++) this.wanted.add(`worker-${i}`);
    world.after(world.between(0, 50), () => this.#startCoordinator());
    ranges.forEach((_, i) => {
      world.after(world.between(0, 50), () => this.startServer(`server-${i}`));
    });
    for (const name of this.wanted) world.after(world.between(0, 100), () => this.startWorker(name));
    const { schedule, leafMs } = this.cluster;
    const span = 100 + totalSteps(schedule) * (40 + leafMs * schedule.microShards);
    for (const fault of drawFaults(world, this.cluster.seed, span)) world.at(fault.at, () => inject(this, fault));
  }

  #startCoordinator(): void {
    if (this.over || (this.coordinator?.alive && !this.coordinator.stopped)) return;
    if (this.coordinator?.alive) {
      this.world.after(50, () => this.#startCoordinator()); // it is on its way out
      return;
    }
    const process = new CoordinatorProcess(this.cluster);
    this.coordinator = process;
    process.onStop = () => this.#stopped(process);
  }

  #stopped(coordinator: CoordinatorProcess): void {
    const world = this.world;
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
    for (const name of this.servers.keys()) world.after(world.between(50, 300), () => this.startServer(name));
    for (const name of this.wanted) world.after(world.between(50, 300), () => this.startWorker(name));
  }

  startServer(name: string, again = false): void {
    if (this.over || (this.servers.get(name)?.alive && !again)) return;
    const process = new ServerProcess(this.cluster, name, String(++this.#incarnations));
    this.servers.set(name, process);
    this.#all = [...this.#all.filter((it) => it.alive), process];
    process.onStop = (problem) => this.#ended(process, problem);
  }

  startWorker(name: string, again = false): void {
    if (this.over || (this.workers.get(name)?.alive && !again)) return;
    const process = new WorkerProcess(this.cluster, name, String(++this.#incarnations));
    this.workers.set(name, process);
    this.#all = [...this.#all.filter((it) => it.alive), process];
    process.onStop = (problem) => this.#ended(process, problem);
  }

  /** A process was told to go. */
  #ended(process: Process, problem: string | null): void {
    const expected = [null, 'SHOAL_REPLACED', 'SHOAL_JOIN_FULL', 'SHOAL_JOIN_SEAT'];
    must(expected.includes(problem), () => `${process.name} was refused: ${problem}`);
    if (problem) this.world.count(`refused ${problem}`);
    process.end();
    // of two that were started, the one left may be the older; the supervisor starts the name again if none is
    const name = process.name;
    this.world.after(this.world.between(100, 400), () => {
      if (this.#others(process).length > 0 || this.over) return;
      if (process instanceof ServerProcess) this.startServer(name);
      else if (this.wanted.has(name)) this.startWorker(name);
    });
  }

  /** Processes alive, several of a name where one was started twice. */
  #all: readonly Process[] = [];
  #others(process: Process): readonly Process[] {
    return this.#all.filter((it) => it !== process && it.alive && it.name === process.name);
  }

  #restart(process: Process): void {
    const delay = this.world.pick([20, 100, 800]) * (0.5 + this.world.random());
    this.world.after(delay, () => {
      if (process === this.coordinator) this.#startCoordinator();
      else if (process instanceof ServerProcess) this.startServer(process.name);
      else if (this.wanted.has(process.name)) this.startWorker(process.name);
    });
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
    this.world.stats.set('terms', audit.report.terms);
    this.world.stats.set('steps rolled back', audit.report.cut);
    this.world.stats.set('steps', audit.report.steps);
  }
}
