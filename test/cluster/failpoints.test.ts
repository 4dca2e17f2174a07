// failpoints.test.ts: processes of a run die just before and just after each point of commit and checkpoint, one start after the other.
// All other points: test/verify/promises.
import assert from 'node:assert/strict';
import { closeAll } from './support/ends.ts';
import { type WholeRuns, wholeRuns } from './support/whole-runs.ts';

const around = (actions: readonly string[], count: number): readonly string[] =>
  actions.flatMap((action) => [`before ${action}@${count}`, `after ${action}@${count}`]);

/** By role. Each start of the process dies at the next of these. */
const POINTS = {
  coordinator: [
    ...around(['log open'], 1),
    ...around(['log commit', 'log checkpoint'], 2),
    ...around(['checkpoint'], 1),
    'checkpoint: log synced@1',
    ...['in a write', 'before rename', 'after rename'].map((point) => `file ${point}`),
  ],
  'server-1': [...around(['apply', 'send applied', 'params', 'answer ack'], 2), ...around(['dump'], 1)],
  'worker-1': ['after push@2', 'before send done@2'],
} as const;

describe('a run whose processes die at failpoints', function () {
  this.timeout(120_000);
  let runs: WholeRuns;

  before(async () => {
    runs = await wholeRuns({ epochs: 20 });
  });
  after(() => runs.remove());
  afterEach(closeAll);

  for (const [name, points] of Object.entries(POINTS))
    it(`ends with the same bytes, and the audit holds, though ${name} dies at ${points.length} points of its work`, async () => {
      // nobody goes on without a lone worker
      const ran = await runs.run({ workers: name === 'worker-1' ? 1 : 2, servers: 2, roles: { [name]: { points } } });
      runs.holds(ran);
      assert.deepEqual(
        ran.struck,
        points.map((point) => `${name}: ${point}`),
      );
      const restarts = ran.events.filter((it) => it.event === 'restarted' && it.name === name);
      assert.equal(restarts.length, points.length);
    });
});
