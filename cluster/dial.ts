// dial.ts: a connection, or a pair of them, made again whenever it breaks: with pauses that grow, and up to a deadline. It knows no message.
import { setTimeout as wait } from 'node:timers/promises';
import { fromWire, ShoalError, toWire } from '../base/errors.ts';
import type { WireLimits } from './limits.ts';
import type { Bulk, Message } from './messages.ts';
import { type Connection, type ConnectTls, connect } from './transport.ts';
import { wireError } from './wire-error.ts';

/** How to reach a listener. */
export interface Reach {
  readonly token: string;
  readonly tls?: ConnectTls;
  readonly insecure?: boolean;
  readonly limits?: Partial<WireLimits>;
}

export interface DialOptions extends Reach {
  readonly url: string;
  /** Without a connection on which something is said for so long, it gives up. Infinity: never. */
  readonly deadlineMs: number;
  /**
   * Somebody else may be at that address for a while, who knows neither token nor path: that is tried again, too; and who has a certificate that is
   * not trusted, once there was one that is.
   */
  readonly changing?: boolean;
  /** Bulk has a socket of its own, so that control never queues behind it; they are made together, and when one goes so does the other. */
  readonly bulkApart?: boolean;
  /** `bulk`: the same, where it has none of its own. */
  up(connection: Connection, bulk: Connection): void;
  /** It has tried for vainMs: once, until there is a connection again. */
  inVain?(problem: ShoalError): void;
  /** Default 10,000. */
  readonly vainMs?: number;
  down(): void;
  message(message: Message): void;
  bulk(bulk: Bulk): void;
  /** It has given up: the deadline, or an answer that will not change. */
  failed(error: ShoalError): void;
}

export interface Dial {
  /** Open now, the one for control; null between connections. */
  readonly connection: Connection | null;
  /** Closes it for good, what was sent before included. */
  stop(): Promise<void>;
}

const FIRST_MS = 50;
/** The longest pause; and a connection that ends sooner than that is one that was tried in vain. */
const MOST_MS = 1000;
const VAIN_MS = 10_000;
const PAIR = 'It is tried again; the log of the other end says why.';
/** Trying again would not help. */
const FINAL = new Set(['SHOAL_WIRE_TOKEN', 'SHOAL_WIRE_PATH', 'SHOAL_WIRE_INSECURE', 'SHOAL_WIRE_VERSION']);
/** Of somebody else's listener. */
const ANOTHERS = new Set(['SHOAL_WIRE_TOKEN', 'SHOAL_WIRE_PATH']);
/** Node's codes of certificates that it does not trust. */
const UNTRUSTED = /CERT|SIGNED|SIGNATURE|ALTNAME/;
const isUntrusted = ({ cause }: ShoalError): boolean =>
  UNTRUSTED.test(String((cause as { code?: unknown } | undefined)?.code ?? ''));

/** A connection that was there. */
interface Ended {
  /** The other end said something. */
  readonly heard: boolean;
  readonly lastedMs: number;
  readonly reason: ShoalError | null;
}

export function dial(options: DialOptions): Dial {
  const stop = new AbortController();
  const { signal } = stop;
  let connection: Connection | null = null;
  let pair: readonly Connection[] = [];

  async function once(): Promise<Ended> {
    const made: Connection[] = [];
    let heard = false;
    let reason: ShoalError | null = null;
    let broken = false;
    let announce = (): void => {};
    const gone = new Promise<void>((resolve) => {
      announce = resolve;
    });
    const close = async (): Promise<void> => {
      broken = true;
      await Promise.all(made.map((it) => it.close()));
    };
    const { url, token, tls, insecure, limits } = options;
    for (let sockets = options.bulkApart ? 2 : 1; sockets > 0 && !broken; sockets--) {
      const connecting = connect({
        url,
        token,
        signal,
        ...(tls && { tls }),
        ...(insecure !== undefined && { insecure }),
        ...(limits && { limits }),
        handlers: {
          // of a pair that has lost one nothing is heard any more: what the other lost might have come before
          message(message) {
            heard = true;
            if (!broken && !signal.aborted) options.message(message);
          },
          bulk: (bulk) => broken || signal.aborted || options.bulk(bulk),
          close(why) {
            reason ??= why;
            broken = true;
            announce();
          },
        },
      });
      try {
        made.push(await connecting);
      } catch (error) {
        await close();
        throw error;
      }
    }
    const [first, last] = [made[0]!, made.at(-1)!];
    if (signal.aborted || broken) {
      await close();
      if (signal.aborted) return { heard, lastedMs: 0, reason };
      throw wireError('SHOAL_WIRE_CLOSED', `connect to ${url}`, 'the end of one of two sockets', 'both', PAIR);
    }
    connection = first;
    pair = made;
    const since = performance.now();
    options.up(first, last);
    await gone;
    connection = null;
    pair = [];
    if (!signal.aborted) options.down();
    const lastedMs = performance.now() - since;
    await close();
    return { heard, lastedMs, reason };
  }

  async function run(): Promise<void> {
    let since = performance.now();
    let reached = since;
    let told = false;
    let wasThere = false;
    let pause = FIRST_MS;
    while (!signal.aborted) {
      let lasted = 0;
      let problem: ShoalError;
      try {
        const { heard, lastedMs, reason } = await once();
        problem = reason ?? goodbye(options.url);
        lasted = lastedMs;
        reached = performance.now();
        wasThere = true;
        told = false;
        if (heard) since = performance.now();
      } catch (error) {
        problem = error instanceof ShoalError ? error : fromWire(toWire(error));
      }
      if (signal.aborted) return;
      const untrusted = isUntrusted(problem);
      const another = options.changing && (untrusted ? wasThere : ANOTHERS.has(problem.code));
      const final = (untrusted || FINAL.has(problem.code)) && !another;
      if (final || performance.now() - since > options.deadlineMs) {
        options.failed(problem);
        return;
      }
      if (!told && performance.now() - reached > (options.vainMs ?? VAIN_MS)) {
        told = true;
        options.inVain?.(problem);
      }
      if (lasted > MOST_MS) {
        pause = FIRST_MS;
        continue;
      }
      // not all at the same moment, when whoever listens there comes back
      await wait(pause * (0.5 + Math.random()), undefined, { signal }).catch(() => {});
      pause = Math.min(2 * pause, MOST_MS);
    }
  }
  const running = run();

  return {
    get connection() {
      return connection;
    },
    async stop() {
      const last = Promise.all(pair.map((it) => it.close()));
      stop.abort();
      await last;
      await running;
    },
  };
}

const goodbye = (url: string): ShoalError =>
  wireError('SHOAL_WIRE_CLOSED', `connect to ${url}`, 'a goodbye', 'an end that stays', PAIR);
