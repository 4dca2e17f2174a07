// arrange.test.ts: large jobs fit one memory of 4 GiB, by larger teams and by activations computed again; what is planned is what is
// taken. That the bits stay the same: recompute.test.ts, determinism.test.ts.
import assert from 'node:assert/strict';
import { readerFromArrays } from '../../datasets/from-arrays.ts';
import type { Dataset } from '../../datasets/reader.ts';
import { createEngine } from '../../trainer/engine.ts';
import { parseJob } from '../../trainer/job.ts';
import { prepare } from '../../trainer/prepare.ts';
import { scheduleOf } from '../../trainer/session.ts';
import { firstSnapshot } from '../../trainer/snapshot.ts';
import { convNet, smallDataset, smallJob } from '../support/small-jobs.ts';

const GiB = 2 ** 30;

function images(side: number): Dataset {
  const fields = { image: { shape: [side, side, 3], dtype: 'u8' }, label: { shape: [], dtype: 'i32' } } as const;
  const data = { image: new Uint8Array(2 * side * side * 3), label: Int32Array.of(0, 1) };
  const reader = readerFromArrays({ fields, data, classes: 1000 });
  return { train: reader, test: reader };
}
const dataset = images(224);
const job = (model: object, changes: object) =>
  parseJob(
    {
      model,
      data: { reader: 'arrays' },
      loss: 'sparse_categorical_crossentropy',
      optimizer: 'sgd',
      epochs: 1,
      ...changes,
    },
    'large',
  );
const resnet50 = (changes: object) => job({ builder: 'resnet50' }, { batch: 32, ...changes });

describe('a large job', () => {
  it('ResNet-50 at batch 32 and 224 x 224 fits 4 GiB with Adam on two threads, which share micro-shards where they must', () => {
    const { bytes, machine, program } = prepare(resnet50({ optimizer: 'adam' }), dataset, { threads: 2 });
    assert.ok(bytes <= 4 * GiB, `${bytes / GiB} GiB`);
    assert.deepEqual([program.rows, machine.threads], [16, 2]);
  });

  it('ViT-B/16 at batch 8 and 224 x 224 fits 4 GiB with Adam on two threads, which share its one micro-shard', () => {
    const { bytes, machine } = prepare(job({ builder: 'vit_b16' }, { batch: 8, optimizer: 'adam' }), dataset, {
      threads: 2,
    });
    assert.ok(bytes <= 4 * GiB, `${bytes / GiB} GiB`);
    assert.equal(machine.teamSize, 2);
  });

  it('takes less than half of its activations where they are computed again', () => {
    const of = (recompute: boolean) =>
      prepare(resnet50({ recompute }), dataset, { threads: 2, teamSize: 2 }).program.plans.train.arenaBytes;
    const [whole, again] = [of(false), of(true)];
    assert.ok(again < whole / 2, `${again / GiB} of ${whole / GiB} GiB`);
  });

  for (const numbers of [
    { ranges: 0 },
    { ranges: 200 },
    { ranges: 1.5 },
    { level: -1 },
    { level: 0.5 },
    { teamSize: 0 },
  ])
    it(`refuses ${JSON.stringify(numbers)}, by which nothing could be computed: SHOAL_THREADS`, () => {
      assert.throws(() => prepare(resnet50({}), dataset, { threads: 2, ...numbers }), { code: 'SHOAL_THREADS' });
    });

  it('holds 16 batches at most, 64 of small ones that are computed in a moment, and few of large ones', () => {
    const slotsOf = (model: object, side: number, batch: number) =>
      prepare(job(model, { batch }), images(side), { threads: 2 }).machine.slots;
    const classifier = (layers: readonly object[], side: number) => ({
      class_name: 'Sequential',
      config: {
        layers: [
          { class_name: 'InputLayer', config: { batch_shape: [null, side, side, 3] } },
          ...layers,
          { class_name: 'Flatten', config: {} },
          { class_name: 'Dense', config: { units: 1000, activation: 'softmax' } },
        ],
      },
    });
    const wide = { class_name: 'Conv2D', config: { filters: 256, kernel_size: 7, padding: 'same' } };
    assert.equal(slotsOf(classifier([], 16), 16, 32), 64);
    assert.equal(slotsOf(classifier([wide, wide, wide], 16), 16, 32), 16);
    assert.equal(slotsOf(classifier([], 224), 224, 64), 6); // of 9.2 MiB
    assert.equal(slotsOf(classifier([], 224), 224, 512), 3);
  });

  it('is computed again where larger teams are not enough, and refused where that is forbidden', () => {
    const large = (recompute: unknown) => resnet50({ batch: 64, microShards: 1, recompute });
    assert.ok(prepare(large('auto'), dataset, { threads: 2 }).bytes <= 4 * GiB);
    assert.throws(() => prepare(large(false), dataset, { threads: 2 }), { code: 'SHOAL_MEMORY_TOO_LARGE' });
  });
});

describe('the memory that a plan promises', () => {
  it('is what a run takes, within 10 %', async () => {
    const small = smallJob(convNet, { batch: 64 });
    const data = smallDataset(128, 64);
    const prepared = prepare(small, data, { threads: 2 });
    const schedule = scheduleOf(small, data, prepared, 0, false);
    const observer = {
      saves: false,
      committed() {},
      counted() {},
      async save() {},
      async notFinite() {},
    };
    const engine = await createEngine({
      job: small,
      dataset: data,
      prepared,
      schedule,
      start: firstSnapshot(small),
      observer,
    });
    try {
      await engine.run(new AbortController().signal);
      const { used } = engine.pool.arena;
      assert.ok(used <= prepared.bytes && used >= 0.9 * prepared.bytes, `${used} of ${prepared.bytes}`);
    } finally {
      await engine.close();
    }
  });
});
