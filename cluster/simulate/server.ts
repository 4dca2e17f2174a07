// server.ts: drives the shipped server in simulated time, without floats.
import type { Attach, FromCoordinator } from '../messages.ts';
import { handleServer, startServer } from '../server-machine.ts';
import type { ServerAction, ServerConfig, ServerEvent, ServerState } from '../server-types.ts';
import { Dial, isFrame, Machine, type Machines, PROFILE } from './machines.ts';
import type { Connection } from './world.ts';

export class SimulatedServer extends Machine {
  readonly #config: ServerConfig;
  readonly #control: Dial;
  readonly #links = new Map<number, Connection>();
  #state: ServerState = startServer();
  /** Of the control connection: waits while a step is applied. */
  #held: ServerEvent[] | null = null;

  constructor(machines: Machines, name: string, incarnation: string) {
    super(machines, name);
    const url = `${name}#${incarnation}`;
    this.#config = { peer: { role: 'server', name, incarnation }, profile: PROFILE, url, bugs: new Set() };
    machines.listening.set(url, { process: this, accept: (connection) => this.#accept(connection) });
    this.#control = new Dial(this, 'coordinator');
    this.#control.onOpen = () => this.#feed({ kind: 'connected' });
    this.#control.onClosed = () => {
      this.#held &&= [];
      this.#feed({ kind: 'lost' });
    };
    this.#control.onMessage = (message) =>
      this.#hear(
        isFrame(message)
          ? { kind: 'load', slice: message.bulk }
          : { kind: 'message', message: message as FromCoordinator },
      );
  }

  #accept(connection: Connection): void {
    const [, own] = connection.ends;
    const link = connection.id;
    this.#links.set(link, connection);
    own.receive = (message) => {
      if (isFrame(message)) this.#feed({ kind: 'push', link, slice: message.bulk });
      else this.#feed({ kind: 'attach', link, message: message as Attach });
    };
    own.closed = () => {
      this.#links.delete(link);
      this.#feed({ kind: 'detached', link });
    };
  }

  #hear(event: ServerEvent): void {
    if (this.#held) this.#held.push(event);
    else this.#feed(event);
  }

  #feed(event: ServerEvent): void {
    const { state, actions } = handleServer(this.#config, this.#state, event);
    this.#state = state;
    for (const action of actions) this.#act(action);
  }

  #act(action: ServerAction): void {
    const { machines } = this;
    switch (action.kind) {
      case 'send':
        this.#control.send(action.message);
        return;
      case 'prepare':
        this.#held = [];
        this.after(1, () => {
          this.#feed({ kind: 'prepared', vectors: machines.vectors, microShards: machines.job.schedule.microShards });
          this.#release();
        });
        return;
      case 'answer':
        this.#links.get(action.link)?.send(1, action.message, false);
        return;
      case 'close':
        this.#links.get(action.link)?.close(1);
        return;
      case 'apply': {
        const floats = this.#state.range!.to - this.#state.range!.from;
        this.#held = [];
        this.after(machines.times.addMs * floats * action.nodes.length, () => {
          this.#feed({ kind: 'applied', term: action.term, version: action.version + 1 });
          this.#release();
        });
        return;
      }
      case 'measure': {
        const { term, version, nodes, votes } = action.message;
        const floats = this.#state.range!.to - this.#state.range!.from;
        this.#held = [];
        this.after(machines.times.addMs * floats * nodes.length, () => {
          this.#feed({ kind: 'measured', term, version, round: votes.length, sums: [] });
          this.#release();
        });
        return;
      }
      case 'params': {
        const range = this.#state.range!;
        const { term, version: step } = action;
        const count = range.to - range.from;
        const frame = { bulk: { type: 'params', term, step, node: null, vector: 0, range, from: range.from, count } };
        for (const link of action.links) {
          machines.tensorBytes.params += 4 * count;
          this.#links.get(link)?.send(1, frame, false);
        }
        return;
      }
      case 'dump': {
        const range = this.#state.range!;
        const { term, version: step } = action;
        for (let vector = 0; vector < machines.vectors; vector++) {
          const count = range.to - range.from;
          this.#control.send({
            bulk: { type: 'dump', term, step, node: null, vector, range, from: range.from, count },
          });
        }
        return;
      }
      case 'stop':
        this.#control.stop();
        this.end();
        return;
      default: // floats that are not there
    }
  }

  #release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const event of held) this.#hear(event);
  }
}
