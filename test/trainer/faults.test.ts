// faults.test.ts: what a run does when something breaks: it ends soon, with its reason, and with nothing bad on the disk. Where a
// compute thread dies: dead-thread.test.ts.
import assert from 'node:assert/strict';
import { readerFromArrays } from '../../datasets/from-arrays.ts';
import type { Dataset } from '../../datasets/reader.ts';
import type { RunEvent } from '../../trainer/events.ts';
import { prepare } from '../../trainer/prepare.ts';
import { allFinite, numbersOf } from '../../trainer/snapshot.ts';
import { brokenDataset, gatedDataset } from '../support/hooked-dataset.ts';
import { convNet, mlp, smallDataset, smallJob } from '../support/small-jobs.ts';
import { JOBS, lastEvent, outcome, type SmallRun, smallRun } from '../support/small-run.ts';
import { leavesNothing } from '../support/watch-threads.ts';

const job = { ...JOBS.convolutional, epochs: 8 };
let whole: Promise<SmallRun>;
/** The run that nothing disturbs. */
const undisturbed = () => {
  whole ??= smallRun(job);
  return whole;
};

describe('faults', () => {
  const watch = leavesNothing();

  describe('a data thread that cannot read a sample', () => {
    it('ends the run with its reason and a checkpoint of what was computed, from which it ends with the same bytes', async () => {
      const saved: SmallRun['saved'][number][] = [];
      const whole = smallDataset(400, 10);
      const of = { ...JOBS.dense, epochs: 3 };
      const expected = outcome(await smallRun(of, { dataset: whole }));
      const run = smallRun(of, {
        dataset: { train: brokenDataset(whole.train, 39, 3), test: whole.test },
        onSave: async (snapshot) => {
          saved.push(snapshot);
        },
      });
      await assert.rejects(run, { code: 'SHOAL_DATA_SAMPLE' });
      const start = saved.at(-1)!;
      assert.ok(start.version >= 34, 'the first epoch was whole');
      assert.deepEqual(outcome(await smallRun(of, { dataset: whole, start })), expected);
    });
  });

  /** Images of 8 x 8 f32, of which one value may be NaN. */
  function floats(bad: { readonly train?: number; readonly test?: number } = {}): Dataset {
    const make = (length: number, nan: number | undefined) => {
      const image = Float32Array.from({ length: 64 * length }, (_, i) => Math.sin(i));
      if (nan !== undefined) image[nan] = Number.NaN;
      const label = Int32Array.from({ length }, (_, i) => i & 3);
      return readerFromArrays({
        fields: { image: { shape: [8, 8, 1], dtype: 'f32' }, label: { shape: [], dtype: 'i32' } },
        data: { image, label },
        classes: 4,
      });
    };
    return { train: make(43, bad.train), test: make(23, bad.test) };
  }

  describe('a loss that is NaN', () => {
    /** The fatal problem of a run that must fail, and what it saved. */
    async function failureOf(of: typeof job, dataset: Dataset, threads = 2) {
      const events: RunEvent[] = [];
      const saved: SmallRun['saved'][number][] = [];
      const run = smallRun(of, {
        dataset,
        threads,
        onEvent: (event) => events.push(event),
        onSave: async (snapshot) => {
          saved.push(snapshot);
        },
      });
      await assert.rejects(run, { code: 'SHOAL_NOT_FINITE' });
      const { problem, fatal } = lastEvent(events, 'problem');
      assert.deepEqual([problem.code, fatal], ['SHOAL_NOT_FINITE', true]);
      assert.ok(
        saved.every((snapshot) => allFinite(numbersOf(snapshot))),
        'a checkpoint that is not finite',
      );
      return { problem, saved, events };
    }
    const sgd = (learning_rate: number) => ({ class_name: 'SGD', config: { learning_rate } });

    it('names the layer and the micro-shard where a huge learning rate broke the numbers', async () => {
      for (const threads of [1, 3]) {
        const wild = smallJob(convNet, { batch: 10, microShards: 4, optimizer: sgd(1e18) });
        const { problem } = await failureOf(wild, floats(), threads);
        assert.match(problem.operation, /train step \d+ of epoch 1/);
        assert.match(
          problem.got,
          /layer "(conv2d|dense)\w*", (forward|backward) pass, kernel \w+, among samples \d+ to \d+ of the batch|weight "/,
        );
      }
    });

    it('names the input where the data is NaN, and keeps what was saved before', async () => {
      const of = smallJob(mlp, { batch: 10, microShards: 4, checkpoint: { everySteps: 1 } });
      const { problem, saved, events } = await failureOf(of, floats({ train: 64 * 20 + 5 }));
      assert.match(
        problem.got,
        /layer "input\w*", forward pass, kernel input_f32, among samples \d+ to \d+ of the batch/,
      );
      const steps = events.filter((event) => event.event === 'step').length;
      assert.ok(problem.operation.startsWith(`train step ${steps + 1} `), problem.operation);
      assert.deepEqual(
        saved.map((snapshot) => snapshot.version),
        Array.from({ length: steps }, (_, i) => i + 1),
      );
    });

    it('is found in held-out data too', async () => {
      const { problem, saved } = await failureOf(
        smallJob(mlp, { batch: 10, microShards: 4 }),
        floats({ test: 64 * 20 }),
      );
      assert.equal(problem.operation, 'evaluate epoch 1');
      assert.match(problem.got, /layer "input\w*", forward pass/);
      assert.deepEqual(saved, []);
    });

    it('and so are weights that an update made infinite, before they become a checkpoint', async () => {
      const large = { normalize: { std: 1e-3 }, optimizer: sgd(1e38), checkpoint: { everySteps: 1 } };
      const of = smallJob(convNet, { batch: 10, microShards: 4, ...large });
      const { problem, saved } = await failureOf(of, floats());
      assert.match(problem.operation, /train step 1 of epoch 1/);
      assert.match(problem.got, /weight "\w+\/\w+", after an update that overflowed/);
      assert.deepEqual(saved, []);
    });
  });

  describe('a job of more than 4 GiB', () => {
    it('is refused with the numbers before a thread starts or memory is taken', async () => {
      const huge = smallJob([
        ...mlp.slice(0, 2),
        { class_name: 'Dense', config: { units: 4_000_000, activation: 'relu' } },
        { class_name: 'Dense', config: { units: 4, activation: 'softmax' } },
      ]);
      const before = process.memoryUsage().rss;
      await assert.rejects(smallRun(huge), (error: { code: string; got: string; expected: string }) => {
        assert.equal(error.code, 'SHOAL_MEMORY_TOO_LARGE');
        assert.match(error.got, /^[\d,]+ MiB \(parameters and optimizer [\d,]+ MiB, activations .* MiB\)$/);
        assert.match(error.expected, /4,096 MiB/);
        return true;
      });
      assert.equal(watch().started.length, 0);
      assert.ok(process.memoryUsage().rss - before < 200 * 2 ** 20);
    });

    it('and its figures add up to what prepare() takes for one that fits', async () => {
      const { done, events } = await smallRun(JOBS.dense);
      const { memory } = lastEvent(events, 'start');
      const { total, ...parts } = memory;
      assert.equal(
        Object.values(parts).reduce((a, b) => a + b, 0),
        total,
      );
      assert.equal(prepare(JOBS.dense, floats(), { threads: 2 }).program.model.outputs[0], 'dense_2');
      assert.ok(done.steps > 0);
    });
  });

  describe('a run that cannot begin', () => {
    const refused = async (code: string, options: Parameters<typeof smallRun>[1]) => {
      await assert.rejects(smallRun(JOBS.dense, options), { code });
      assert.equal(watch().started.length, 0, 'threads were started');
    };
    const { train, test } = smallDataset(40, 10);

    it('for held-out samples unlike the training samples, or labels of an unknown range, starts no thread', async () => {
      await refused('SHOAL_SHAPE', { dataset: { train, test: floats().test } });
      await refused('SHOAL_SHAPE', { dataset: { train, test: { ...test, classes: 12 } } });
      const unknown = (reader: typeof train) => ({ ...reader, classes: null });
      await refused('SHOAL_DATA_LABEL', { dataset: { train: unknown(train), test: unknown(test) } });
    });

    it('for a checkpoint of another optimizer, or an observer that throws, leaves no thread behind', async () => {
      const start = { version: 1, parameters: new Float32Array(6_819), state: new Float32Array(0), slots: {} };
      await assert.rejects(smallRun(JOBS.dense, { start }));
      const onEvent = () => {
        throw new Error('no view');
      };
      await assert.rejects(smallRun(JOBS.dense, { onEvent }), /no view/);
    });
  });

  describe('an interrupt', () => {
    it('during an evaluation saves the epoch, and the resumed run evaluates it again', async () => {
      const stop = new AbortController();
      const large: Dataset = { train: smallDataset(20, 1).train, test: smallDataset(1, 600).test };
      const of = { ...JOBS.dense, epochs: 2 };
      const expected = await smallRun(of, { dataset: large });
      let saves = 0;
      // the last sample is not there before the interrupt: the evaluation cannot have ended
      const gate = gatedDataset(large.test, 599);
      const interrupt = () => {
        stop.abort();
        gate.open();
      };
      const part = await smallRun(of, {
        dataset: { ...large, test: gate.reader },
        signal: stop.signal,
        onEvent: (event) => event.event === 'step' && event.step === 2 && setImmediate(interrupt),
        onSave: async (_, info) => {
          saves++;
          assert.deepEqual(info, { epoch: 1, step: 2, epochEnd: true, metrics: null });
        },
      });
      assert.deepEqual([part.done.reason, part.done.steps, part.done.metrics, saves], ['interrupted', 2, {}, 1]);
      const rest = await smallRun(of, { dataset: large, start: part.saved[0]! });
      assert.deepEqual(outcome(rest), outcome(expected));
      const epochs = (run: SmallRun) => run.events.flatMap((e) => (e.event === 'epoch' ? [[e.epoch, e.metrics]] : []));
      assert.deepEqual(epochs(rest), epochs(expected));
    });

    it('before the first step ends the run with nothing saved', async () => {
      const { done, saved } = await smallRun(job, { signal: AbortSignal.abort() });
      assert.deepEqual([done.reason, done.steps, saved], ['interrupted', 0, []]);
    });
  });

  describe('a disk that is full', () => {
    it('is told with each checkpoint, and the run goes on to the same end', async () => {
      const { done, events } = await smallRun(job, {
        onSave: () => Promise.reject(Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })),
      });
      const problems = events.filter((event) => event.event === 'problem');
      assert.equal(problems.length, job.epochs);
      for (const { problem, fatal } of problems) {
        assert.equal(fatal, false);
        assert.match(problem.got, /ENOSPC/);
      }
      assert.deepEqual(outcome({ done }), outcome(await undisturbed()));
    });

    it('does not let copies of the parameters pile up: at most one waits while another is written', async () => {
      let [writing, most] = [0, 0];
      const { saved } = await smallRun(
        { ...job, checkpoint: { everySteps: 1, keep: 1 } },
        {
          async onSave() {
            most = Math.max(most, ++writing);
            await new Promise((resolve) => setImmediate(resolve));
            writing--;
          },
        },
      );
      assert.deepEqual([most, saved.length], [1, 40]);
    });
  });
});
