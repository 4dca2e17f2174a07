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
import type { FlatRange, Term, ToCoordinator } from '../messages.ts';
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
  readonly #links = new Map<number, Connection>();
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
  /** A checkpoint's range, with `sendTo`; or, later, the event `fallback`. */
  protected abstract load(action: CoordinatorDoes<'load'>): void;
  /** A frame of a dump has come. */
  protected abstract took(frame: F): void;
  /** A dump is whole: the event `dumped` is to come. */
  protected abstract keep(term: Term, version: number): void;
  protected abstract heard(action: CoordinatorDoes<'committed' | 'counted' | 'notFinite' | 'tell'>): void;
  protected abstract left(reason: StopReason): void;

  protected sendTo(link: number, message: unknown): void {
    this.#links.get(link)?.send(1, message);
  }

  #accept(connection: Connection): void {
    const [, own] = connection.ends;
    const link = connection.id;
    this.#links.set(link, connection);
    own.receive = (message) => {
      if (isFrame(message)) this.#collect(message as F);
      else this.feed({ kind: 'message', link, message: message as ToCoordinator });
    };
    own.closed = () => {
      this.#links.delete(link);
      this.feed({ kind: 'closed', link });
    };
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
        this.sendTo(action.link, action.message);
        return;
      case 'close':
        if (action.problem) this.sendTo(action.link, { type: 'refuse', problem: action.problem });
        this.#links.get(action.link)?.close(1);
        this.#links.delete(action.link);
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
