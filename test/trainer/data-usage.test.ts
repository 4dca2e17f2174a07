// data-usage.test.ts: the share of time that training waits for data: told epoch by epoch, with its stage, and what is shown of it.
import assert from 'node:assert/strict';
import { waitedText, waitText } from '../../bin/output/data-text.ts';
import { readerFromArrays } from '../../datasets/from-arrays.ts';
import { createArena } from '../../kernels/arena.ts';
import { loadKernels } from '../../kernels/load.ts';
import { createDataUsage } from '../../trainer/data-usage.ts';
import type { DataEvent } from '../../trainer/events.ts';
import { createFeed, feedBytes } from '../../trainer/feed.ts';
import { parseJob } from '../../trainer/job.ts';
import { runSession } from '../../trainer/session.ts';
import { rootOf, sharesOf } from '../../trainer/tree.ts';
import type { Work } from '../../trainer/work.ts';

const event: DataEvent = {
  event: 'data',
  epoch: 2,
  wall_s: 10,
  waited_s: 3.1,
  share: 0.31,
  stages: { read: 1, augment: 9 },
  bottleneck: 'augment',
  data_threads: 1,
};

const images = (count: number) =>
  readerFromArrays({
    fields: { image: { shape: [40, 40, 3], dtype: 'u8' }, label: { shape: [], dtype: 'i32' } },
    data: {
      image: Uint8Array.from({ length: count * 4800 }, (_, i) => i & 255),
      label: Int32Array.from({ length: count }, (_, i) => i % 3),
    },
    classes: 3,
  });

describe('the time that training waits for data', () => {
  it('is told for each epoch apart, with the longest stage from 5 % on', () => {
    const usages = [
      { wall: 1000, waited: 40, stages: { read: 30, augment: 20 } },
      { wall: 3000, waited: 540, stages: { read: 80, augment: 620 } },
    ];
    const tell = createDataUsage(() => usages.shift()!, 2);
    const first = { ...event, epoch: 1, wall_s: 1, waited_s: 0.04, share: 0.04, bottleneck: null, data_threads: 2 };
    assert.deepEqual(tell(1), { ...first, stages: { read: 0.03, augment: 0.02 } });
    const second = { ...event, wall_s: 2, waited_s: 0.5, share: 0.25, data_threads: 2 };
    assert.deepEqual(tell(2), { ...second, stages: { read: 0.05, augment: 0.6 } });
  });

  it('counts no time in which an earlier batch is computed', async () => {
    const [BATCH, SHARDS] = [8, 2];
    const layout = {
      leafBytes: 4 * 4800 + 64,
      fields: { image: { at: 0, rowBytes: 4800 }, label: { at: 4 * 4800, rowBytes: 4 } },
    };
    const arena = createArena(feedBytes(layout, SHARDS, 3));
    const set = images(64);
    const common = { arena, train: set, test: set, transforms: [], augment: [], kernels: loadKernels(), layout };
    const sampler = { class_name: 'shuffled', config: {} } as const;
    const sizes = { batch: BATCH, microShards: SHARDS, level: 0, seed: 1, slots: 3, threads: 1 };
    const feed = createFeed({ ...common, sampler, ...sizes });
    const { signal } = new AbortController();
    const work = (step: number): Work => {
      const shares = sharesOf(BATCH, SHARDS);
      return { kind: 'gradient', epoch: 0, step, node: rootOf(SHARDS), version: 0, shares };
    };
    try {
      assert.deepEqual(feed.usage(), { wall: 0, waited: 0, stages: { read: 0, augment: 0 } });
      const first = await feed.batch(work(0), signal);
      assert.equal(feed.usage().waited, 0, 'threads start before the first');
      const second = await feed.batch(work(1), signal);
      assert.equal(feed.usage().waited, 0, 'the first is being computed');
      first.release();
      second.release();
      await feed.batch(work(2), signal);
      const { waited, wall, stages } = feed.usage();
      assert.ok(waited > 0 && waited <= wall && stages.read > 0 && stages.augment === 0);
    } finally {
      await feed.close();
    }
  });

  it('is a line of the epoch that waited, with what helps, and a figure of the run', () => {
    assert.match(waitText(event)!, /^waited 31 % of the time for data: augmenting\. What helps: --data-threads 2 /);
    assert.match(waitText({ ...event, bottleneck: 'read' })!, /: reading\. .*--encode raw; .*SHOAL_PIXELS_MIB$/);
    assert.equal(waitText({ ...event, bottleneck: null, share: 0.04 }), null);
    assert.equal(waitedText([event, { ...event, waited_s: 0.9 }]), 'waited for 20 % of the time: augmenting');
    assert.equal(waitedText([{ ...event, waited_s: 0.04 }]), 'waited for 0.4 % of the time');
    assert.equal(waitedText([]), null);
  });

  it('stands in the events of a run, and a second data thread changes no bit', async () => {
    const job = parseJob(
      {
        name: 'fed',
        model: {
          class_name: 'Sequential',
          config: {
            layers: [
              { class_name: 'Flatten', config: { batch_input_shape: [null, 24, 24, 3] } },
              { class_name: 'Dense', config: { units: 3, activation: 'softmax' } },
            ],
          },
        },
        data: { reader: 'arrays' },
        augment: [{ class_name: 'RandomResizedCrop', config: { size: 24 } }],
        loss: 'sparse_categorical_crossentropy',
        optimizer: 'sgd',
        batch: 8,
        epochs: 2,
        seed: 1,
      },
      'the test',
    );
    const dataset = { train: images(32), test: images(8) };
    const hashes: string[] = [];
    for (const dataThreads of [1, 2]) {
      const told: DataEvent[] = [];
      const onEvent = (one: { event: string }) => void (one.event === 'data' && told.push(one as DataEvent));
      const { done } = await runSession({ job, dataset, threads: 1, dataThreads, onEvent });
      assert.deepEqual(
        told.map(({ epoch, data_threads }) => [epoch, data_threads]),
        [1, 2].map((epoch) => [epoch, dataThreads]),
      );
      assert.ok(told.every(({ share }) => share >= 0 && share <= 1));
      assert.ok(
        told.some(({ stages }) => stages.augment > 0),
        'of one epoch or the other: batches are read ahead',
      );
      hashes.push(done.parameters_sha256);
    }
    assert.equal(hashes[0], hashes[1]);
  });
});
