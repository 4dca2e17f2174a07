// monitor.test.ts: what is remembered of members, rates, and the names of the metrics. Real runs: test/bin/status.test.ts.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { waitText } from '../../bin/output/data-text.ts';
import { createMembers } from '../../cluster/members.ts';
import type { Peer } from '../../cluster/messages.ts';
import { createMetrics, setCounter } from '../../cluster/metrics.ts';
import { createRate } from '../../cluster/rate.ts';
import type { Report } from '../../cluster/report.ts';
import { createDataUsage } from '../../trainer/data-usage.ts';

const peer = (name: string, incarnation: string, role: Peer['role'] = 'worker'): Peer => ({ role, name, incarnation });
const report = (read: number, written = 0, refused = 0): Report => ({
  type: 'report',
  read,
  written,
  refused,
  memory: 1000,
});

describe('a rate', () => {
  it('is what came over the time since the first, then over the last ten seconds, then nothing', () => {
    const rate = createRate();
    assert.equal(rate.at(0), 0);
    for (let ms = 5000; ms < 9000; ms += 100) rate.add(10, ms);
    assert.equal(rate.at(9000), 100);
    for (let ms = 9000; ms < 60_000; ms += 100) rate.add(20, ms);
    assert.equal(rate.at(60_000), 200);
    assert.equal(rate.at(65_000), 800 / 9); // four seconds of 200 in the last nine
    assert.equal(rate.at(80_000), 0);
    assert.equal(rate.at(10_000_000), 0);
  });
});

describe('the members of a run', () => {
  it('are new, restarted under another incarnation, or reconnected; their bytes add up over all of it', () => {
    const members = createMembers();
    assert.equal(members.hello(1, peer('w', 'a'), 0), 'new');
    members.said(1, 10, report(100, 5, 1));
    assert.equal(members.hello(2, peer('w', 'a'), 20), 'reconnected');
    members.said(1, 25, report(1)); // the old link says nothing any more
    members.said(2, 30, report(150, 6, 1));
    assert.deepEqual(members.sums('worker'), { read: 150, written: 6, refused: 1 });
    members.gone(1);
    assert.equal(members.of('worker', 'w')?.link, 2);
    assert.equal(members.hello(3, peer('w', 'b'), 40), 'restarted');
    assert.deepEqual(members.sums('worker'), { read: 150, written: 6, refused: 1 });
    members.said(3, 50, report(7));
    assert.deepEqual(members.sums('worker'), { read: 157, written: 6, refused: 1 });
    assert.deepEqual(members.sums('server'), { read: 0, written: 0, refused: 0 });
    assert.equal(members.memory('worker'), 1000);
    members.gone(3);
    assert.equal(members.memory('worker'), 0);
    assert.deepEqual(
      members.left('worker').map((it) => it.seen),
      [50],
    );
  });

  it('tell how they are fed: over restarts, as the share of an epoch that they waited, and what helps', () => {
    const members = createMembers();
    const usage = createDataUsage(() => {
      const { wall, waited, read, augment } = members.fed();
      return { wall, waited, stages: { read, augment } };
    }, 1);
    const fed = (wall: number, waited: number, read: number): Report => ({
      ...report(0),
      fed: { wall, waited, read, augment: 1 },
    });
    members.hello(1, peer('a', 'a'), 0);
    members.hello(2, peer('b', 'a'), 0);
    members.said(1, 10, fed(1000, 0, 100));
    members.said(2, 10, report(3)); // it has no data yet
    assert.deepEqual([usage(1).wall_s, usage(2).wall_s, usage(2).share], [1, 0, 0]);
    members.said(1, 20, fed(3000, 500, 900));
    members.said(2, 20, fed(2000, 1500, 1800));
    const { share, waited_s, bottleneck } = usage(3);
    assert.deepEqual([share, waited_s, bottleneck], [0.5, 2, 'read']);
    members.hello(3, peer('b', 'b'), 30); // another process: from 0 again
    members.said(3, 40, fed(1000, 100, 10));
    members.said(1, 40, fed(4000, 500, 900));
    const event = { ...usage(4), workers: true } as const;
    assert.deepEqual([event.wall_s, event.share, event.bottleneck], [2, 0.05, 'read']);
    assert.match(
      waitText({ ...event, waited_s: 2 })!,
      /^waited 5.0 % of the time for data: reading. What helps: more workers/,
    );
  });

  it('that have gone are forgotten from the 65th on, but what they carried is not', () => {
    const members = createMembers();
    for (let i = 0; i < 1000; i++) {
      members.hello(i, peer(`w${i}`, 'a'), i);
      members.said(i, i, report(3));
      members.gone(i);
    }
    assert.equal(members.left('worker').length, 64);
    assert.equal(members.left('worker').at(-1)?.peer.name, 'w999');
    assert.equal(members.sums('worker').read, 3000);
  });
});

describe('the metrics', () => {
  it('have base units, _total for what is counted, help for each, and are all explained in docs/monitoring.md', async () => {
    const metrics = createMetrics(() => {});
    setCounter(metrics.wireBytes, { role: 'worker', direction: 'in' }, 12);
    setCounter(metrics.wireBytes, { role: 'worker', direction: 'in' }, 34);
    const { body, type } = await metrics.text();
    assert.match(type, /version=0\.0\.4/);
    assert.match(body, /^shoal_wire_bytes_total\{role="worker",direction="in"\} 34$/m);
    const kinds = [...body.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, kind]) => ({ name: name!, kind: kind! }));
    assert.ok(kinds.length > 20);
    const page = readFileSync(new URL('../../docs/monitoring.md', import.meta.url), 'utf8');
    for (const { name, kind } of kinds) {
      assert.match(name, /^shoal_[a-z_]+$/);
      assert.equal(name.endsWith('_total'), kind === 'counter', name);
      if (kind === 'histogram') assert.match(name, /_seconds$/);
      assert.ok(!/_(ms|kib|mib|minutes)(_|$)/.test(name), name);
      assert.match(body, new RegExp(`^# HELP ${name} \\S`, 'm'));
      assert.ok(page.includes(`\`${name}`), `${name} in docs/monitoring.md`);
    }
  });
});
