// coordinator-commit.test.ts: the coordinator's machine: when a step counts, what is kept, and how a run ends.
import assert from 'node:assert/strict';
import { addTotals, chooseCover } from '../../cluster/commit.ts';
import type { DoneNode } from '../../cluster/coordinator-types.ts';
import { type Node, nodeName, rootOf } from '../../trainer/tree.ts';
import type { Work } from '../../trainer/work.ts';
import { Bench, CONFIG } from '../support/machines.ts';

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
