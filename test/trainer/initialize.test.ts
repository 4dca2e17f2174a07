// initialize.test.ts: initializers by their moments and bounds, and that one seed gives one result.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { check } from '../../base/check.ts';
import { initializeParameters } from '../../trainer/initialize.ts';
import { fans, initialize, initializerSchema } from '../../trainer/initializers.ts';
import { elements } from '../../trainer/model.ts';
import { parseModel } from '../../trainer/parse-model.ts';

const problem = { code: 'SHOAL_MODEL', operation: 'read it', hint: 'Look.' } as const;
const read = (value: unknown) => check(initializerSchema('zeros'), value, problem);
const draw = (value: unknown, shape: readonly number[], seed = 1, slot = 0) => {
  const { class_name: className, config } = read(value);
  const out = new Float32Array(elements(shape));
  initialize({ className, config }, shape, seed, slot, out);
  return out;
};
const mean = (x: Float32Array) => x.reduce((sum, v) => sum + v, 0) / x.length;
const deviation = (x: Float32Array) => {
  const center = mean(x);
  return Math.sqrt(mean(x.map((v) => (v - center) ** 2)));
};
const largest = (x: Float32Array) => x.reduce((a, v) => Math.max(a, Math.abs(v)), 0);

const SHAPE = [3, 3, 100, 200];
const [fanIn, fanOut] = [900, 1800];
const middle = (fanIn + fanOut) / 2;
/** [initializer, deviation, bound]; the bound of a truncated normal is two deviations of the normal that is cut. */
const CUT = 0.87962566103423978;
const expectations: readonly [value: unknown, deviation: number, bound: number][] = [
  ['random_uniform', 0.05 / Math.sqrt(3), 0.05],
  ['random_normal', 0.05, 0.3],
  ['truncated_normal', 0.05 * CUT, 0.1],
  ['glorot_uniform', Math.sqrt(1 / middle), Math.sqrt(3 / middle)],
  ['glorot_normal', Math.sqrt(1 / middle), (2 * Math.sqrt(1 / middle)) / CUT],
  ['he_uniform', Math.sqrt(2 / fanIn), Math.sqrt(6 / fanIn)],
  ['he_normal', Math.sqrt(2 / fanIn), (2 * Math.sqrt(2 / fanIn)) / CUT],
  ['lecun_uniform', Math.sqrt(1 / fanIn), Math.sqrt(3 / fanIn)],
  ['lecun_normal', Math.sqrt(1 / fanIn), (2 * Math.sqrt(1 / fanIn)) / CUT],
  [
    { class_name: 'VarianceScaling', config: { scale: 3, mode: 'fan_out', distribution: 'untruncated_normal' } },
    Math.sqrt(3 / fanOut),
    6 * Math.sqrt(3 / fanOut),
  ],
];

describe('initializers', () => {
  for (const [value, expected, bound] of expectations) {
    it(`${JSON.stringify(value)}: mean within 0.01 deviations, deviation within 1 %, all within ${bound.toFixed(4)}`, () => {
      const x = draw(value, SHAPE);
      assert.ok(Math.abs(mean(x)) < 0.01 * expected, `mean ${mean(x)}`);
      assert.ok(Math.abs(deviation(x) / expected - 1) < 0.01, `deviation ${deviation(x)}, expected ${expected}`);
      assert.ok(largest(x) <= Math.fround(bound), `largest ${largest(x)}`);
    });
  }

  it('normal values are spread as a normal: 68.3, 95.4 and 99.7 % within one, two and three deviations, to 0.3 %', () => {
    const x = draw({ class_name: 'RandomNormal', config: { stddev: 1 } }, [200_000]);
    for (const [k, share] of [
      [1, 0.6827],
      [2, 0.9545],
      [3, 0.9973],
    ] as const) {
      assert.ok(Math.abs(x.filter((v) => Math.abs(v) < k).length / x.length - share) < 0.003);
    }
    const lagged = x.subarray(1).reduce((sum, v, i) => sum + v * x[i]!, 0) / x.length;
    assert.ok(Math.abs(lagged) < 0.01, `neighbours correlate: ${lagged}`);
  });

  it('the constant ones are constant', () => {
    assert.deepEqual([...draw('zeros', [3])], [0, 0, 0]);
    assert.deepEqual([...draw('ones', [2])], [1, 1]);
    assert.deepEqual([...draw({ class_name: 'Constant', config: { value: 0.5 } }, [2])], [0.5, 0.5]);
  });

  it('count fans as Keras does', () => {
    assert.deepEqual(fans([]), { fanIn: 1, fanOut: 1 });
    assert.deepEqual(fans([7]), { fanIn: 7, fanOut: 7 });
    assert.deepEqual(fans([3, 5]), { fanIn: 3, fanOut: 5 });
    assert.deepEqual(fans(SHAPE), { fanIn, fanOut });
  });

  it('are read as a name, as a class of Keras and as the VarianceScaling that tfjs writes, with the same values', () => {
    const tfjs = {
      class_name: 'VarianceScaling',
      config: { scale: 1, mode: 'fan_avg', distribution: 'normal', seed: null },
    };
    const keras = {
      module: 'keras.initializers',
      class_name: 'GlorotNormal',
      config: { seed: null },
      registered_name: null,
    };
    for (const value of ['GlorotNormal', keras, tfjs]) {
      assert.deepEqual(draw(value, [4, 5]), draw('glorot_normal', [4, 5]));
    }
    assert.deepEqual(read(undefined), { class_name: 'Zeros', config: {} });
    assert.throws(() => read('orthogonal'), { code: 'SHOAL_MODEL', got: /orthogonal/, expected: /GlorotUniform/ });
    assert.throws(() => read({ class_name: 'HeNormal', config: { scale: 1 } }), { got: /"scale"/ });
  });

  it('give one result for a seed and a slot, and another for others; a seed of their own stands in for the job', () => {
    const first = draw('he_normal', [50]);
    assert.deepEqual(draw('he_normal', [50]), first);
    assert.notDeepEqual(draw('he_normal', [50], 2), first);
    assert.notDeepEqual(draw('he_normal', [50], 1, 1), first);
    const own = { class_name: 'HeNormal', config: { seed: 1 } };
    assert.deepEqual(draw(own, [50], 99), first);
  });
});

describe('the first parameters of a model', () => {
  const model = parseModel({
    class_name: 'Sequential',
    config: {
      layers: [
        { class_name: 'InputLayer', config: { shape: [30] } },
        {
          class_name: 'Dense',
          config: { units: 20, kernel_initializer: 'truncated_normal', bias_initializer: 'ones' },
        },
        { class_name: 'Dense', config: { units: 20 } },
      ],
    },
  });

  it('lie in Keras order and have the bits of a golden hash', () => {
    const flat = initializeParameters(model, 5);
    assert.equal(flat.length, 30 * 20 + 20 + 20 * 20 + 20);
    assert.deepEqual([...flat.subarray(600, 620)], Array(20).fill(1));
    assert.deepEqual(flat.subarray(0, 600), draw('truncated_normal', [30, 20], 5, 0));
    assert.deepEqual(flat.subarray(620, 1020), draw('glorot_uniform', [20, 20], 5, 2));
    const bytes = new Uint8Array(flat.buffer);
    assert.deepEqual(new Uint8Array(initializeParameters(model, 5).buffer), bytes);
    assert.equal(createHash('sha256').update(bytes).digest('hex').slice(0, 16), '95df432b20b21bf2');
  });
});
