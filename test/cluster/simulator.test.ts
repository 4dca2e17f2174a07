// simulator.test.ts: the shipped machines in seeded runs with faults, held against the undisturbed loop; and that planted bugs are found.
import assert from 'node:assert/strict';
import { BUGS } from '../../cluster/bugs.ts';
import { FAILPOINTS, FAULTS } from '../support/simulator/faults.ts';
import { simulate } from '../support/simulator/simulator.ts';

const RUNS = 2000;
/** Seeds within which each planted bug must show. */
const SEARCH = 1500;
const replay = (seed: number, violation: string | null): string =>
  `seed ${seed}: ${violation}\nreplay it with: npx node test/support/simulate.ts --seed ${seed} --trace`;

describe('the cluster in a simulated world', function () {
  this.timeout(240_000); // a quarter of a minute where nothing else runs
  const totals = new Map<string, number>();

  it(`ends with the bytes of the undisturbed run and a clean audit in ${RUNS} seeded schedules of faults`, () => {
    for (let seed = 1; seed <= RUNS; seed++) {
      const { violation, stats } = simulate({ seed });
      assert.equal(violation, null, replay(seed, violation));
      for (const [what, count] of stats) totals.set(what, (totals.get(what) ?? 0) + count);
    }
  });

  it('met every fault and every failpoint in them', () => {
    const expected = [
      ...FAULTS.map((kind) => `fault ${kind}`),
      ...FAILPOINTS.map((point) => `failpoint ${point}`),
      'messages lost',
      'messages duplicated',
      'half-open connections',
      'torn checkpoints met',
      'disk full',
      'log records lost',
      'backup leases',
      'news fenced',
      'refused SHOAL_REPLACED',
      'news waiting-for-workers',
      'news waiting-for-servers',
      'steps rolled back',
    ];
    assert.deepEqual(
      expected.filter((what) => !totals.get(what)),
      [],
    );
  });

  for (const bug of BUGS)
    it(`finds the planted bug ${bug} within ${SEARCH} seeds`, () => {
      for (let seed = 1; seed <= SEARCH; seed++) if (simulate({ seed, bugs: [bug] }).violation !== null) return;
      assert.fail(`${bug} was not found`);
    });

  it('runs machines that are pure functions: on frozen states, each event gives the same twice, in 40 schedules', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const { violation } = simulate({ seed, strict: true });
      assert.equal(violation, null, replay(seed, violation));
    }
  });

  it('replays a seed to the letter', () => {
    for (const seed of [3, 71]) {
      const [once, again] = [1, 2].map(() => simulate({ seed, trace: true }).trace);
      assert.ok(once!.length > 100);
      assert.deepEqual(once, again);
    }
  });
});
