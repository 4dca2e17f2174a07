// dial.ts: a connection that is made again whenever it breaks: with pauses that grow, and up to a deadline. It knows no message.
import { setTimeout as wait } from 'node:timers/promises';
import { fromWire, ShoalError, toWire } from '../base/errors.ts';
import type { WireLimits } from './limits.ts';
import type { Bulk, Message } from './messages.ts';
import { type Connection, type ConnectTls, connect } from './transport.ts';

/** How to reach a listener. */
export interface Reach {
  readonly token: string;
  readonly tls?: ConnectTls;
  readonly insecure?: boolean;
  readonly limits?: Partial<WireLimits>;
}

export interface DialOptions extends Reach {
  readonly url: string;
  /** Without a connection for so long, it gives up. Infinity: never. */
  readonly deadlineMs: number;
  up(connection: Connection): void;
  down(): void;
  message(message: Message): void;
  bulk(bulk: Bulk): void;
  /** It has given up: the deadline, or an answer that will not change. */
  failed(error: ShoalError): void;
}

export interface Dial {
  /** Open now; null between connections. */
  readonly connection: Connection | null;
  /** Closes it for good, what was sent before included. */
  stop(): Promise<void>;
}

const FIRST_MS = 50;
const MOST_MS = 1000;
/** Trying again would not help. */
const FINAL = new Set(['SHOAL_WIRE_TOKEN', 'SHOAL_WIRE_PATH', 'SHOAL_WIRE_INSECURE']);
/** Node's codes of certificates that it does not trust. */
const UNTRUSTED = /CERT|SIGNED|SIGNATURE|ALTNAME/;
const isFinal = ({ code, cause }: ShoalError): boolean =>
  FINAL.has(code) || UNTRUSTED.test(String((cause as { code?: unknown } | undefined)?.code ?? ''));

export function dial(options: DialOptions): Dial {
  const stop = new AbortController();
  const { signal } = stop;
  let connection: Connection | null = null;

  async function once(): Promise<void> {
    let announce = (): void => {};
    const gone = new Promise<void>((resolve) => {
      announce = resolve;
    });
    const { url, token, tls, insecure, limits } = options;
    const now = await connect({
      url,
      token,
      signal,
      ...(tls && { tls }),
      ...(insecure !== undefined && { insecure }),
      ...(limits && { limits }),
      handlers: {
        message: (message) => signal.aborted || options.message(message),
        bulk: (bulk) => signal.aborted || options.bulk(bulk),
        close: announce,
      },
    });
    connection = now;
    if (signal.aborted) {
      await now.close();
      return;
    }
    options.up(now);
    await gone;
    connection = null;
    if (!signal.aborted) options.down();
  }

  async function run(): Promise<void> {
    let since = performance.now();
    let pause = FIRST_MS;
    while (!signal.aborted) {
      try {
        await once();
        since = performance.now();
        pause = FIRST_MS;
      } catch (error) {
        if (signal.aborted) return;
        const problem = error instanceof ShoalError ? error : fromWire(toWire(error));
        if (isFinal(problem) || performance.now() - since > options.deadlineMs) {
          options.failed(problem);
          return;
        }
        // not all at the same moment, when whoever listens there comes back
        await wait(pause * (0.5 + Math.random()), undefined, { signal }).catch(() => {});
        pause = Math.min(2 * pause, MOST_MS);
      }
    }
  }
  const running = run();

  return {
    get connection() {
      return connection;
    },
    async stop() {
      const last = connection?.close();
      stop.abort();
      await last;
      await running;
    },
  };
}
