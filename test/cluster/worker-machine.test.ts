// worker-machine.test.ts: single decisions of a worker: when it holds a version, what it computes, pushes, answers, forgets.
import assert from 'node:assert/strict';
import type { FromCoordinator, ServerAddress } from '../../cluster/messages.ts';
import { handleWorker, PUSHES, startWorker } from '../../cluster/worker-machine.ts';
import type { WorkerAction, WorkerEvent } from '../../cluster/worker-types.ts';
import type { Work } from '../../trainer/work.ts';
import { PROFILE, peer } from '../support/machines.ts';

const SERVERS: readonly ServerAddress[] = [
  { name: 'a', url: 'ws://a', range: { from: 0, to: 4 } },
  { name: 'b', url: 'ws://b', range: { from: 4, to: 6 } },
];

class Worker {
  state = startWorker();
  readonly config = { peer: peer('worker', 'w'), profile: PROFILE, bugs: new Set<never>() };

  feed(event: WorkerEvent): readonly WorkerAction[] {
    const { state, actions } = handleWorker(this.config, this.state, event);
    this.state = state;
    return actions;
  }
  hear(message: FromCoordinator): readonly WorkerAction[] {
    return this.feed({ kind: 'message', message });
  }
  welcome(term = 1): readonly WorkerAction[] {
    return this.hear({ type: 'welcome', term, job: 'job', servers: SERVERS, range: null, version: 0 });
  }
  fence(term: number): readonly WorkerAction[] {
    return this.hear({ type: 'fence', term, servers: SERVERS, version: 0 });
  }
  /** All of a server's range, or so much of it. */
  params(server: 'a' | 'b', step: number, count?: number, term = 1): readonly WorkerAction[] {
    const { range } = SERVERS.find((it) => it.name === server)!;
    const slice = { type: 'params', term, step, node: null, vector: 0, from: range.from, range } as const;
    return this.feed({ kind: 'params', server, slice: { ...slice, count: count ?? range.to - range.from } });
  }
  version(step: number, term = 1): readonly WorkerAction[] {
    return [...this.params('a', step, undefined, term), ...this.params('b', step, undefined, term)];
  }
  lease(lease: number, change: Partial<Work> = {}, term = 1): readonly WorkerAction[] {
    const node = { level: 0, index: lease };
    const work: Work = { kind: 'gradient', step: 0, epoch: 0, version: 0, node, shares: [2, 2, 2, 2], ...change };
    return this.hear({ type: 'lease', term, lease, work });
  }
  computed(lease: number): readonly WorkerAction[] {
    return this.feed({ kind: 'computed', lease, totals: [lease, 2] });
  }
  ack(server: 'a' | 'b', index: number, step = 0, term = 1): readonly WorkerAction[] {
    return this.feed({ kind: 'ack', server, message: { type: 'ack', term, step, node: { level: 0, index } } });
  }
  /** In term 1, attached to both servers, holding version 0. */
  begin(): this {
    this.feed({ kind: 'connected' });
    this.welcome();
    this.feed({ kind: 'prepared', dataset: 'data', reference: 'bits', sketch: [], unit: 1 });
    for (const { name } of SERVERS) this.feed({ kind: 'attached', server: name });
    this.version(0);
    return this;
  }
}

const names = (actions: readonly WorkerAction[]): string[] =>
  actions.map((it) => (it.kind === 'send' || it.kind === 'tell' ? it.message.type : it.kind));
const doneLeases = (actions: readonly WorkerAction[]): number[] =>
  actions.flatMap((it) => (it.kind === 'send' && it.message.type === 'done' ? [it.message.lease] : []));

