// prepare.test.ts: jobs whose parts do not fit together are refused before anything starts, by name.
import assert from 'node:assert/strict';
import { ShoalError } from '../../base/errors.ts';
import { prepare } from '../../trainer/prepare.ts';
import { convNet, smallDataset, smallJob } from '../support/small-jobs.ts';

const last = (class_name: string, config: object) => [...convNet.slice(0, -1), { class_name, config }];
const refusals: readonly (readonly [
  title: string,
  layers: readonly object[],
  changes: object,
  code: string,
  says: RegExp,
])[] = [
  [
    'softmax losses on images of classes',
    [...convNet.slice(0, -2), { class_name: 'Dense', config: { units: 4, activation: 'softmax' } }],
    {},
    'SHOAL_LOSS',
    /output of shape \(2, 2, 4\)/,
  ],
  [
    'a loss that contains another activation than the last',
    last('Dense', { units: 4, activation: 'sigmoid' }),
    {},
    'SHOAL_LOSS',
    /"softmax"/,
  ],
  ['fewer outputs than classes', last('Dense', { units: 3, activation: 'softmax' }), {}, 'SHOAL_DATA_LABEL', /0 to 3/],
  [
    'precision of several sigmoids',
    last('Dense', { units: 4, activation: 'sigmoid' }),
    { loss: 'binary_crossentropy', metrics: ['accuracy', 'precision'] },
    'SHOAL_METRIC',
    /measure precision/,
  ],
  [
    'top_k of a regression',
    last('Dense', { units: 4 }),
    { loss: 'mean_squared_error', metrics: [{ name: 'top_k', k: 2 }] },
    'SHOAL_METRIC',
    /measure top_2/,
  ],
];

describe('preparing a job', () => {
  for (const [title, layers, changes, code, says] of refusals) {
    it(`refuses ${title}`, () => {
      const job = smallJob(layers, changes);
      assert.throws(
        () => prepare(job, smallDataset(8, 4), { threads: 1 }),
        (error) => error instanceof ShoalError && error.code === code && says.test(error.message),
      );
    });
  }
});
