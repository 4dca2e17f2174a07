// follow-log.ts: the events of a run that goes on, from the log in its folder. The run is not disturbed: it tells nobody of every step, and
// nobody wakes up for it. Not what they mean.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { RunEvent } from '../trainer/events.ts';

export interface FollowedLog {
  /** Whole lines since the last look. What has no end of line yet comes when it has. */
  read(): RunEvent[];
}

/** The log is written about once a second. */
const LOOK_MS = 200;
const PIECE = 2 ** 16;

/**
 * The file is opened for each look alone: between two looks nothing is held, and where machines share it by a network, opening it is what
 * makes this one ask for what another has written.
 *
 * @param file null, or a name of nothing: as long as it is not there, nothing has come
 * @param since what counts: all of it, or what comes from now on
 */
export function followLog(file: () => string | null, since: 'start' | 'now'): FollowedLog {
  const piece = Buffer.alloc(PIECE);
  let at = since === 'now' ? (look(file(), (opened) => fstatSync(opened).size) ?? 0) : 0;
  let rest = Buffer.alloc(0);
  return {
    read() {
      // bytes, not text: a piece may end inside a character, but no character holds the byte that ends a line
      const pieces = [rest];
      look(file(), (opened) => {
        for (let length = PIECE; length > 0; at += length) {
          length = readSync(opened, piece, 0, PIECE, at);
          pieces.push(Buffer.from(piece.subarray(0, length)));
        }
      });
      const all = Buffer.concat(pieces);
      const whole = all.lastIndexOf('\n') + 1;
      rest = Buffer.from(all.subarray(whole)); // a copy, that `all` may go
      return all.toString('utf8', 0, whole).split('\n').flatMap(eventOf);
    },
  };
}

/** @param gone settles when the run has ended: what it has written comes still */
export async function* eventsUntil(gone: Promise<void>, log: FollowedLog): AsyncGenerator<RunEvent> {
  let ended = false;
  void gone.then(() => {
    ended = true;
  });
  for (;;) {
    const last = ended; // before the look, which then sees all
    yield* log.read();
    if (last) return;
    await wait(LOOK_MS);
  }
}

/** Null where it cannot be opened. */
function look<T>(file: string | null, act: (opened: number) => T): T | null {
  if (file === null) return null;
  let opened: number;
  try {
    opened = openSync(file, 'r');
  } catch {
    return null;
  }
  try {
    return act(opened);
  } finally {
    closeSync(opened);
  }
}

function eventOf(line: string): RunEvent[] {
  if (line === '') return [];
  try {
    return [JSON.parse(line) as RunEvent];
  } catch {
    return []; // cut short by a kill
  }
}
