// text.ts: `node test/verify/text.ts [NAME]`: gpt-nano and bert-small learn the licence texts of a Debian system to a held-out loss that
// the same model reaches in PyTorch (text-peer.py). Minutes; not part of `npm test`.
import { readFileSync } from 'node:fs';
import { parseJob } from '../../trainer/job.ts';
import { openJobData, runSession } from '../../trainer/session.ts';

/** Epochs, and the loss that must be reached: what was seen here and in PyTorch stands in docs/models.md. */
const GOALS = {
  'gpt-nano': { epochs: 4, most: 2.6 },
  'bert-small': { epochs: 20, most: 1.9 },
};
const only = process.argv[2];
let failed = 0;
let passed = 0;
for (const [name, { epochs, most }] of Object.entries(GOALS)) {
  if (only !== undefined && only !== name) continue;
  const json: object = JSON.parse(readFileSync(new URL(`../../examples/${name}.json`, import.meta.url), 'utf8'));
  const job = parseJob({ ...json, epochs }, name);
  const { done } = await runSession({
    job,
    dataset: await openJobData(job),
    onEvent(event) {
      if (event.event !== 'epoch') return;
      console.log(
        `${name}: epoch ${event.epoch} of ${epochs}: held-out loss ${(event.metrics!['loss'] as number).toFixed(4)}`,
      );
    },
  });
  const loss = done.metrics['loss'] as number;
  const good = loss <= most;
  if (good) passed++;
  else failed++;
  console.log(`${good ? 'passed' : 'FAILED'}: ${name}: ${loss.toFixed(4)} (at most ${most}) after ${done.steps} steps`);
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
