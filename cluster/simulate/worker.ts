// worker.ts: a worker without floats: what it computes takes a time by a model.
import { rowsOf } from '../../trainer/work.ts';
import type { Frame } from './dial.ts';
import { type Machines, modelled } from './machines.ts';
import { leavesUnder, type WorkerDoes, WorkerDriver } from './worker-driver.ts';

export class SimulatedWorker extends WorkerDriver {
  readonly #machines: Machines;
  /** Ms spent on micro-shards. */
  busyMs = 0;

  constructor(machines: Machines, name: string, incarnation: string) {
    const { profile } = modelled;
    super(machines, { peer: { role: 'worker', name, incarnation }, profile, bugs: new Set() });
    this.#machines = machines;
  }

  protected prepare() {
    const { dataset, reference } = modelled;
    return { ms: 1, ready: () => ({ dataset, reference, sketch: [], unit: 1 }) };
  }
  protected compute({ work }: WorkerDoes<'compute'>) {
    const { leafMs, spread, early } = this.#machines.times;
    const leaves = leavesUnder(work);
    const leaf = leafMs * (1 + spread * (this.world.random() - 0.5));
    const ms = leaves * leaf;
    this.busyMs += ms;
    const before = work.kind === 'gradient' ? early : [];
    return {
      ms,
      totals: () => [1, rowsOf(work)],
      early: before.map(({ share, ranges }) => ({ ms: ms - leaf * (1 - share), ranges: () => ranges })),
    };
  }
  protected sums({ range, parts, term, step, node }: WorkerDoes<'push'>) {
    return parts.map(({ from, to }): Frame => {
      const count = to - from;
      this.#machines.tensorBytes.pushed += 4 * count;
      return { bulk: { type: 'push', term, step, node, vector: 0, range, from, count } };
    });
  }
  protected keep(): void {}
  protected left(): void {
    this.end();
  }
}
