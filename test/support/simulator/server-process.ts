// server-process.ts: drives the shipped server in virtual time, with toy floats in its memory.
import type { Attach, FromCoordinator, Term } from '../../../cluster/messages.ts';
import { handleServer, startServer } from '../../../cluster/server-machine.ts';
import type { ServerAction, ServerConfig, ServerEvent, ServerState, Slice } from '../../../cluster/server-types.ts';
import { type Connection, Process } from '../../../cluster/simulate/world.ts';
import { type Node, nodeName } from '../../../trainer/tree.ts';
import { type Cluster, Dial, isFrame, isRepeated, must, PROFILE, pure, slices } from './cluster.ts';
import { applyNodes, joinedVotes, SLOTS, type Vectors, voteOf } from './toy.ts';

const nameOf = (action: ServerAction): string =>
  action.kind === 'send' ? `server send ${action.message.type}` : `server ${action.kind}`;

export class ServerProcess extends Process {
  readonly cluster: Cluster;
  readonly #config: ServerConfig;
  #state: ServerState = startServer();
  readonly #control: Dial;
  readonly #links = new Map<number, Connection>();
  #copies: Vectors[] = [];
  #nodes = new Map<string, Float32Array>();
  /** What the control connection brought while a step was being applied. */
  #held: { readonly event: ServerEvent; readonly values: Float32Array | undefined }[] | null = null;
  onStop: (problem: string | null) => void = () => {};

  constructor(cluster: Cluster, name: string, incarnation: string) {
    super(cluster.world, name);
    this.cluster = cluster;
    const url = `${name}#${incarnation}`;
    this.#config = { peer: { role: 'server', name, incarnation }, profile: PROFILE, url, bugs: cluster.bugs };
    cluster.listening.set(url, { process: this, accept: (connection) => this.#accept(connection) });
    this.#control = new Dial(cluster, this, 'coordinator');
    this.#control.onOpen = () => this.#feed({ kind: 'connected' });
    this.#control.onClosed = () => {
      this.#held &&= []; // what the lost connection brought and nobody read is lost too
      this.#feed({ kind: 'lost' });
    };
    this.#control.onMessage = (message) =>
      this.#hear(
        isFrame(message)
          ? { kind: 'load', slice: message.bulk }
          : { kind: 'message', message: message as FromCoordinator },
        isFrame(message) ? message.values : undefined,
      );
  }

  get holds(): { readonly term: Term; readonly version: number | null } {
    return this.#state;
  }

