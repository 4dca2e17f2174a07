// transport.ts: what roles see of sockets: connections, their handlers, listeners. How they work: connection.ts, listener.ts, connect.ts.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ShoalError } from '../base/errors.ts';
import type { WireLimits } from './limits.ts';
import type { Attach, Bulk, Hello, Message } from './messages.ts';

export { connect } from './connect.ts';
export { createListener } from './listener.ts';

export interface Connection {
  /** Unique in this process, for logs. */
  readonly id: string;
  /** Of the other end: an IP address. */
  readonly address: string;
  /** False once either end has begun to close. */
  readonly open: boolean;
  /** Bytes that were sent and that the system has not taken yet. */
  readonly bufferedBytes: number;
  /** Of the socket, since it was opened. */
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Milliseconds of the last ping and its pong; null before the first. */
  readonly roundTrip: number | null;
  /** Sends a control message; into a connection that has closed it goes nowhere (the close handler tells). Throws SHOAL_WIRE_SIZE. */
  send(message: Message): void;
  /**
   * Sends values, from their own memory: they must not change before the promise settles. It waits for room in the credit window,
   * and resolves when the system has taken all bytes.
   * @param priority what waits goes out lowest first (0 to 65535; default 0)
   * @throws SHOAL_WIRE_CLOSED when the connection goes first; SHOAL_WIRE_CONTENT when the bulk is none
   */
  sendBulk(bulk: Bulk, priority?: number): Promise<void>;
  /** Stops reading, so that the other end has to wait. */
  pause(): void;
  resume(): void;
  /**
   * Sends what was handed over (bulk that waits for room is refused) and says goodbye; resolves when the connection is gone, at
   * the latest after limits.closeMs.
   */
  close(): Promise<void>;
  /** Closes with the error's code as the reason; the close handler gets the error. */
  fail(error: ShoalError): void;
}

/** One set for each connection. A handler that throws closes its connection with that error. */
export interface Handlers {
  message(message: Message, connection: Connection): void;
  /** The values are this connection's to give away: nothing of the transport writes to them. */
  bulk(bulk: Bulk, connection: Connection): void;
  /** Once, and the last. `reason` is null when either end said goodbye. */
  close(reason: ShoalError | null, connection: Connection): void;
}

/** Certificates as PEM text. */
export interface ListenerTls {
  readonly cert: string;
  readonly key: string;
  /** Demands a certificate from whoever connects, signed by this authority. */
  readonly clientCa?: string;
}

export interface ConnectTls {
  /** The authority that signed the listener's certificate, or that certificate where it signed itself. Default: the system's. */
  readonly ca?: string;
  /** What a listener with `clientCa` wants to see. */
  readonly cert?: string;
  readonly key?: string;
}

/** Answers GET of one path. */
export type RouteHandler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

export interface ListenOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly token: string;
  readonly tls?: ListenerTls;
  /** Allows to listen beyond loopback without TLS. */
  readonly insecure?: boolean;
  readonly limits?: Partial<WireLimits>;
  /** By first segment: '/data' also serves /data/train. For those who have the token. */
  readonly routes?: ReadonlyMap<string, RouteHandler>;
  /** Likewise; and without the token for whoever asks from this machine. */
  readonly localRoutes?: ReadonlyMap<string, RouteHandler>;
  /** A peer with the token has sent its first message. Returns its handlers; throws to refuse it. */
  onPeer(first: Hello | Attach, connection: Connection): Handlers;
  /** Someone was turned away before that. For logs and counters. */
  onRefused?(reason: ShoalError, address: string): void;
}

export interface Listener {
  readonly host: string;
  readonly port: number;
  /** ws://host:port or wss://host:port, as `connect` takes it. */
  readonly url: string;
  /** Open TCP connections, let in or not. */
  readonly connections: number;
  /** Says goodbye to all and stops listening. */
  close(): Promise<void>;
}

export interface ConnectOptions {
  /** ws: or wss:, host and port. */
  readonly url: string;
  readonly token: string;
  readonly tls?: ConnectTls;
  /** Allows to send the token beyond loopback without TLS. */
  readonly insecure?: boolean;
  readonly limits?: Partial<WireLimits>;
  /** Whether frames go out with a mask of zeros. Default: over TLS and loopback, where no proxy of old could be confused. */
  readonly unmasked?: boolean;
  readonly signal?: AbortSignal;
  readonly handlers: Handlers;
}
