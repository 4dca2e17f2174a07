// images.test.ts: image classifiers by name: their parameters, and loss and every gradient of narrow variants beside the float64 oracle's.
import assert from 'node:assert/strict';
import { elements } from '../../../trainer/model.ts';
import { models } from '../../../trainer/models/index.ts';
import { parseModel } from '../../../trainer/parse-model.ts';
import { chain } from '../../../trainer/weights.ts';
import { relativeError } from '../../support/compare.ts';
import { createHost } from '../../support/host-plan.ts';
import { oracle } from '../../support/oracle/index.ts';
import { ask, byPath, SEED } from '../../support/parity.ts';

const narrow = { input: [64, 64, 3], width: 1 / 16, classes: 5 };
/** Options of a variant that the oracle's loops can compute, and its samples: as many as make the statistics of the last images sound. */
const VARIANTS: Readonly<Record<string, readonly [options: object, rows: number]>> = {
  alexnet: [narrow, 2],
  convnext_tiny: [{ ...narrow, input: [32, 32, 3] }, 2],
  densenet121: [narrow, 6],
  efficientnet_b0: [narrow, 4],
  googlenet: [narrow, 4],
  lenet5: [{ input: [20, 20, 1], width: 0.5, classes: 4 }, 4],
  mobilenet_v2: [narrow, 10],
  resnet18: [{ ...narrow, input: [16, 16, 3], stem: 'small', activation: 'linear' }, 8],
  resnet50: [narrow, 4],
  vgg16: [{ ...narrow, input: [32, 32, 3] }, 2],
};
const TOLERANCE = 1e-4;

describe('image classifiers by name', () => {
  for (const builder of [...Object.keys(VARIANTS), 'resnet34', 'resnet101'])
    it(`${builder} has the parameters that it is known for`, () => {
      const { weights } = chain(parseModel({ builder }));
      const count = weights.reduce((sum, { spec }) => sum + (spec.role === 'parameter' ? elements(spec.shape) : 0), 0);
      assert.equal(count, models[builder]!.parameters);
    });

  for (const [builder, [options, rows]] of Object.entries(VARIANTS))
    it(`${builder}, narrow: loss within 1e-5 and gradients within ${TOLERANCE} of the oracle`, () => {
      const model = parseModel({ builder, ...options });
      const loss = 'SparseCategoricalCrossentropy';
      const question = { model, loss, fromLogits: 'activation' in options, shares: [rows] } as const;
      const { batch, request } = ask(question);
      const host = createHost({ ...question, rows, seed: SEED });
      const { loss: sum, gradients } = host.run('train', batch);
      const expected = oracle(request);
      assert.ok(relativeError([sum / rows], [expected.loss]) <= 1e-5, `loss ${sum / rows}, ${expected.loss}`);
      const norm = (values: Float64Array) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));
      // what a normalisation takes away again has no gradient but noise
      const least = 1e-3 * Math.max(...Object.values(expected.gradients).map(norm));
      for (const [path, { data }] of Object.entries(byPath(host.program.contribution.segments, gradients))) {
        const wanted = expected.statistics[path] ?? expected.gradients[path]!;
        const error = norm(data.map((g, i) => g / rows - wanted[i]!)) / Math.max(norm(wanted), least);
        assert.ok(error <= TOLERANCE, `${path}: ${error}`);
      }
    });

  it('end in features without their top, and are frozen or renamed like any other model', () => {
    const { outputs } = parseModel({ builder: 'resnet18', top: false });
    assert.deepEqual(outputs, ['layer4.1.relu']);
  });

  it('are refused by an unknown name or option, with those that are known', () => {
    assert.throws(() => parseModel({ builder: 'resnet19' }), { code: 'SHOAL_MODEL', expected: /resnet18/ });
    assert.throws(() => parseModel({ builder: 'resnet18', wide: 2 }), { code: 'SHOAL_MODEL', got: /"wide"/ });
  });
});
