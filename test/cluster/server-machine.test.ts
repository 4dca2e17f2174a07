// server-machine.test.ts: single decisions of a server: what it stores, acks, turns away, applies and sends.
import assert from 'node:assert/strict';
import type { FromCoordinator } from '../../cluster/messages.ts';
import { handleServer, startServer } from '../../cluster/server-machine.ts';
import type { ServerAction, ServerEvent, Slice } from '../../cluster/server-types.ts';
import type { Node } from '../../trainer/tree.ts';
import { PROFILE, peer } from '../support/machines.ts';

const RANGE = { from: 4, to: 10 };
const SERVER = peer('server', 's');
const LEAF: Node = { level: 0, index: 0 };

/** A server of 4 leaves and one slot. */
class Server {
  state = startServer();
  readonly config = { peer: SERVER, profile: PROFILE, url: 'ws://s', bugs: new Set<never>() };

  feed(event: ServerEvent): readonly ServerAction[] {
    const { state, actions } = handleServer(this.config, this.state, event);
    this.state = state;
    return actions;
  }
  hear(message: FromCoordinator): readonly ServerAction[] {
    return this.feed({ kind: 'message', message });
  }
  welcome(term = 1, range = RANGE): readonly ServerAction[] {
    return this.hear({ type: 'welcome', term, job: 'job', servers: [], range, version: 0 });
  }
  slice(change: Partial<Slice> = {}): Slice {
    const whole = { vector: 0, from: 4, count: 6, range: RANGE };
    return { type: 'push', term: 1, step: 0, node: LEAF, ...whole, ...change };
  }
  load(change: Partial<Slice> = {}): readonly ServerAction[] {
    return this.feed({ kind: 'load', slice: this.slice({ type: 'load', node: null, ...change }) });
  }
  push(change: Partial<Slice> = {}, link = 7): readonly ServerAction[] {
    return this.feed({ kind: 'push', link, slice: this.slice(change) });
  }
  attach(link: number, term = 1): readonly ServerAction[] {
    return this.feed({
      kind: 'attach',
      link,
      message: { type: 'attach', peer: peer('worker', `w${link}`), term, pair: 0 },
    });
  }
  apply(version = 0): readonly ServerAction[] {
    return this.hear({
      type: 'apply',
      term: 1,
      version,
      epoch: 0,
      leaves: 1,
      nodes: [LEAF],
      scalars: [2, 0.5],
      rounds: 0,
      votes: [],
    });
  }
  /** In term 1, with version 0. */
  begin(): this {
    this.feed({ kind: 'connected' });
    this.welcome();
    this.feed({ kind: 'prepared', vectors: 2, microShards: 4 });
    this.hear({ type: 'load', term: 1, version: 0 });
    this.load();
    this.load({ vector: 1 });
    return this;
  }
}

const ATTACH = (term: number) => ({ type: 'attach', peer: SERVER, term, pair: 1 }) as const;
const kinds = (actions: readonly ServerAction[]): string[] => actions.map((it) => it.kind);

