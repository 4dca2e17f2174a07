// coordinator-process.ts: drives the shipped coordinator in virtual time: its connections, log and checkpoints.
import { lastTermOf } from '../../../cluster/audit.ts';
import { handleCoordinator, startCoordinator } from '../../../cluster/coordinator.ts';
import type {
  Checkpoint,
  CoordinatorAction,
  CoordinatorConfig,
  CoordinatorEvent,
  CoordinatorState,
} from '../../../cluster/coordinator-types.ts';
import { drawsOf } from '../../../cluster/draws.ts';
import type { ToCoordinator } from '../../../cluster/messages.ts';
import { isWhole, nothing, type Received, receive } from '../../../cluster/received.ts';
import { type Connection, Process } from '../../../cluster/simulate/world.ts';
import type { StopReason } from '../../../trainer/step-machine.ts';
import {
  type Cluster,
  DATASET,
  type Frame,
  isFrame,
  isRepeated,
  must,
  PROFILE,
  pure,
  REFERENCE,
  slices,
} from './cluster.ts';
import { checkBounds, checkCommit } from './invariants.ts';
import { firstVectors, SLOTS, sameBits, scalarsOf, type Vectors, votesOf, workKey } from './toy.ts';

const nameOf = (action: CoordinatorAction): string =>
  action.kind === 'send'
    ? `coordinator send ${action.message.type}`
    : action.kind === 'log'
      ? `coordinator log ${action.record.record}`
      : `coordinator ${action.kind}`;

export class CoordinatorProcess extends Process {
  readonly cluster: Cluster;
  readonly #config: CoordinatorConfig;
  #state: CoordinatorState;
  readonly #links = new Map<number, Connection>();
  #dump: { readonly version: number; readonly vectors: Vectors; received: Received } | null = null;
  stopped: StopReason | null = null;
  /** Whether every committed version was kept when it was to be. */
  unsaved = false;
  onStop: () => void = () => {};

  constructor(cluster: Cluster) {
    super(cluster.world, 'coordinator');
    this.cluster = cluster;
    const { schedule, seed, ranges, workers, bugs, disk } = cluster;
    const { samples, batch } = schedule;
    this.#config = {
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
    this.#state = startCoordinator(this.#config, lastTermOf(disk.log), this.#newest());
    cluster.listening.set('coordinator', { process: this, accept: (connection) => this.#accept(connection) });
    this.#tick();
  }

  get state(): CoordinatorState {
    return this.#state;
  }

  #newest(): Checkpoint {
    const good = [...this.cluster.disk.checkpoints].filter(([, it]) => it.good);
    const [path, found] = good.sort((a, b) => b[1].version - a[1].version)[0] ?? [null, null];
    return { version: found?.version ?? 0, path };
  }

  #accept(connection: Connection): void {
    const [, own] = connection.ends;
    this.#links.set(connection.id, connection);
    own.receive = (message) => {
      if (isFrame(message)) this.#collect(message);
      else this.feed({ kind: 'message', link: connection.id, message: message as ToCoordinator });
    };
    own.closed = () => {
      this.#links.delete(connection.id);
      this.feed({ kind: 'closed', link: connection.id });
    };
  }

