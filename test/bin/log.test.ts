// log.test.ts: the lines of --log: which events are lines, floods, disks that are full. Real processes: status.test.ts.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ShoalError } from '../../base/errors.ts';
import { createFlood } from '../../bin/output/flood.ts';
import { openLog } from '../../bin/output/log.ts';
import type { RunEvent } from '../../trainer/events.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { linesOf } from './support/shoal.ts';

const problem = { code: 'SHOAL_JOIN_FULL', operation: 'a', got: 'b', expected: 'c', hint: 'd' } as const;
const file = () => join(temporaryFolder('log'), 'run.log');

describe('the log of a process', () => {
  it('has a line for each change of the members, which names who and how much', async () => {
    const path = file();
    const log = await openLog(path, { role: 'coordinator', job: 'small' });
    const changes = ['joined', 'restarted', 'left', 'fenced'] as const;
    for (const change of changes) log.event({ event: 'member', change, role: 'worker', name: 'w' });
    log.event({ event: 'member', change: 'lost', role: 'worker', name: 'w', leases: 3 });
    log.event({ event: 'member', change: 'refused', role: null, name: 'x', problem });
    log.event({ event: 'step', step: 1 } as RunEvent);
    log.ended(new ShoalError(problem));
    const lines = linesOf(readFileSync(path, 'utf8'));
    assert.deepEqual(
      lines.map(({ level, msg, member, leases }) => [level, msg, member, leases]),
      [
        ['info', 'worker joined', 'w', undefined],
        ['warn', 'worker restarted', 'w', undefined],
        ['warn', 'worker left', 'w', undefined],
        ['warn', 'worker fenced', 'w', undefined],
        ['warn', 'leases lost', 'w', 3],
        ['warn', 'peer refused', 'x', undefined],
        ['error', 'ended', undefined, undefined],
      ],
    );
    assert.deepEqual(lines.at(-1)?.['problem'], problem);
    for (const it of lines) {
      assert.deepEqual([it['role'], it['job'], it['pid']], ['coordinator', 'small', process.pid]);
      assert.match(String(it['time']), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    }
  });

  it('is added to, and stands in the file at once', async () => {
    const path = file();
    for (let i = 1; i <= 3; i++) {
      (await openLog(path, { role: 'worker' })).news({ news: 'connected', to: 'ws://127.0.0.1:7070' });
      assert.equal(linesOf(readFileSync(path, 'utf8')).length, i);
    }
  });

  it('a flood of 10,000 who are turned away is at most a line a second', async () => {
    const path = file();
    const log = await openLog(path, { role: 'coordinator' });
    const since = performance.now();
    for (let i = 0; i < 10_000; i++) log.turnedAway(new ShoalError(problem), '10.0.0.7');
    const seconds = (performance.now() - since) / 1000;
    assert.ok(linesOf(readFileSync(path, 'utf8')).length <= 1 + seconds);
  });

  it('a flood is said once a second, with how often it came to nothing', () => {
    let now = 0;
    const said: [number, number][] = [];
    const flood = createFlood(() => now);
    for (now of [0, 1, 999, 1000, 1500, 5000, 5001, 6000]) flood((unsaid) => said.push([now, unsaid]));
    assert.deepEqual(said, [
      [0, 0],
      [1000, 2],
      [5000, 1],
      [6000, 1],
    ]);
  });

  it('a full disk costs lines, not the run; a file that cannot be opened is refused', async () => {
    const log = await openLog('/dev/full', { role: 'worker' });
    for (let i = 0; i < 10_000; i++) log.news({ news: 'term', term: i, step: 0 });
    await assert.rejects(openLog('/nowhere/at/all.log', { role: 'worker' }), { code: 'SHOAL_USAGE', got: /ENOENT/ });
  });
});
