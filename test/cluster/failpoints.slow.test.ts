// failpoints.slow.test.ts: processes of a run die just before and just after points of commit and checkpoint, one start after the other.
// All points, a role at a time: test/verify/promises; in a simulated world: simulator.test.ts.
import assert from 'node:assert/strict';
import { closeAll } from './support/ends.ts';
import { wholeRuns } from './support/whole-runs.ts';

/** By role. Each start of the process dies at the next of these. */
const POINTS = {
  coordinator: [
    'before log commit@2',
    'after log commit@2',
    'checkpoint: log synced@1',
    ...['in a write', 'before rename', 'after rename'].map((point) => `file ${point}`),
  ],
  'server-1': ['before apply@2', 'after apply@2', 'after answer ack@2', 'after dump@1'],
  'worker-1': ['after push@2', 'before send done@2'],
} as const;
const NAMES = Object.keys(POINTS) as (keyof typeof POINTS)[];

describe('a run whose processes die at failpoints', function () {
  this.timeout(120_000);
  afterEach(closeAll);

  it(`ends with the same bytes, and the audit holds, though ${NAMES.map((name) => `${name} dies at ${POINTS[name].length}`).join(', ')} points of its work`, async () => {
    const runs = await wholeRuns({ epochs: 10 });
    const dying = async (names: readonly (keyof typeof POINTS)[]): Promise<void> => {
      const roles = Object.fromEntries(names.map((name) => [name, { points: POINTS[name] }]));
      const ran = await runs.run({ workers: 1, servers: 2, roles }); // nobody goes on without a lone worker
      await runs.holds(ran);
      for (const name of names) {
        const own = ran.struck.filter((it) => it.startsWith(`${name}: `));
        assert.deepEqual(
          own,
          POINTS[name].map((point) => `${name}: ${point}`),
        );
        const restarts = ran.events.filter((it) => it.event === 'restarted' && it.name === name);
        assert.equal(restarts.length, POINTS[name].length, name);
      }
    };
    try {
      // two runs side by side: while a process starts again, the others of its run wait for it
      await Promise.all([dying(['coordinator']), dying(['server-1', 'worker-1'])]);
    } finally {
      runs.remove();
    }
  });
});
