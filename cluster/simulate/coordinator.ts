// coordinator.ts: a coordinator whose checkpoints have no floats, and what it commits, told to who measures.
import type { Checkpoint, CoordinatorConfig } from '../coordinator-types.ts';
import type { Term } from '../messages.ts';
import { type CoordinatorDoes, CoordinatorDriver } from './coordinator-driver.ts';
import { type Machines, whole } from './machines.ts';

/** What survives it. */
export interface Disk {
  checkpoint: Checkpoint;
  lastTerm: number;
}

export interface Watch {
  /** A step was committed. */
  committed(version: number): void;
  lost(leases: number): void;
  stopped(): void;
}

export class SimulatedCoordinator extends CoordinatorDriver {
  readonly #machines: Machines;
  readonly #disk: Disk;
  readonly #watch: Watch;

  constructor(machines: Machines, disk: Disk, workers: CoordinatorConfig['workers'], watch: Watch) {
    const { job, vectors } = machines;
    super(machines, { config: { ...job, workers }, ...disk, vectors, tickMs: 100 });
    this.#machines = machines;
    this.#disk = disk;
    this.#watch = watch;
  }

  protected log({ record }: CoordinatorDoes<'log'>): void {
    if (record.record === 'open') this.#disk.lastTerm = record.term;
  }
  protected load({ link, term, checkpoint, range }: CoordinatorDoes<'load'>): void {
    const head = { type: 'load', term, step: checkpoint.version, node: null, range } as const;
    for (let vector = 0; vector < this.#machines.vectors; vector++) this.sendBulk(link, whole(head, vector));
  }
  protected took(): void {}
  protected keep(term: Term, version: number): void {
    const path = `step-${version}`;
    this.#disk.checkpoint = { version, path };
    this.feed({ kind: 'dumped', term, version, finite: true, path, problem: null });
  }
  protected heard(action: CoordinatorDoes<'committed' | 'counted' | 'notFinite' | 'tell'>): void {
    if (action.kind === 'committed') this.#watch.committed(action.work.step + 1);
    if (action.kind === 'tell' && action.news.news === 'lost') this.#watch.lost(action.news.leases);
  }
  protected left(): void {
    this.#watch.stopped();
  }
}
