// io-threads.ts: loaded first of all: how many threads Node keeps for files and images. Not those that compute (trainer/pool.ts).
import { availableParallelism } from 'node:os';

/** Node's own default. */
const LEAST = 4;

// Images are decoded and encoded there: on a larger machine four would be all that work, whatever --threads says. The first piece of work
// fixes the number: on Node 20 that is loading the program, and it stays four.
process.env['UV_THREADPOOL_SIZE'] ??= String(Math.max(LEAST, availableParallelism()));
