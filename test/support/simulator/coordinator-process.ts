// coordinator-process.ts: a coordinator with toy floats on its disk, that may die at any action; what it commits and keeps is held against the
// undisturbed run.
import { survived } from '../../../cluster/commit-log.ts';
import type {
  Checkpoint,
  CoordinatorAction,
  CoordinatorConfig,
  CoordinatorEvent,
  CoordinatorResult,
  CoordinatorState,
} from '../../../cluster/coordinator-types.ts';
import { drawsOf } from '../../../cluster/draws.ts';
import { textLines } from '../../../cluster/log-lines.ts';
import type { Term } from '../../../cluster/messages.ts';
import { type CoordinatorDoes, CoordinatorDriver, type Drive } from '../../../cluster/simulate/coordinator-driver.ts';
import { type Cluster, DATASET, type Frame, must, PROFILE, pure, REFERENCE, slices } from './cluster.ts';
import { checkBounds, checkCommit } from './invariants.ts';
import { firstVectors, SLOTS, sameBits, scalarsOf, type Vectors, votesOf, workKey } from './toy.ts';

const nameOf = (action: CoordinatorAction): string =>
  action.kind === 'send'
    ? `coordinator send ${action.message.type}`
    : action.kind === 'log'
      ? `coordinator log ${action.record.record}`
      : `coordinator ${action.kind}`;

const newestOf = ({ disk }: Cluster): Checkpoint => {
  const good = [...disk.checkpoints].filter(([, it]) => it.good);
  const [path, found] = good.sort((a, b) => b[1].version - a[1].version)[0] ?? [null, null];
  return { version: found?.version ?? 0, path };
};

/** As a process finds the disk: a line that was torn is cut off. */
function driveOf(cluster: Cluster): Drive {
  const { schedule, seed, ranges, workers, bugs, disk } = cluster;
  const { samples, batch } = schedule;
  const config: CoordinatorConfig = {
    schedule,
    job: 'toy',
    jobHash: 'toy',
    seed,
    profile: PROFILE,
    dataset: DATASET,
    reference: REFERENCE,
    ranges,
    workers,
    scalars: (step) => scalarsOf(schedule, step),
    votes: votesOf(ranges),
    draws: drawsOf({ samples, batch, seed }),
    leaseFloorMs: 60,
    bugs,
  };
  disk.log = disk.log.slice(0, disk.log.lastIndexOf('\n') + 1);
  disk.synced = Math.min(disk.synced, disk.log.length);
  const { lastTerm } = survived(textLines(disk.log));
  return { config, lastTerm, checkpoint: newestOf(cluster), vectors: 1 + SLOTS, tickMs: 20 };
}

export class CoordinatorProcess extends CoordinatorDriver<Frame> {
  readonly cluster: Cluster;
  #dumped: Vectors = [];
  /** Whether every committed version was kept when it was to be. */
  unsaved = false;
  onStop: () => void = () => {};

  constructor(cluster: Cluster) {
    super(cluster, driveOf(cluster));
    this.cluster = cluster;
  }

  protected override decide(state: CoordinatorState, event: CoordinatorEvent): CoordinatorResult {
    if (event.kind !== 'tick') this.world.log(() => `coordinator < ${JSON.stringify(event)}`);
    const result = pure(this.cluster, state, event, (s, e) => super.decide(s, e));
    checkBounds(this.cluster, result.state);
    return result;
  }

  protected override act(action: CoordinatorAction): void {
    const { world } = this;
    world.log(() => `coordinator > ${JSON.stringify(action).slice(0, 300)}`);
    if (action.kind === 'tell') world.count(`news ${action.news.news}`);
    if (action.kind === 'tell' && action.news.news === 'leased' && action.news.backup) world.count('backup leases');
    if (action.kind === 'log' && world.armed?.point === 'coordinator tears a log line') this.#tear(action);
    world.failpoint(this, `before ${nameOf(action)}`);
    if (action.kind === 'dump') this.#dumped = this.#emptyVectors();
    super.act(action);
    world.failpoint(this, `after ${nameOf(action)}`);
  }

