// coordinator-driver.ts: drives the shipped coordinator in simulated time: its connections, its clock, and the gathering of dumps. Its disk, and
// who watches it, are others' business: coordinator.ts for a model, tests with floats, faults and invariants.
import type { StopReason } from '../../trainer/step-machine.ts';
import { handleCoordinator, startCoordinator } from '../coordinator.ts';
import type {
  Checkpoint,
  CoordinatorAction,
  CoordinatorConfig,
  CoordinatorEvent,
  CoordinatorResult,
  CoordinatorState,
} from '../coordinator-types.ts';
import type { Attach, FlatRange, Hello, Term, ToCoordinator } from '../messages.ts';
import { createPairs } from '../pairs.ts';
import { isWhole, nothing, type Received, receive } from '../received.ts';
import { type Frame, isFrame, type Net } from './dial.ts';
import { type Connection, Process } from './world.ts';

export type CoordinatorDoes<K extends CoordinatorAction['kind']> = Extract<CoordinatorAction, { readonly kind: K }>;

export interface Drive {
  readonly config: CoordinatorConfig;
  /** Of the log. */
  readonly lastTerm: Term;
  readonly checkpoint: Checkpoint;
  /** 1 + the optimizer's slots. */
  readonly vectors: number;
  readonly tickMs: number;
}

export abstract class CoordinatorDriver<F extends Frame = Frame> extends Process {
  readonly #drive: Drive;
  /** By the number of the connection for control. */
  readonly #links = new Map<number, { readonly control: Connection; readonly bulk: Connection }>();
  readonly #pairs = createPairs<Connection>();
  readonly #numbers = new WeakMap<Connection, number>();
  #dump: { readonly version: number; received: Received } | null = null;
  state: CoordinatorState;
  stopped: StopReason | null = null;

  constructor(net: Net, drive: Drive) {
    super(net.world, 'coordinator');
    this.#drive = drive;
    this.state = startCoordinator(drive.config, drive.lastTerm, drive.checkpoint);
    net.listening.set('coordinator', { process: this, accept: (connection) => this.#accept(connection) });
    this.#tick();
  }

  protected abstract log(action: CoordinatorDoes<'log'>): void;
  /** A checkpoint's range, with `sendBulk`; or, later, the event `fallback`. */
  protected abstract load(action: CoordinatorDoes<'load'>): void;
  /** A frame of a dump has come. */
  protected abstract took(frame: F): void;
  /** A dump is whole: the event `dumped` is to come. */
  protected abstract keep(term: Term, version: number): void;
  protected abstract heard(action: CoordinatorDoes<'committed' | 'counted' | 'notFinite' | 'tell'>): void;
  protected abstract left(reason: StopReason): void;

  /** Values of a range to a server. */
  protected sendBulk(link: number, frame: F): void {
    this.#links.get(link)?.bulk.send(1, frame);
  }

  #sendTo(link: number, message: unknown): void {
    this.#links.get(link)?.control.send(1, message);
  }

  #accept(connection: Connection): void {
    const [, own] = connection.ends;
    let link: number | null = null;
    const begin = (hello: Hello, control: Connection, bulk: Connection): void => {
      for (const it of [control, bulk]) this.#numbers.set(it, control.id);
      this.#links.set(control.id, { control, bulk });
      this.feed({ kind: 'message', link: control.id, message: hello });
    };
    own.receive = (message) => {
      link ??= this.#numbers.get(connection) ?? null;
      if (isFrame(message)) this.#collect(message as F);
      else if (link !== null) this.feed({ kind: 'message', link, message: message as ToCoordinator });
      else {
        const first = message as Hello | Attach;
        if (first.type === 'hello' && first.peer.role === 'worker') begin(first, connection, connection);
        else {
          const pair = this.#pairs.join(first, connection);
          if (pair === 'taken') throw new Error(`${first.type} of ${first.peer.name} twice`);
          if (pair) begin(pair.hello, pair.control, pair.bulk);
        }
      }
    };
    own.closed = () => {
      this.#pairs.drop(connection);
      link ??= this.#numbers.get(connection) ?? null;
      if (link !== null) this.#lose(link);
    };
  }

  /** One of its connections has gone, and with it the other. */
  #lose(link: number): void {
    const both = this.#links.get(link);
    if (!both) return;
    this.#close(link);
    this.feed({ kind: 'closed', link });
  }
  #close(link: number): void {
    const both = this.#links.get(link);
    this.#links.delete(link);
    for (const connection of new Set(both && [both.control, both.bulk])) connection.close(1);
  }

  #tick(): void {
    this.after(this.#drive.tickMs, () => {
      this.feed({ kind: 'tick' });
      this.#tick();
    });
  }

  protected decide(state: CoordinatorState, event: CoordinatorEvent): CoordinatorResult {
    return handleCoordinator(this.#drive.config, state, event, this.world.now);
  }
  feed(event: CoordinatorEvent): void {
    if (this.stopped) return;
    const { state, actions } = this.decide(this.state, event);
    this.state = state;
    for (const action of actions) this.act(action);
  }

  protected act(action: CoordinatorAction): void {
    switch (action.kind) {
      case 'send':
        this.#sendTo(action.link, action.message);
        return;
      case 'close':
        if (action.problem) this.#sendTo(action.link, { type: 'refuse', problem: action.problem });
        this.#close(action.link);
        return;
      case 'log':
        this.log(action);
        return;
      case 'load':
        this.load(action);
        return;
      case 'dump':
        this.#dump = { version: action.version, received: nothing(this.#drive.vectors) };
        return;
      case 'undump':
        this.#dump = null;
        return;
      case 'committed':
      case 'counted':
      case 'notFinite':
      case 'tell':
        this.heard(action);
        return;
      case 'stop':
        this.stopped = action.reason;
        this.left(action.reason);
    }
  }

  #collect(frame: F): void {
    const { bulk } = frame;
    const dump = this.#dump;
    if (!dump || bulk.term !== this.state.term || bulk.step !== dump.version) return;
    this.took(frame);
    dump.received = receive(dump.received, bulk.vector, { from: bulk.from, to: bulk.from + bulk.count });
    const whole: FlatRange = { from: 0, to: this.#drive.config.ranges.at(-1)!.to };
    if (!isWhole(dump.received, whole)) return;
    this.#dump = null;
    this.keep(bulk.term, dump.version);
  }
}
