// losses.test.ts: every loss of the registry passes the suite of layers, from probabilities and from logits.

import { type LossName, losses } from '../../trainer/losses/index.ts';
import { type LayerCase, layerSuite, type Node } from '../cases/layer.ts';

const hidden: Node = ['Dense', { units: 6, activation: 'tanh' }];
const dense = (units: number, activation: string): Node => ['Dense', { units, activation }];
const SHARES = [[1], [2, 1], [8], [9, 8], [17, 17, 16]] as const;

/** Models that end in the loss's activation, and models that leave it to the loss. */
function casesOf(loss: LossName, outputs: readonly number[]): readonly LayerCase[] {
  const { activation } = losses[loss].kind;
  const each = (title: string, last: string, fromLogits: boolean) =>
    outputs.map(
      (units, i): LayerCase => ({
        title: `${units} outputs${title}`,
        input: [5],
        layers: [hidden, dense(units, last)],
        shares: SHARES[i % SHARES.length]!,
        loss,
        fromLogits,
      }),
    );
  if (activation === null) return [...each('', 'linear', false), ...each(' of a softmax', 'softmax', false)];
  return [...each('', activation, false), ...each(' from logits', 'linear', true)];
}

const images: Readonly<Record<'BinaryCrossentropy' | 'MeanSquaredError', readonly LayerCase[]>> = {
  BinaryCrossentropy: [
    {
      title: 'an image of sigmoids behind convolutions',
      input: [4, 5, 2],
      layers: [
        ['Conv2D', { filters: 3, kernel_size: 3, padding: 'same', activation: 'relu' }],
        ['Conv2D', { filters: 2, kernel_size: 3, padding: 'same', activation: 'sigmoid' }],
      ],
      loss: 'BinaryCrossentropy',
    },
  ],
  MeanSquaredError: [
    {
      title: 'an image behind convolutions',
      input: [4, 5, 2],
      layers: [
        ['Conv2D', { filters: 3, kernel_size: 3, padding: 'same', activation: 'relu' }],
        ['Conv2D', { filters: 2, kernel_size: 3, padding: 'same', activation: 'relu' }],
      ],
      loss: 'MeanSquaredError',
    },
  ],
};

/** Those without a case of their own: a row of classes, and an image where a row is more than its last axis. */
const others = (loss: LossName, last = 'linear'): readonly LayerCase[] => [
  { title: '5 outputs', input: [5], layers: [hidden, dense(5, last)], loss, shares: [8] },
  { title: '17 outputs', input: [5], layers: [hidden, dense(17, last)], loss },
];
const withOptions = (c: LayerCase, lossConfig: object): LayerCase => ({
  ...c,
  title: `${c.title} ${JSON.stringify(lossConfig)}`,
  lossConfig,
});

const cases: Readonly<Record<LossName, readonly LayerCase[]>> = {
  SparseCategoricalCrossentropy: [
    ...casesOf('SparseCategoricalCrossentropy', [2, 3, 10, 16, 17]),
    ...casesOf('SparseCategoricalCrossentropy', [3]).map((c) =>
      withOptions(c, { label_smoothing: 0.2, class_weight: [0.5, 2, 3] }),
    ),
  ],
  CategoricalCrossentropy: [
    ...casesOf('CategoricalCrossentropy', [2, 3, 10, 16, 17]),
    ...casesOf('CategoricalCrossentropy', [3]).map((c) =>
      withOptions(c, { label_smoothing: 0.2, class_weight: [0.5, 2, 3] }),
    ),
  ],
  BinaryCrossentropy: [
    ...casesOf('BinaryCrossentropy', [1, 2, 5, 16, 17]),
    ...images.BinaryCrossentropy,
    ...casesOf('BinaryCrossentropy', [1]).map((c) => withOptions(c, { label_smoothing: 0.2, class_weight: [0.5, 3] })),
  ],
  CategoricalFocalCrossentropy: [
    ...casesOf('CategoricalFocalCrossentropy', [5]),
    ...casesOf('CategoricalFocalCrossentropy', [3]).map((c) => withOptions(c, { alpha: 0.5, gamma: 1.5 })),
  ],
  BinaryFocalCrossentropy: [
    ...casesOf('BinaryFocalCrossentropy', [5]),
    ...casesOf('BinaryFocalCrossentropy', [1]).map((c) =>
      withOptions(c, { apply_class_balancing: true, gamma: 1.5, label_smoothing: 0.1 }),
    ),
  ],
  MeanSquaredError: [...casesOf('MeanSquaredError', [1, 2, 5, 16, 17]), ...images.MeanSquaredError],
  MeanAbsoluteError: others('MeanAbsoluteError'),
  Huber: others('Huber').map((c) => withOptions(c, { delta: 0.5 })),
  LogCosh: others('LogCosh'),
  Hinge: others('Hinge'),
  SquaredHinge: others('SquaredHinge'),
  CategoricalHinge: others('CategoricalHinge'),
  KLDivergence: others('KLDivergence', 'softmax'),
  Poisson: others('Poisson', 'softmax'),
  CosineSimilarity: others('CosineSimilarity'),
};

for (const [name, list] of Object.entries(cases)) layerSuite(`loss ${name}`, list);