  #tear({ record }: CoordinatorDoes<'log'>): void {
    const line = JSON.stringify(record);
    this.cluster.disk.log += line.slice(0, this.world.below(line.length));
    this.world.armed!.nth = 1;
    this.world.failpoint(this, 'coordinator tears a log line');
  }

  protected log({ record, sync }: CoordinatorDoes<'log'>): void {
    const { cluster } = this;
    if (record.record === 'commit') checkCommit(cluster, record);
    cluster.disk.log += `${JSON.stringify(record)}\n`;
    if (sync) cluster.disk.synced = cluster.disk.log.length;
  }

  protected heard(action: CoordinatorDoes<'committed' | 'counted' | 'notFinite' | 'tell'>): void {
    if (action.kind === 'tell') return;
    must(action.kind !== 'notFinite', () => `not finite: ${workKey(action.work)}`);
    const { work, totals, kind } = action;
    const expected = this.cluster.reference.totals.get(workKey(work));
    must(
      JSON.stringify(expected) === JSON.stringify(totals),
      () => `totals ${totals} of ${workKey(work)} instead of ${expected}`,
    );
    this.world.count(`works ${kind}`);
  }

  protected left(): void {
    this.onStop();
  }

  #emptyVectors(): Vectors {
    return Array.from({ length: 1 + SLOTS }, () => new Float32Array(this.cluster.length).fill(Number.NaN));
  }

  protected load({ link, term, checkpoint, range }: CoordinatorDoes<'load'>): void {
    const { cluster, world } = this;
    const { version, path } = checkpoint;
    const found = path === null ? null : cluster.disk.checkpoints.get(path);
    if (found?.good === false) {
      world.count('torn checkpoints met');
      this.after(1, () => {
        if (this.state.checkpoint.path === path) this.feed({ kind: 'fallback', checkpoint: newestOf(cluster) });
      });
      return;
    }
    const vectors = found?.vectors ?? firstVectors(cluster.length, cluster.seed);
    const own = vectors.map((vector) => vector.slice(range.from, range.to));
    for (const frame of slices(world, { type: 'load', term, step: version, node: null, range }, own))
      this.sendBulk(link, frame);
  }

  protected took({ bulk, values }: Frame): void {
    this.#dumped[bulk.vector]!.set(values, bulk.from);
  }

  protected keep(term: Term, version: number): void {
    const vectors = this.#dumped;
    this.after(this.world.between(1, 10), () => {
      if (this.state.term !== term || this.state.dumping !== version) return;
      this.#save(term, version, vectors);
    });
  }

  #save(term: Term, version: number, vectors: Vectors): void {
    const { world, cluster } = this;
    const expected = cluster.reference.versions[version]!;
    vectors.forEach((vector, i) => {
      must(
        sameBits(vector, expected[i]!),
        () => `version ${version}, vector ${i}: [${vector}] instead of [${expected[i]}]`,
      );
    });
    if (cluster.disk.full) {
      world.count('disk full');
      this.unsaved = true;
      const problem = { code: 'SHOAL_DISK', operation: 'save', got: 'ENOSPC', expected: 'room', hint: '' } as const;
      this.feed({ kind: 'dumped', term, version, finite: true, path: null, problem });
      return;
    }
    cluster.disk.synced = cluster.disk.log.length;
    world.failpoint(this, 'coordinator writes a checkpoint');
    const path = `step-${version}`;
    cluster.disk.checkpoints.set(path, { version, vectors, good: true });
    for (const [old] of [...cluster.disk.checkpoints].slice(0, -3)) cluster.disk.checkpoints.delete(old);
    this.unsaved = false;
    world.failpoint(this, 'coordinator has written a checkpoint');
    this.feed({ kind: 'dumped', term, version, finite: true, path, problem: null });
  }
}
