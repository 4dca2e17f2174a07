// feed.test.ts: the right samples for each piece of work, read ahead or not, in few slots.
import assert from 'node:assert/strict';
import { draws } from '../../base/random.ts';
import { readerFromArrays } from '../../datasets/from-arrays.ts';
import { sampler } from '../../datasets/sampler.ts';
import { createArena } from '../../kernels/arena.ts';
import { loadKernels } from '../../kernels/load.ts';
import { createFeed, feedBytes } from '../../trainer/feed.ts';
import type { InputLayout } from '../../trainer/plan.ts';
import { rootOf, sharesOf } from '../../trainer/tree.ts';
import { bundlesOf, type Work } from '../../trainer/work.ts';

const [BATCH, SHARDS, SLOTS, SEED] = [10, 4, 3, 5];
/** Sample i: a label that says so, and two random floats. */
const readerOf = (length: number, seed: number) => {
  const word = draws([seed, 0], 0, 0, 0);
  return readerFromArrays({
    fields: { image: { shape: [2], dtype: 'f32' }, label: { shape: [], dtype: 'i32' } },
    data: {
      image: Float32Array.from({ length: 2 * length }, (_, i) => word(i)),
      label: Int32Array.from({ length }, (_, i) => i),
    },
    classes: length,
  });
};
const kernels = loadKernels();
const shuffled = { class_name: 'shuffled', config: {} } as const;
const sides = { gradient: readerOf(57, 1), evaluate: readerOf(23, 2) };
const layout: InputLayout = {
  leafBytes: 192,
  fields: { image: { at: 0, rowBytes: 8 }, label: { at: 128, rowBytes: 4 } },
};
const signal = new AbortController().signal;

function workOf(kind: Work['kind'], epoch: number, step: number): Work {
  const { length } = sides[kind];
  const place = kind === 'gradient' ? step % Math.ceil(length / BATCH) : step;
  const shares = sharesOf(Math.min(BATCH, length - place * BATCH), SHARDS);
  return { kind, epoch, step, node: rootOf(SHARDS), version: 0, shares };
}

for (const level of [0, 1, 2]) {
  describe(`the feed, in bundles of ${2 ** level} leaves`, () => {
    const bundleLayout = { ...layout, leafBytes: layout.leafBytes << level };
    const open = () => {
      const arena = createArena(feedBytes(bundleLayout, SHARDS, SLOTS));
      const { gradient: train, evaluate: test } = sides;
      const common = { batch: BATCH, microShards: SHARDS, level, seed: SEED, slots: SLOTS, threads: 1 };
      return createFeed({
        arena,
        train,
        test,
        transforms: [],
        augment: [],
        sampler: shuffled,
        kernels,
        layout: bundleLayout,
        ...common,
      });
    };
    let feed: ReturnType<typeof open>;
    beforeEach(() => {
      feed = open();
    });
    afterEach(() => feed.close());

    /** Takes a batch, compares every row with what the sampler says, and lets it go. */
    async function check(work: Work): Promise<void> {
      const { length } = sides[work.kind];
      const order = sampler({ length, batch: BATCH, seed: SEED, shuffle: work.kind === 'gradient' });
      const step = work.kind === 'gradient' ? work.step % order.stepsPerEpoch : work.step;
      const expected = order.indices(work.epoch, step);
      const batch = await feed.batch(work, signal);
      const view = new DataView(batch.bytes.buffer, batch.bytes.byteOffset, batch.bytes.byteLength);
      let row = 0;
      bundlesOf(work, level).forEach(({ rows }, i) => {
        for (let r = 0; r < rows; r++) {
          const { image, label } = layout.fields;
          const at = i * bundleLayout.leafBytes;
          const index = expected[row++]!;
          assert.equal(view.getInt32(at + label.at + r * label.rowBytes, true), index);
          const sample = new Float32Array(2);
          sides[work.kind].read(index, { image: new Uint8Array(sample.buffer) });
          assert.equal(view.getFloat32(at + image.at + r * image.rowBytes, true), sample[0]);
        }
      });
      assert.equal(row, expected.length);
      batch.release();
    }
    const epoch = (number: number) => [
      ...Array.from({ length: 6 }, (_, i) => workOf('gradient', number, 6 * number + i)),
      ...Array.from({ length: 3 }, (_, i) => workOf('evaluate', number, i)),
    ];

    it('gives every batch of two epochs and their evaluations, read ahead', async () => {
      const works = [...epoch(0), ...epoch(1)];
      for (const [i, work] of works.entries()) {
        feed.ahead(works.slice(i));
        await check(work);
      }
    });

    it('keeps no slot for batches of steps that are over, and reads ahead again', async () => {
      for (const stale of [workOf('gradient', 0, 1), workOf('evaluate', 0, 0)]) feed.ahead([stale]);
      for (let step = 6; step < 12; step++) {
        const [now, next] = [workOf('gradient', 1, step), workOf('gradient', 1, step + 1)];
        feed.ahead([now, next]);
        await check(now);
        assert.ok(
          feed.waiting().every((work) => work.epoch === 1 && work.step >= step),
          'read, and never asked for',
        );
      }
    });

    it('gives a batch that nobody expected while all slots are read ahead, and the others after it', async () => {
      const works = epoch(0);
      feed.ahead(works);
      await check(workOf('gradient', 1, 9));
      await check(workOf('evaluate', 0, 2));
      for (const work of works) await check(work);
    });
  });
}
