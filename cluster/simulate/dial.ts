// dial.ts: who listens where in a simulated cluster, what goes over its connections, and the dialling of them. Drivers of the roles:
// coordinator-driver.ts, server-driver.ts, worker-driver.ts.
import type { Slice } from '../server-types.ts';
import { Connection, type Process, type World } from './world.ts';

/** Bulk, as drivers pass it: what it is about. Who moves floats adds them. */
export interface Frame {
  readonly bulk: Slice;
}
/** What a frame is about, but for its place in the vectors. */
export type FrameHead = Pick<Slice, 'type' | 'term' | 'step' | 'node' | 'range'>;

export const isFrame = (message: unknown): message is Frame =>
  typeof message === 'object' && message !== null && 'bulk' in message;

export interface Listener {
  readonly process: Process;
  /** A connection has been accepted; the second end is the listener's. */
  readonly accept: (connection: Connection) => void;
}

/** What the processes of one simulated cluster share. */
export interface Net {
  readonly world: World;
  /** By address. */
  readonly listening: Map<string, Listener>;
  /** Ms: of an attempt, to the next when nobody was there, to the next when a connection broke. */
  readonly dialing: {
    readonly attempt: () => number;
    readonly nobody: () => number;
    readonly broken: () => number;
  };
}

/** Dials until somebody listens there; again when the connection breaks, until it is stopped. */
export class Dial {
  readonly #net: Net;
  readonly #process: Process;
  readonly #address: string;
  #stopped = false;
  connection: Connection | null = null;
  onOpen: () => void = () => {};
  onClosed: () => void = () => {};
  onMessage: (message: unknown) => void = () => {};

  constructor(net: Net, process: Process, address: string) {
    this.#net = net;
    this.#process = process;
    this.#address = address;
    this.#try();
  }

  #try(): void {
    const { world, listening, dialing } = this.#net;
    this.#process.after(dialing.attempt(), () => {
      if (this.#stopped) return;
      const listener = listening.get(this.#address);
      if (!listener?.process.alive) {
        this.#process.after(dialing.nobody(), () => this.#try());
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
        if (!this.#stopped) this.#process.after(dialing.broken(), () => this.#try());
      };
      this.onOpen();
    });
  }

  send(message: unknown): void {
    this.connection?.send(0, message);
  }
  stop(): void {
    this.#stopped = true;
    this.connection?.close(0);
    this.connection = null;
  }
}
