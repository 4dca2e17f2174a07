// text.ts: `node test/verify/text.ts`: gpt_nano learns the licence texts of a Debian system, in four epochs, to a held-out loss that the
// same model reaches in PyTorch (text-peer.py gpt_nano 4 128 48 3 3 192 32 0.003). A minute or more; not part of `npm test`.
import { readFileSync } from 'node:fs';
import { parseJob } from '../../trainer/job.ts';
import { openJobData, runSession } from '../../trainer/session.ts';

const EPOCHS = 4;
/** Seen: 2.4566. */
const MOST = 2.6;

const json: object = JSON.parse(readFileSync(new URL('../../examples/gpt-nano.json', import.meta.url), 'utf8'));
const job = parseJob({ ...json, epochs: EPOCHS }, 'gpt-nano.json');
const { done } = await runSession({ job, dataset: await openJobData(job) });
const loss = done.metrics['loss'] as number;
console.log(`gpt-nano: held-out loss ${loss.toFixed(4)} (at most ${MOST}) after ${done.steps} steps`);
process.exitCode = loss <= MOST ? 0 : 1;
