// rates.test.ts: learning rates that differ from layer to layer: steps are as long as the factors say, in one process and in servers.
import assert from 'node:assert/strict';
import { piecesOf } from '../../cluster/flat-ranges.ts';
import type { FlatRange } from '../../cluster/messages.ts';
import { createRangeServer } from '../../cluster/range-server.ts';
import { loadKernels } from '../../kernels/load.ts';
import { lengthOf, trainedOf } from '../../trainer/contribution.ts';
import { optimizerOf } from '../../trainer/optimizers/index.ts';
import { pacesOf, withPaces } from '../../trainer/rates.ts';
import { firstSnapshot } from '../../trainer/snapshot.ts';
import { scalarsOf } from '../../trainer/step-scalars.ts';
import { segmentsOf } from '../../trainer/weights.ts';
import { convNet, smallJob } from '../support/small-jobs.ts';
import { dataset, outcome, smallRun } from '../support/small-run.ts';

const RATES = [
  { layers: 'conv*', factor: 0.25 },
  { layers: 'conv2d_1', factor: 3 },
];
/** One step of all samples. */
const job = (optimizer: unknown, rates: typeof RATES) =>
  smallJob(convNet, { batch: dataset.train.length, epochs: 1, optimizer, rates });

for (const optimizer of ['adam', { class_name: 'SGD', config: { learning_rate: 0.1 } }]) {
  it(`a step of ${typeof optimizer === 'string' ? optimizer : 'SGD'} is as long as the last pattern says, within 1e-4`, async () => {
    const plain = await smallRun(job(optimizer, []));
    const rated = await smallRun(job(optimizer, RATES));
    const first = firstSnapshot(job(optimizer, []));
    for (const { path, flat, length } of segmentsOf(job(optimizer, []).model).parameters) {
      const factor = path.startsWith('conv2d_1/') ? 3 : path.startsWith('conv2d/') ? 0.25 : 1;
      const moved = (run: typeof plain) =>
        Array.from({ length }, (_, i) => run.weights.parameters[flat + i]! - first.parameters[flat + i]!);
      const [a, b] = [moved(plain), moved(rated)];
      const error = Math.hypot(...b.map((v, i) => v - factor * a[i]!)) / Math.hypot(...a);
      assert.ok(error <= 1e-4 * factor + 1e-6, `${path}: ${error}`);
    }
  });
}

describe('learning rates by layer', () => {
  it('give the same hashes with other threads and ranges', async () => {
    const rated = smallJob(convNet, { batch: 10, microShards: 4, rates: RATES });
    const expected = outcome(await smallRun(rated, { threads: 1 }));
    assert.deepEqual(outcome(await smallRun(rated, { threads: 2, ranges: 3 })), expected);
    assert.notDeepEqual(outcome(await smallRun({ ...rated, rates: [] }, { threads: 1 })), expected);
  });

  it('are the same bits in a server, which makes its numbers from the rate that it is told, and in two servers that each lack a factor', () => {
    const rated = job('adam', RATES);
    const segments = withPaces(segmentsOf(rated.model).weights, rated);
    const optimizer = optimizerOf(rated.optimizer.class_name);
    const { config: optimizerConfig } = rated.optimizer;
    const length = lengthOf(trainedOf(segments));
    const server = (factors: typeof segments, range: FlatRange) => {
      const options = { phases: [factors], optimizer, optimizerConfig, microShards: 1, range, kernels: loadKernels() };
      const own = createRangeServer(options);
      const sums = Float32Array.from({ length }, (_, i) => 1 + (i % 7));
      own.load(0, 0, range.from, firstSnapshot(rated).parameters.subarray(range.from, range.to));
      own.store({ level: 0, index: 0 }, range.from, sums.subarray(range.from, range.to));
      const scalars = scalarsOf(optimizer, optimizerConfig, { samples: 2, batch: 2 }, 1).map(Math.fround);
      own.apply({ version: 0, phase: 0, nodes: [{ level: 0, index: 0 }], leaves: 1, scalars, votes: [] });
      return own.read(1, 0);
    };
    const whole = { from: 0, to: length };
    const [plain, slow] = [server(segmentsOf(rated.model).weights, whole), server(segments, whole)];
    const { flat: cut } = segments.find(({ path }) => path === 'conv2d_1/kernel')!;
    const ranges = [
      { from: 0, to: cut }, // has the factors 1 and 0.25
      { from: cut, to: length }, // has 1 and 3
    ];
    const found = ranges.map((range) => pacesOf(piecesOf(segments, range)).map(({ factor }) => factor));
    assert.deepEqual(
      [pacesOf(segments).map(({ factor }) => factor), ...found],
      [
        [1, 0.25, 3],
        [1, 0.25],
        [1, 3],
      ],
    );
    assert.deepEqual(
      ranges.flatMap((range) => [...server(segments, range)]),
      [...slow],
      'two owners, neither of which has all factors',
    );
    const first = firstSnapshot(rated).parameters;
    for (const [i, factor] of [
      [0, 0.25],
      [segments.find(({ path }) => path === 'conv2d_1/kernel')!.flat, 3],
      [length - 1, 1],
    ] as const)
      assert.ok(Math.abs((slow[i]! - first[i]!) / (plain[i]! - first[i]!) / factor - 1) <= 1e-3, `${i}`);
  });
});