describe('a server', () => {
  it('says hello, prepares its range, and has a version when every vector of it has come', () => {
    const server = new Server();
    const [hello, attach] = server.feed({ kind: 'connected' });
    assert.equal(hello?.kind, 'send');
    assert.deepEqual(attach, { kind: 'ask', message: ATTACH(0) });
    assert.deepEqual(server.welcome(), [{ kind: 'reset' }, { kind: 'prepare', job: 'job', range: RANGE }]);
    server.feed({ kind: 'prepared', vectors: 2, microShards: 4 });
    const asked = server.hear({ type: 'load', term: 1, version: 3 });
    assert.deepEqual(asked, [{ kind: 'ask', message: ATTACH(1) }], 'in each term');
    server.attach(7);
    assert.deepEqual(kinds(server.load({ step: 3 })), ['store']);
    assert.deepEqual(kinds(server.load({ step: 3, vector: 1, count: 2 })), ['store']);
    assert.deepEqual(kinds(server.load({ step: 3, vector: 1, count: 2 })), [], 'twice');
    assert.deepEqual(server.load({ step: 3, vector: 1, from: 6, count: 4 }).slice(1), [
      { kind: 'send', message: { type: 'applied', term: 1, version: 3 } },
      { kind: 'params', links: [7], term: 1, version: 3 },
    ]);
  });

  it('acks a node when all of it is stored, to everybody who sent of it, and again to who sends it again', () => {
    const server = new Server().begin();
    assert.deepEqual(kinds(server.push({ count: 4 }, 7)), ['store']);
    assert.deepEqual(kinds(server.push({ count: 4 }, 8)), [], 'had');
    const actions = server.push({ from: 8, count: 2 }, 8);
    assert.deepEqual(kinds(actions), ['store', 'answer', 'answer']);
    const ack = { type: 'ack', term: 1, step: 0, node: LEAF };
    assert.deepEqual(actions.slice(1), [
      { kind: 'answer', link: 7, message: ack },
      { kind: 'answer', link: 8, message: ack },
    ]);
    assert.deepEqual(kinds(server.push({ count: 1 }, 9)), ['answer']);
  });

  it('applies when told, frees the nodes, and sends the new version to the workers of its term', () => {
    const server = new Server().begin();
    server.attach(7);
    server.attach(8, 0);
    server.push();
    assert.deepEqual(kinds(server.apply()), ['apply']);
    assert.deepEqual(kinds(server.apply()), [], 'told twice');
    assert.deepEqual(kinds(server.push({ node: { level: 0, index: 1 } })), ['answer'], 'late: dropped');
    assert.deepEqual(server.feed({ kind: 'applied', term: 1, version: 1 }), [
      { kind: 'free', nodes: [LEAF] },
      { kind: 'send', message: { type: 'applied', term: 1, version: 1 } },
      { kind: 'params', links: [7], term: 1, version: 1 },
    ]);
    assert.deepEqual(server.apply(), [{ kind: 'send', message: { type: 'applied', term: 1, version: 1 } }]);
    assert.deepEqual(server.attach(8), [{ kind: 'params', links: [8], term: 1, version: 1 }]);
    assert.deepEqual(kinds(server.hear({ type: 'dump', term: 1, version: 1 })), ['dump']);
    assert.deepEqual(kinds(server.hear({ type: 'dump', term: 1, version: 0 })), []);
  });

  it('acks and drops pushes of older steps and terms, and turns away what cannot be', () => {
    const server = new Server().begin();
    server.push();
    server.apply();
    server.feed({ kind: 'applied', term: 1, version: 1 });
    assert.deepEqual(kinds(server.push({ step: 0 })), ['answer']);
    assert.deepEqual(kinds(server.push({ step: 2 })), ['close']);
    assert.deepEqual(kinds(server.push({ term: 2 })), ['close']);
    assert.deepEqual(kinds(server.push({ step: 1, node: { level: 3, index: 0 } })), ['close']);
    assert.deepEqual(kinds(server.push({ step: 1, node: { level: 0, index: 4 } })), ['close']);
    assert.deepEqual(kinds(server.push({ step: 1, from: 8, count: 3 })), ['close']);
    assert.deepEqual(kinds(server.push({ step: 1, vector: 1 })), ['close']);
    assert.deepEqual(server.state.nodes, []);
  });

  it('keeps and acks nothing of sums that are not finite, and tells the coordinator whose they were', () => {
    const server = new Server().begin();
    server.attach(7);
    server.push({ count: 3 });
    assert.deepEqual(server.push({ from: 7, count: 3, finite: false }), [
      { kind: 'free', nodes: [LEAF] },
      { kind: 'send', message: { type: 'flawed', term: 1, step: 0, node: LEAF, worker: 'w7' } },
    ]);
    assert.deepEqual(server.state.nodes, []);
    // what another has sent of it stands
    server.attach(8);
    server.push({ count: 3 }, 8);
    assert.deepEqual(kinds(server.push({ finite: false })), ['send']);
    assert.deepEqual(kinds(server.push({ from: 7, count: 3 }, 8)), ['store', 'answer']);
  });

  it('forgets everything with a new term, and nothing with a reconnection in its own', () => {
    const server = new Server().begin();
    server.push();
    server.feed({ kind: 'lost' });
    server.feed({ kind: 'connected' });
    assert.deepEqual(server.welcome(), []);
    assert.equal(server.state.nodes.length, 1);
    assert.deepEqual(kinds(server.hear({ type: 'fence', term: 2, servers: [], version: 0 })), ['reset']);
    assert.equal(server.state.version, null);
    assert.deepEqual(server.state.nodes, []);
    assert.deepEqual(kinds(server.push({ term: 1 })), ['answer'], 'of the old term');
  });

  it('stores nothing, and acks nothing, between another range and the next term', () => {
    const server = new Server().begin();
    assert.deepEqual(kinds(server.welcome(1, { from: 0, to: 4 })), ['prepare']);
    assert.deepEqual(server.push(), []);
  });

  it('begun anew, turns nobody away who pushes what its predecessor did not ack', () => {
    const server = new Server();
    assert.deepEqual(server.push({ term: 3 }), [], 'the coordinator has not been heard yet');
    server.welcome(3);
    for (const term of [2, 3, 4]) assert.deepEqual(server.push({ term }), [], 'its range is not made yet');
    server.feed({ kind: 'prepared', vectors: 2, microShards: 4 });
    assert.deepEqual(server.push({ term: 3 }), []);
    assert.deepEqual(kinds(server.push({ term: 2 })), ['answer'], 'of an old term');
  });

  it('has an empty range at once', () => {
    const server = new Server();
    server.welcome(1, { from: 4, to: 4 });
    server.feed({ kind: 'prepared', vectors: 2, microShards: 4 });
    server.feed({ kind: 'connected' });
    assert.deepEqual(kinds(server.hear({ type: 'load', term: 1, version: 0 })), ['send']);
    assert.equal(server.state.version, 0);
  });

  it('stops when refused, and when the run is over', () => {
    assert.deepEqual(new Server().hear({ type: 'bye', reason: 'done' }), [{ kind: 'stop', problem: null }]);
  });
});
