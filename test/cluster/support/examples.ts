// examples.ts: one of every message and bulk there is, with odd values. Not a test.
import type { Bulk, Message } from '../../../cluster/messages.ts';

const term = 3;
const peer = { role: 'worker', name: 'worker-2', incarnation: 'b1946ac9' } as const;
const servers = [
  { name: 's0', url: 'ws://127.0.0.1:4001', range: { from: 0, to: 1000 } },
  { name: 's1', url: 'wss://[::1]:4002', range: { from: 1000, to: 0xffff_ffff } },
];
const node = { level: 2, index: 5 };

export const MESSAGES: { readonly [Type in Message['type']]: Extract<Message, { type: Type }> } = {
  hello: { type: 'hello', peer, profile: { arithmetic: 'strict', kernels: 'ab'.repeat(32) }, url: null, pair: 3 },
  ready: { type: 'ready', term, dataset: 'cd'.repeat(32), reference: 'ef'.repeat(32), sketch: [0.5, -2], unit: 4 },
  holding: { type: 'holding', term, version: 0 },
  done: {
    type: 'done',
    term,
    lease: 7,
    work: { kind: 'gradient', epoch: 1, step: 12, version: 12 },
    node,
    totals: [0.1 + 0.2, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324, 1e308],
  },
  flawed: { type: 'flawed', term, step: 7, node: { level: 1, index: 2 }, worker: 'worker-2' },
  vote: { type: 'vote', term, version: 3, round: 1, sums: [0.1, Number.NaN, -0, Number.POSITIVE_INFINITY] },
  applied: { type: 'applied', term, version: 0xffff_ffff },
  welcome: {
    type: 'welcome',
    term,
    job: { model: 'ü \u0000 \u{1f600}', deep: [[{}]] },
    servers,
    range: null,
    version: 9,
  },
  fence: { type: 'fence', term, servers: [], version: 1 },
  lease: {
    type: 'lease',
    term,
    lease: 8,
    work: { kind: 'evaluate', step: 0, epoch: 0, node, version: 3, shares: [4, 4, 3, 0] },
  },
  load: { type: 'load', term, version: 4 },
  apply: {
    type: 'apply',
    term,
    version: 4,
    epoch: 2,
    leaves: 6,
    nodes: [node, { level: 0, index: 24 }],
    scalars: [256, 0.001, -0],
    rounds: 2,
    votes: [[1e-300, -0, Number.NaN, Number.POSITIVE_INFINITY]],
  },
  dump: { type: 'dump', term, version: 5 },
  refuse: {
    type: 'refuse',
    problem: {
      code: 'SHOAL_PROFILE',
      operation: 'join',
      got: 'fused',
      expected: 'strict',
      hint: 'Same flags, please.',
    },
  },
  bye: { type: 'bye', reason: '' },
  attach: { type: 'attach', peer: { ...peer, role: 'server' }, term, pair: 3 },
  ack: { type: 'ack', term, step: 12, node },
  report: {
    type: 'report',
    read: 2 ** 40,
    written: 0,
    memory: 123_456_789,
    refused: 3,
    fed: { wall: 60_000, waited: 1234, read: 5000, augment: 0 },
  },
  ping: { type: 'ping', sent: 1234.5678 },
  pong: { type: 'pong', sent: -1 },
};

const oddValues = new Float32Array([1, -0, Number.NaN, Number.POSITIVE_INFINITY, 1e-45, 3.4e38, -1.5]);

export const BULKS: { readonly [Type in Bulk['type']]: Bulk } = {
  push: { type: 'push', term, step: 12, node, vector: 0, from: 10, range: { from: 3, to: 17 }, values: oddValues },
  params: {
    type: 'params',
    term,
    step: 13,
    node: null,
    vector: 0,
    from: 0,
    range: { from: 0, to: 7 },
    values: oddValues,
  },
  load: { type: 'load', term, step: 0, node: null, vector: 2, from: 7, range: { from: 0, to: 99 }, values: oddValues },
  dump: {
    type: 'dump',
    term,
    step: 0xffff_ffff,
    node: null,
    vector: 1,
    from: 0xffff_ffff - 7,
    range: { from: 0, to: 0xffff_ffff },
    values: oddValues,
  },
};

/** A push of `count` values, all of them `value`, at the front of a range just as long. */
export const pushOf = (count: number, value = 1, step = 0): Bulk => ({
  type: 'push',
  term: 1,
  step,
  node: { level: 0, index: 0 },
  vector: 0,
  from: 0,
  range: { from: 0, to: count },
  values: new Float32Array(count).fill(value),
});
