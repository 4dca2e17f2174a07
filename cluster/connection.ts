// connection.ts: one open WebSocket, at either end: frames in and out, credit, deadlines, the way it ends. Not how it was opened.
import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import { fromWire, ShoalError, toWire } from '../base/errors.ts';
import { BULK_HEAD_BYTES, HEADER_BYTES, WIRE_VERSION } from './frame.ts';
import type { WireLimits } from './limits.ts';
import type { Attach, Bulk, Hello, Message } from './messages.ts';
import { decodeFrame, encodeBulk, encodeMessage, type Frame } from './protocol.ts';
import type { Connection, Handlers } from './transport.ts';
import { watch } from './watch.ts';
import { CreditWindow } from './window.ts';
import { brief, type WireCode, wireError } from './wire-error.ts';

const RECONNECT = 'Connect again; the log of the other end says why.';
const SAME_VERSION = 'Install the same version of Shoal at both ends.';
let opened = 0;

interface Parts {
  readonly socket: Socket;
  readonly limits: WireLimits;
  /** The handlers, or who gives them for the first message (and is not told of a connection that ends without one). */
  readonly handlers: Handlers | ((first: Hello | Attach, connection: Connection) => Handlers);
  /** The connection is gone, before its close handler hears of it. `greeted`: it had handlers. */
  readonly onGone?: (reason: ShoalError | null, greeted: boolean) => void;
}