describe('a worker', () => {
  it('prepares, then says that it is ready, attaches, and holds a version when all of it has come', () => {
    const worker = new Worker();
    assert.deepEqual(names(worker.feed({ kind: 'connected' })), ['hello']);
    assert.deepEqual(names(worker.welcome()), ['prepare']);
    const prepared = worker.feed({ kind: 'prepared', dataset: 'data', reference: 'bits', sketch: [], unit: 1 });
    assert.deepEqual(names(prepared), ['servers', 'ready']);
    assert.deepEqual(names(worker.feed({ kind: 'attached', server: 'a' })), ['attach']);
    assert.deepEqual(names(worker.params('a', 5)), ['store']);
    assert.deepEqual(names(worker.params('b', 5, 1)), ['store']);
    assert.deepEqual(names(worker.params('b', 5)), ['store', 'holding']);
    assert.deepEqual(names(worker.params('b', 5)), []);
  });

  it('computes leases one after another, pushes to every server, and says done after all acks', () => {
    const worker = new Worker().begin();
    assert.deepEqual(names(worker.lease(1)), ['compute']);
    assert.deepEqual(names(worker.lease(2)), ['ahead'], 'its samples are read meanwhile');
    assert.deepEqual(names(worker.lease(1)), [], 'twice');
    assert.deepEqual(names(worker.computed(1)), ['push', 'push', 'compute']);
    assert.deepEqual(names(worker.ack('a', 1)), []);
    assert.deepEqual(names(worker.ack('a', 1)), [], 'twice');
    assert.deepEqual(names(worker.ack('b', 1)), ['release', 'done']);
  });

  it('keeps no more sums than it has room for: it computes on when a push is through', () => {
    const worker = new Worker().begin();
    for (let lease = 1; lease <= PUSHES + 1; lease++) worker.lease(lease);
    for (let lease = 1; lease <= PUSHES; lease++) worker.computed(lease);
    assert.equal(worker.state.running, null);
    worker.ack('a', 1);
    assert.deepEqual(names(worker.ack('b', 1)), ['release', 'done', 'compute']);
  });

  it('pushes again what was not acked when a server is back', () => {
    const worker = new Worker().begin();
    worker.lease(1);
    worker.feed({ kind: 'detached', server: 'b' });
    assert.deepEqual(names(worker.computed(1)), ['push']);
    worker.ack('a', 1);
    assert.deepEqual(names(worker.feed({ kind: 'attached', server: 'b' })), ['attach', 'push']);
    assert.deepEqual(doneLeases(worker.ack('b', 1)), [1]);
  });

  it('answers a node that is leased again from what it has, and one that it computes with both leases', () => {
    const worker = new Worker().begin();
    const again = { node: { level: 0, index: 1 } };
    worker.lease(1);
    assert.deepEqual(names(worker.lease(8, again)), []);
    worker.computed(1);
    worker.ack('a', 1);
    assert.deepEqual(doneLeases(worker.ack('b', 1)), [1, 8]);
    assert.deepEqual(doneLeases(worker.lease(9, again)), [9]);
  });

  it('says of each push whether it is the sums of one leaf: those alone travel as the codec makes them', () => {
    const worker = new Worker().begin();
    const singles = (change: Partial<Work>): boolean[] => {
      const lease = worker.state.pushing.length + 1;
      worker.lease(lease, change);
      return worker.computed(lease).flatMap((it) => (it.kind === 'push' ? [it.single] : []));
    };
    assert.deepEqual(singles({ node: { level: 1, index: 0 } }), [false, false]);
    assert.deepEqual(singles({ node: { level: 1, index: 1 }, shares: [2, 2, 2, 0] }), [true, true]);
  });

  it('sends sums as they come to stand, and the rest at the end: all of it to a server that was not there throughout', () => {
    const pushed = (actions: readonly WorkerAction[]) =>
      actions.flatMap((it) => (it.kind === 'push' ? [[it.server, ...it.parts.map(({ from, to }) => [from, to])]] : []));
    const worker = new Worker().begin();
    worker.lease(1);
    const final = (lease: number, ...ranges: [number, number][]) =>
      pushed(worker.feed({ kind: 'final', lease, ranges: ranges.map(([from, to]) => ({ from, to })) }));
    assert.deepEqual(final(1, [3, 6]), [
      ['a', [3, 4]],
      ['b', [4, 6]],
    ]);
    worker.feed({ kind: 'detached', server: 'b' });
    assert.deepEqual(final(1, [0, 1], [2, 3]), [['a', [0, 1], [2, 3]]]);
    worker.feed({ kind: 'attached', server: 'b' });
    assert.deepEqual(final(1), []);
    assert.deepEqual(pushed(worker.computed(1)), [
      ['a', [1, 2]],
      ['b', [4, 6]],
    ]);
    worker.ack('a', 1);
    assert.deepEqual(doneLeases(worker.ack('b', 1)), [1]);
    assert.deepEqual(final(1, [0, 6]), [], 'of what does not run');
  });

  it('counts the ack of a server that has its whole range, or needs it no more, while the rest is being computed', () => {
    const worker = new Worker().begin();
    worker.lease(1);
    worker.feed({ kind: 'final', lease: 1, ranges: [{ from: 4, to: 6 }] });
    assert.deepEqual(names(worker.ack('b', 1)), []);
    assert.deepEqual(names(worker.computed(1)), ['push'], 'to a alone');
    assert.deepEqual(doneLeases(worker.ack('a', 1)), [1]);
    worker.lease(2);
    for (const server of ['a', 'b'] as const) worker.ack(server, 2);
    assert.deepEqual(names(worker.computed(2)), ['release', 'done'], 'both had it from another worker');
  });

  it('sends nothing early of work that is overtaken or dropped', () => {
    const worker = new Worker().begin();
    worker.lease(1);
    worker.version(1);
    const ranges = [{ from: 0, to: 6 }];
    assert.deepEqual(worker.feed({ kind: 'final', lease: 1, ranges }), []);
    worker.computed(1);
    worker.lease(2, { step: 1, version: 1 });
    worker.fence(2);
    assert.deepEqual(worker.feed({ kind: 'final', lease: 2, ranges }), []);
  });

  it('totals of an evaluation are done at once', () => {
    const worker = new Worker().begin();
    worker.lease(1, { kind: 'evaluate' });
    assert.deepEqual(names(worker.computed(1)), ['release', 'done']);
  });

  it('answers what a newer version has overtaken, so that it counts as free', () => {
    const worker = new Worker().begin();
    for (const lease of [1, 2, 3]) worker.lease(lease);
    worker.computed(1);
    const actions = worker.version(1);
    assert.deepEqual(
      actions.find((it) => it.kind === 'cancel'),
      { kind: 'cancel', lease: 2 },
    );
    assert.deepEqual(doneLeases(actions), [3, 1], 'queued and pushing; 2 still runs');
    assert.ok(names(actions).includes('holding'));
    assert.deepEqual(doneLeases(worker.computed(2)), [2]);
    assert.deepEqual(doneLeases(worker.lease(4)), [4], 'leased before the coordinator knew');
  });

  it('never mixes versions, and writes over none that it computes with: it asks for the newest later', () => {
    const worker = new Worker().begin();
    worker.lease(1);
    worker.params('a', 1);
    worker.params('b', 2);
    assert.equal(worker.state.held?.version, 0);
    assert.deepEqual(names(worker.params('a', 2)), ['store', 'cancel', 'holding']);
    assert.equal(worker.state.held?.version, 2);
    assert.deepEqual(worker.version(3), [], 'both copies are in use');
    assert.deepEqual(names(worker.computed(1)), ['release', 'done', 'attach', 'attach']);
    assert.deepEqual(names(worker.version(3)), ['store', 'store', 'holding']);
  });

  it('fenced in its term: drops its leases, and says what it holds when nothing runs any more', () => {
    const worker = new Worker().begin();
    for (const lease of [1, 2, 3]) worker.lease(lease);
    worker.computed(1);
    assert.deepEqual(names(worker.fence(1)), ['cancel', 'release']);
    assert.deepEqual(names(worker.computed(2)), ['release', 'holding']);
    assert.equal(worker.state.queue.length, 0);
  });

  it('with a new term: forgets everything, attaches anew, and minds no lease or frame of the old one', () => {
    const worker = new Worker().begin();
    worker.lease(1);
    assert.deepEqual(names(worker.fence(2)), ['cancel', 'servers', 'attach', 'attach']);
    assert.deepEqual(worker.version(0), [], 'of term 1');
    assert.deepEqual(worker.lease(2), []);
    worker.version(0, 2);
    assert.deepEqual(
      names(worker.lease(1, {}, 2)),
      ['ahead'],
      'queued behind what still runs, though of the same number',
    );
    assert.deepEqual(names(worker.computed(1)), ['release', 'compute']);
  });

  it('stops when the run is over, and with the problem when refused', () => {
    const problem = { code: 'SHOAL_REPLACED', operation: 'o', got: 'g', expected: 'e', hint: 'h' } as const;
    assert.deepEqual(new Worker().hear({ type: 'refuse', problem }), [{ kind: 'stop', problem }]);
    assert.deepEqual(new Worker().hear({ type: 'bye', reason: 'done' }), [{ kind: 'stop', problem: null }]);
  });
});
