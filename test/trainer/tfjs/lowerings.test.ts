// lowerings.test.ts: tfjs' backends `cpu` and `wasm` pass the suite of lowerings; which layers have none.
import assert from 'node:assert/strict';
import { layers } from '../../../trainer/layers/index.ts';
import { checkLowerings, lowerings } from '../../../trainer/tfjs/lowerings/index.ts';
import { modelOf } from '../../cases/layer.ts';
import { testLowerings } from '../../cases/lowering.ts';

testLowerings('tfjs-cpu', 2e-5);
testLowerings('tfjs-wasm', 2e-5);

describe('lowerings to tfjs', () => {
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
