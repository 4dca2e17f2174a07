// cluster.ts: `npm run verify:cluster [-- --only TEXT] [--seed N]`: every promise of a run in several processes, with real processes
// and sockets, disturbed for minutes: the run ends, the bytes are those of one undisturbed process, the audit holds. It prints what was
// done and what happened, counted. Some ten minutes; not part of `npm test`.
import { parseArgs } from 'node:util';
import { closeAll } from '../cluster/support/ends.ts';
import { wholeRuns } from '../cluster/support/whole-runs.ts';
import { DEATHS } from './promises/deaths.ts';
import { NETWORKS } from './promises/networks.ts';
import { TOKEN } from './promises/scenario.ts';

const { values } = parseArgs({ options: { only: { type: 'string' }, seed: { type: 'string', default: '1' } } });
process.env['SHOAL_TOKEN'] = TOKEN;

const all = [...DEATHS, ...NETWORKS];
const chosen = all.filter(({ name }) => values.only === undefined || name.includes(values.only));
if (chosen.length === 0) {
  console.error(`--only ${values.only}: part of one of\n  ${all.map(({ name }) => name).join('\n  ')}`);
  process.exit(2);
}
let failed = 0;
for (const scenario of chosen) {
  const since = performance.now();
  const runs = await wholeRuns(scenario.job ?? {});
  try {
    const counts = await scenario.run(runs, Number(values.seed));
    console.log(`ok    ${scenario.name}  (${seconds(since)})`);
    for (const [what, times] of Object.entries(counts).sort()) console.log(`${String(times).padStart(12)} ${what}`);
  } catch (error) {
    failed++;
    console.log(`FAIL  ${scenario.name}  (${seconds(since)})\n${error instanceof Error ? error.stack : String(error)}`);
  } finally {
    await closeAll();
    runs.remove();
  }
}
console.log(failed === 0 ? 'All promises hold.' : `${failed} broken.`);
process.exit(failed === 0 ? 0 : 1);

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(0)} s`;
}
