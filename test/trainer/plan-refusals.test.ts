// plan-refusals.test.ts: what compiling refuses. That the plans compute the right thing: layers/gradients.test.ts.
import assert from 'node:assert/strict';
import { ShoalError } from '../../base/errors.ts';
import { parseModel } from '../../trainer/parse-model.ts';
import { summarize } from '../../trainer/summary.ts';
import { modelOf } from '../cases/layer.ts';
import { relativeError } from '../support/compare.ts';
import { createHost, programOf } from '../support/host-plan.ts';
import { oracle } from '../support/oracle/index.ts';
import { ask, SEED } from '../support/parity.ts';

/** x -> dense -> shared -> shared again -> dense. */
function sharedModel(shared: object) {
  const at = (layer: string, node = 0) => [[[layer, node, 0, {}]]];
  const dense = (name: string, from: readonly unknown[]) => ({
    class_name: 'Dense',
    config: { name, units: 4 },
    inbound_nodes: from,
  });
  return parseModel({
    class_name: 'Functional',
    config: {
      layers: [
        { class_name: 'InputLayer', config: { name: 'x', batch_shape: [null, 4] } },
        dense('first', at('x')),
        { ...shared, inbound_nodes: [...at('first'), ...at('twice')] },
        dense('last', at('twice', 1)),
      ],
      input_layers: [['x', 0, 0]],
      output_layers: [['last', 0, 0]],
    },
  });
}

describe('compiling', () => {
  it('refuses a shared layer with weights, by name, where a summary works', () => {
    const model = sharedModel({ class_name: 'Dense', config: { name: 'twice', units: 4 } });
    assert.equal(summarize(model).parameters, 3 * 20);
    assert.throws(
      () => programOf({ model, loss: 'MeanSquaredError', rows: 2 }),
      (error) =>
        error instanceof ShoalError &&
        error.code === 'SHOAL_MODEL' &&
        /"twice" with weights, called 2 times \(twice, twice:1\)/.test(error.message),
    );
  });

  it('scales u8 samples channel by channel, beside a halo: predictions within 1e-5 of the oracle', () => {
    const model = modelOf([4, 5, 3], [['Conv2D', { filters: 2, kernel_size: 3, padding: 'same' }]]);
    const scale = [1 / 255, 1 / 51, 1 / 30];
    const shift = [-0.5, 0, 0.25];
    const question = { model, loss: 'MeanSquaredError', shares: [2, 1] } as const;
    const { batch, request } = ask(question);
    const images = Uint8Array.from(batch.images, (v) => 255 * Math.abs(v));
    const data = Float64Array.from(images, (v, i) => v * scale[i % 3]! + shift[i % 3]!);
    const host = createHost({ ...question, rows: 2, input: { dtype: 'u8', scale, shift } });
    const { output } = host.run('predict', { ...batch, images });
    assert.ok(relativeError(output, oracle({ ...request, x: { shape: request.x.shape, data } }).output.data) <= 1e-5);
  });

  it('takes a shared layer without weights, which drops out anew at each call: within 1e-5 of the oracle', () => {
    const model = sharedModel({ class_name: 'Dropout', config: { name: 'twice', rate: 0.3 } });
    const question = { model, loss: 'MeanSquaredError', shares: [2, 2] } as const;
    const { batch, request } = ask(question);
    const host = createHost({ ...question, rows: 2, seed: SEED });
    const { loss, gradients } = host.run('train', batch);
    const expected = oracle(request);
    assert.ok(relativeError([loss / 4], [expected.loss]) <= 1e-5);
    const flat = Object.values(expected.gradients).flatMap((g) => [...g]);
    assert.ok(
      relativeError(
        gradients.map((g) => g / 4),
        flat,
      ) <= 1e-5,
    );
  });
});
