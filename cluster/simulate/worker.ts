// worker.ts: drives the shipped worker in simulated time, without floats.
import { endLeaf, firstLeaf } from '../../trainer/tree.ts';
import { activeLeaves, rowsOf, type Work } from '../../trainer/work.ts';
import type { Ack, FromCoordinator, ServerAddress } from '../messages.ts';
import { handleWorker, startWorker } from '../worker-machine.ts';
import type { WorkerAction, WorkerConfig, WorkerEvent, WorkerState } from '../worker-types.ts';
import { DATASET, Dial, isFrame, Machine, type Machines, PROFILE, REFERENCE } from './machines.ts';

const leavesUnder = (work: Work): number =>
  Math.max(0, Math.min(endLeaf(work.node), activeLeaves(work)) - firstLeaf(work.node));

export class SimulatedWorker extends Machine {
  readonly #config: WorkerConfig;
  readonly #control: Dial;
  readonly #servers = new Map<string, { readonly url: string; readonly dial: Dial }>();
  #state: WorkerState = startWorker();
  /** Ms spent on micro-shards. */
  busyMs = 0;

  constructor(machines: Machines, name: string, incarnation: string) {
    super(machines, name);
    this.#config = { peer: { role: 'worker', name, incarnation }, profile: PROFILE, bugs: new Set() };
    this.#control = new Dial(this, 'coordinator');
    this.#control.onOpen = () => this.#feed({ kind: 'connected' });
    this.#control.onClosed = () => this.#feed({ kind: 'lost' });
    this.#control.onMessage = (message) => this.#feed({ kind: 'message', message: message as FromCoordinator });
  }

  #feed(event: WorkerEvent): void {
    const { state, actions } = handleWorker(this.#config, this.#state, event);
    this.#state = state;
    for (const action of actions) this.#act(action);
  }

  #act(action: WorkerAction): void {
    const { machines } = this;
    switch (action.kind) {
      case 'send':
        this.#control.send(action.message);
        return;
      case 'prepare':
        this.after(1, () => this.#feed({ kind: 'prepared', dataset: DATASET, reference: REFERENCE, unit: 1 }));
        return;
      case 'servers':
        this.#connect(action.servers);
        return;
      case 'tell':
        this.#servers.get(action.server)?.dial.send(action.message);
        return;
      case 'compute': {
        const { lease, work } = action;
        const { leafMs, spread } = machines.times;
        const ms = leafMs * leavesUnder(work) * (1 + spread * (this.world.random() - 0.5));
        this.busyMs += ms;
        this.after(ms, () => this.#feed({ kind: 'computed', lease, totals: [1, rowsOf(work)] }));
        return;
      }
      case 'push': {
        const { server, range, parts, term, step, node } = action;
        for (const { from, to } of parts) {
          const count = to - from;
          machines.tensorBytes.pushed += 4 * count;
          const bulk = { type: 'push', term, step, node, vector: 0, range, from, count };
          this.#servers.get(server)?.dial.send({ bulk });
        }
        return;
      }
      case 'stop':
        this.#control.stop();
        this.#connect([]);
        this.end();
        return;
      default: // floats that are not there
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
      const dial = new Dial(this, url);
      dial.onOpen = () => this.#feed({ kind: 'attached', server: name });
      dial.onClosed = () => this.#feed({ kind: 'detached', server: name });
      dial.onMessage = (message) => {
        if (isFrame(message)) this.#feed({ kind: 'params', server: name, slice: message.bulk });
        else this.#feed({ kind: 'ack', server: name, message: message as Ack });
      };
      this.#servers.set(name, { url, dial });
    }
  }
}