  #tick(): void {
    this.after(20, () => {
      this.feed({ kind: 'tick' });
      this.#tick();
    });
  }

  feed(event: CoordinatorEvent): void {
    if (this.stopped) return;
    const { world } = this;
    if (event.kind !== 'tick') world.log(() => `coordinator < ${JSON.stringify(event)}`);
    const before = this.#state;
    const { state, actions } = pure(this.cluster, before, event, (s, e) =>
      handleCoordinator(this.#config, s, e, world.now),
    );
    this.#state = state;
    checkBounds(this.cluster, this.#state);
    for (const action of actions) {
      world.log(() => `coordinator > ${JSON.stringify(action).slice(0, 300)}`);
      if (action.kind === 'tell') world.count(`news ${action.news.news}`);
      if (action.kind === 'tell' && action.news.news === 'leased' && action.news.backup) world.count('backup leases');
      if (action.kind === 'log' && world.armed?.point === 'coordinator tears a log line') this.#tear(action);
      world.failpoint(this, `before ${nameOf(action)}`);
      this.#act(action);
      world.failpoint(this, `after ${nameOf(action)}`);
    }
  }

  #tear(action: CoordinatorAction): void {
    const line = JSON.stringify(action.kind === 'log' ? action.record : null);
    this.cluster.disk.log += line.slice(0, this.world.below(line.length));
    this.world.armed!.nth = 1;
    this.world.failpoint(this, 'coordinator tears a log line');
  }

  #act(action: CoordinatorAction): void {
    const { world, cluster } = this;
    switch (action.kind) {
      case 'send':
        this.#links.get(action.link)?.send(1, action.message, isRepeated(action.message));
        return;
      case 'close': {
        const connection = this.#links.get(action.link);
        this.#links.delete(action.link);
        if (action.problem) connection?.send(1, { type: 'refuse', problem: action.problem }, false);
        connection?.close(1);
        return;
      }
      case 'log':
        if (action.record.record === 'commit') checkCommit(cluster, action.record);
        cluster.disk.log += `${JSON.stringify(action.record)}\n`;
        if (action.sync) cluster.disk.synced = cluster.disk.log.length;
        return;
      case 'load':
        this.#load(action);
        return;
      case 'dump':
        this.#dump = { version: action.version, vectors: this.#emptyVectors(), received: nothing(1 + SLOTS) };
        return;
      case 'undump':
        this.#dump = null;
        return;
      case 'committed':
      case 'counted': {
        const expected = cluster.reference.totals.get(workKey(action.work));
        must(
          JSON.stringify(expected) === JSON.stringify(action.totals),
          () => `totals ${action.totals} of ${workKey(action.work)} instead of ${expected}`,
        );
        world.count(`works ${action.kind}`);
        return;
      }
      case 'notFinite':
        must(false, () => `not finite: ${workKey(action.work)}`);
        return;
      case 'tell':
        return;
      case 'stop':
        this.stopped = action.reason;
        this.onStop();
    }
  }

  #emptyVectors(): Vectors {
    return Array.from({ length: 1 + SLOTS }, () => new Float32Array(this.cluster.length).fill(Number.NaN));
  }

  #load({ link, term, checkpoint, range }: Extract<CoordinatorAction, { kind: 'load' }>): void {
    const { cluster, world } = this;
    const { version, path } = checkpoint;
    const found = path === null ? null : cluster.disk.checkpoints.get(path);
    if (found?.good === false) {
      world.count('torn checkpoints met');
      this.after(1, () => {
        if (this.#state.checkpoint.path === path) this.feed({ kind: 'fallback', checkpoint: this.#newest() });
      });
      return;
    }
    const vectors = found?.vectors ?? firstVectors(cluster.length, cluster.seed);
    const own = vectors.map((vector) => vector.slice(range.from, range.to));
    for (const frame of slices(world, { type: 'load', term, step: version, node: null, range }, own))
      this.#links.get(link)?.send(1, frame, true);
  }

  #collect({ bulk, values }: Frame): void {
    const dump = this.#dump;
    if (!dump || bulk.term !== this.#state.term || bulk.step !== dump.version) return;
    dump.vectors[bulk.vector]!.set(values, bulk.from);
    dump.received = receive(dump.received, bulk.vector, { from: bulk.from, to: bulk.from + bulk.count });
    if (!isWhole(dump.received, { from: 0, to: this.cluster.length })) return;
    this.#dump = null;
    const { version, vectors } = dump;
    const { term } = bulk;
    this.after(this.world.between(1, 10), () => {
      if (this.#state.term !== term || this.#state.dumping !== version) return;
      this.#keep(term, version, vectors);
    });
  }

  #keep(term: number, version: number, vectors: Vectors): void {
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
