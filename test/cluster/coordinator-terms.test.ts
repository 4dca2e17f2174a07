// coordinator-terms.test.ts: the coordinator's machine: when terms begin, and what they go back to.
import assert from 'node:assert/strict';
import type { Lease } from '../../cluster/messages.ts';
import { nodeName } from '../../trainer/tree.ts';
import { Bench, CONFIG } from '../support/machines.ts';

const names = (leases: readonly Lease[]): string[] => leases.map((it) => nodeName(it.work.node));

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
