// plan-inputs.test.ts: what plans do beside their layers: scaling what they are given, drawing anew at each call. Layers: layers/gradients.test.ts.
import assert from 'node:assert/strict';
import { parseModel } from '../../trainer/parse-model.ts';
import { modelOf } from '../cases/layer.ts';
import { relativeError } from '../support/compare.ts';
import { createHost } from '../support/host-plan.ts';
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

describe('plans', () => {
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
