// gradients.test.ts: every layer of the registry passes the suite of layers.
import assert from 'node:assert/strict';
import { layers } from '../../../trainer/layers/index.ts';
import { layerSuite } from '../../cases/layer.ts';
import { layerCases } from '../../cases/layers/index.ts';

for (const [className, cases] of Object.entries(layerCases)) layerSuite(`layer ${className}`, cases);

describe('the suite of layers', () => {
  it('has cases for every layer of the registry', () => {
    assert.deepEqual(Object.keys(layerCases).sort(), Object.keys(layers).sort());
  });
});
