// meter.ts: what the connections of one process have carried and refused, those that are gone included. It sends nothing.
import { ShoalError } from '../base/errors.ts';
import type { Report } from './report.ts';
import type { Connection } from './transport.ts';

export interface Meter {
  add(connection: Connection): void;
  /** A connection ended for a reason: counted where that is a frame that was refused. */
  ended(reason: ShoalError | null): void;
  readonly report: Report;
}

export const REPORT_MS = 1000;

const FRAME = /^SHOAL_(WIRE_(VERSION|FRAME|SIZE|CHECKSUM|CONTENT|SEQUENCE)|OUT_OF_TURN)$/;
/** Whether a connection ended because of what the other end sent. */
export const isRefusedFrame = (reason: unknown): boolean => reason instanceof ShoalError && FRAME.test(reason.code);

export function createMeter(): Meter {
  const live = new Set<Connection>();
  let [read, written, refused] = [0, 0, 0];
  return {
    add: (connection) => void live.add(connection),
    ended(reason) {
      if (isRefusedFrame(reason)) refused++;
    },
    get report() {
      let [in_, out] = [read, written];
      for (const connection of live) {
        in_ += connection.bytesRead;
        out += connection.bytesWritten;
        if (connection.open) continue;
        read += connection.bytesRead;
        written += connection.bytesWritten;
        live.delete(connection);
      }
      return { type: 'report' as const, read: in_, written: out, memory: process.memoryUsage.rss(), refused };
    },
  };
}
