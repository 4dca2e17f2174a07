// worker-process.ts: drives the shipped worker in virtual time, with toy floats in its memory.
import { without } from '../../../cluster/flat-ranges.ts';
import type { Ack, FlatRange, FromCoordinator, ServerAddress } from '../../../cluster/messages.ts';
import { Process } from '../../../cluster/simulate/world.ts';
import { handleWorker, PUSHES, startWorker } from '../../../cluster/worker-machine.ts';
import type { WorkerAction, WorkerConfig, WorkerEvent, WorkerState } from '../../../cluster/worker-types.ts';
import { type Cluster, DATASET, Dial, isFrame, isRepeated, must, PROFILE, pure, REFERENCE, slices } from './cluster.ts';
import { leavesUnder, nodeSums } from './toy.ts';

const nameOf = (action: WorkerAction): string =>
  action.kind === 'send' ? `worker send ${action.message.type}` : `worker ${action.kind}`;

export class WorkerProcess extends Process {
  readonly cluster: Cluster;
  readonly #config: WorkerConfig;
  #state: WorkerState = startWorker();
  readonly #control: Dial;
  readonly #servers = new Map<string, { readonly url: string; readonly dial: Dial }>();
  readonly #copies: readonly [Float32Array, Float32Array];
  readonly #sums = new Map<number, Float32Array>();
  onStop: (problem: string | null) => void = () => {};

  constructor(cluster: Cluster, name: string, incarnation: string) {
    super(cluster.world, name);
    this.cluster = cluster;
    this.#config = { peer: { role: 'worker', name, incarnation }, profile: PROFILE, bugs: cluster.bugs };
    const empty = () => new Float32Array(cluster.length).fill(Number.NaN);
    this.#copies = [empty(), empty()];
    this.#control = new Dial(cluster, this, 'coordinator');
    this.#control.onOpen = () => this.#feed({ kind: 'connected' });
    this.#control.onClosed = () => this.#feed({ kind: 'lost' });
    this.#control.onMessage = (message) => this.#feed({ kind: 'message', message: message as FromCoordinator });
  }

  #feed(event: WorkerEvent, values?: Float32Array): void {
    const { world } = this;
    world.log(() => `${this.name} < ${JSON.stringify(event)}`);
    const { state, actions } = pure(this.cluster, this.#state, event, (s, e) => handleWorker(this.#config, s, e));
    this.#state = state;
    const leaves = this.cluster.schedule.microShards;
    must(state.queue.length <= 2 * leaves && state.done.length <= 2 * leaves, () => `${this.name} keeps too much`);
    for (const action of actions) {
      world.log(() => `${this.name} > ${JSON.stringify(action)}`);
      world.failpoint(this, `before ${nameOf(action)}`);
      this.#act(action, values);
      world.failpoint(this, `after ${nameOf(action)}`);
    }
    must(this.#sums.size <= PUSHES + 1, () => `${this.name} keeps ${this.#sums.size} sums`);
  }

  #act(action: WorkerAction, values: Float32Array | undefined): void {
    const { world, cluster } = this;
    switch (action.kind) {
      case 'send':
        this.#control.send(action.message, isRepeated(action.message));
        return;
      case 'prepare':
        this.after(world.between(5, 40), () =>
          this.#feed({ kind: 'prepared', dataset: DATASET, reference: REFERENCE, unit: world.pick(cluster.units) }),
        );
        return;
      case 'servers':
        this.#connect(action.servers);
        return;
      case 'tell':
        this.#servers.get(action.server)?.dial.send(action.message);
        return;
      case 'store':
        this.#copies[action.copy].set(values!, action.slice.from);
        return;
      case 'compute':
        this.#compute(action);
        return;
      case 'ahead':
        return; // it has no samples
      case 'cancel':
        return; // the toy cannot end early, as a real executor in the middle of a kernel
      case 'push': {
        const { server, range, parts, lease, term, step, node } = action;
        for (const part of parts) {
          const sums = this.#sums.get(lease)!.slice(part.from, part.to);
          for (const frame of slices(world, { type: 'push', term, step, node, range }, [sums], part.from))
            this.#servers.get(server)?.dial.send(frame, true);
        }
        return;
      }
      case 'release':
        this.#sums.delete(action.lease);
        return;
      case 'stop':
        this.#control.stop();
        this.#connect([]);
        this.onStop(action.problem?.code ?? null);
    }
  }

  #connect(servers: readonly ServerAddress[]): void {
    for (const [name, { url, dial }] of this.#servers)
      if (!servers.some((it) => it.name === name && it.url === url)) {
        dial.stop();
        this.#servers.delete(name);
      }
    for (const { name, url } of servers) {
      if (this.#servers.has(name)) continue;
      const dial = new Dial(this.cluster, this, url);
      dial.onOpen = () => this.#feed({ kind: 'attached', server: name });
      dial.onClosed = () => this.#feed({ kind: 'detached', server: name });
      dial.onMessage = (message) => {
        if (isFrame(message)) this.#feed({ kind: 'params', server: name, slice: message.bulk }, message.values);
        else this.#feed({ kind: 'ack', server: name, message: message as Ack });
      };
      this.#servers.set(name, { url, dial });
    }
  }

  #compute({ lease, work, copy }: Extract<WorkerAction, { kind: 'compute' }>): void {
    const { world, cluster } = this;
    const ms = cluster.leafMs * Math.max(1, leavesUnder(work)) * world.between(0.7, 1.3) * this.slowness;
    const half = this.#copies[copy].slice(0, cluster.length >> 1);
    const sumsNow = () => {
      // read half at the start, half at the end: a version that was not whole, or is written over, would show
      const parameters = this.#copies[copy].slice();
      parameters.set(half);
      return nodeSums(work, parameters);
    };
    // some of the sums stand early: the others are not numbers until the end
    const sums = new Float32Array(cluster.length).fill(Number.NaN);
    const early: FlatRange[] = [];
    for (let from = cluster.length; work.kind === 'gradient' && from > 0 && world.random() < 0.5; ) {
      const to = from;
      from = Math.floor(world.between(0, to));
      early.push({ from, to });
    }
    for (const [i, range] of early.entries())
      this.after((ms * (i + 1)) / (early.length + 1), () => {
        sums.set(sumsNow().gradient.subarray(range.from, range.to), range.from);
        this.#sums.set(lease, sums);
        this.#feed({ kind: 'final', lease, ranges: [range] });
      });
    this.after(ms, () => {
      const { gradient, totals } = sumsNow();
      for (const { from, to } of without({ from: 0, to: sums.length }, early))
        sums.set(gradient.subarray(from, to), from);
      this.#sums.set(lease, sums);
      this.#feed({ kind: 'computed', lease, totals });
    });
  }
}