/** Takes over an open WebSocket whose data come as fragments. */
export function manage(ws: WebSocket, { socket, limits, handlers: given, onGone }: Parts): Connection {
  const id = `c${++opened}`;
  const address = socket.remoteAddress ?? 'unknown';
  const credit = new CreditWindow(limits.windowBytes);
  const underWay = new Set<(reason: ShoalError) => void>();
  let handlers: Handlers | null = typeof given === 'function' ? null : given;
  let open = true;
  let reason: ShoalError | null = null;
  let sentFrames = 0;
  let readFrames = 0;
  let announceGone = (): void => {};
  const gone = new Promise<void>((resolve) => {
    announceGone = resolve;
  });

  const lost = (got: string): ShoalError =>
    wireError('SHOAL_WIRE_CLOSED', `talk to ${address}`, got, 'an open connection', RECONNECT);

  /** The other end says why, by a code: that our frames are of another version is no matter of trying again. */
  const closed = (code: number, text: string): ShoalError =>
    text === 'SHOAL_WIRE_VERSION'
      ? wireError(text, `talk to ${address}`, `a refusal of protocol version ${WIRE_VERSION}`, 'its own', SAME_VERSION)
      : lost(`close ${code} ${brief(text)}`);

  /** Ends it for a reason: with a closing handshake, or at once where the other end would not answer one. */
  function end(error: ShoalError, how: 'politely' | 'at once'): void {
    if (!open) return;
    open = false;
    reason = error;
    credit.clear(error);
    if (how === 'politely') ws.close(1008, error.code);
    else ws.terminate();
  }

  const progress = watch(ws, socket, limits, {
    outstanding: () => credit.outstanding,
    expired: (got, expected) =>
      end(wireError('SHOAL_WIRE_TIMEOUT', `talk to ${address}`, got, expected, RECONNECT), 'at once'),
    first: handlers === null,
  });

  // Until the first message we promised to hold little: ws alone would collect a whole frame.
  let early = 0;
  function countEarly(chunk: Uint8Array): void {
    early += chunk.byteLength;
    if (handlers === null && early > limits.firstBytes) {
      const got = `${early} bytes without a message`;
      end(refusal('SHOAL_WIRE_SIZE', got, `a first message within ${limits.firstBytes}`), 'at once');
    }
  }
  if (handlers === null) socket.on('data', countEarly);

  function receive(frame: Frame): void {
    const expected = readFrames++ >>> 0;
    if (frame.seq !== expected) throw refusal('SHOAL_WIRE_SEQUENCE', `frame ${frame.seq}`, `frame ${expected}`);
    if (handlers === null) {
      const first = frame.message;
      if (first === undefined || (first.type !== 'hello' && first.type !== 'attach')) {
        throw refusal('SHOAL_WIRE_CONTENT', first?.type ?? 'bulk', 'hello or attach as the first message');
      }
      handlers = (given as Exclude<typeof given, Handlers>)(first, connection);
      socket.off('data', countEarly);
      progress.greeted();
    } else if (frame.message !== undefined) handlers.message(frame.message, connection);
    else handlers.bulk(frame.bulk, connection);
  }

  ws.on('message', (data: RawData, binary: boolean) => {
    if (!open) return;
    progress.heard();
    try {
      if (!binary) throw refusal('SHOAL_WIRE_FRAME', 'text', 'binary frames');
      receive(decodeFrame(data as Buffer[]));
    } catch (error) {
      end(error instanceof ShoalError ? error : fromWire(toWire(error)), 'politely');
    }
  });

  // ws closes the connection itself after an error, and then says so.
  ws.on('error', (error: Error & { code?: string }) => {
    if (!open) return;
    const code: WireCode = error.code?.startsWith('WS_ERR_')
      ? /LENGTH|MANY/.test(error.code)
        ? 'SHOAL_WIRE_SIZE'
        : 'SHOAL_WIRE_FRAME'
      : 'SHOAL_WIRE_CLOSED';
    open = false;
    reason = refusal(code, error.message, 'frames as Shoal sends them', error);
    credit.clear(reason);
  });

  ws.on('close', (code: number, text: Buffer) => {
    const goodbye = code === 1000 || !open;
    if (open && !goodbye) reason = code === 1006 ? lost('the end of the connection') : closed(code, String(text));
    open = false;
    progress.stop();
    const error = reason ?? lost('a goodbye');
    credit.clear(error);
    for (const reject of underWay) reject(error);
    onGone?.(reason, handlers !== null);
    announceGone();
    handlers?.close(reason, connection);
  });

  /** Writes one WebSocket message; `taken` when the system has it all. */
  function write(pieces: readonly Uint8Array[], taken: (error?: Error | null) => void): void {
    const bytes = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
    if (credit.outstanding === 0) progress.moved();
    credit.spend(bytes);
    socket.cork();
    pieces.forEach((piece, i) => {
      const last = i === pieces.length - 1;
      ws.send(piece, { binary: true, fin: last }, last ? settle : undefined);
    });
    socket.uncork();
    function settle(error?: Error | null): void {
      progress.moved();
      taken(error);
      credit.restore(bytes);
    }
  }

  const connection: Connection = {
    id,
    address,
    get open() {
      return open;
    },
    get bufferedBytes() {
      return credit.outstanding;
    },
    get bytesRead() {
      return socket.bytesRead;
    },
    get bytesWritten() {
      return socket.bytesWritten;
    },
    get roundTrip() {
      return progress.roundTrip();
    },
    send(message: Message) {
      if (!open) return;
      write([encodeMessage(message, { seq: sentFrames >>> 0, priority: 0 })], () => {});
      sentFrames++;
      if (credit.outstanding <= limits.outstandingBytes) return;
      const got = `${credit.outstanding} bytes that it does not read`;
      end(refusal('SHOAL_WIRE_LIMIT', got, `at most ${limits.outstandingBytes}`), 'at once');
    },
    sendBulk(bulk: Bulk, priority = 0) {
      if (!open) return Promise.reject(reason ?? lost('a goodbye'));
      const bytes = HEADER_BYTES + BULK_HEAD_BYTES + bulk.values.byteLength;
      return new Promise<void>((resolve, reject) => {
        function go(): void {
          try {
            const { head, values } = encodeBulk(bulk, { seq: sentFrames >>> 0, priority });
            sentFrames++;
            underWay.add(reject);
            write([head, values], (error) => {
              underWay.delete(reject);
              if (error) reject(lost(error.message));
              else resolve();
            });
          } catch (error) {
            reject(error);
          }
        }
        credit.when({ bytes, priority, go, drop: reject });
      });
    },
    pause() {
      progress.pause(true);
      ws.pause();
    },
    resume() {
      progress.pause(false);
      ws.resume();
    },
    close() {
      if (open) {
        open = false;
        credit.clear(lost('a goodbye'));
        ws.close(1000);
      }
      return gone;
    },
    fail: (error) => end(error, 'politely'),
  };
  return connection;

  function refusal(code: WireCode, got: string, expected: string, cause?: unknown): ShoalError {
    return wireError(code, `listen to ${address}`, got, expected, 'It is closed; the job goes on without it.', cause);
  }
}
