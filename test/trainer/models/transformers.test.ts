// transformers.test.ts: the named transformers: parameter counts, and narrow ones beside the float64 oracle.
import assert from 'node:assert/strict';
import { ShoalError } from '../../../base/errors.ts';
import { models } from '../../../trainer/models/index.ts';
import { parseModel } from '../../../trainer/parse-model.ts';
import { summarize } from '../../../trainer/summary.ts';
import { relativeError } from '../../support/compare.ts';
import { createHost } from '../../support/host-plan.ts';
import { oracle } from '../../support/oracle/index.ts';
import { ask, byPath, SEED } from '../../support/parity.ts';

const tiny = { width: 8, depth: 2, heads: 2, inner: 12 };
/** [options, ids] of a narrow variant. */
const narrow: Readonly<Record<string, readonly [options: object, ids?: number]>> = {
  bert_small: [{ ...tiny, vocabulary: 11, length: 6 }, 11],
  gpt_nano: [{ ...tiny, vocabulary: 9, length: 7 }, 9],
  transformer_encoder: [{ ...tiny, vocabulary: 5, length: 6, classes: 3, maskZero: true }, 5],
  vit_b16: [{ ...tiny, input: [8, 8, 3], patch: 4, classes: 3, dropout: 0.1 }],
  vit_small: [{ ...tiny, input: [6, 4, 1], patch: 2, classes: 4 }],
  vit_tiny: [{ ...tiny, input: [7, 7, 2], patch: 3, classes: 2 }],
};

for (const [builder, [options, ids]] of Object.entries(narrow))
  describe(`the model ${builder}`, () => {
    it('has the parameters that its makers count', () => {
      assert.equal(summarize(parseModel({ builder })).parameters, models[builder]!.parameters);
    });

    it('gives loss and every gradient of a narrow variant within 1e-5 of the float64 oracle, in training with its draws', () => {
      const model = parseModel({ builder, ...options });
      const shares = [2, 1];
      const loss = 'SparseCategoricalCrossentropy';
      const { batch, request } = ask({ model, loss, shares, ids });
      const host = createHost({ model, loss, rows: 2, seed: SEED });
      const trained = host.run('train', batch);
      const expected = oracle(request);
      assert.ok(relativeError([trained.loss / 3], [expected.loss]) <= 1e-5, `${trained.loss / 3} ${expected.loss}`);
      for (const [path, { data }] of Object.entries(byPath(host.segments, trained.gradients))) {
        const mean = data.map((g) => g / 3);
        const norm = Math.hypot(...expected.gradients[path]!);
        // a key's bias moves all scores of a query alike: its gradient is nothing but rounding
        if (path.endsWith('key_bias')) assert.ok(Math.hypot(...mean) < 1e-6 && norm < 1e-12, path);
        else {
          const error = relativeError(mean, expected.gradients[path]!);
          assert.ok(error <= 1e-5, `${path}: relative error ${error}`);
        }
      }
    });
  });

describe('named models', () => {
  const refuses = (model: object, pattern: RegExp) =>
    assert.throws(
      () => parseModel(model),
      (error) => error instanceof ShoalError && error.code === 'SHOAL_MODEL' && pattern.test(error.message),
    );
  it('are refused by an unknown name or option', () => {
    refuses({ builder: 'vit_huge' }, /vit_tiny/);
    refuses({ builder: 'vit_tiny', clases: 10 }, /clases/);
  });
});
