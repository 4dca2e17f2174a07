// accuracy.ts: `npm run verify`: the quick start's claim, at its full length: three seeds, the last epoch's held-out accuracy.
// About a minute; not part of `npm test`.
import { readFileSync } from 'node:fs';
import { parseJob } from '../../trainer/job.ts';
import { openJobData, runSession } from '../../trainer/session.ts';

const LEAST = 0.975;
const file = new URL('../../examples/digits.json', import.meta.url);
const json: object = JSON.parse(readFileSync(file, 'utf8'));
const dataset = await openJobData(parseJob(json, 'digits.json'));
let failed = 0;
for (const seed of [1, 2, 3]) {
  const { done } = await runSession({ job: parseJob({ ...json, seed }, 'digits.json'), dataset });
  const accuracy = done.metrics['accuracy'] as number;
  if (accuracy < LEAST) failed++;
  console.log(`seed ${seed}: held-out accuracy ${accuracy.toFixed(4)} after ${done.steps} steps (at least ${LEAST})`);
}
console.log(`${3 - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
