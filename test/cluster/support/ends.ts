// ends.ts: listeners and connections for tests: what happens to them can be awaited. They are closed after each test.
import type { ShoalError } from '../../../base/errors.ts';
import type { Attach, Bulk, Hello, Message } from '../../../cluster/messages.ts';
import { newToken } from '../../../cluster/token.ts';
import {
  type Connection,
  type ConnectOptions,
  connect,
  createListener,
  type Handlers,
  type Listener,
  type ListenOptions,
} from '../../../cluster/transport.ts';
import { MESSAGES } from './examples.ts';

export const TOKEN = newToken();

/** Values that come one by one and are awaited one by one. */
export class Queue<T> {
  readonly #values: T[] = [];
  readonly #takers: ((value: T) => void)[] = [];

  put(value: T): void {
    const taker = this.#takers.shift();
    if (taker) taker(value);
    else this.#values.push(value);
  }

  get length(): number {
    return this.#values.length;
  }

  next(): Promise<T> {
    if (this.#values.length > 0) return Promise.resolve(this.#values.shift()!);
    return new Promise((resolve) => this.#takers.push(resolve));
  }
}

/** Handlers that note everything. */
export class Recorder implements Handlers {
  readonly messages = new Queue<Message>();
  readonly bulks = new Queue<Bulk>();
  readonly closed: Promise<ShoalError | null>;
  closes = 0;
  #settle!: (reason: ShoalError | null) => void;

  constructor() {
    this.closed = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  message(message: Message): void {
    this.messages.put(message);
  }

  bulk(bulk: Bulk): void {
    this.bulks.put(bulk);
  }

  close(reason: ShoalError | null): void {
    this.closes++;
    this.#settle(reason);
  }
}

/** A peer as the listener sees it. */
export interface Guest {
  readonly first: Hello | Attach;
  readonly connection: Connection;
  readonly seen: Recorder;
}

export interface House {
  readonly listener: Listener;
  readonly guests: Queue<Guest>;
  readonly refused: Queue<ShoalError>;
}

const toClose: (() => unknown)[] = [];

/** To be called in afterEach. */
export async function closeAll(): Promise<void> {
  for (const close of toClose.splice(0).reverse()) await close();
}

/** Closes it after the test. */
export function later(close: () => unknown): void {
  toClose.push(close);
}

export async function openHouse(options: Partial<ListenOptions> = {}): Promise<House> {
  const guests = new Queue<Guest>();
  const refused = new Queue<ShoalError>();
  const listener = await createListener({
    host: '127.0.0.1',
    port: 0,
    token: TOKEN,
    onPeer(first, connection) {
      const seen = new Recorder();
      guests.put({ first, connection, seen });
      return seen;
    },
    onRefused: (reason) => refused.put(reason),
    ...options,
  });
  later(() => listener.close());
  return { listener, guests, refused };
}

/** Connects without a word. */
export async function visit(url: string, options: Partial<ConnectOptions> = {}) {
  const seen = new Recorder();
  const connection = await connect({ url, token: TOKEN, handlers: seen, ...options });
  later(() => connection.close());
  return { connection, seen };
}

/** Connects, and is let in. */
export async function enter(house: House, options: Partial<ConnectOptions> = {}) {
  const near = await visit(options.url ?? house.listener.url, options);
  near.connection.send(MESSAGES.attach);
  return { ...near, guest: await house.guests.next() };
}
