// worker-driver.ts: drives the shipped worker in simulated time: its connections, and when what it computes is done. What that is, and how long
// it takes, others say: worker.ts by a model, tests with floats, faults and invariants.
import { endLeaf, firstLeaf } from '../../trainer/tree.ts';
import { activeLeaves, type Work } from '../../trainer/work.ts';
import type { Ack, FlatRange, FromCoordinator, ServerAddress } from '../messages.ts';
import { handleWorker, startWorker } from '../worker-machine.ts';
import type { WorkerAction, WorkerConfig, WorkerEvent, WorkerResult, WorkerState } from '../worker-types.ts';
import { Dial, type Frame, isFrame, type Net } from './dial.ts';
import { Process } from './world.ts';

export type WorkerDoes<K extends WorkerAction['kind']> = Extract<WorkerAction, { readonly kind: K }>;

/** Leaves with rows under the node of a piece of work. */
export const leavesUnder = (work: Work): number =>
  Math.max(0, Math.min(endLeaf(work.node), activeLeaves(work)) - firstLeaf(work.node));

export abstract class WorkerDriver<F extends Frame = Frame> extends Process {
  readonly #net: Net;
  readonly #config: WorkerConfig;
  readonly #control: Dial;
  readonly #servers = new Map<string, { readonly url: string; readonly dial: Dial }>();
  protected state: WorkerState = startWorker();

  constructor(net: Net, config: WorkerConfig) {
    super(net.world, config.peer.name);
    this.#net = net;
    this.#config = config;
    this.#control = new Dial(net, this, 'coordinator');
    this.#control.onOpen = () => this.feed({ kind: 'connected' });
    this.#control.onClosed = () => this.feed({ kind: 'lost' });
    this.#control.onMessage = (message) => this.feed({ kind: 'message', message: message as FromCoordinator });
  }

  /** Ms until it is ready for work; what it has then. */
  protected abstract prepare(): { readonly ms: number; readonly ready: () => Omit<Ready, 'kind'> };
  /** Ms of a lease; its totals then; and which of its sums stand before, each after so many ms. */
  protected abstract compute(action: WorkerDoes<'compute'>): {
    readonly ms: number;
    readonly totals: () => readonly number[];
    readonly early: readonly { readonly ms: number; readonly ranges: () => readonly FlatRange[] }[];
  };
  /** Parts of a node's sums for one server. */
  protected abstract sums(action: WorkerDoes<'push'>): readonly F[];
  /** Parameters have come, or sums may go. */
  protected abstract keep(action: WorkerDoes<'store' | 'release'>, frame: F | undefined): void;
  /** It has said goodbye. */
  protected abstract left(action: WorkerDoes<'stop'>): void;

  protected decide(state: WorkerState, event: WorkerEvent): WorkerResult {
    return handleWorker(this.#config, state, event);
  }
  protected feed(event: WorkerEvent, frame?: F): void {
    const { state, actions } = this.decide(this.state, event);
    this.state = state;
    for (const action of actions) this.act(action, frame);
  }

  protected act(action: WorkerAction, frame: F | undefined): void {
    switch (action.kind) {
      case 'send':
        this.#control.send(action.message);
        return;
      case 'prepare': {
        const { ms, ready } = this.prepare();
        this.after(ms, () => this.feed({ kind: 'prepared', ...ready() }));
        return;
      }
      case 'servers':
        this.#connect(action.servers);
        return;
      case 'tell':
        this.#servers.get(action.server)?.dial.send(action.message);
        return;
      case 'compute': {
        const { lease } = action;
        const { ms, totals, early } = this.compute(action);
        for (const it of early) this.after(it.ms, () => this.feed({ kind: 'final', lease, ranges: it.ranges() }));
        this.after(ms, () => this.feed({ kind: 'computed', lease, totals: totals() }));
        return;
      }
      case 'push':
        for (const part of this.sums(action)) this.#servers.get(action.server)?.dial.send(part);
        return;
      case 'store':
      case 'release':
        this.keep(action, frame);
        return;
      case 'ahead': // it has no samples
      case 'cancel': // what it computes cannot end early, as a real executor in the middle of a kernel
        return;
      case 'stop':
        this.#control.stop();
        this.#connect([]);
        this.left(action);
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
      const dial = new Dial(this.#net, this, url);
      dial.onOpen = () => this.feed({ kind: 'attached', server: name });
      dial.onClosed = () => this.feed({ kind: 'detached', server: name });
      dial.onMessage = (message) => {
        if (isFrame(message)) this.feed({ kind: 'params', server: name, slice: message.bulk }, message as F);
        else this.feed({ kind: 'ack', server: name, message: message as Ack });
      };
      this.#servers.set(name, { url, dial });
    }
  }
}

type Ready = Extract<WorkerEvent, { readonly kind: 'prepared' }>;
