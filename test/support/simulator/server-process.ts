// server-process.ts: a server with toy floats in its memory, that may die at any action and must keep little.

import type { Term } from '../../../cluster/messages.ts';
import type { ServerAction, ServerEvent, ServerResult, ServerState, Slice } from '../../../cluster/server-types.ts';
import type { FrameHead } from '../../../cluster/simulate/dial.ts';
import { type ServerDoes, ServerDriver, type ServerWork } from '../../../cluster/simulate/server-driver.ts';
import { type Node, nodeName } from '../../../trainer/tree.ts';
import { type Cluster, type Frame, must, PROFILE, pure, slices } from './cluster.ts';
import { applyNodes, joinedVotes, SLOTS, type Vectors, voteOf } from './toy.ts';

const nameOf = (action: ServerAction): string =>
  action.kind === 'send' ? `server send ${action.message.type}` : `server ${action.kind}`;

export class ServerProcess extends ServerDriver<Frame> {
  readonly cluster: Cluster;
  #copies: Vectors[] = [];
  #nodes = new Map<string, Float32Array>();
  onStop: (problem: string | null) => void = () => {};

  constructor(cluster: Cluster, name: string, incarnation: string) {
    super(cluster, { peer: { role: 'server', name, incarnation }, profile: PROFILE, bugs: cluster.bugs });
    this.cluster = cluster;
  }

  get holds(): { readonly term: Term; readonly version: number | null } {
    return this.state;
  }

  protected override decide(state: ServerState, event: ServerEvent): ServerResult {
    this.world.log(() => `${this.name} < ${JSON.stringify(event)}`);
    const result = pure(this.cluster, state, event, (s, e) => super.decide(s, e));
    const { nodes } = result.state;
    must(nodes.length <= 2 * this.cluster.schedule.microShards, () => `${nodes.length} nodes in ${this.name}`);
    return result;
  }
  protected override act(action: ServerAction, frame: Frame | undefined): void {
    const { world } = this;
    world.log(() => `${this.name} > ${JSON.stringify(action)}`);
    world.failpoint(this, `before ${nameOf(action)}`);
    must(action.kind !== 'close', () => `${this.name} turns a push away: ${JSON.stringify(action)}`);
    super.act(action, frame);
    world.failpoint(this, `after ${nameOf(action)}`);
  }

  protected work(action: ServerWork): { readonly ms: number; readonly event: () => ServerEvent } {
    const { world, cluster } = this;
    if (action.kind === 'prepare') {
      const length = action.range.to - action.range.from;
      const empty = () => Array.from({ length: 1 + SLOTS }, () => new Float32Array(length).fill(Number.NaN));
      this.#copies = [empty(), empty()];
      const { microShards } = cluster.schedule;
      return { ms: world.between(1, 20), event: () => ({ kind: 'prepared', vectors: 1 + SLOTS, microShards }) };
    }
    if (action.kind === 'measure') {
      const { term, version, votes } = action.message;
      const round = votes.length;
      const sums = () => [voteOf(this.state.range!, round)];
      return { ms: world.between(0.5, 4), event: () => ({ kind: 'measured', term, version, round, sums: sums() }) };
    }
    const { term, version, votes } = action;
    must(
      JSON.stringify(votes) === JSON.stringify(joinedVotes(cluster.ranges, version + 1)),
      () => `${this.name} updates with ${JSON.stringify(votes)}`,
    );
    const event = (): ServerEvent => {
      this.#apply(action);
      return { kind: 'applied', term, version: version + 1 };
    };
    return { ms: world.between(0.5, 8), event };
  }

  protected vectors(head: FrameHead, count: number | null): readonly Frame[] {
    return slices(this.world, head, this.#copies[head.step % 2]!.slice(0, count ?? undefined));
  }

  protected keep(action: ServerDoes<'store' | 'free' | 'reset'>, frame: Frame | undefined): void {
    if (action.kind === 'store') this.#store(action.slice, frame!.values);
    else if (action.kind === 'free') for (const node of action.nodes) this.#nodes.delete(nodeName(node));
    else this.#nodes = new Map();
  }

  protected left({ problem }: ServerDoes<'stop'>): void {
    this.onStop(problem?.code ?? null);
  }

  #store(slice: Slice, values: Float32Array): void {
    const { from, to } = this.state.range!;
    if (slice.type === 'load') {
      this.#copies[slice.step % 2]![slice.vector]!.set(values, slice.from - from);
      return;
    }
    const name = nodeName(slice.node!);
    if (!this.#nodes.has(name)) this.#nodes.set(name, new Float32Array(to - from).fill(Number.NaN));
    this.#nodes.get(name)!.set(values, slice.from - from);
  }

  #apply({ version, leaves, nodes, scalars }: ServerDoes<'apply'>): void {
    const empty = this.state.range!.from === this.state.range!.to;
    const part = (node: Node): Float32Array => {
      const found = empty ? new Float32Array(0) : this.#nodes.get(nodeName(node));
      must(found !== undefined, () => `${this.name} is to add ${nodeName(node)} of step ${version}, which it has not`);
      return found;
    };
    const after = applyNodes(this.#copies[version % 2]!, nodes.map(part), nodes, leaves, scalars);
    this.#copies[(version + 1) % 2] = after;
  }
}
