// log.ts: --log: what happens to a process of a run, a line of JSON each, written at once: a process that dies has nothing to flush.
// Steps and epochs are no lines: events.jsonl has them. No line holds a token: none comes here.
import type { ShoalError } from '../../base/errors.ts';
import { toWire } from '../../base/errors.ts';
import type { PeerNews } from '../../cluster/peer-news.ts';
import type { RunEvent } from '../../trainer/events.ts';
import { createFlood } from './flood.ts';
import { type LogLine, lineOf } from './log-lines.ts';
import { usageError } from './usage-error.ts';

export interface RunLog {
  /** Of the run, in the coordinator's log. */
  event(event: RunEvent): void;
  /** Of the process's own connections, in a worker's or server's. */
  news(news: PeerNews): void;
  listening(url: string): void;
  /** Somebody without a token, say. A flood of them is one line a second. */
  turnedAway(reason: ShoalError, address: string): void;
  ended(error: unknown): void;
}

const STDERR = '-';
/** Bytes that a full disk may make us keep; lines beyond are lost. */
const MOST_BYTES = 2 ** 20;

/**
 * @param where a file, added to; "-": stderr; undefined: there is no log
 * @param about stands in every line
 * @throws SHOAL_USAGE when the file cannot be opened
 */
export async function openLog(where: string | undefined, about: Readonly<Record<string, string>>): Promise<RunLog> {
  const write = where === undefined ? () => {} : await writer(where, about);
  const flood = createFlood();
  return {
    event(event) {
      const line = lineOf(event);
      if (line) write(line);
    },
    news({ news, ...more }) {
      const calm = news === 'connected' || news === 'welcomed' || news === 'term';
      write({ level: calm ? 'info' : 'warn', msg: news, ...more });
    },
    listening: (url) => write({ level: 'info', msg: 'listening', url }),
    turnedAway({ code, got, expected }, address) {
      flood((unsaid) =>
        write({ level: 'warn', msg: 'turned away', address, code, got, expected, ...(unsaid > 0 && { unsaid }) }),
      );
    },
    ended(error) {
      if (error === null) write({ level: 'info', msg: 'ended' });
      else write({ level: 'error', msg: 'ended', problem: toWire(error) });
    },
  };
}

async function writer(where: string, about: Readonly<Record<string, string>>): Promise<(line: LogLine) => void> {
  const { pino } = await import('pino');
  const destination = opened();
  destination.on('error', () => {}); // a disk that fills up later must not end a run
  const log = pino(
    {
      base: { ...about, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  return ({ level, msg, ...fields }) => log[level](fields, msg);

  function opened() {
    try {
      const dest = where === STDERR ? process.stderr.fd : where;
      return pino.destination({ dest, sync: true, maxLength: MOST_BYTES });
    } catch (error) {
      throw usageError('write the log', (error as Error).message, 'a file that can be written, or -', 'See --log.');
    }
  }
}