  #accept(connection: Connection): void {
    const [, own] = connection.ends;
    const link = connection.id;
    this.#links.set(link, connection);
    own.receive = (message) => {
      if (isFrame(message)) this.#feed({ kind: 'push', link, slice: message.bulk }, message.values);
      else this.#feed({ kind: 'attach', link, message: message as Attach });
    };
    own.closed = () => {
      this.#links.delete(link);
      this.#feed({ kind: 'detached', link });
    };
  }

  /** Of the control connection: waits while a step is applied. */
  #hear(event: ServerEvent, values?: Float32Array): void {
    if (this.#held) this.#held.push({ event, values });
    else this.#feed(event, values);
  }

  #feed(event: ServerEvent, values?: Float32Array): void {
    const { world } = this;
    world.log(() => `${this.name} < ${JSON.stringify(event)}`);
    const { state, actions } = pure(this.cluster, this.#state, event, (s, e) => handleServer(this.#config, s, e));
    this.#state = state;
    must(
      state.nodes.length <= 2 * this.cluster.schedule.microShards,
      () => `${state.nodes.length} nodes in ${this.name}`,
    );
    for (const action of actions) {
      world.log(() => `${this.name} > ${JSON.stringify(action)}`);
      world.failpoint(this, `before ${nameOf(action)}`);
      this.#act(action, values);
      world.failpoint(this, `after ${nameOf(action)}`);
    }
  }

  #act(action: ServerAction, values: Float32Array | undefined): void {
    const { world } = this;
    switch (action.kind) {
      case 'send':
        this.#control.send(action.message, isRepeated(action.message));
        return;
      case 'prepare': {
        const length = action.range.to - action.range.from;
        const empty = () => Array.from({ length: 1 + SLOTS }, () => new Float32Array(length).fill(Number.NaN));
        this.#copies = [empty(), empty()];
        this.#held = [];
        this.after(world.between(1, 20), () => {
          this.#feed({ kind: 'prepared', vectors: 1 + SLOTS, microShards: this.cluster.schedule.microShards });
          this.#release();
        });
        return;
      }
      case 'store':
        this.#store(action.slice, values!);
        return;
      case 'free':
        for (const node of action.nodes) this.#nodes.delete(nodeName(node));
        return;
      case 'answer':
        this.#links.get(action.link)?.send(1, action.message, true);
        return;
      case 'close':
        must(false, () => `${this.name} turns a push away: ${JSON.stringify(action.problem)}`);
        return;
      case 'measure': {
        const { term, version, votes } = action.message;
        this.#held = [];
        this.after(world.between(0.5, 4), () => {
          const sums = [voteOf(this.#state.range!, votes.length)];
          this.#feed({ kind: 'measured', term, version, round: votes.length, sums });
          this.#release();
        });
        return;
      }
      case 'apply':
        must(
          JSON.stringify(action.votes) === JSON.stringify(joinedVotes(this.cluster.ranges, action.version + 1)),
          () => `${this.name} updates with ${JSON.stringify(action.votes)}`,
        );
        this.#apply(action);
        return;
      case 'params':
        for (const link of action.links) {
          const head = { type: 'params', term: action.term, step: action.version, node: null } as const;
          this.#send(
            this.#links.get(link),
            { ...head, range: this.#state.range! },
            this.#copies[action.version % 2]!.slice(0, 1),
          );
        }
        return;
      case 'dump': {
        const head = { type: 'dump', term: action.term, step: action.version, node: null } as const;
        for (const frame of slices(world, { ...head, range: this.#state.range! }, this.#copies[action.version % 2]!))
          this.#control.send(frame, true);
        return;
      }
      case 'reset':
        this.#nodes = new Map();
        return;
      case 'stop':
        this.#control.stop();
        this.onStop(action.problem?.code ?? null);
    }
  }

  #send(connection: Connection | undefined, head: Parameters<typeof slices>[1], vectors: Vectors): void {
    for (const frame of slices(this.world, head, vectors)) connection?.send(1, frame, true);
  }

  #store(slice: Slice, values: Float32Array): void {
    const { from, to } = this.#state.range!;
    if (slice.type === 'load') {
      this.#copies[slice.step % 2]![slice.vector]!.set(values, slice.from - from);
      return;
    }
    const name = nodeName(slice.node!);
    if (!this.#nodes.has(name)) this.#nodes.set(name, new Float32Array(to - from).fill(Number.NaN));
    this.#nodes.get(name)!.set(values, slice.from - from);
  }

  #apply({ term, version, leaves, nodes, scalars }: Extract<ServerAction, { kind: 'apply' }>): void {
    const empty = this.#state.range!.from === this.#state.range!.to;
    const part = (node: Node): Float32Array => {
      const found = empty ? new Float32Array(0) : this.#nodes.get(nodeName(node));
      must(found !== undefined, () => `${this.name} is to add ${nodeName(node)} of step ${version}, which it has not`);
      return found;
    };
    this.#held = [];
    this.after(this.world.between(0.5, 8), () => {
      const after = applyNodes(this.#copies[version % 2]!, nodes.map(part), nodes, leaves, scalars);
      this.#copies[(version + 1) % 2] = after;
      this.#feed({ kind: 'applied', term, version: version + 1 });
      this.#release();
    });
  }

  #release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const { event, values } of held) this.#hear(event, values);
  }
}
