// reference.test.ts: the reference micro-shard of a deep network, by our kernels and by tfjs: what the joining gate sees of rounding.
import assert from 'node:assert/strict';
import { executorOf } from '../../bin/input/executor.ts';
import { arithmetic } from '../../cluster/profile.ts';
import { ownReference, referenceBy } from '../../cluster/reference.ts';
import { differenceOf } from '../../cluster/sketch.ts';
import { readerFromArrays } from '../../datasets/from-arrays.ts';
import { parseJob } from '../../trainer/job.ts';
import { prepare } from '../../trainer/prepare.ts';

describe('the reference micro-shard', function () {
  this.timeout(60_000);

  it('of a ResNet-18 differs by less than 1e-5 between our kernels and tfjs, and has other sums from another seed', async () => {
    const input = [12, 12, 3];
    const reader = readerFromArrays({
      fields: { image: { shape: input, dtype: 'u8' }, label: { shape: [], dtype: 'i32' } },
      data: { image: new Uint8Array(4 * 432), label: new Int32Array(4) },
      classes: 4,
    });
    const of = (seed: number) => {
      const job = parseJob(
        {
          model: { builder: 'resnet18', stem: 'small', width: 0.0625, input, classes: 4 },
          data: { reader: 'arrays' }, // the samples above stand for it
          loss: 'sparse_categorical_crossentropy',
          optimizer: 'sgd',
          ...{ batch: 4, microShards: 1, epochs: 1, seed, tolerance: 1e-3 },
        },
        'deep',
      );
      const prepared = prepare(job, { train: reader, test: reader }, { threads: 1, level: 0 });
      return { job, prepared, ours: ownReference(job, prepared, arithmetic().kernels).sketch };
    };
    const { job, prepared, ours } = of(1);
    const executor = (await executorOf('tfjs-cpu'))!.of(job).create(prepared);
    const theirs = await referenceBy(executor, job, prepared).finally(() => executor.close());
    const difference = differenceOf(theirs.sketch, ours);
    assert.ok(difference > 0 && difference < 1e-5, `${difference}`);
    assert.ok(differenceOf(of(2).ours, ours) > 0.5);
  });
});
