// watch.ts: the deadlines of one open connection: first message, silence, an endless frame, a reader that does not read. No frames.
//
// Both ends ping. So either sees bytes of a living peer without an answer to anything it sent, which may stand behind megabytes.
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { WireLimits } from './limits.ts';

export interface Watch {
  /** A whole frame has come. */
  heard(): void;
  /** Bytes have been handed to an idle socket, or the system has taken some. */
  moved(): void;
  /** The first message was accepted. */
  greeted(): void;
  /** While we do not read, silence is our own. */
  pause(paused: boolean): void;
  roundTrip(): number | null;
  stop(): void;
}

interface Watched {
  /** Bytes that wait to be taken. */
  outstanding(): number;
  /** A deadline has passed. */
  expired(got: string, expected: string): void;
  /** Whether a first message is still to come. */
  readonly first: boolean;
}

export function watch(ws: WebSocket, socket: Socket, limits: WireLimits, of: Watched): Watch {
  const now = (): number => performance.now(); // monotonic: a clock that is set does no harm
  let ticked = now();
  let heardBytes = socket.bytesRead;
  let byteAt = ticked;
  let frameAt = ticked;
  let movedAt = ticked;
  let paused = false;
  let trip: number | null = null;

  function tick(): void {
    const at = now();
    const asleep = at - ticked - limits.pingMs;
    ticked = at;
    if (paused || asleep > limits.pingMs) {
      // We ourselves did not run (stopped, swapped out) or did not read: what came meanwhile has yet to be seen.
      byteAt = frameAt = movedAt = at;
    } else if (socket.bytesRead !== heardBytes) byteAt = at;
    heardBytes = socket.bytesRead;
    if (at - byteAt > limits.silenceMs) {
      of.expired(`nothing for ${Math.round(at - byteAt)} ms`, `a sign of life within ${limits.silenceMs}`);
    } else if (at - frameAt > limits.frameMs) {
      of.expired(`a frame that takes ${Math.round(at - frameAt)} ms`, `at most ${limits.frameMs}`);
    } else if (of.outstanding() > 0 && at - movedAt > limits.stallMs) {
      const got = `${of.outstanding()} bytes that do not move for ${Math.round(at - movedAt)} ms`;
      of.expired(got, `a reader that takes some within ${limits.stallMs}`);
    } else if (ws.readyState === ws.OPEN) ws.ping(String(at));
  }

  const ticks = setInterval(tick, limits.pingMs);
  const firstBy = of.first
    ? setTimeout(() => of.expired('no message', `hello or attach within ${limits.firstMs} ms`), limits.firstMs)
    : undefined;
  ws.on('ping', heard);
  ws.on('pong', (data: Buffer) => {
    heard();
    const sent = Number(data.toString('latin1'));
    if (sent > 0 && sent <= now()) trip = now() - sent;
  });

  function heard(): void {
    frameAt = now();
  }

  return {
    heard,
    moved() {
      movedAt = now();
    },
    greeted: () => clearTimeout(firstBy),
    pause(is) {
      paused = is;
      byteAt = frameAt = now();
    },
    roundTrip: () => trip,
    stop() {
      clearInterval(ticks);
      clearTimeout(firstBy);
    },
  };
}
