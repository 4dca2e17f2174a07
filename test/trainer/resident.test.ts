// resident.test.ts: small sets that are kept whole in the memory of the compute threads: the bytes of a run that reads them ahead, without its
// data threads.
import assert from 'node:assert/strict';
import { type Arrays, readerFromArrays } from '../../datasets/from-arrays.ts';
import type { Dataset, Reader } from '../../datasets/reader.ts';
import { createArena } from '../../kernels/arena.ts';
import { copySamples } from '../../trainer/copy-samples.ts';
import type { Job } from '../../trainer/job.ts';
import { prepare } from '../../trainer/prepare.ts';
import { residentBytes, takeResident } from '../../trainer/resident.ts';
import type { SessionOptions } from '../../trainer/session.ts';
import { convNet, smallJob } from '../support/small-jobs.ts';
import { dataset, JOBS, lastEvent, outcome, smallRun } from '../support/small-run.ts';
import { watchThreads } from '../support/watch-threads.ts';

/** As a reader whose samples are fetched. */
const fetched = ({ columns: _, ...reader }: Reader): Reader => reader;
const elsewhere: Dataset = { train: fetched(dataset.train), test: fetched(dataset.test) };

/** Threads that a run starts, and what it left. */
async function threadsOf(job: Job, options: Partial<SessionOptions>) {
  const threads = watchThreads();
  try {
    return { run: await smallRun(job, options), started: threads.started.length };
  } finally {
    threads.stop();
  }
}

describe('a set that is kept whole', () => {
  for (const [name, job] of Object.entries({
    ...JOBS,
    'one-hot': smallJob(convNet, { batch: 10, microShards: 3, loss: 'categorical_crossentropy' }),
    weighted: smallJob(convNet, { batch: 10, sampler: 'balanced' }),
  }))
    it(`gives the bytes of one that is read ahead, in teams of any shape, without a data thread, ${name} job`, async () => {
      const { run, started } = await threadsOf(job, { threads: 1, dataset: elsewhere });
      assert.equal(started, 3, 'one computes, two read');
      assert.equal('samples' in lastEvent(run.events, 'start').memory, false);
      for (const [threads, teamSize] of [
        [1, 1],
        [2, 1],
        [2, 2],
        [4, 2],
        [3, 1],
      ] as const) {
        const kept = await threadsOf(job, { threads, teamSize });
        assert.deepEqual(outcome(kept.run), outcome(run));
        assert.equal(kept.started, threads);
        assert.ok(lastEvent(kept.run.events, 'start').memory['samples']! > 0);
      }
    });

  it('tells that nothing was waited for', async () => {
    const { events } = await smallRun(JOBS.dense);
    const { waited_s, share, stages } = lastEvent(events, 'data');
    assert.deepEqual([waited_s, share, stages], [0, 0, { read: 0, augment: 0 }]);
  });
});

describe('which sets are kept whole', () => {
  const { input } = prepare(JOBS.dense, dataset, { threads: 1 }).program;
  const plain = { augment: [] };
  const pixels = (count: number): Reader => {
    const image = new Uint8Array(64 * count);
    return readerFromArrays({ ...arrays(image, new Int32Array(count)), classes: 4 });
  };
  const arrays = (image: Uint8Array, label: Int32Array): Omit<Arrays, 'classes'> => ({
    fields: { image: { shape: [8, 8, 1], dtype: 'u8' }, label: { shape: [], dtype: 'i32' } },
    data: { image, label },
  });

  it('small ones in memory: at most 64 MiB of both parts together', () => {
    const rows = 2 ** 20 - 4096; // of 68 bytes
    assert.ok(residentBytes({ train: pixels(rows - 70_000), test: pixels(10) }, plain, input) > 0);
    assert.equal(residentBytes({ train: pixels(rows), test: pixels(10) }, plain, input), 0);
  });

  it('none that is fetched or decoded, in either part, nor one that is augmented', () => {
    assert.ok(residentBytes(dataset, plain, input) > 0);
    assert.equal(residentBytes({ ...dataset, train: elsewhere.train }, plain, input), 0);
    assert.equal(residentBytes({ ...dataset, test: elsewhere.test }, plain, input), 0);
    const augment = smallJob(convNet, { augment: [{ class_name: 'RandomHorizontalFlip', config: {} }] });
    assert.equal(residentBytes(dataset, augment, input), 0);
  });
});

describe('samples copied from a table', () => {
  it('are those that read() gives, as transforms make them, of rows of any length, and nothing beside them', () => {
    const count = 9;
    const reader = readerFromArrays({
      fields: {
        image: { shape: [7, 1, 1], dtype: 'u8' },
        x: { shape: [5], dtype: 'f32' },
        label: { shape: [], dtype: 'i32' },
      },
      data: {
        image: Uint8Array.from({ length: 7 * count }, (_, i) => i + 1),
        x: Float32Array.from({ length: 5 * count }, (_, i) => i / 3),
        label: Int32Array.from({ length: count }, (_, i) => i % 3),
      },
      classes: 3,
    });
    const fields = { image: { at: 3, rowBytes: 7 }, x: { at: 64, rowBytes: 20 }, label: { at: 256, rowBytes: 12 } };
    const layout = { leafBytes: 512, fields };
    const arena = createArena(2 ** 16);
    const transforms = [{ transform: 'one_hot', field: 'label', classes: 3 }] as const;
    const table = takeResident(arena, reader, transforms, layout);
    const input = arena.take(512);
    const { i32, u8 } = arena.views;
    const numbers = Uint32Array.of(99, 8, 0, 5, 5, 2);
    u8.fill(0xee, input, input + 512);
    for (const [from, to] of [
      [0, 2],
      [2, 5],
    ] as const)
      copySamples(i32, u8, table, numbers, 1, input, from, to);
    const expected = new Uint8Array(512).fill(0xee);
    numbers.slice(1).forEach((sample, row) => {
      const place = (name: keyof typeof fields): Uint8Array => {
        const { at, rowBytes } = fields[name];
        return expected.subarray(at + row * rowBytes, at + (row + 1) * rowBytes);
      };
      reader.read(sample, { image: place('image'), x: place('x') });
      const shares = Float32Array.from({ length: 3 }, (_, i) => Number(i === sample % 3));
      place('label').set(new Uint8Array(shares.buffer));
    });
    assert.deepEqual(u8.slice(input, input + 512), expected);
  });
});
