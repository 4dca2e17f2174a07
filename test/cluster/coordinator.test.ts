// coordinator.test.ts: single decisions of the coordinator: who may join, who computes what, what is added, when a step is committed.
import assert from 'node:assert/strict';
import { addTotals, chooseCover } from '../../cluster/commit.ts';
import type { DoneNode } from '../../cluster/coordinator-types.ts';
import type { Lease } from '../../cluster/messages.ts';
import { type Node, nodeName, rootOf } from '../../trainer/tree.ts';
import type { Work } from '../../trainer/work.ts';
import { Bench, CONFIG, peer } from '../support/machines.ts';

const names = (leases: readonly Lease[]): string[] => leases.map((it) => nodeName(it.work.node));
const node = (name: string): Node => {
  const [level, index] = name.split('/').map(Number);
  return { level: level!, index: index! };
};
const doneNode = (name: string, totals: readonly number[] = [1]): DoneNode => ({
  node: node(name),
  worker: 'w',
  totals,
  at: 0,
});
const work = (shares: readonly number[]): Work => ({
  kind: 'gradient',
  step: 0,
  epoch: 0,
  version: 0,
  node: rootOf(shares.length),
  shares,
});

describe('the joining gate', () => {
  it('refuses another profile, other data and other bits, naming both values', () => {
    const bench = new Bench();
    const problemOf = () => {
      const [close] = bench.of('close');
      assert.ok(close?.problem);
      assert.equal(bench.news()[0]?.news, 'refused');
      return close.problem;
    };
    bench.hello(1, 'w', '1', { arithmetic: 'fused', kernels: 'k1' });
    assert.equal(problemOf().code, 'SHOAL_JOIN_PROFILE');
    assert.match(problemOf().got, /fused/);
    assert.match(problemOf().expected, /strict/);
    bench.hello(2);
    bench.ready(2, { dataset: 'other data' });
    assert.equal(problemOf().code, 'SHOAL_JOIN_DATA');
    assert.match(`${problemOf().got} ${problemOf().expected}`, /other data.* data/);
    bench.hello(3);
    bench.ready(3, { reference: 'other bits' });
    assert.equal(problemOf().code, 'SHOAL_JOIN_BITS');
    assert.match(`${problemOf().got} ${problemOf().expected}`, /other bits.* bits/);
    bench.hello(4);
    bench.ready(4, { unit: 8 });
    assert.equal(problemOf().code, 'SHOAL_JOIN_UNIT');
    assert.equal(bench.state.workers.length, 0);
  });

  it('with a tolerance lets workers of any profile in whose sums are near, and names the difference of those that it refuses', () => {
    const sketch = Array.from({ length: 512 }, (_, i) => Math.sin(i));
    const bench = new Bench({ tolerated: { tolerance: 1e-3, sketch } });
    const tfjs = { arithmetic: 'tfjs', kernels: 'tensorflow 2.21' } as const;
    const near = sketch.map((x) => 1.0009 * x);
    bench.hello(1, 'near', '1', tfjs);
    bench.ready(1, { reference: 'other bits', sketch: near });
    bench.hello(2, 'same');
    bench.ready(2, { sketch });
    assert.deepEqual(
      bench.state.workers.map((w) => [w.name, w.ready]),
      [
        ['near', true],
        ['same', true],
      ],
    );
    for (const far of [sketch.map((x) => 1.0011 * x), sketch.map(() => Number.NaN), []]) {
      bench.hello(3, 'far', '1', tfjs);
      bench.ready(3, { sketch: far });
      const problem = bench.of('close')[0]?.problem;
      assert.equal(problem?.code, 'SHOAL_JOIN_TOLERANCE');
      assert.match(problem.got, /tensorflow 2\.21.*(1\.10e-3|NaN|Infinity)/);
      assert.match(problem.expected, /0\.001/);
    }
    // what servers compute is the parameters themselves
    bench.say(4, { type: 'hello', peer: peer('server', 's'), profile: tfjs, url: 'ws://s', pair: 1 });
    assert.equal(bench.of('close')[0]?.problem?.code, 'SHOAL_JOIN_PROFILE');
    bench.hello(5, 'other', '1', tfjs);
    bench.ready(5, { sketch: near, dataset: 'other data' });
    assert.equal(bench.of('close')[0]?.problem?.code, 'SHOAL_JOIN_DATA');
  });

  it('refuses a worker that decodes images by another sharp than the run, and takes one with the same', () => {
    const decoder = 'sharp 0.35.5, libvips 8.18.0, pixels aa';
    const bench = new Bench({ decoder });
    bench.hello(1);
    bench.ready(1, { decoder: 'sharp 0.34.0, libvips 8.17.1, pixels bb' });
    const problem = bench.of('close')[0]?.problem;
    assert.equal(problem?.code, 'SHOAL_JOIN_DECODER');
    assert.match(problem.got, /sharp 0\.34\.0.*pixels bb/);
    assert.match(problem.expected, /sharp 0\.35\.5.*pixels aa/);
    bench.hello(2);
    bench.ready(2, { decoder });
    assert.deepEqual(
      bench.state.workers.map((w) => [w.name, w.ready]),
      [['worker-2', true]],
    );
  });

  it("takes the first worker's bits where the run brings none", () => {
    const bench = new Bench({ reference: null });
    bench.hello(1);
    bench.ready(1, { reference: 'first' });
    bench.hello(2);
    bench.ready(2, { reference: 'second' });
    assert.equal(bench.of('close')[0]?.problem?.code, 'SHOAL_JOIN_BITS');
    assert.deepEqual(
      bench.state.workers.map((w) => w.name),
      ['worker-1'],
    );
  });

  it('refuses workers beyond the most, servers beyond the seats, and messages before hello', () => {
    const bench = new Bench();
    for (const link of [1, 2, 3]) bench.hello(link);
    bench.hello(4);
    assert.equal(bench.of('close')[0]?.problem?.code, 'SHOAL_JOIN_FULL');
    for (const link of [5, 6]) bench.server(link);
    bench.server(7);
    assert.equal(bench.of('close')[0]?.problem?.code, 'SHOAL_JOIN_SEAT');
    bench.holding(8, 0);
    assert.equal(bench.of('close')[0]?.problem?.code, 'SHOAL_OUT_OF_TURN');
  });

  it('keeps the newest of two processes of one name, and a reconnection without a word', () => {
    const bench = new Bench();
    bench.servers();
    bench.hello(10, 'w', '1');
    bench.hello(11, 'w', '1');
    assert.deepEqual(bench.of('close'), [{ kind: 'close', link: 10, problem: null }]);
    bench.hello(12, 'w', '2');
    assert.equal(bench.of('close')[0]?.link, 11);
    assert.equal(bench.of('close')[0]?.problem?.code, 'SHOAL_REPLACED');
    assert.equal(bench.state.workers.length, 1);
  });
});

