// keras-order.test.ts: layers in the order in which Keras keeps them, beside what Keras 3.15.1 said of these configurations (model.layers). That
// Keras reads what is written: test/golden/make-keras-files.py --check.
import assert from 'node:assert/strict';
import { kerasOrder } from '../../../trainer/export/keras-order.ts';
import { parseModel } from '../../../trainer/parse-model.ts';

type Node = readonly [className: string, name: string, ...calls: (readonly string[])[]];

const dense = { units: 3 };
/** Calls name the layers they read, "a:1" the second call of a. */
function graph(nodes: readonly Node[], outputs: readonly string[]): object {
  const reference = (of: string) => [of.split(':')[0], Number(of.split(':')[1] ?? 0), 0, {}];
  const layers = nodes.map(([class_name, name, ...calls]) => ({
    class_name,
    name,
    config: {
      name,
      ...(class_name === 'InputLayer' ? { batch_shape: [null, 3] } : class_name === 'Dense' ? dense : {}),
    },
    inbound_nodes: calls.map((inputs) => inputs.map(reference)),
  }));
  const ends = (names: readonly string[]) => names.map((name) => reference(name).slice(0, 3));
  const inputs = nodes.filter(([className]) => className === 'InputLayer').map(([, name]) => name);
  const config = { name: 'graph', layers, input_layers: ends(inputs), output_layers: ends(outputs) };
  return { class_name: 'Functional', config };
}

const CASES: Readonly<Record<string, { readonly model: object; readonly order: string }>> = {
  'branches of one and of two layers, as in an inception block': {
    model: graph(
      [
        ['InputLayer', 'i'],
        ['Dense', 'short', ['i']],
        ['Dense', 'long1', ['i']],
        ['Dense', 'long2', ['long1']],
        ['Concatenate', 'all', ['short', 'long2']],
        ['Dense', 'end', ['all']],
      ],
      ['end'],
    ),
    order: 'i long1 short long2 all end',
  },
  'a projection written behind the block that it spans, as in a ResNet': {
    model: graph(
      [
        ['InputLayer', 'i'],
        ['Dense', 'conv1', ['i']],
        ['Dense', 'conv2', ['conv1']],
        ['LayerNormalization', 'bn2', ['conv2']],
        ['Dense', 'down0', ['i']],
        ['LayerNormalization', 'down1', ['down0']],
        ['Add', 'sum', ['bn2', 'down1']],
      ],
      ['sum'],
    ),
    order: 'i conv1 conv2 down0 bn2 down1 sum',
  },
  'a layer that is called twice, and two outputs': {
    model: graph(
      [
        ['InputLayer', 'i'],
        ['InputLayer', 'j'],
        ['Dense', 'late', ['j']],
        ['Dense', 'shared', ['i'], ['late']],
        ['Add', 'sum', ['shared', 'shared:1']],
        ['Dense', 'first', ['sum']],
        ['Dense', 'second', ['j']],
      ],
      ['second', 'first'],
    ),
    order: 'j i late shared sum second first',
  },
};

describe('layers in the order of Keras', () => {
  for (const [title, { model, order }] of Object.entries(CASES))
    it(`${title}: ${order}`, () => assert.equal(kerasOrder(parseModel(model)).join(' '), order));
});
