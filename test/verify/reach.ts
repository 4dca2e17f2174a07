// reach.ts: examples trained to their end, each to a held-out figure that it must reach, told epoch by epoch. Which ones: fashion.ts, text.ts.
import { readFileSync } from 'node:fs';
import { parseJob } from '../../trainer/job.ts';
import { openJobData, runSession } from '../../trainer/session.ts';

/** What an example must reach in its epochs, or in so many: an accuracy of at least, or a loss of at most. */
export type Goal = { readonly epochs?: number } & ({ readonly least: number } | { readonly most: number });

/** Sets the exit code: 0 where all have reached theirs. @param only the name of one of them */
export async function reach(goals: Readonly<Record<string, Goal>>, only: string | undefined): Promise<void> {
  let failed = 0;
  let passed = 0;
  for (const [name, goal] of Object.entries(goals)) {
    if (only !== undefined && only !== name) continue;
    const json: object = JSON.parse(readFileSync(new URL(`../../examples/${name}.json`, import.meta.url), 'utf8'));
    const job = parseJob({ ...json, ...(goal.epochs !== undefined && { epochs: goal.epochs }) }, name);
    const metric = 'least' in goal ? 'accuracy' : 'loss';
    const { done } = await runSession({
      job,
      dataset: await openJobData(job),
      onEvent(event) {
        if (event.event !== 'epoch') return;
        const figure = event.metrics![metric] as number;
        console.log(`${name}: epoch ${event.epoch} of ${job.epochs}: held-out ${metric} ${figure.toFixed(4)}`);
      },
    });
    const figure = done.metrics[metric] as number;
    const good = 'least' in goal ? figure >= goal.least : figure <= goal.most;
    if (good) passed++;
    else failed++;
    const bar = 'least' in goal ? `at least ${goal.least}` : `at most ${goal.most}`;
    console.log(`${good ? 'passed' : 'FAILED'}: ${name}: ${figure.toFixed(4)} (${bar}) after ${done.steps} steps`);
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
}
