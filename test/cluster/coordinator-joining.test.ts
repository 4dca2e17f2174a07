// coordinator-joining.test.ts: the coordinator's machine: who may join a run, and is refused, with both values named.
import assert from 'node:assert/strict';
import { Bench, peer } from '../support/machines.ts';

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
