// predict.test.ts: what `shoal predict` takes numbers for: as the run's dataset had them. Files that it refuses: commands.test.ts.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SIDE, tinySamples } from '../support/tiny.ts';
import { linesOf, newFolder, shoal } from './support/shoal.ts';

/** What numpy.save writes of the array's own type, which is int64 where nobody asked for another. */
function npy(type: '<i8' | '<f4', shape: readonly number[], data: BigInt64Array | Float32Array): Uint8Array {
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(', ')}), }`.padEnd(117);
  const start = Buffer.from(`\u0093NUMPY\u0001\u0000v\u0000${header}\n`, 'latin1');
  return Buffer.concat([start, new Uint8Array(data.buffer)]);
}

describe('shoal predict', () => {
  const folder = newFolder();
  const { images, labels } = tinySamples(6, 3);
  const write = (name: string, content: string | Uint8Array) => writeFileSync(join(folder, name), content);
  const predicted = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await shoal(folder, ['predict', ...args, '--json']);
    assert.equal(code, 0, stderr);
    return linesOf(stdout);
  };

  before(async () => {
    const shape = [6, SIDE, SIDE];
    write('pixels.npy', npy('<i8', shape, BigInt64Array.from(images, BigInt)));
    write(
      'beyond.npy',
      npy(
        '<i8',
        shape,
        BigInt64Array.from(images, (x) => BigInt(x) - 7n),
      ),
    );
    write('nan.npy', npy('<f4', shape, new Float32Array(images.length).fill(Number.NaN)));
    const rows = Array.from({ length: 60 }, (_, i) => `${i % 10},${(7 * i) % 10},${i % 10 > 4 ? 'more' : 'less'}\n`);
    write('table.csv', `a,b,label\n${rows.join('')}`);
    const dense = (inputs: number[], units: number, before: object[] = []) => ({
      class_name: 'Sequential',
      config: {
        name: 'dense',
        layers: [
          { class_name: 'InputLayer', config: { batch_shape: [null, ...inputs] } },
          ...before,
          { class_name: 'Dense', config: { units, activation: 'softmax' } },
        ],
      },
    });
    const common = { loss: 'sparse_categorical_crossentropy', optimizer: 'adam', batch: 16, epochs: 1 };
    write(
      'table.json',
      JSON.stringify({ ...common, model: dense([2], 2), data: { reader: 'csv', path: 'table.csv' } }),
    );
    write('text.txt', 'the same bytes. '.repeat(40));
    const embedding = { class_name: 'Embedding', config: { input_dim: 256, output_dim: 4 } };
    const data = { reader: 'text', path: 'text.txt', length: 8 };
    write('text.json', JSON.stringify({ ...common, model: dense([8], 256, [embedding]), data }));
    for (const job of ['job', 'table', 'text']) {
      const { code, stderr } = await shoal(folder, ['train', `${job}.json`, '--threads', '1']);
      assert.equal(code, 0, stderr);
    }
  });

  it("takes whole numbers of a table as they stand, as its model's dataset had them, not as pixels", async () => {
    write('whole.json', '[[9, 1], [0, 200]]');
    write('floats.npy', npy('<f4', [2, 2], Float32Array.of(9, 1, 0, 200)));
    const [whole, floats] = await Promise.all([
      predicted('runs/table', 'whole.json'),
      predicted('runs/table', 'floats.npy'),
    ]);
    assert.deepEqual(
      whole.map((line) => line['probabilities']),
      floats.map((line) => line['probabilities']),
    );
  });

  it('takes whole numbers of images, whatever their type, for pixels, and refuses what are none', async () => {
    const lines = await predicted('runs/job', 'pixels.npy');
    write('one.json', JSON.stringify([...images.subarray(0, SIDE * SIDE)]));
    const [one] = await predicted('runs/job', 'one.json');
    assert.equal(lines.length, labels.length);
    assert.deepEqual(lines[0]!['probabilities'], one!['probabilities']);
    const { code, stderr } = await shoal(folder, ['predict', 'runs/job', 'beyond.npy']);
    assert.equal(code, 2);
    assert.match(stderr, /^error SHOAL_DATA_FORMAT: read beyond\.npy\n +got +the whole number -\d\n +expected pixels/);
  });

  it('tells a class for each place of a sample where the model does', async () => {
    write('ids.json', '[116, 104, 101, 32, 115, 97, 109, 101]');
    const [line] = await predicted('runs/text', 'ids.json');
    const [classes, probabilities] = [line!['classes'] as number[], line!['probabilities'] as number[]];
    assert.equal(classes.length, 8);
    assert.ok(classes.every((one) => Number.isInteger(one) && one >= 0 && one < 256));
    assert.ok(probabilities.length === 8 && probabilities.every((p) => p > 1 / 256 && p < 1));
    const { stdout } = await shoal(folder, ['predict', 'runs/text', 'ids.json']);
    assert.equal(stdout, `file      classes\nids.json  ${classes.join(' ')}\n`);
  });

  it('refuses answers that are no numbers, naming the sample, and lists of endless depth', async () => {
    write('deep.json', '['.repeat(50_000) + ']'.repeat(50_000));
    const [nan, deep] = await Promise.all([
      shoal(folder, ['predict', 'runs/job', 'nan.npy']),
      shoal(folder, ['predict', 'runs/job', 'deep.json']),
    ]);
    assert.deepEqual([nan.code, nan.stdout], [1, '']);
    assert.match(nan.stderr, /^error SHOAL_NOT_FINITE: predict nan\.npy\[0\]\n/);
    assert.match(deep.stderr, /^error SHOAL_DATA_FORMAT: read deep\.json\n/);
  });
});
