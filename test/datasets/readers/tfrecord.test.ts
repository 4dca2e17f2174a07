// tfrecord.test.ts: TFRecord, read and written: through the reader suite, with exact values, and through what can be wrong.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { parseExample, writeExample, writeRecord } from '../../../datasets/formats/tf-record.ts';
import { testReader } from '../../cases/reader.ts';
import { code, floats, formatFiles, reasons } from '../support/format-files.ts';
import { encoded, pixels } from '../support/images.ts';

describe('TFRecord', () => {
  const { at, open, scan } = formatFiles();
  const file = (name: string, records: readonly Uint8Array[]) =>
    writeFileSync(at(name), Buffer.concat(records.flatMap(writeRecord)));
  before(async () => {
    const records = await Promise.all(
      [0, 1, 2, 0, 1, 2].map(async (label, i) =>
        writeExample({
          'image/encoded': { bytes: [await encoded('png', label, i)] },
          'image/class/label': { ints: [label] },
        }),
      ),
    );
    file('set.tfrecord', records);
  });
  testReader('TFRecord with images', async () => (await open('tfrecord', 'set.tfrecord', { test: 0.34 })).train);

  it('reads images, raw pixels with a shape, and floats', async () => {
    file('kinds.tfrecord', [
      writeExample({ image: { bytes: [pixels(0, 1)] }, shape: { ints: [12, 16, 3] }, label: { ints: [300] } }),
      writeExample({ features: { floats: [1.5, -2] }, label: { bytes: [Buffer.from('7')] } }),
    ]);
    const source = await scan('tfrecord', 'kinds.tfrecord');
    assert.deepEqual(
      source.entries.map(({ label }) => label),
      [300, 7],
    );
    assert.deepEqual(await floats(source, 0), [...pixels(0, 1)]);
    assert.deepEqual(await floats(source, 1), [1.5, -2]);
  });

  it('gives back what is written: negative and large whole numbers, floats, bytes', () => {
    const example = {
      a: { ints: [-1, 0, 127, 128, 2 ** 40] },
      b: { floats: [0.5, -3] },
      c: { bytes: [Uint8Array.of(1, 2)] },
    };
    const back = parseExample(writeExample(example));
    assert.deepEqual(back['a'], example.a);
    assert.deepEqual(back['b'], example.b);
    assert.deepEqual([...(back['c'] as { bytes: Uint8Array[] }).bytes[0]!], [1, 2]);
  });

  it('tells of floats that do not fill their shape, of labels below 0, and of lengths below 0, without end', async () => {
    const features = (floats: number[], label: number) =>
      writeExample({ features: { floats }, shape: { ints: [2] }, label: { ints: [label] } });
    // a field of -11 bytes: as far back as it began
    const back = Uint8Array.of(0x0a, 0xf5, ...new Array<number>(8).fill(0xff), 1);
    file('shapes.tfrecord', [
      features([1, 2], 0),
      features([1], 1),
      features([1, 2, 3], 0),
      features([1, 2], -1),
      back,
    ]);
    const source = await scan('tfrecord', 'shapes.tfrecord');
    assert.deepEqual([source.classes, source.entries.length], [['0', '1'], 3]);
    assert.deepEqual(await floats(source, 0), [1, 2]);
    for (const i of [1, 2])
      await assert.rejects(floats(source, i), code('SHOAL_DATA_FIELD', /floats with the shape \[2\]/));
    assert.deepEqual(reasons(source).sort(), [
      'shapes.tfrecord#00000003: a label that is no class of the dataset',
      'shapes.tfrecord#00000004: a record that is no Example',
    ]);
  });

  it('loses no good record to a damaged one and to a cut end', async () => {
    const good = writeExample({ features: { floats: [1] }, label: { ints: [0] } });
    const whole = Buffer.concat([good, good, Uint8Array.of(255, 255, 1)].flatMap(writeRecord));
    whole[14]! ^= 1;
    writeFileSync(at('hurt.tfrecord'), Buffer.concat([whole, whole.subarray(0, 20)]));
    const source = await scan('tfrecord', 'hurt.tfrecord');
    assert.equal(source.entries.length, 1);
    assert.deepEqual(reasons(source).sort(), [
      'hurt.tfrecord#00000000: a record whose checksum is wrong',
      'hurt.tfrecord#00000002: a record that is no Example',
      'hurt.tfrecord: the file ends inside a record',
    ]);
  });
});
