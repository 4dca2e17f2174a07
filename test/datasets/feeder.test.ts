// feeder.test.ts: the data pool puts the right bytes into the right places, and says what went wrong when it cannot.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Worker } from 'node:worker_threads';
import type { ShoalError } from '../../base/errors.ts';
import { createFeeder, type Feeder, type FeederOptions } from '../../datasets/feeder.ts';
import { readerFromArrays } from '../../datasets/from-arrays.ts';
import { type Odd, oddReader } from './support/odd-reader.ts';

const SAMPLES = 100;
const PIXELS = 6; // [2, 3, 1]
const reader = readerFromArrays({
  fields: { image: { shape: [2, 3, 1], dtype: 'u8' }, label: { shape: [], dtype: 'i32' } },
  data: {
    image: Uint8Array.from({ length: SAMPLES * PIXELS }, (_, i) => (i * 37) % 251),
    label: Int32Array.from({ length: SAMPLES }, (_, i) => i % 7),
  },
  classes: 7,
});
const UNTOUCHED = 0xee;
const filled = (bytes: number) => {
  const memory = new SharedArrayBuffer(bytes);
  new Uint8Array(memory).fill(UNTOUCHED);
  return memory;
};
const code = (expected: string, pattern = /./) => {
  return (error: ShoalError) => error.code === expected && pattern.test(error.message);
};

