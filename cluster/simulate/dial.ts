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

/** Dials until somebody listens there; again when the connection breaks, until it is stopped. A pair of connections is made, and lost, as one. */
export class Dial {
  readonly #net: Net;
  readonly #process: Process;
  readonly #address: string;
  readonly #sockets: 1 | 2;
  #stopped = false;
  #made: readonly Connection[] = [];
  onOpen: () => void = () => {};
  onClosed: () => void = () => {};
  onMessage: (message: unknown) => void = () => {};

  constructor(net: Net, process: Process, address: string, sockets: 1 | 2 = 1) {
    this.#net = net;
    this.#process = process;
    this.#address = address;
    this.#sockets = sockets;
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
      const made = Array.from({ length: this.#sockets }, () => new Connection(world, this.#process, listener.process));
      this.#made = made;
      for (const connection of made) {
        const [own] = connection.ends;
        listener.accept(connection);
        own.receive = (message) => this.#made === made && this.onMessage(message);
        own.closed = () => {
          if (this.#made !== made) return;
          this.#made = [];
          for (const other of made) if (other !== connection) other.close(0);
          this.onClosed();
          if (!this.#stopped) this.#process.after(dialing.broken(), () => this.#try());
        };
      }
      this.onOpen();
    });
  }

  send(message: unknown): void {
    this.#made[0]?.send(0, message);
  }
  /** On the second connection of a pair. */
  sendBulk(message: unknown): void {
    this.#made[1]?.send(0, message);
  }
  stop(): void {
    this.#stopped = true;
    for (const connection of this.#made) connection.close(0);
    this.#made = [];
  }
}
