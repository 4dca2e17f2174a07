// steps.test.ts: the first steps of small jobs, through threads, store and feed, beside the float64 oracle: each optimizer,
// dropout's draws, ragged batches. The example jobs: examples.test.ts.
import assert from 'node:assert/strict';
import type { Job } from '../../trainer/job.ts';
import { segmentsOf } from '../../trainer/weights.ts';
import { relativeError } from '../support/compare.ts';
import { byPath } from '../support/parity.ts';
import { convNet, mlp, smallDataset, smallJob } from '../support/small-jobs.ts';
import { oracleSteps, runSteps } from '../support/steps.ts';

const schedule = {
  class_name: 'PolynomialDecay',
  config: { initial_learning_rate: 0.1, decay_steps: 2, end_learning_rate: 0.01, power: 0.5 },
};
const optimizers: readonly (readonly [class_name: string, config: object])[] = [
  ['SGD', { learning_rate: 0.1 }],
  ['SGD', { learning_rate: 0.1, weight_decay: 0.1 }],
  ['SGD', { learning_rate: 0.1, momentum: 0.9 }],
  ['SGD', { learning_rate: 0.1, momentum: 0.9, weight_decay: 0.1 }],
  ['SGD', { learning_rate: 0.1, momentum: 0.8, nesterov: true, weight_decay: 0.1 }],
  ['Adam', { learning_rate: 0.01 }],
  ['Adam', { learning_rate: 0.01, beta_1: 0.8, beta_2: 0.9, epsilon: 1e-3, weight_decay: 0.1 }],
  ['AdamW', { learning_rate: 0.01, exclude_from_weight_decay: ['bias', 'dense/'] }],
  ['Adam', { learning_rate: 0.01, amsgrad: true, weight_decay: 0.1 }],
  ['Nadam', { learning_rate: 0.01, weight_decay: 0.1 }],
  ['Adamax', { learning_rate: 0.01, weight_decay: 0.1 }],
  ['RMSprop', { learning_rate: 0.01, weight_decay: 0.1, epsilon: 1e-3 }],
  ['RMSprop', { learning_rate: 0.01, momentum: 0.9, epsilon: 1e-3 }],
  ['RMSprop', { learning_rate: 0.01, centered: true, epsilon: 1e-3 }],
  ['RMSprop', { learning_rate: 0.01, centered: true, momentum: 0.9, epsilon: 1e-3 }],
  ['Adagrad', { learning_rate: 0.01 }],
  ['Adadelta', { learning_rate: 1, weight_decay: 0.1 }],
  ['SGD', { learning_rate: schedule, momentum: 0.9, weight_decay: 0.1 }],
  ['Lamb', { learning_rate: 0.01, weight_decay: 0.1, exclude_from_weight_decay: ['bias'] }],
  ['LARS', { weight_decay: 0.05, exclude_from_weight_decay: ['bias'], trust_coefficient: 0.02 }],
  ['LARS', { nesterov: true, weight_decay: 0.05, clipnorm: 0.1 }],
  ['Adam', { learning_rate: 0.01, clipvalue: 0.01, epsilon: 1e-3 }],
  ['SGD', { learning_rate: 0.1, momentum: 0.9, global_clipnorm: 0.2 }],
  ['SGD', { learning_rate: 0.1, use_ema: true, ema_momentum: 0.8, ema_overwrite_frequency: 2 }],
];

/** Over batches of one size: then the mean over all samples, which an update takes here, is Keras' mean of the batches' means. */
const gathered: readonly (readonly [class_name: string, config: object])[] = [
  ['Adam', { learning_rate: 0.01, epsilon: 1e-3, gradient_accumulation_steps: 3 }],
  ['SGD', { learning_rate: schedule, gradient_accumulation_steps: 2, clipnorm: 0.1, momentum: 0.9 }],
  ['Lamb', { gradient_accumulation_steps: 2, clipvalue: 0.01, use_ema: true, ema_overwrite_frequency: 1 }],
];

/** Labels reach these as one-hot rows. */
const losses: readonly (readonly [loss: object, activation: string])[] = [
  [{ class_name: 'CategoricalCrossentropy', config: { from_logits: true } }, 'linear'],
  [{ class_name: 'BinaryCrossentropy', config: {} }, 'sigmoid'],
  [{ class_name: 'MeanSquaredError', config: {} }, 'tanh'],
];

async function checkSteps(job: Job): Promise<void> {
  const dataset = smallDataset(32, 4);
  const { parameters: segments } = segmentsOf(job.model);
  const actual = await runSteps(job, dataset);
  assert.equal(actual.length, Math.ceil(32 / job.batch));
  for (const [step, expected] of oracleSteps(job, dataset).entries()) {
    const loss = relativeError([actual[step]!.loss], [expected.loss]);
    assert.ok(loss <= 1e-5, `loss of step ${step + 1}: relative error ${loss}`);
    const ours = byPath(segments, actual[step]!.parameters);
    for (const [path, { data }] of Object.entries(byPath(segments, expected.parameters))) {
      const error = relativeError(ours[path]!.data, data);
      assert.ok(error <= 1e-5, `${path} after step ${step + 1}: relative error ${error}`);
    }
  }
}

const ragged = { batch: 13, microShards: 4, epochs: 1, seed: 5 };

describe('three steps of a run', () => {
  for (const [i, [class_name, config]] of optimizers.entries()) {
    const [title, layers] = i % 2 === 0 ? (['convolutions', convNet] as const) : (['an MLP', mlp] as const);
    it(`of ${title} with dropout and ${class_name} ${JSON.stringify(config)}: within 1e-5 of the float64 oracle`, () =>
      checkSteps(smallJob(layers, { optimizer: { class_name, config }, ...ragged })));
  }

  for (const [class_name, config] of gathered)
    it(`and a fourth, of batches of one size, with ${class_name} ${JSON.stringify(config)}: within 1e-5 of the float64 oracle`, () =>
      checkSteps(smallJob(mlp, { optimizer: { class_name, config }, ...ragged, batch: 8 })));

  for (const [loss, activation] of losses) {
    const last = { class_name: 'Dense', config: { units: 4, activation } };
    it(`towards ${JSON.stringify(loss)}: within 1e-5 of the float64 oracle`, () =>
      checkSteps(smallJob([...mlp.slice(0, -1), last], { loss, optimizer: 'sgd', ...ragged })));
  }
});
