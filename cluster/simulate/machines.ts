// machines.ts: what the machines of a simulated cluster share: the job, the models of network and computing, who listens where. The machines:
// coordinator.ts, server.ts, worker.ts here; they drive the shipped decisions and move no floats.
import type { CoordinatorConfig } from '../coordinator-types.ts';
import type { Message } from '../messages.ts';
import type { Slice } from '../server-types.ts';
import { arrival, bulkBytes, createNic, type LinkModel, messageBytes, type Nic } from './network.ts';
import { Connection, Process, type World } from './world.ts';

export interface Times {
  /** Of one micro-shard on one worker. */
  readonly leafMs: number;
  /** Of a worker for the same leaf, to one another: 0.1 means 5 % less to 5 % more. */
  readonly spread: number;
  /** Of a server for each float of its range and node: adding, and once more for the update. */
  readonly addMs: number;
  /** Until a process that has died is back. */
  readonly restartMs: number;
  /** Of one on average; Infinity: none dies. */
  readonly mtbfMs: number;
}

/** Bulk, as the drivers pass it: no floats. */
export interface Frame {
  readonly bulk: Slice;
}
export const isFrame = (message: unknown): message is Frame =>
  typeof message === 'object' && message !== null && 'bulk' in message;

export interface Listener {
  readonly process: Process;
  readonly accept: (connection: Connection) => void;
}

export interface Machines {
  readonly world: World;
  readonly link: LinkModel;
  readonly times: Times;
  readonly job: Omit<CoordinatorConfig, 'workers'>;
  /** 1 + the optimizer's slots. */
  readonly vectors: number;
  readonly listening: Map<string, Listener>;
  /** Of one tensor of a version or a node. */
  tensorBytes: { pushed: number; params: number };
}

/** A process with a link of its own. */
export class Machine extends Process {
  readonly nic: Nic = createNic();
  /** What masks its frames: it dialled. Both ends' roles follow from who dialled. */
  readonly machines: Machines;

  constructor(machines: Machines, name: string) {
    super(machines.world, name);
    this.machines = machines;
  }
}

/** Sends through the network model. */
export function connectWorld(world: World, link: LinkModel): void {
  const sizes = new WeakMap<object, number>();
  world.transit = (from, to, message) => {
    const known = sizes.get(message as object);
    const bytes =
      known ?? (isFrame(message) ? bulkBytes(message.bulk, false) : messageBytes(message as Message, false));
    if (known === undefined) sizes.set(message as object, bytes);
    return arrival(world.now, (from as Machine).nic, (to as Machine).nic, bytes, link);
  };
}

/** Dials until somebody listens there; again when the connection breaks, until it is stopped. */
export class Dial {
  readonly #process: Machine;
  readonly #address: string;
  #stopped = false;
  connection: Connection | null = null;
  onOpen: () => void = () => {};
  onClosed: () => void = () => {};
  onMessage: (message: unknown) => void = () => {};

  constructor(process: Machine, address: string) {
    this.#process = process;
    this.#address = address;
    // TCP, TLS and the upgrade: three times there and back
    process.after(6 * process.machines.link.latencyMs + 0.1, () => this.#try());
  }

  #try(): void {
    const { world, listening, link } = this.#process.machines;
    if (this.#stopped) return;
    const listener = listening.get(this.#address);
    if (!listener?.process.alive) {
      this.#process.after(500 + world.between(0, 500), () => this.#try());
      return;
    }
    const connection = new Connection(world, this.#process, listener.process);
    const [own] = connection.ends;
    listener.accept(connection);
    this.connection = connection;
    own.receive = (message) => this.onMessage(message);
    own.closed = () => {
      if (this.connection !== connection) return;
      this.connection = null;
      this.onClosed();
      if (!this.#stopped) this.#process.after(6 * link.latencyMs + 50, () => this.#try());
    };
    this.onOpen();
  }

  send(message: unknown): void {
    this.connection?.send(0, message, false);
  }
  stop(): void {
    this.#stopped = true;
    this.connection?.close(0);
    this.connection = null;
  }
}

export const PROFILE = { arithmetic: 'reference', kernels: 'simulated' } as const;
export const DATASET = 'simulated data';
export const REFERENCE = 'simulated bits';
