// server-driver.ts: drives the shipped server in simulated time: its connections, and the order of what it hears while it adds and updates.
// What is in its memory, and how long it takes, others say: server.ts by a model, tests with floats, faults and invariants.
import type { Attach, FromCoordinator } from '../messages.ts';
import { handleServer, startServer } from '../server-machine.ts';
import type { ServerAction, ServerConfig, ServerEvent, ServerResult, ServerState } from '../server-types.ts';
import { Dial, type Frame, type FrameHead, isFrame, type Net } from './dial.ts';
import { type Connection, Process } from './world.ts';

export type ServerDoes<K extends ServerAction['kind']> = Extract<ServerAction, { readonly kind: K }>;
/** What keeps it busy. */
export type ServerWork = ServerDoes<'prepare' | 'measure' | 'apply'>;

interface Heard<F> {
  readonly event: ServerEvent;
  readonly frame: F | undefined;
}

export abstract class ServerDriver<F extends Frame = Frame> extends Process {
  readonly #config: ServerConfig;
  readonly #coordinator: Dial;
  readonly #links = new Map<number, Connection>();
  protected state: ServerState = startServer();
  /** What the coordinator's connections bring while it is busy; null: it is not. */
  #held: Heard<F>[] | null = null;

  constructor(net: Net, config: Omit<ServerConfig, 'url'>) {
    super(net.world, config.peer.name);
    const url = `${config.peer.name}#${config.peer.incarnation}`;
    this.#config = { ...config, url };
    net.listening.set(url, { process: this, accept: (connection) => this.#accept(connection) });
    this.#coordinator = new Dial(net, this, 'coordinator', 2);
    this.#coordinator.onOpen = () => this.feed({ kind: 'connected' });
    this.#coordinator.onClosed = () => {
      this.#held &&= []; // what the lost connection brought and nobody read is lost too
      this.feed({ kind: 'lost' });
    };
    this.#coordinator.onMessage = (message) =>
      isFrame(message)
        ? this.#hear({ event: { kind: 'load', slice: message.bulk }, frame: message as F })
        : this.#hear({ event: { kind: 'message', message: message as FromCoordinator }, frame: undefined });
  }

  /** Ms that it is busy; what has come of it then. */
  protected abstract work(action: ServerWork): { readonly ms: number; readonly event: () => ServerEvent };
  /** Of its range, the first so many vectors of a version; all: null. */
  protected abstract vectors(head: FrameHead, count: number | null): readonly F[];
  protected abstract keep(action: ServerDoes<'store' | 'free' | 'reset'>, frame: F | undefined): void;
  /** It has said goodbye. */
  protected abstract left(action: ServerDoes<'stop'>): void;

  #accept(connection: Connection): void {
    const [, own] = connection.ends;
    const link = connection.id;
    this.#links.set(link, connection);
    own.receive = (message) => {
      if (isFrame(message)) this.feed({ kind: 'push', link, slice: message.bulk }, message as F);
      else this.feed({ kind: 'attach', link, message: message as Attach });
    };
    own.closed = () => {
      this.#links.delete(link);
      this.feed({ kind: 'detached', link });
    };
  }

  #hear({ event, frame }: Heard<F>): void {
    if (this.#held) this.#held.push({ event, frame });
    else this.feed(event, frame);
  }

  protected decide(state: ServerState, event: ServerEvent): ServerResult {
    return handleServer(this.#config, state, event);
  }
  protected feed(event: ServerEvent, frame?: F): void {
    const { state, actions } = this.decide(this.state, event);
    this.state = state;
    for (const action of actions) this.act(action, frame);
  }

  protected act(action: ServerAction, frame: F | undefined): void {
    switch (action.kind) {
      case 'send':
        this.#coordinator.send(action.message);
        return;
      case 'ask':
        this.#coordinator.sendBulk(action.message);
        return;
      case 'answer':
        this.#links.get(action.link)?.send(1, action.message);
        return;
      case 'close':
        this.#links.get(action.link)?.close(1);
        return;
      case 'prepare':
      case 'measure':
      case 'apply':
        this.#busy(action);
        return;
      case 'params':
        for (const link of action.links)
          for (const part of this.vectors(this.#head('params', action), 1)) this.#links.get(link)?.send(1, part);
        return;
      case 'dump':
        for (const part of this.vectors(this.#head('dump', action), null)) this.#coordinator.sendBulk(part);
        return;
      case 'store':
      case 'free':
      case 'reset':
        this.keep(action, frame);
        return;
      case 'stop':
        this.#coordinator.stop();
        this.left(action);
    }
  }

  #head(type: 'params' | 'dump', { term, version }: ServerDoes<'params' | 'dump'>): FrameHead {
    return { type, term, step: version, node: null, range: this.state.range! };
  }

  #busy(action: ServerWork): void {
    const { ms, event } = this.work(action);
    this.#held = [];
    this.after(ms, () => {
      this.feed(event());
      const held = this.#held ?? [];
      this.#held = null;
      for (const heard of held) this.#hear(heard);
    });
  }
}
