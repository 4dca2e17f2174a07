// io-threads.ts: loaded first of all: how many threads Node keeps for files and images. Not those that compute (trainer/pool.ts).
import { stat } from 'node:fs';
import { availableParallelism } from 'node:os';

/** Node's own default. */
const LEAST = 4;
/** Commands for which one process decodes all images. Roles of a run are many processes on a machine, which decode at the same time. */
const DECODING: ReadonlySet<string | undefined> = new Set(['data', 'train', 'eval', 'predict', 'bench']);

const VARIABLE = 'UV_THREADPOOL_SIZE';

// Images are decoded and encoded there: on a larger machine four would be all that work, whatever --threads says. The first piece of work
// fixes the number: on Node 20 that is loading the program, and it stays four.
if (DECODING.has(process.argv[2]) && process.env[VARIABLE] === undefined) {
  process.env[VARIABLE] = String(Math.max(LEAST, availableParallelism()));
  stat('/', () => {}); // any work, so that the number is fixed
  delete process.env[VARIABLE]; // processes that this one starts are commands of their own
}