describe('terms', () => {
  it('begins one when every server is there: log first, then fence, then load; work when all have loaded', () => {
    const bench = new Bench();
    bench.worker(10);
    bench.server(1);
    assert.deepEqual(bench.news().at(-1), { news: 'waiting-for-servers', have: 1, need: 2 });
    assert.deepEqual(bench.of('log', bench.all), []);
    bench.server(2);
    const kinds = bench.actions.map((it) => (it.kind === 'send' ? it.message.type : it.kind));
    assert.deepEqual(kinds, ['tell', 'welcome', 'log', 'tell', 'fence', 'fence', 'fence', 'load', 'load']);
    const [log] = bench.of('log');
    assert.equal(log?.sync, true);
    assert.equal(log?.record.term, 1);
    assert.deepEqual(bench.asks(1)[0], {
      kind: 'load',
      link: 1,
      term: 1,
      checkpoint: { version: 0, path: null },
      range: CONFIG.ranges[0],
    });
    assert.deepEqual(bench.asks(1).length, 1, 'as often as it asks');
    bench.loaded(0);
    assert.deepEqual(bench.asks(1), [], 'it has it');
    assert.equal(bench.state.phase, 'running');
    assert.deepEqual(bench.leases(10), []);
    bench.holding(10, 0);
    assert.deepEqual(names(bench.leases(10)), ['2/0']);
  });

  it('goes back to the newest checkpoint when a server comes back without its memory, and on when with it', () => {
    const bench = new Bench({}, 2, 4);
    bench.servers();
    assert.equal(bench.state.term, 5);
    bench.worker(10);
    const [lease] = bench.leases(10, bench.all);
    assert.equal(lease?.work.step, 2);
    bench.feed({ kind: 'closed', link: 1 });
    bench.server(3, '1', 'server-1');
    assert.equal(bench.state.term, 5, 'the same process: nothing is lost');
    bench.done(10, lease!);
    assert.equal(bench.sent(3, 'apply').length, 1);
    bench.feed({ kind: 'closed', link: 3 });
    bench.server(4, '1', 'server-1');
    assert.equal(bench.sent(4, 'apply').length, 1, 'told again what it may not have heard');
    bench.server(5, '2', 'server-1');
    assert.equal(bench.state.term, 6);
    assert.equal(bench.state.open, null);
    assert.deepEqual(bench.news().at(-1), { news: 'term', term: 6, version: 2, rollback: true });
    bench.asks(5);
    assert.deepEqual(bench.of('load')[0]?.checkpoint, { version: 2, path: 'step-2' });
  });

  it('goes back further when the checkpoint cannot be read', () => {
    const bench = new Bench({}, 2, 4);
    for (const link of [1, 2]) bench.server(link);
    bench.feed({ kind: 'fallback', checkpoint: { version: 1, path: 'step-1' } });
    assert.equal(bench.state.term, 6);
    assert.equal(bench.of('log')[0]?.record.version, 1);
    bench.loaded(1);
    assert.equal(bench.state.open?.work.step, 1);
  });
});

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

