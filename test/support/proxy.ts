// proxy.ts: a TCP proxy that does to a connection what networks do: delay, throttle, swallow, flip, cut, reset. It parses nothing.

import type { AddressInfo } from 'node:net';
import { createServer, connect as dial, type Socket } from 'node:net';

/** What happens to the bytes of one direction, of all links; may be changed at any time. */
export interface Faults {
  /** Added to every chunk. */
  delayMs: number;
  bytesPerSecond: number;
  /** Takes bytes and lets none through, ends included: half-open. What was swallowed never comes. */
  swallow: boolean;
  /** Flips the lowest bit of the byte after so many more; then null. */
  flipAfter: number | null;
  /** Resets the link after so many more bytes; then null. */
  cutAfter: number | null;
}

export interface TcpProxy {
  readonly port: number;
  /** Towards the target, and back from it. */
  readonly up: Faults;
  readonly down: Faults;
  /** Open links. */
  readonly links: number;
  /** Bytes let through towards the target, and back. */
  readonly passed: { readonly up: number; readonly down: number };
  /** Resets all links, both ends. */
  reset(): void;
  /** No faults any more; links that lost bytes by swallowing are reset. */
  heal(): void;
  close(): Promise<void>;
}

const SOUND: Faults = {
  delayMs: 0,
  bytesPerSecond: Number.POSITIVE_INFINITY,
  swallow: false,
  flipAfter: null,
  cutAfter: null,
};
/** Held back in one direction of one link before its source is paused. */
const HELD_BYTES = 2 ** 18;

/** Listens on a free port of 127.0.0.1, and dials the target for each link. */
export async function startProxy(target: { readonly port: number; readonly host?: string }): Promise<TcpProxy> {
  const up = { ...SOUND };
  const down = { ...SOUND };
  const passed = { up: 0, down: 0 };
  const links = new Set<Link>();
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = dial({ port: target.port, host: target.host ?? '127.0.0.1', allowHalfOpen: true });
    const link = new Link(near, far, () => links.delete(link));
    links.add(link);
    link.carry(near, far, up, (bytes) => {
      passed.up += bytes;
    });
    link.carry(far, near, down, (bytes) => {
      passed.down += bytes;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    up,
    down,
    passed,
    get links() {
      return links.size;
    },
    reset() {
      for (const link of links) link.reset();
    },
    heal() {
      Object.assign(up, SOUND);
      Object.assign(down, SOUND);
      for (const link of links) if (link.lossy) link.reset();
    },
    async close() {
      for (const link of links) link.reset();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Two sockets. */
class Link {
  lossy = false;
  readonly #near: Socket;
  readonly #far: Socket;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(near: Socket, far: Socket, onGone: () => void) {
    this.#near = near;
    this.#far = far;
    for (const socket of [near, far]) {
      socket.setNoDelay();
      socket.on('error', () => this.reset());
      socket.on('close', () => {
        if (near.destroyed && far.destroyed) onGone();
        else if (socket.errored) this.reset();
      });
    }
  }

  reset(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const socket of [this.#near, this.#far]) if (!socket.destroyed) socket.resetAndDestroy();
  }

  /** Moves chunks from one socket to the other, each not before it is due. */
  carry(from: Socket, to: Socket, faults: Faults, count: (bytes: number) => void): void {
    let held = 0;
    let free = 0; // when the bandwidth has room again
    const queue: { readonly due: number; readonly act: () => void }[] = [];
    const run = (): void => {
      for (let next = queue[0]; next !== undefined; next = queue[0]) {
        const wait = next.due - performance.now();
        if (wait > 0) {
          const timer = setTimeout(() => {
            this.#timers.delete(timer);
            run();
          }, wait);
          this.#timers.add(timer);
          return;
        }
        queue.shift();
        next.act();
      }
    };
    const later = (bytes: number, act: () => void): void => {
      free = Math.max(free, performance.now()) + (1000 * bytes) / faults.bytesPerSecond;
      queue.push({ due: free + faults.delayMs, act });
      if (queue.length === 1) run();
    };
    const drained = (): void => {
      if (held < HELD_BYTES && !to.writableNeedDrain) from.resume();
    };
    from.on('data', (chunk: Buffer) => {
      if (faults.swallow) {
        this.lossy = true;
        return;
      }
      held += chunk.length;
      if (held >= HELD_BYTES) from.pause();
      later(chunk.length, () => {
        held -= chunk.length;
        const cut = spend(faults, 'cutAfter', chunk.length);
        const flip = spend(faults, 'flipAfter', chunk.length);
        if (flip !== null) chunk[flip]! ^= 1;
        if (cut !== null) {
          to.write(chunk.subarray(0, cut), () => this.reset());
          return;
        }
        count(chunk.length);
        if (!to.write(chunk)) from.pause();
        drained();
      });
    });
    to.on('drain', drained);
    from.on('end', () => {
      if (faults.swallow) return;
      later(0, () => {
        to.end();
      });
    });
  }
}

/** Counts a fault down; the place in this chunk where it strikes, or null. */
function spend(faults: Faults, key: 'cutAfter' | 'flipAfter', bytes: number): number | null {
  const left = faults[key];
  if (left === null) return null;
  faults[key] = left < bytes ? null : left - bytes;
  return left < bytes ? left : null;
}
