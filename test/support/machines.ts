// machines.ts: the cluster's machines by hand: events in, actions out, one after another. For tests of single decisions.
import { handleCoordinator, startCoordinator } from '../../cluster/coordinator.ts';
import type {
  CoordinatorAction,
  CoordinatorConfig,
  CoordinatorEvent,
  CoordinatorState,
  Link,
  News,
} from '../../cluster/coordinator-types.ts';
import type { FromCoordinator, Lease, Peer, ToCoordinator } from '../../cluster/messages.ts';
import type { Profile } from '../../trainer/executor.ts';

export const PROFILE: Profile = { arithmetic: 'strict', kernels: 'k1' };
export const peer = (role: Peer['role'], name: string, incarnation = '1'): Peer => ({ role, name, incarnation });

/** Two servers, 24 samples in batches of 8 over 4 leaves. */
export const CONFIG: CoordinatorConfig = {
  schedule: {
    samples: 24,
    evaluationSamples: 0,
    batch: 8,
    microShards: 4,
    epochs: 1,
    evaluateEvery: 1,
    saveEvery: null,
    depth: 1,
    from: 0,
    onlyEvaluate: false,
  },
  job: { name: 'toy' },
  jobHash: 'job',
  seed: 1,
  profile: PROFILE,
  dataset: 'data',
  reference: 'bits',
  ranges: [
    { from: 0, to: 5 },
    { from: 5, to: 9 },
  ],
  workers: { min: 1, max: 3 },
  scalars: (step) => [8, 0.1 * step],
  votes: { rounds: () => 0, join: () => null },
  draws: (step) => `draws of step ${step}`,
  leaseFloorMs: 100,
  bugs: new Set(),
};

/** A coordinator whose peers say what the test makes them say. */
export class Bench {
  readonly config: CoordinatorConfig;
  state: CoordinatorState;
  now = 0;
  /** Of the last event. */
  actions: readonly CoordinatorAction[] = [];
  readonly all: CoordinatorAction[] = [];

  constructor(change: Partial<CoordinatorConfig> = {}, version = 0, lastTerm = 0) {
    this.config = { ...CONFIG, ...change };
    this.state = startCoordinator(this.config, lastTerm, { version, path: version > 0 ? `step-${version}` : null });
  }

  feed(event: CoordinatorEvent): readonly CoordinatorAction[] {
    const { state, actions } = handleCoordinator(this.config, this.state, event, this.now);
    this.state = state;
    this.actions = actions;
    this.all.push(...actions);
    return actions;
  }
  say(link: Link, message: ToCoordinator): readonly CoordinatorAction[] {
    return this.feed({ kind: 'message', link, message });
  }
  tick(ms: number): readonly CoordinatorAction[] {
    this.now += ms;
    return this.feed({ kind: 'tick' });
  }

  /** A server of this link: server-LINK. */
  server(link: Link, incarnation = '1', name = `server-${link}`): readonly CoordinatorAction[] {
    const url = `ws://${name}/${incarnation}`;
    return this.say(link, { type: 'hello', peer: peer('server', name, incarnation), profile: PROFILE, url, pair: 1 });
  }
  /** A server wants the version that the term begins with. */
  asks(link: Link): readonly CoordinatorAction[] {
    const { name, incarnation } = this.state.seats.find((it) => it.link === link)!;
    const { term } = this.state;
    return this.say(link, { type: 'attach', peer: peer('server', name!, incarnation!), term, pair: 1 });
  }
  /** Both servers join and load: links 1 and 2. */
  servers(): void {
    for (const link of [1, 2]) this.server(link);
    this.loaded(this.state.checkpoint.version);
  }
  loaded(version: number): void {
    for (const seat of this.state.seats) this.say(seat.link!, { type: 'applied', term: this.state.term, version });
  }
  hello(link: Link, name = `worker-${link}`, incarnation = '1', profile = PROFILE): readonly CoordinatorAction[] {
    return this.say(link, { type: 'hello', peer: peer('worker', name, incarnation), profile, url: null, pair: 0 });
  }
  ready(
    link: Link,
    change: { dataset?: string; decoder?: string; reference?: string; sketch?: number[]; unit?: number } = {},
  ): readonly CoordinatorAction[] {
    return this.say(link, {
      type: 'ready',
      term: this.state.term,
      dataset: 'data',
      reference: 'bits',
      sketch: [],
      unit: 1,
      ...change,
    });
  }
  holding(link: Link, version: number): readonly CoordinatorAction[] {
    return this.say(link, { type: 'holding', term: this.state.term, version });
  }
  /** Joins, and holds the version that the run is at. */
  worker(link: Link): void {
    this.hello(link);
    this.ready(link);
    this.holding(link, this.state.steps.committed);
  }
  /** Answers a lease. */
  done(link: Link, { term, lease, work }: Lease, totals: readonly number[] = [1, 2]): readonly CoordinatorAction[] {
    const { kind, epoch, step, version, node } = work;
    return this.say(link, { type: 'done', term, lease, work: { kind, epoch, step, version }, node, totals });
  }

  /** Messages to a link, of the last event or of all. */
  sent<T extends FromCoordinator['type']>(
    link: Link,
    type: T,
    actions: readonly CoordinatorAction[] = this.actions,
  ): Extract<FromCoordinator, { type: T }>[] {
    return actions.flatMap((it) =>
      it.kind === 'send' && it.link === link && it.message.type === type
        ? [it.message as Extract<FromCoordinator, { type: T }>]
        : [],
    );
  }
  leases(link: Link, actions = this.actions): Lease[] {
    return this.sent(link, 'lease', actions);
  }
  news(actions = this.actions): News[] {
    return actions.flatMap((it) => (it.kind === 'tell' ? [it.news] : []));
  }
  of<K extends CoordinatorAction['kind']>(kind: K, actions = this.actions): Extract<CoordinatorAction, { kind: K }>[] {
    return actions.filter((it) => it.kind === kind) as Extract<CoordinatorAction, { kind: K }>[];
  }
}