describe('commit', () => {
  it('chooses a disjoint cover among overlapping nodes, or none', () => {
    const cover = (list: readonly string[], shares = [2, 2, 2, 2]) =>
      chooseCover(
        list.map((name) => doneNode(name)),
        work(shares),
      )?.map((it) => nodeName(it.node));
    assert.deepEqual(cover(['0/2', '1/1', '1/0']), ['1/0', '1/1']);
    assert.deepEqual(cover(['1/1', '0/2', '0/1', '0/0', '0/3']), ['0/0', '0/1', '1/1']);
    assert.deepEqual(cover(['2/0', '0/2', '1/0']), ['2/0']);
    assert.equal(cover(['1/0', '0/2']), undefined);
    assert.deepEqual(cover(['0/0', '0/1', '0/2'], [1, 1, 1, 0]), ['0/0', '0/1', '0/2']);
  });

  it('adds totals in the tree whatever the order: (1e16 + 1) + (1 - 1e16) is not 1e16 + ((1 + 1) - 1e16)', () => {
    const parts = [doneNode('0/3', [-1e16]), doneNode('0/0', [1e16]), doneNode('0/2', [1]), doneNode('0/1', [1])];
    assert.deepEqual(addTotals(parts, work([1, 1, 1, 1])), [1e16 + 1 + (1 - 1e16)]);
  });

  it('logs a step after all servers applied it, then tells of it, then leases the next', () => {
    const bench = new Bench();
    bench.servers();
    bench.worker(10);
    bench.done(10, bench.leases(10)[0]!, [3.5, 8]);
    const [apply] = bench.sent(1, 'apply');
    assert.deepEqual(apply?.scalars, [8, Math.fround(0.1)]);
    assert.deepEqual(apply?.nodes, [{ level: 2, index: 0 }]);
    assert.deepEqual(bench.say(1, { type: 'applied', term: 1, version: 1 }), []);
    bench.holding(10, 1);
    bench.say(2, { type: 'applied', term: 1, version: 1 });
    const kinds = bench.actions.map((it) => (it.kind === 'send' ? it.message.type : it.kind));
    assert.deepEqual(kinds, ['log', 'committed', 'lease', 'tell']);
    const [log] = bench.of('log');
    assert.deepEqual(log?.record, {
      record: 'commit',
      term: 1,
      step: 0,
      version: 1,
      draws: 'draws of step 0',
      rows: 8,
      totals: [3.5, 8],
      nodes: [{ node: { level: 2, index: 0 }, worker: 'worker-10' }],
    });
  });

  it('stops at a loss that is not a number, and applies nothing', () => {
    const bench = new Bench();
    bench.servers();
    bench.worker(10);
    bench.done(10, bench.leases(10)[0]!, [Number.NaN, 8]);
    assert.equal(bench.of('notFinite')[0]?.work.step, 0);
    assert.deepEqual(bench.sent(1, 'apply', bench.all), []);
    assert.deepEqual(bench.of('stop'), [{ kind: 'stop', reason: 'not-finite' }]);
    assert.equal(bench.sent(10, 'bye').length, 1);
  });

  it('refuses a worker whose sums are not finite, names it, and gives its nodes to others', () => {
    const bench = new Bench();
    bench.servers();
    bench.worker(10);
    bench.worker(11);
    const [lease] = bench.leases(10, bench.all);
    const { node, step } = lease!.work;
    const flawed = { type: 'flawed', term: 1, step, node, worker: 'worker-10' } as const;
    assert.deepEqual(bench.say(1, { ...flawed, step: 1 }), [], 'of another step');
    bench.say(1, flawed);
    const [closed] = bench.of('close');
    assert.equal(closed?.link, 10);
    assert.equal(closed.problem?.code, 'SHOAL_PUSH_NOT_FINITE');
    assert.match(closed.problem.operation, /worker-10/);
    assert.deepEqual(bench.leases(11)[0]?.work.node, node);
    assert.deepEqual(bench.say(2, flawed), [], 'told by another server too');
    // it is the job's doing where a second worker's sums are no better, or there is none
    bench.say(1, { ...flawed, worker: 'worker-11' });
    assert.equal(bench.of('notFinite')[0]?.work.step, step);
    assert.equal(bench.of('stop')[0]?.reason, 'not-finite');
  });

  /** Computes and commits what is open. */
  function step(bench: Bench): void {
    const { version } = bench.state.open!.work;
    bench.done(10, bench.leases(10)[0]!);
    bench.holding(10, version + 1);
    bench.loaded(version + 1);
  }

  it('saves at the end, and goes on without a checkpoint when the disk is full', () => {
    const bench = new Bench({ schedule: { ...CONFIG.schedule, saveEvery: 2 } });
    bench.servers();
    bench.worker(10);
    step(bench);
    step(bench);
    assert.equal(bench.of('dump')[0]?.version, 2);
    assert.equal(bench.sent(2, 'dump').length, 1);
    const problem = { code: 'SHOAL_DISK', operation: 'save', got: 'full', expected: 'room', hint: '' } as const;
    bench.feed({ kind: 'dumped', term: 1, version: 2, finite: true, path: null, problem });
    assert.deepEqual(bench.news()[0], { news: 'not-saved', version: 2, problem });
    assert.equal(bench.state.checkpoint.version, 0);
    step(bench);
    assert.equal(bench.of('dump')[0]?.version, 3);
    bench.feed({ kind: 'dumped', term: 1, version: 3, finite: true, path: 'step-3', problem: null });
    assert.deepEqual(bench.of('log')[0]?.record, { record: 'checkpoint', term: 1, version: 3, path: 'step-3' });
    assert.equal(bench.of('stop')[0]?.reason, 'done');
  });

  it('stops at a version that is not finite, and does not log it as kept', () => {
    const bench = new Bench({ schedule: { ...CONFIG.schedule, saveEvery: 1 } });
    bench.servers();
    bench.worker(10);
    step(bench);
    bench.feed({ kind: 'dumped', term: 1, version: 1, finite: false, path: null, problem: null });
    assert.deepEqual(bench.of('log'), []);
    assert.equal(bench.of('notFinite')[0]?.work.version, 1);
    assert.equal(bench.of('stop')[0]?.reason, 'not-finite');
  });

  it('interrupted: finishes and saves what is open; stops at once where nobody can, and at the second time', () => {
    const bench = new Bench();
    bench.servers();
    bench.worker(10);
    const [lease] = bench.leases(10);
    bench.feed({ kind: 'interrupt' });
    assert.deepEqual(bench.of('stop'), []);
    bench.done(10, lease!);
    bench.loaded(1);
    assert.equal(bench.of('dump')[0]?.version, 1);
    bench.feed({ kind: 'dumped', term: 1, version: 1, finite: true, path: 'step-1', problem: null });
    assert.equal(bench.of('stop')[0]?.reason, 'interrupted');

    const alone = new Bench();
    alone.servers();
    alone.feed({ kind: 'interrupt' });
    assert.equal(alone.of('stop')[0]?.reason, 'interrupted');

    const twice = new Bench();
    twice.servers();
    twice.worker(10);
    twice.feed({ kind: 'interrupt' });
    twice.feed({ kind: 'interrupt' });
    assert.equal(twice.of('stop')[0]?.reason, 'interrupted');
    assert.deepEqual(twice.feed({ kind: 'tick' }), []);
  });
});
