// text.ts: `node test/verify/text.ts`: gpt_nano and bert_small learn the licence texts of a Debian system to a held-out loss that the same
// models reach in PyTorch (text-peer.py). Some minutes; not part of `npm test`.
import { readFileSync } from 'node:fs';
import { parseJob } from '../../trainer/job.ts';
import { openJobData, runSession } from '../../trainer/session.ts';

/** What both must reach. */
const MOST = { 'gpt-nano': 1.6, 'bert-small': 2.2 } as const;

let failed = 0;
for (const [name, most] of Object.entries(MOST)) {
  const json: object = JSON.parse(readFileSync(new URL(`../../examples/${name}.json`, import.meta.url), 'utf8'));
  const job = parseJob(json, `${name}.json`);
  const since = performance.now();
  const { done } = await runSession({ job, dataset: await openJobData(job) });
  const loss = done.metrics['loss'] as number;
  if (!(loss <= most)) failed++;
  const seconds = (performance.now() - since) / 1000;
  console.log(
    `${name}: held-out loss ${loss.toFixed(4)} (at most ${most}) after ${done.steps} steps, ${seconds.toFixed(0)} s`,
  );
}
console.log(`${Object.keys(MOST).length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
