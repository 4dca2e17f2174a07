// custom-loss.test.ts: losses that users write, beside the one of ours that they copy; modules by their hashes; refusals.
import assert from 'node:assert/strict';
import { appendFileSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { draws, unit } from '../../base/random.ts';
import { readJob } from '../../bin/input/read-job.ts';
import { registerLoss } from '../../index.ts';
import { jobHash, jobToJson } from '../../trainer/job.ts';
import { lossOf, lossSchema } from '../../trainer/losses/index.ts';
import { withModules } from '../../trainer/modules.ts';
import { train } from '../../trainer/train-model.ts';
import { modelOf } from '../cases/layer.ts';
import { differencesError, noise } from '../support/own-gradients.ts';
import { useModules } from '../support/own-modules.ts';

const module = fileURLToPath(new URL('fixtures/own-losses.ts', import.meta.url));
const layer = (class_name: string, config: object) => ({ class_name, config });
const model = {
  class_name: 'Sequential',
  config: {
    name: 'own',
    layers: [
      layer('InputLayer', { batch_shape: [null, 6] }),
      layer('Dense', { units: 9, activation: 'tanh' }),
      layer('Dense', { units: 5 }),
    ],
  },
};
const random = draws([4, 1], 0, 0, 0);
const samples = {
  images: Float32Array.from({ length: 6 * 43 }, (_, i) => unit(random(i)) - 0.5),
  labels: Int32Array.from({ length: 43 }, (_, i) => random(1000 + i) % 5),
};
const run = (loss: string | { class_name: string; config: object }, threads: number) =>
  train(model, { train: samples, test: samples }, { loss, threads, batch: 12, microShards: 5, epochs: 2, metrics: [] });

describe('losses of users', () => {
  useModules(module);

  for (const class_weight of [null, [0.5, 0, 1, 2, 4]])
    for (const [name, threads] of [
      ['OwnSquares', 1],
      ['OwnSquares', 3],
      ['own_class_squares', 2],
    ] as const)
      it(`${name} on ${threads} threads${class_weight ? ' with weights of classes' : ''}: the bytes of MeanSquaredError, its loss within 1e-12`, async () => {
        const config = { class_weight };
        const expected = await run({ class_name: 'MeanSquaredError', config }, 1);
        const actual = await run({ class_name: name, config }, threads);
        assert.deepEqual(actual.hashes, expected.hashes);
        const [a, b] = [actual.metrics['loss'] as number, expected.metrics['loss'] as number];
        assert.ok(Math.abs(a - b) < 1e-12 * b, `${a} beside ${b}`);
      });

  it('give gradients within 1e-3 of central differences, with weights of classes too; a wrong one is found', () => {
    const small = modelOf(
      [6],
      [
        ['Dense', { units: 5, activation: 'tanh' }],
        ['Dense', { units: 5 }],
      ],
    );
    const values = noise(9 * 5, 2);
    const classes = Int32Array.from({ length: 9 }, (_, i) => (i * 3) % 5);
    for (const [name, labels, class_weight] of [
      ['OwnSquares', values, null],
      ['OwnClassSquares', classes, [0.5, 0, 1, 2, 4]],
    ] as const) {
      const error = differencesError(
        small,
        lossOf(lossSchema.parse({ class_name: name, config: { class_weight } })),
        labels,
      );
      assert.ok(error <= 1e-3, `${name}: off by ${error}`);
    }
    const wrong = differencesError(small, lossOf(lossSchema.parse('OwnHalfSquares')), values);
    assert.ok(wrong > 0.4, `only off by ${wrong}`);
  });

  it('take their options alone, and are refused under the name of another', async () => {
    await assert.rejects(run({ class_name: 'OwnSquares', config: { powers: 3 } }, 1), {
      got: /"powers"/,
      expected: /power/,
    });
    await assert.rejects(run('NoSuchLoss', 1), { code: 'SHOAL_JOB', expected: /OwnSquares/ });
    const mine = { module: import.meta.url, loss: () => 0, gradient() {} };
    assert.throws(() => registerLoss({ ...mine, className: 'Huber' }), { code: 'SHOAL_LOSS', got: /Huber/ });
    assert.throws(() => registerLoss({ ...mine, className: 'OwnSquares' }), { code: 'SHOAL_LOSS', got: /own-losses/ });
  });

  it('come by the modules that a job names, whose contents are part of the job', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'shoal-modules-'));
    try {
      const empty = (name: string) => writeFileSync(join(folder, name), 'export {};\n');
      const job = { model, data: { reader: 'digits' }, loss: 'mse_of_ours', optimizer: 'sgd', epochs: 1 };
      const write = (more: object) => writeFileSync(join(folder, 'job.json'), JSON.stringify({ ...job, ...more }));
      const read = async () => (await readJob(join(folder, 'job.json'), {})).job;
      empty('a.ts');
      empty('b.ts');
      copyFileSync(module, join(folder, 'own.ts')); // never imported: it is what the hash is not of
      write({ loss: 'OwnSquares', modules: ['./a.ts'] });
      const first = await read();
      write({ loss: 'OwnSquares', modules: ['./b.ts'] });
      assert.equal(await jobHash(await read()), await jobHash(first), 'the same contents elsewhere');
      assert.notEqual(await jobHash({ ...first, modules: [] }), await jobHash(first));
      const json = jobToJson(first);
      assert.deepEqual(await withModules(json, (path) => path), json);
      appendFileSync(join(folder, 'a.ts'), '// changed\n');
      const { sha256 } = first.modules[0]!;
      await assert.rejects(
        withModules(json, (path) => path),
        { code: 'SHOAL_MODULE', got: /[0-9a-f]{64}/, expected: new RegExp(sha256!) },
      );
      write({ modules: ['./c.ts'] });
      await assert.rejects(read(), { code: 'SHOAL_MODULE', operation: /c\.ts/ });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
