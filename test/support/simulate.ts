// simulate.ts: the command that replays simulated runs: npx node test/support/simulate.ts --seed N [--count N] [--bug NAME] [--trace].
import { parseArgs } from 'node:util';
import { BUGS, type Bug } from '../../cluster/bugs.ts';
import { simulate } from './simulator/simulator.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '1' },
    bug: { type: 'string' },
    trace: { type: 'boolean', default: false },
    strict: { type: 'boolean', default: false },
    stats: { type: 'boolean', default: false },
  },
});
const bugs = BUGS.filter((bug: Bug) => bug === values.bug);
const totals = new Map<string, number>();
let failed = 0;
const first = Number(values.seed);
const began = performance.now();
for (let seed = first; seed < first + Number(values.count); seed++) {
  const { violation, stats, trace, ms } = simulate({ seed, bugs, trace: values.trace, strict: values.strict });
  for (const [what, count] of stats) totals.set(what, (totals.get(what) ?? 0) + count);
  if (values.trace) console.log(trace.join('\n'));
  if (violation) {
    failed++;
    console.log(`seed ${seed}, at ${ms.toFixed(1)} ms: ${violation}`);
  }
}
if (values.stats) for (const [what, count] of [...totals].sort()) console.log(`${String(count).padStart(8)} ${what}`);
console.log(`${values.count} runs, ${failed} failed, ${((performance.now() - began) / 1000).toFixed(1)} s`);
process.exitCode = failed > 0 ? 1 : 0;
