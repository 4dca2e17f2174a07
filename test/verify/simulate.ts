// simulate.ts: clusters of 10,000 workers: simulated within a minute of one processor, with the same report for the same seed. Run by npm run
// verify:simulate.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { call, DIGITS, folderFor, removeAll, SHOAL } from './support.ts';

const MOST_S = 60;
const WAYS = {
  'links of 1 Gbit': [],
  'slow links, 40 ms away, with deaths': ['--link', '100Mbit', '--latency', '40ms', '--mtbf', '1h'],
} as const;

/** Its own time of the processor: other programs may be running. */
const CPU = 'process.on("exit",()=>{const{user,system}=process.cpuUsage();console.error("cpu",(user+system)/1e6)})';

describe('10,000 simulated workers', function () {
  this.timeout(600_000);
  const folders: string[] = [];
  after(() => removeAll(folders));

  for (const [name, more] of Object.entries(WAYS))
    it(`with ${name}: at most ${MOST_S} s of a processor, and the same page for the same seed`, async () => {
      const pages: string[] = [];
      for (let time = 0; time < 2; time++) {
        const folder = folderFor({ folders });
        const [node, bin] = SHOAL;
        const hook = ['--import', `data:text/javascript,${encodeURIComponent(CPU)}`];
        const called = call(folder, [node, ...hook, bin, 'simulate', DIGITS, '--workers', '10000', ...more]);
        assert.equal(await called.code, 0, called.stderr);
        const seconds = Number(/^cpu (.*)$/m.exec(called.stderr)![1]);
        console.log(`      ${seconds.toFixed(1)} s`);
        assert.ok(seconds <= MOST_S, `${seconds} s`);
        pages.push(readFileSync(`${folder}/runs/simulate-digits.html`, 'utf8'));
      }
      assert.equal(pages[1], pages[0]);
    });
});
