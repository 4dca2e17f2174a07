// coordinator-leases.test.ts: the coordinator's machine: which leaves are leased to whom, and what becomes of slow, frozen and lost workers.
import assert from 'node:assert/strict';
import type { Lease } from '../../cluster/messages.ts';
import { type Node, nodeName } from '../../trainer/tree.ts';
import { Bench, CONFIG } from '../support/machines.ts';

const names = (leases: readonly Lease[]): string[] => leases.map((it) => nodeName(it.work.node));
const node = (name: string): Node => {
  const [level, index] = name.split('/').map(Number);
  return { level: level!, index: index! };
};

describe('leases', () => {
  it('waits below the least number of workers, and says so once', () => {
    const bench = new Bench({ workers: { min: 2, max: 3 } });
    bench.servers();
    bench.worker(10);
    assert.deepEqual(bench.leases(10, bench.all), []);
    const waiting = () => bench.news(bench.all).filter((it) => it.news === 'waiting-for-workers');
    const before = waiting().length;
    assert.deepEqual(waiting().at(-1), { news: 'waiting-for-workers', have: 1, need: 2 });
    for (let i = 0; i < 10; i++) bench.tick(100);
    assert.equal(waiting().length, before);
    bench.worker(11);
    assert.deepEqual(names([...bench.leases(10, bench.all), ...bench.leases(11, bench.all)]), ['1/0', '1/1']);
  });

  it('keeps the shares of workers that are about to come, and gives what is left to who comes again', () => {
    const bench = new Bench();
    for (const link of [10, 11]) bench.hello(link);
    for (const link of [10, 11]) bench.ready(link);
    bench.servers();
    bench.holding(10, 0);
    assert.deepEqual(names(bench.leases(10)), ['1/0']);
    const [first] = bench.leases(10);
    bench.done(10, first!);
    assert.deepEqual(names(bench.leases(10)), ['1/1'], 'the other has not come: its share is taken over');
  });

  it('keeps nothing for faster workers that are about to come where those who are there can have a leaf each', () => {
    const bench = new Bench({ workers: { min: 1, max: 8 } });
    bench.servers();
    const [slow, fast] = [
      [10, 11, 12, 13],
      [14, 15, 16, 17],
    ];
    for (const link of [...slow, ...fast]) {
      bench.hello(link);
      bench.ready(link);
    }
    const workers = bench.state.workers.map((it) => ({ ...it, leafMs: slow.includes(it.link) ? 80 : 10 }));
    bench.state = { ...bench.state, workers };
    for (const link of slow.slice(1)) bench.holding(link, 0);
    assert.deepEqual(
      bench.of('send', bench.all).filter((it) => it.message.type === 'lease'),
      [],
    );
    bench.holding(slow[0]!, 0);
    assert.deepEqual(
      slow.map((link) => names(bench.leases(link))),
      [['0/0'], ['0/1'], ['0/2'], ['0/3']],
    );
  });

  it('leases the nodes of a worker that has gone to the idle ones, as smaller nodes', () => {
    const bench = new Bench();
    bench.servers();
    for (const link of [10]) bench.worker(link);
    assert.deepEqual(names(bench.leases(10)), ['2/0']);
    for (const link of [11, 12]) bench.worker(link);
    bench.feed({ kind: 'closed', link: 10 });
    assert.deepEqual(names(bench.leases(11)), ['1/0']);
    assert.deepEqual(names(bench.leases(12)), ['1/1']);
  });

  it('never leases fewer leaves than an executor computes at once', () => {
    const bench = new Bench();
    bench.servers();
    for (const link of [10, 11, 12]) bench.hello(link);
    for (const link of [10, 11, 12]) bench.ready(link, { unit: 2 });
    for (const link of [10, 11, 12]) bench.holding(link, 0);
    const leased = [10, 11, 12].flatMap((link) => names(bench.leases(link, bench.all)));
    assert.deepEqual(leased, ['1/0', '1/1']);
  });

  it('backs up a slow lease, then fences a frozen worker; either done is taken, the second dropped', () => {
    const bench = new Bench();
    bench.servers();
    bench.worker(10);
    const [slow] = bench.leases(10);
    bench.worker(11);
    bench.tick(40);
    assert.deepEqual(bench.leases(11), []);
    bench.tick(20);
    assert.deepEqual(names(bench.leases(11)), ['2/0']);
    const [backup] = bench.leases(11);
    assert.equal(
      bench.news().some((it) => it.news === 'leased' && it.backup),
      true,
    );
    bench.worker(12);
    bench.tick(60);
    assert.equal(bench.sent(10, 'fence').length, 1);
    assert.equal(bench.state.workers.find((w) => w.link === 10)?.fenced, true);
    bench.done(11, backup!);
    assert.equal(bench.sent(1, 'apply').length, 1);
    assert.deepEqual(bench.done(10, slow!), [], 'late: dropped');
    assert.deepEqual(bench.leases(10, bench.actions), []);
    bench.loaded(1);
    bench.holding(10, 1);
    assert.equal(bench.state.workers.find((w) => w.link === 10)?.fenced, false);
    assert.equal(bench.leases(10).length, 1, 'works again when it holds the version');
  });

  it('gives a worker that is twice as fast a larger share of the next step, and equal shares to equal ones', () => {
    const schedule = { ...CONFIG.schedule, batch: 12, microShards: 12 };
    const bench = new Bench({ schedule, leaseFloorMs: 10_000 });
    bench.servers();
    for (const link of [10, 11]) bench.hello(link);
    for (const link of [10, 11]) bench.ready(link);
    for (const link of [10, 11]) bench.holding(link, 0);
    const leavesOf = (link: number) => bench.leases(link).map((it) => 2 ** it.work.node.level);
    const first = bench.leases(10, bench.all);
    const second = bench.leases(11, bench.all);
    assert.deepEqual(
      [first, second].map((list) => list.reduce((sum, it) => sum + 2 ** it.work.node.level, 0)),
      [6, 6],
    );
    const since = bench.now;
    for (const [link, ms, leases] of [
      [10, 10, first],
      [11, 20, second],
    ] as const) {
      bench.now = since;
      for (const lease of leases) {
        bench.now += ms * 2 ** lease.work.node.level;
        bench.done(link, lease);
      }
    }
    bench.loaded(1);
    bench.holding(10, 1);
    assert.equal(
      leavesOf(10).reduce((a, b) => a + b, 0),
      8,
    );
    bench.holding(11, 1);
    assert.equal(
      leavesOf(11).reduce((a, b) => a + b, 0),
      4,
    );
  });

  it('does not fence a slow worker while nobody could take its place', () => {
    const bench = new Bench();
    bench.servers();
    bench.worker(10);
    const [lease] = bench.leases(10);
    for (let i = 0; i < 100; i++) bench.tick(100);
    assert.deepEqual(bench.sent(10, 'fence', bench.all).length, 0);
    bench.done(10, lease!);
    assert.equal(bench.sent(1, 'apply').length, 1);
  });

  it('takes only what is leased: not another term, step, node or number', () => {
    const bench = new Bench();
    bench.servers();
    bench.worker(10);
    const [lease] = bench.leases(10);
    for (const wrong of [
      { ...lease!, term: 9 },
      { ...lease!, lease: 99 },
      { ...lease!, work: { ...lease!.work, step: 1 } },
      { ...lease!, work: { ...lease!.work, kind: 'evaluate' as const } },
      { ...lease!, work: { ...lease!.work, node: node('1/0') } },
    ]) {
      bench.done(10, wrong);
      assert.deepEqual(bench.state.open?.done, []);
    }
  });
});
