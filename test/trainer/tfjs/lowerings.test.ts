// lowerings.test.ts: the cases of every layer that has a lowering, on tfjs' `cpu` backend beside our kernels; and what has none.
import assert from 'node:assert/strict';
import { seedWords } from '../../../base/random.ts';
import { layers } from '../../../trainer/layers/index.ts';
import { elements } from '../../../trainer/model.ts';
import { backends } from '../../../trainer/tfjs/backends.ts';
import { compileLosses } from '../../../trainer/tfjs/loss-program.ts';
import { createLossRunner } from '../../../trainer/tfjs/losses.ts';
import { checkLowerings, lowerings } from '../../../trainer/tfjs/lowerings/index.ts';
import { createNetwork, networkOptions } from '../../../trainer/tfjs/network.ts';
import type { Tf } from '../../../trainer/tfjs/tf.ts';
import { type LayerCase, modelOf } from '../../cases/layer.ts';
import { layerCases } from '../../cases/layers/index.ts';
import { relativeError } from '../../support/compare.ts';
import { createHost } from '../../support/host-plan.ts';
import { ask, byPath, SEED, STEP } from '../../support/parity.ts';

const TOLERANCE = 2e-5;
const lowered = ({ input, layers }: LayerCase): boolean => {
  try {
    checkLowerings(modelOf(input, layers));
    return true;
  } catch {
    return false;
  }
};

describe('lowerings to tfjs', () => {
  let tf: Tf;
  before(async () => {
    tf = await backends['tfjs-cpu'].load();
  });

  /** Loss and sums of all micro-shards as one device batch, and tensors that it leaves behind. */
  function onTfjs({
    input,
    layers,
    loss = 'MeanSquaredError',
    lossConfig,
    fromLogits = false,
    shares = [2, 1],
    ids,
  }: LayerCase) {
    const model = modelOf(input, layers);
    const { batch } = ask({ model, loss, lossConfig, fromLogits, shares, ids });
    const host = createHost({ model, loss, lossConfig, fromLogits, rows: Math.max(...shares), seed: SEED });
    const { program, segments } = host;
    const rows = shares.reduce((a, b) => a + b, 0);
    const losses = createLossRunner(compileLosses(program, rows), seedWords(SEED));
    const before = tf.memory().numTensors;
    const network = createNetwork(tf, networkOptions(program, segments, seedWords(SEED)));
    const memory = new Float32Array(program.contribution.scalarsAt / 4 + 64);
    for (const { at, flat, length } of segments) memory.set(batch.parameters.subarray(flat, flat + length), at);
    network.load(memory);
    losses.load(memory);
    const sums = new Float32Array(memory.length);
    const scalars = new Float64Array(1);
    const given = { mode: 'train', rows, slot: 0, step: STEP } as const;
    const label = new Uint8Array(batch.labels.buffer, batch.labels.byteOffset, batch.labels.byteLength);
    const leafEnds = shares.map((_, i) => shares.slice(0, i + 1).reduce((a, b) => a + b, 0));
    network.run(
      { ...given, leafEnds, inputs: network.upload(rows, [batch.images]) },
      { losses: (outputs) => losses.run({ ...given, labels: { label } }, outputs, scalars), sums, adds: false },
    );
    network.dispose();
    const flat = new Float32Array(batch.parameters.length);
    for (const { at, flat: to, length } of segments) flat.set(sums.subarray(at, at + length), to);
    return { loss: scalars[0]!, sums: flat, left: tf.memory().numTensors - before, host, batch };
  }

  for (const [name, cases] of Object.entries(layerCases) as [string, readonly LayerCase[]][]) {
    const some = cases.filter((c) => lowered(c));
    if (!Object.hasOwn(lowerings, name)) continue;
    it(`${name}: loss and every gradient within ${TOLERANCE} of our kernels in ${some.length} cases, no tensor left`, () => {
      assert.ok(some.length > 0);
      for (const c of some) {
        const { loss, sums, left, host, batch } = onTfjs(c);
        const expected = host.run('train', batch);
        assert.equal(left, 0, `${c.title}: ${left} tensors left`);
        assert.ok(
          relativeError([loss], [expected.loss]) <= TOLERANCE,
          `${c.title}: loss ${loss}, not ${expected.loss}`,
        );
        const theirs = byPath(host.segments, sums);
        for (const [path, { data, shape }] of Object.entries(byPath(host.segments, expected.gradients))) {
          if (Math.hypot(...data) < 1e-5 * Math.sqrt(elements(shape))) continue; // zero by its nature
          const error = relativeError(theirs[path]!.data, data);
          assert.ok(error <= TOLERANCE, `${c.title}: ${path} is off by ${error}`);
        }
      }
    });
  }

  it('are there for layers that Shoal has, and name the layer that has none, or makes a mask', () => {
    for (const name of Object.keys(lowerings)) assert.ok(Object.hasOwn(layers, name), name);
    const none = modelOf([8, 8, 3], [['UpSampling2D', {}], ['Flatten'], ['Dense', { units: 2 }]]);
    assert.throws(() => checkLowerings(none), {
      code: 'SHOAL_EXECUTOR',
      got: /"upsampling2d_0" of class UpSampling2D/,
    });
    const masked = modelOf(
      [5],
      [['Embedding', { input_dim: 4, output_dim: 3, mask_zero: true }], ['Flatten'], ['Dense', { units: 2 }]],
    );
    assert.throws(() => checkLowerings(masked), { code: 'SHOAL_EXECUTOR', got: /"embedding_0" with mask_zero/ });
  });
});
