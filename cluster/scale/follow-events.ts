// follow-events.ts: the events of a run that goes on, from the log in its folder. The run is not disturbed: it tells nobody of every step,
// and nobody wakes up for it. What they mean: measure.ts.
import { closeSync, existsSync, openSync, readdirSync, readSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { RunEvent } from '../../trainer/events.ts';
import { RUN } from '../../trainer/run-folder.ts';

/** The log is written about once a second. */
const LOOK_MS = 200;
const PIECE = 2 ** 20;

/** @param parent where the run makes its folder, the only one @param gone settles when the run's process has ended: what it has written comes still */
export async function* followEvents(parent: string, gone: Promise<void>): AsyncGenerator<RunEvent> {
  let ended = false;
  void gone.then(() => {
    ended = true;
  });
  let file: number | null = null;
  const piece = Buffer.alloc(PIECE);
  let [position, rest] = [0, Buffer.alloc(0)];
  try {
    for (;;) {
      const last = ended;
      file ??= openLog(parent);
      const bytes = file === null ? 0 : readSync(file, piece, 0, PIECE, position);
      position += bytes;
      const all = Buffer.concat([rest, piece.subarray(0, bytes)]);
      const whole = all.lastIndexOf('\n') + 1;
      rest = Buffer.from(all.subarray(whole));
      for (const line of all.toString('utf8', 0, whole).split('\n'))
        if (line !== '') yield JSON.parse(line) as RunEvent;
      if (bytes > 0) continue;
      if (last) return;
      await wait(LOOK_MS);
    }
  } finally {
    if (file !== null) closeSync(file);
  }
}

function openLog(parent: string): number | null {
  const [run] = readdirSync(parent);
  const path = `${parent}/${run}/${RUN.events}`;
  return run !== undefined && existsSync(path) ? openSync(path, 'r') : null;
}
