// graphs.test.ts: what a graph may be beside a chain: layers called several times, models as layers, frozen layers, several inputs and
// outputs. Loss and every gradient beside the float64 oracle's. Not single layers: layers/gradients.test.ts.
import assert from 'node:assert/strict';
import { parseModel } from '../../trainer/parse-model.ts';
import { segmentsOf } from '../../trainer/weights.ts';
import { both, checkParity, entry, functional } from '../support/graphs.ts';

const dense = (units: number, options: object = {}) => ({ units, ...options });
const conv = { filters: 3, kernel_size: 3, padding: 'same', activation: 'relu' };

/** A branch of two layers, for use as a layer. */
const branch = functional(
  'branch',
  { y: [5] },
  {
    inner: entry('Dense', dense(5, { activation: 'tanh' }), [['y']]),
    again: entry('Dense', dense(5), [['inner']], [['again']]),
  },
  [['again', 1]],
);

describe('a shared layer with weights', () => {
  const model = parseModel(
    functional(
      'shared',
      { x: [6, 5, 3] },
      {
        conv: entry('Conv2D', conv, [['x']], [['conv']], [['sum']]),
        sum: entry('Add', {}, [['conv'], ['conv', 1]]),
        flat: entry('Flatten', {}, [['conv', 2]]),
        out: entry('Dense', dense(4), [['flat']]),
      },
      [['out']],
    ),
  );
  it('has the sum of its three calls as gradient: within 1e-5 of the oracle', () => {
    checkParity(model, [{ loss: 'MeanSquaredError' }]);
  });
  it('is rounded by a codec after its calls are added up: within 1e-3', () => {
    checkParity(model, [{ loss: 'MeanSquaredError' }], 1e-3, 'f16');
  });
  it('is refused where it keeps moving statistics, by name', () => {
    const normalised = parseModel(
      functional('m', { x: [4] }, { norm: entry('BatchNormalization', {}, [['x']], [['norm']]) }, [['norm', 1]]),
    );
    assert.throws(() => both(normalised, [{ loss: 'MeanSquaredError' }]), {
      code: 'SHOAL_MODEL',
      got: /"norm" with moving statistics, called 2 times \(norm, norm:1\)/,
    });
  });
});

describe('models as layers', () => {
  const nested = parseModel(
    functional(
      'outer',
      { x: [5] },
      {
        first: entry('Dense', dense(5), [['x']]),
        branch: { ...entry('Functional', branch.config, [['first']], [['branch']]) },
        head: entry(
          'Sequential',
          { name: 'head', layers: [{ class_name: 'Dense', config: { name: 'a', units: 3, activation: 'softmax' } }] },
          [['branch', 1]],
        ),
      },
      [['head']],
    ),
  );
  it('are laid open, with weights in their place under the name "model/layer"', () => {
    const { parameters } = segmentsOf(nested);
    assert.deepEqual(
      parameters.map(({ path }) => path).filter((path) => path.endsWith('kernel')),
      ['first/kernel', 'branch/inner/kernel', 'branch/again/kernel', 'head/a/kernel'],
    );
    assert.deepEqual(
      nested.calls.map(({ name }) => name),
      [
        'first',
        'branch/inner',
        'branch/again',
        'branch/again:1',
        'branch:1/inner',
        'branch:1/again',
        'branch:1/again:1',
        'head/a',
      ],
    );
    assert.deepEqual(nested.outputs, ['head/a']);
  });
  it('are trained, used twice and with a shared layer inside: within 1e-5 of the oracle', () => {
    checkParity(nested, [{ loss: 'SparseCategoricalCrossentropy' }]);
  });
  it('give the shape of the input where the outer model leaves it out', () => {
    const { inputs } = parseModel({ class_name: 'Sequential', config: { layers: [branch, { class_name: 'ReLU' }] } });
    assert.deepEqual(inputs[0]!.spec, { shape: [5] });
  });
  it('are refused with a wrong number of inputs, by name', () => {
    const wrong = functional('outer', { x: [5] }, { branch: entry('Functional', branch.config, [['x'], ['x']]) }, [
      ['branch'],
    ]);
    assert.throws(() => parseModel(wrong), {
      code: 'SHOAL_MODEL',
      operation: 'wire the model "branch"',
      got: '2 inputs',
    });
  });
});

describe('a frozen layer', () => {
  const layers = (frozen: readonly string[]) =>
    parseModel(
      functional(
        'frozen',
        { x: [7, 6, 3] },
        Object.fromEntries(
          Object.entries({
            conv: entry('Conv2D', conv, [['x']]),
            norm: entry('BatchNormalization', {}, [['conv']]),
            depthwise: entry('DepthwiseConv2D', { kernel_size: 3 }, [['norm']]),
            prelu: entry('PReLU', {}, [['depthwise']]),
            flat: entry('Flatten', {}, [['prelu']]),
            middle: entry('Dense', dense(6, { activation: 'relu' }), [['flat']]),
            out: entry('Dense', dense(4), [['middle']]),
          }).map(([name, e]) => [
            name,
            frozen.includes(name) ? { ...e, config: { ...e.config, trainable: false } } : e,
          ]),
        ),
        [['out']],
      ),
    );
  it('in the middle passes gradients on and has none: within 1e-5 of the oracle', () => {
    const { moving } = checkParity(layers(['norm', 'depthwise', 'prelu', 'middle']), [{ loss: 'MeanSquaredError' }]);
    assert.deepEqual(
      moving.map(({ path }) => path),
      ['conv/kernel', 'conv/bias', 'out/kernel', 'out/bias'],
    );
  });
  it('before the first that is trained costs nothing backward', () => {
    const { program } = checkParity(layers(['conv', 'norm', 'depthwise', 'prelu']), [{ loss: 'MeanSquaredError' }]);
    const { calls } = program.plans.train;
    const backward = calls
      .filter(({ pass, layer }) => pass === 'backward' && layer !== 'sums')
      .map((call) => call.layer);
    assert.deepEqual([...new Set(backward)], ['out', 'middle']);
  });
  it('keeps its place in the flat vector, and lies behind all others in memory', () => {
    const { parameters } = segmentsOf(layers(['conv']));
    const [conv, , gamma] = parameters;
    assert.deepEqual([conv!.path, conv!.flat, conv!.frozen], ['conv/kernel', 0, true]);
    assert.deepEqual([gamma!.path, gamma!.at], ['norm/gamma', 0]);
    const memory = parameters.toSorted((a, b) => a.at - b.at);
    assert.deepEqual(
      memory.slice(-2).map(({ path }) => path),
      ['conv/kernel', 'conv/bias'],
    );
  });
});

describe('several inputs and outputs', () => {
  const model = parseModel(
    functional(
      'many',
      { image: [6, 6, 2], more: [4] },
      {
        conv: entry('Conv2D', { ...conv, filters: 2 }, [['image']]),
        flat: entry('Flatten', {}, [['conv']]),
        left: entry('Dense', dense(5), [['flat']]),
        right: entry('Dense', dense(5), [['more']]),
        both: entry('Add', {}, [['left'], ['right']]),
        kind: entry('Dense', dense(3, { activation: 'softmax' }), [['both']]),
        size: entry('Dense', dense(2), [['both']]),
      },
      [['kind'], ['size'], ['left']],
    ),
  );
  it('have one loss each, weighted, one of them on a value that other layers read: within 1e-5 of the oracle', () => {
    checkParity(model, [
      { loss: 'SparseCategoricalCrossentropy', weight: 0.5 },
      { loss: 'MeanSquaredError', weight: 2 },
      { loss: 'MeanSquaredError' },
    ]);
  });
});
