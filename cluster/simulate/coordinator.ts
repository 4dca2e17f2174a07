// coordinator.ts: drives the shipped coordinator in simulated time: connections, checkpoints without floats, and what it commits.
import { handleCoordinator, startCoordinator } from '../coordinator.ts';
import type {
  Checkpoint,
  CoordinatorAction,
  CoordinatorConfig,
  CoordinatorEvent,
  CoordinatorState,
} from '../coordinator-types.ts';
import type { FlatRange, ToCoordinator } from '../messages.ts';
import { isWhole, nothing, type Received, receive } from '../received.ts';
import { type Frame, isFrame, Machine, type Machines } from './machines.ts';
import type { Connection } from './world.ts';

const TICK_MS = 100;

/** What survives it. */
export interface Disk {
  checkpoint: Checkpoint;
  lastTerm: number;
}

export interface Watch {
  /** A step was committed, at that time: with the nodes that it is made of. */
  committed(version: number, nodes: number, now: number): void;
  /** Steps from this version on are computed again. */
  rolledBack(to: number): void;
  lost(leases: number): void;
  stopped(): void;
}

export class SimulatedCoordinator extends Machine {
  readonly #config: CoordinatorConfig;
  readonly #disk: Disk;
  readonly #watch: Watch;
  readonly #links = new Map<number, Connection>();
  #state: CoordinatorState;
  #dump: { readonly version: number; received: Received } | null = null;

  constructor(machines: Machines, disk: Disk, workers: CoordinatorConfig['workers'], watch: Watch) {
    super(machines, 'coordinator');
    this.#config = { ...machines.job, workers };
    this.#disk = disk;
    this.#watch = watch;
    this.#state = startCoordinator(this.#config, disk.lastTerm, disk.checkpoint);
    machines.listening.set('coordinator', { process: this, accept: (connection) => this.#accept(connection) });
    this.#tick();
  }

  #accept(connection: Connection): void {
    const [, own] = connection.ends;
    this.#links.set(connection.id, connection);
    own.receive = (message) => {
      if (isFrame(message)) this.#collect(message);
      else this.#feed({ kind: 'message', link: connection.id, message: message as ToCoordinator });
    };
    own.closed = () => {
      this.#links.delete(connection.id);
      this.#feed({ kind: 'closed', link: connection.id });
    };
  }

  #tick(): void {
    this.after(TICK_MS, () => {
      this.#feed({ kind: 'tick' });
      this.#tick();
    });
  }

  #feed(event: CoordinatorEvent): void {
    const { state, actions } = handleCoordinator(this.#config, this.#state, event, this.world.now);
    this.#state = state;
    for (const action of actions) this.#act(action);
  }

  #act(action: CoordinatorAction): void {
    switch (action.kind) {
      case 'send':
        this.#links.get(action.link)?.send(1, action.message, false);
        return;
      case 'close':
        this.#links.get(action.link)?.close(1);
        this.#links.delete(action.link);
        return;
      case 'log':
        if (action.record.record === 'open') this.#disk.lastTerm = action.record.term;
        return;
      case 'load':
        this.#load(action.link, action.term, action.checkpoint.version, action.range);
        return;
      case 'dump':
        this.#dump = { version: action.version, received: nothing(this.machines.vectors) };
        return;
      case 'undump':
        this.#dump = null;
        return;
      case 'committed':
        this.#watch.committed(action.work.step + 1, this.#state.open?.done.length ?? 0, this.world.now);
        return;
      case 'tell':
        if (action.news.news === 'term' && action.news.rollback) this.#watch.rolledBack(action.news.version);
        if (action.news.news === 'lost') this.#watch.lost(action.news.leases);
        return;
      case 'stop':
        this.#watch.stopped();
        return;
      default: // figures of works: without floats there are none
    }
  }

  #load(link: number, term: number, version: number, range: FlatRange): void {
    for (let vector = 0; vector < this.machines.vectors; vector++) {
      const bulk = {
        type: 'load',
        term,
        step: version,
        node: null,
        vector,
        range,
        from: range.from,
        count: range.to - range.from,
      };
      this.#links.get(link)?.send(1, { bulk }, false);
    }
  }

  #collect({ bulk }: Frame): void {
    const dump = this.#dump;
    if (!dump || bulk.term !== this.#state.term || bulk.step !== dump.version) return;
    dump.received = receive(dump.received, bulk.vector, { from: bulk.from, to: bulk.from + bulk.count });
    const length = this.#config.ranges.at(-1)!.to;
    if (!isWhole(dump.received, { from: 0, to: length })) return;
    this.#dump = null;
    const { version } = dump;
    this.#disk.checkpoint = { version, path: `step-${version}` };
    this.#feed({ kind: 'dumped', term: bulk.term, version, finite: true, path: `step-${version}`, problem: null });
  }
}
