// fashion.ts: `node test/verify/fashion.ts [NAME]`: ResNet-18 and ViT-tiny learn Fashion-MNIST (Debian's dataset-fashion-mnist) as their
// examples say, to stated held-out accuracies. Hours on two cores; not part of `npm test`.
import { existsSync, readFileSync } from 'node:fs';
import { parseJob } from '../../trainer/job.ts';
import { openJobData, runSession } from '../../trainer/session.ts';

const LEAST = { 'vit-tiny': 0.87, resnet18: 0.92 };
const only = process.argv[2];
const folder = '/usr/share/datasets/fashion-mnist';
if (!existsSync(folder)) {
  console.log(`no ${folder}: apt-get install dataset-fashion-mnist`);
  process.exit(1);
}
let failed = 0;
let passed = 0;
for (const [name, least] of Object.entries(LEAST)) {
  if (only !== undefined && only !== name) continue;
  const job = parseJob(JSON.parse(readFileSync(new URL(`../../examples/${name}.json`, import.meta.url), 'utf8')), name);
  const { done } = await runSession({
    job,
    dataset: await openJobData(job),
    onEvent(event) {
      if (event.event !== 'epoch') return;
      const accuracy = event.metrics!['accuracy'] as number;
      console.log(`${name}: epoch ${event.epoch} of ${job.epochs}: held-out accuracy ${accuracy.toFixed(4)}`);
    },
  });
  const accuracy = done.metrics['accuracy'] as number;
  const good = accuracy >= least;
  if (good) passed++;
  else failed++;
  console.log(`${good ? 'passed' : 'FAILED'}: ${name}: ${accuracy.toFixed(4)} (at least ${least})`);
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
