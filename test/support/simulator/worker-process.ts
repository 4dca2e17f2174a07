// worker-process.ts: a worker with toy floats in its memory, that may die at any action and must keep little.
import { without } from '../../../cluster/flat-ranges.ts';
import type { FlatRange } from '../../../cluster/messages.ts';
import { leavesUnder, type WorkerDoes, WorkerDriver } from '../../../cluster/simulate/worker-driver.ts';
import { PUSHES } from '../../../cluster/worker-machine.ts';
import type { WorkerAction, WorkerEvent, WorkerResult, WorkerState } from '../../../cluster/worker-types.ts';
import { type Cluster, DATASET, type Frame, must, PROFILE, pure, REFERENCE, slices } from './cluster.ts';
import { nodeSums } from './toy.ts';

const nameOf = (action: WorkerAction): string =>
  action.kind === 'send' ? `worker send ${action.message.type}` : `worker ${action.kind}`;

export class WorkerProcess extends WorkerDriver<Frame> {
  readonly cluster: Cluster;
  readonly #copies: readonly [Float32Array, Float32Array];
  readonly #sums = new Map<number, Float32Array>();
  onStop: (problem: string | null) => void = () => {};

  constructor(cluster: Cluster, name: string, incarnation: string) {
    super(cluster, { peer: { role: 'worker', name, incarnation }, profile: PROFILE, bugs: cluster.bugs });
    this.cluster = cluster;
    const empty = () => new Float32Array(cluster.length).fill(Number.NaN);
    this.#copies = [empty(), empty()];
  }

  protected override decide(state: WorkerState, event: WorkerEvent): WorkerResult {
    this.world.log(() => `${this.name} < ${JSON.stringify(event)}`);
    const result = pure(this.cluster, state, event, (s, e) => super.decide(s, e));
    const most = 2 * this.cluster.schedule.microShards;
    const { queue, done } = result.state;
    must(queue.length <= most && done.length <= most, () => `${this.name} keeps too much`);
    return result;
  }
  protected override feed(event: WorkerEvent, frame?: Frame): void {
    super.feed(event, frame);
    must(this.#sums.size <= PUSHES + 1, () => `${this.name} keeps ${this.#sums.size} sums`);
  }
  protected override act(action: WorkerAction, frame: Frame | undefined): void {
    const { world } = this;
    world.log(() => `${this.name} > ${JSON.stringify(action)}`);
    world.failpoint(this, `before ${nameOf(action)}`);
    super.act(action, frame);
    world.failpoint(this, `after ${nameOf(action)}`);
  }

  protected prepare() {
    const { world, cluster } = this;
    const ready = () => ({ dataset: DATASET, reference: REFERENCE, sketch: [], unit: world.pick(cluster.units) });
    return { ms: world.between(5, 40), ready };
  }

  protected compute({ lease, work, copy }: WorkerDoes<'compute'>) {
    const { world, cluster } = this;
    const ms = cluster.leafMs * Math.max(1, leavesUnder(work)) * world.between(0.7, 1.3) * this.slowness;
    const half = this.#copies[copy].slice(0, cluster.length >> 1);
    const now = () => {
      // read half at the start, half at the end: a version that was not whole, or is written over, would show
      const parameters = this.#copies[copy].slice();
      parameters.set(half);
      return nodeSums(work, parameters);
    };
    // some of the sums stand early: the others are not numbers until the end
    const sums = new Float32Array(cluster.length).fill(Number.NaN);
    const parts: FlatRange[] = [];
    for (let from = cluster.length; work.kind === 'gradient' && from > 0 && world.random() < 0.5; ) {
      const to = from;
      from = Math.floor(world.between(0, to));
      parts.push({ from, to });
    }
    const stand = (ranges: readonly FlatRange[]) => {
      const { gradient, totals } = now();
      for (const { from, to } of ranges) sums.set(gradient.subarray(from, to), from);
      this.#sums.set(lease, sums);
      return totals;
    };
    const early = parts.map((part, i) => ({
      ms: (ms * (i + 1)) / (parts.length + 1),
      ranges: () => {
        stand([part]);
        return [part];
      },
    }));
    return { ms, early, totals: () => stand(without({ from: 0, to: sums.length }, parts)) };
  }

  protected sums({ range, parts, lease, term, step, node }: WorkerDoes<'push'>) {
    const sums = this.#sums.get(lease)!;
    const head = { type: 'push', term, step, node, range } as const;
    return parts.flatMap(({ from, to }) => slices(this.world, head, [sums.slice(from, to)], from));
  }

  protected keep(action: WorkerDoes<'store' | 'release'>, frame: Frame | undefined): void {
    if (action.kind === 'store') this.#copies[action.copy].set(frame!.values, action.slice.from);
    else this.#sums.delete(action.lease);
  }

  protected left({ problem }: WorkerDoes<'stop'>): void {
    this.onStop(problem?.code ?? null);
  }
}
