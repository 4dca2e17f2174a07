// lowering.ts: the suite that every backend of tfjs passes: the cases of every layer that has a lowering, beside our kernels.
import assert from 'node:assert/strict';
import { seedWords } from '../../base/random.ts';
import { elements } from '../../trainer/model.ts';
import { type Backend, type BackendName, backends } from '../../trainer/tfjs/backends.ts';
import { compileLosses } from '../../trainer/tfjs/loss-program.ts';
import { createLossRunner } from '../../trainer/tfjs/losses.ts';
import { checkLowerings, lowerings } from '../../trainer/tfjs/lowerings/index.ts';
import { createNetwork, networkOptions } from '../../trainer/tfjs/network.ts';
import type { Tf } from '../../trainer/tfjs/tf.ts';
import { relativeError } from '../support/compare.ts';
import { createHost } from '../support/host-plan.ts';
import { ask, byPath, SEED, STEP } from '../support/parity.ts';
import { type LayerCase, modelOf } from './layer.ts';
import { layerCases } from './layers/index.ts';

const lowered = ({ input, layers }: LayerCase): boolean => {
  try {
    checkLowerings(modelOf(input, layers));
    return true;
  } catch {
    return false;
  }
};

/**
 * Declares the suite: loss and sums within `tolerance` (error norm over norm) of those of our kernels.
 * @param refuses titles of cases that the backend fails at: it must say so
 */
export function testLowerings(backend: BackendName, tolerance: number, refuses: readonly string[] = []): void {
  describe(`lowerings to ${backend}`, () => {
    let tf: Tf;
    before(async () => {
      tf = await backends[backend].load();
    });

    /** Loss and sums of all micro-shards as one device batch, and tensors that it leaves behind. */
    async function onTfjs({
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
      await network.run(
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
      it(`${name}: loss and every gradient within ${tolerance} of our kernels in ${some.length} cases, no tensor left`, async () => {
        assert.ok(some.length > 0);
        for (const c of some) {
          const { loss, sums, left, host, batch } = await onTfjs(c);
          const check = (): void => (backends[backend] as Backend).check?.();
          if (refuses.includes(c.title)) {
            assert.throws(check, { code: 'SHOAL_WEBGPU' }, c.title);
            continue;
          }
          check();
          const expected = host.run('train', batch);
          assert.equal(left, 0, `${c.title}: ${left} tensors left`);
          assert.ok(
            relativeError([loss], [expected.loss]) <= tolerance,
            `${c.title}: loss ${loss}, not ${expected.loss}`,
          );
          const theirs = byPath(host.segments, sums);
          for (const [path, { data, shape }] of Object.entries(byPath(host.segments, expected.gradients))) {
            if (Math.hypot(...data) < 1e-5 * Math.sqrt(elements(shape))) continue; // zero by its nature
            const error = relativeError(theirs[path]!.data, data);
            assert.ok(error <= tolerance, `${c.title}: ${path} is off by ${error}`);
          }
        }
      });
    }
  });
}