describe('the feeder', () => {
  let feeder: Feeder | undefined;
  const create = (options: FeederOptions): Feeder => {
    feeder = createFeeder(options);
    return feeder;
  };
  afterEach(() => feeder?.close());

  for (const threads of [1, 2, 3]) {
    it(`writes the bytes of direct reads into ragged leaves, and nothing else, with ${threads} threads`, async () => {
      const layout = {
        leafBytes: 256,
        fields: { image: { at: 7, rowBytes: PIXELS }, label: { at: 64, rowBytes: 4 * 7 } },
      };
      const memory = filled(8192);
      const requests = [
        { address: 100, leaves: [5, 4, 4], indices: Uint32Array.from({ length: 13 }, (_, i) => (i * 29) % SAMPLES) },
        { address: 1000, leaves: [1, 0, 0], indices: Uint32Array.of(99) },
        { address: 2000, leaves: [3, 3, 3, 2], indices: Uint32Array.from({ length: 11 }, (_, i) => 50 - i) },
      ];
      const expected = new Uint8Array(8192).fill(UNTOUCHED);
      for (const { address, leaves, indices } of requests) {
        let next = 0;
        leaves.forEach((rows, leaf) => {
          for (let r = 0; r < rows; r++) {
            const index = indices[next++]!;
            const at = address + leaf * 256;
            const image = Uint8Array.from({ length: PIXELS }, (_, p) => ((index * PIXELS + p) * 37) % 251);
            const label = Float32Array.from({ length: 7 }, (_, c) => Number(c === index % 7));
            expected.set(image, at + 7 + r * PIXELS);
            expected.set(new Uint8Array(label.buffer), at + 64 + r * 28);
          }
        });
      }
      const transforms = [{ transform: 'one_hot', field: 'label', classes: 7 }] as const;
      const { fill } = create({ reader, transforms, memory, layout, threads });
      await fill(requests);
      assert.deepEqual(new Uint8Array(memory), expected);
    });
  }

  it('reads only the fields that the layout names', async () => {
    const memory = filled(64);
    const layout = { leafBytes: 64, fields: { label: { at: 8, rowBytes: 4 } } };
    await create({ reader, transforms: [], memory, layout, threads: 1 }).fill([
      { address: 0, leaves: [2], indices: Uint32Array.of(3, 13) },
    ]);
    assert.deepEqual([...new Int32Array(memory, 8, 2)], [3, 6]);
  });

  it('lets its process end after close, with fills done and threads idle', async () => {
    const program = fileURLToPath(new URL('./support/close-and-exit.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: 20_000 });
    assert.equal(stdout, '7 6 5\n');
  });

  it('leaves no thread behind after close, and fills no more', async () => {
    const started: Worker[] = [];
    const note = (worker: Worker) => started.push(worker);
    process.on('worker', note);
    const layout = { leafBytes: 64, fields: { label: { at: 0, rowBytes: 4 } } };
    const mine = create({ reader, transforms: [], memory: filled(64), layout, threads: 3 });
    await mine.fill([{ address: 0, leaves: [1], indices: Uint32Array.of(0) }]);
    process.off('worker', note);
    assert.equal(started.filter(({ threadId }) => threadId > 0).length, 3);
    await mine.close();
    assert.deepEqual(
      started.map(({ threadId }) => threadId),
      [-1, -1, -1],
    );
    await assert.rejects(mine.fill([]), code('SHOAL_DATA_CLOSED'));
  });

  it('refuses a layout that does not fit the fields, and requests that leave the slot or the memory', async () => {
    const memory = filled(256);
    const label = (rowBytes: number) => ({ leafBytes: 64, fields: { label: { at: 0, rowBytes } } });
    const open = (layout: FeederOptions['layout']) => create({ reader, transforms: [], memory, layout, threads: 1 });
    assert.throws(() => open(label(8)), code('SHOAL_DATA_LAYOUT', /8 bytes a row, expected 4/));
    const unknown = { leafBytes: 64, fields: { depth: { at: 0, rowBytes: 4 } } };
    assert.throws(() => open(unknown), code('SHOAL_DATA_LAYOUT', /"depth".*image, label/));
    const { fill } = open(label(4));
    const indices = new Uint32Array(17);
    const bad = (request: object) => fill([{ address: 0, leaves: [17], indices, ...request }]);
    await assert.rejects(bad({}), code('SHOAL_DATA_LAYOUT', /0 to 16 rows a leaf/));
    await assert.rejects(bad({ leaves: [8, 8] }), code('SHOAL_DATA_LAYOUT', /17 indices, expected 16/));
    await assert.rejects(bad({ leaves: [16, 1], address: 200 }), code('SHOAL_DATA_LAYOUT', /end at 328/));
  });
});

describe('a feeder whose reader fails', () => {
  const layout = { leafBytes: 512, fields: { label: { at: 0, rowBytes: 4 } } };
  const indices = Uint32Array.from({ length: 100 }, (_, i) => i);
  const request = { address: 0, leaves: [100], indices };
  let feeder: Feeder;
  let gate: Int32Array;
  const open = (way: Odd['way'], options: Partial<FeederOptions> = {}) => {
    gate = new Int32Array(new SharedArrayBuffer(12));
    const reader = oddReader({ way, sample: 42, gate });
    feeder = createFeeder({ reader, transforms: [], memory: filled(512), layout, threads: 1, ...options });
    return feeder;
  };
  const reached = () => Atomics.waitAsync(gate, 0, 0).value;
  const openGate = () => {
    Atomics.store(gate, 1, 1);
    Atomics.notify(gate, 1);
  };
  afterEach(() => feeder.close());

  it('names the sample that could not be read', async () => {
    await assert.rejects(open('throw').fill([request]), code('SHOAL_DATA_SAMPLE', /read sample 42.*a bad sector/s));
  });

  it('names an index that the dataset does not have', async () => {
    const beyond = { address: 0, leaves: [1], indices: Uint32Array.of(100) };
    await assert.rejects(open('throw').fill([beyond]), code('SHOAL_DATA_SAMPLE', /index 100, expected .* 0 to 99/));
  });

  it('names the sample at which a thread died, and works on with a new thread', async () => {
    await assert.rejects(open('exit').fill([request]), code('SHOAL_DATA_THREAD', /read sample 42.*code: 3/));
    await feeder.fill([{ address: 0, leaves: [2], indices: Uint32Array.of(1, 2) }]);
  });

  it('says why a dataset did not open in a thread', async () => {
    const { fill } = open('unopenable');
    await assert.rejects(fill([request]), code('SHOAL_DATA_SAMPLE', /open the dataset.*the disk is gone/s));
  });

  it('gives up at the deadline, naming the sample', async () => {
    const { fill } = open('spin', { deadlineMs: 1500 });
    await assert.rejects(fill([request]), code('SHOAL_DATA_DEADLINE', /read sample 42.*1500 ms/));
  });

  it("rejects with the signal's reason when aborted, and reads no further sample", async () => {
    const { fill } = open('wait');
    const abort = new AbortController();
    const filling = fill([request], abort.signal);
    await reached();
    abort.abort(new Error('interrupted'));
    openGate();
    await assert.rejects(filling, /^Error: interrupted$/);
    assert.equal(gate[2], 43, 'samples 0 to 42');
    await assert.rejects(fill([request], abort.signal), /^Error: interrupted$/);
    await feeder.fill([{ address: 0, leaves: [1], indices: Uint32Array.of(1) }]);
  });

  it('rejects fills under way when closed', async () => {
    const filling = open('wait').fill([request]);
    await reached();
    await Promise.all([assert.rejects(filling, code('SHOAL_DATA_CLOSED')), feeder.close()]);
  });

  it('bounds its queue, and tells how long its threads have worked', async () => {
    const { fill } = open('wait');
    assert.deepEqual(feeder.times, { read: 0, augment: 0 });
    const fills = Array.from({ length: 64 }, () => fill([request]));
    await assert.rejects(fill([request]), code('SHOAL_DATA_QUEUE', /64 tasks/));
    openGate();
    await Promise.all(fills);
    assert.ok(feeder.times.read > 0);
    assert.equal(feeder.times.augment, 0);
  });
});
