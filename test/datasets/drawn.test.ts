// drawn.test.ts: images that are decoded when they are drawn: the pixels of decoding all at once, kept within a bound, by a decoder that says what it is.
import assert from 'node:assert/strict';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DrawnDescription } from '../../datasets/drawn-reader.ts';
import { isDrawn, roomForPixels } from '../../datasets/drawn-source.ts';
import { describeDecoder } from '../../datasets/image/decoder.ts';
import { type Dataset, fieldBytes, type Reader } from '../../datasets/reader.ts';
import { datasetSchema, openDataset } from '../../datasets/readers/index.ts';
import { parseJob } from '../../trainer/job.ts';
import { runSession } from '../../trainer/session.ts';
import { testReader } from '../cases/reader.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { writeImages } from './support/images.ts';

const home = temporaryFolder('drawn');
const folder = join(home, 'images');
const SIZE = { size: [8, 10] } as const;
const open = (decode: 'once' | 'drawn', options: object = {}, path = folder): Promise<Dataset> =>
  openDataset(datasetSchema.parse({ reader: 'folder', path, ...SIZE, decode, ...options }));
const keptOf = (reader: Reader): number =>
  [...(reader.share().description as DrawnDescription).kept].reduce((sum, one) => sum + one, 0);

function bytesOf(reader: Reader, index: number): Record<string, Uint8Array> {
  const into = Object.fromEntries(
    Object.entries(reader.fields).map(([name, field]) => [name, new Uint8Array(fieldBytes(field))]),
  );
  reader.read(index, into);
  return into;
}

describe('images decoded when they are drawn', () => {
  before(() => writeImages(folder, 6));
  afterEach(() => {
    delete process.env['SHOAL_PIXELS_MIB'];
  });
  testReader('a folder whose images are decoded when they are drawn', async () => (await open('drawn')).train);

  it('have the bytes of those decoded at once, and a hash that only the files, the recipe and labels change', async () => {
    const [once, drawn, again] = [await open('once'), await open('drawn'), await open('drawn')];
    for (const part of ['train', 'test'] as const)
      for (let i = 0; i < once[part].length; i++) assert.deepEqual(bytesOf(drawn[part], i), bytesOf(once[part], i));
    assert.equal(drawn.train.hash, again.train.hash);
    assert.notEqual(drawn.train.hash, once.train.hash);
    const smaller = await open('drawn', { size: [8, 8] });
    assert.notEqual(smaller.train.hash, drawn.train.hash);
    assert.equal(once.train.decoder, undefined);
    for (const { train, test } of [drawn, again, smaller]) {
      train.close();
      test.close();
    }
  });

  it('are kept as far as there is room, and are the same without any', async () => {
    const { train, test } = await open('drawn');
    assert.equal(keptOf(train), 0);
    const first = bytesOf(train, 3);
    assert.equal(keptOf(train), 1);
    assert.deepEqual(bytesOf(train, 3), first);
    process.env['SHOAL_PIXELS_MIB'] = '0';
    const bare = await open('drawn');
    assert.deepEqual(bytesOf(bare.train, 3), first);
    assert.equal(keptOf(bare.train), 0);
    for (const reader of [train, test, bare.train, bare.test]) reader.close();
  });

  it('are chosen by the size of their pixels, above 1 GiB, unless the job says otherwise', () => {
    const field = { shape: [224, 224, 3], dtype: 'u8' } as const;
    assert.equal(isDrawn(undefined, 7_000, field), false);
    assert.equal(isDrawn(undefined, 8_000, field), true);
    assert.equal(isDrawn('once', 8_000, field), false);
    assert.equal(isDrawn('drawn', 1, field), true);
    assert.equal(roomForPixels({ SHOAL_PIXELS_MIB: '3' }), 3 * 2 ** 20);
    for (const wrong of ['-1', '', 'all'])
      assert.throws(() => roomForPixels({ SHOAL_PIXELS_MIB: wrong }), { code: 'SHOAL_USAGE' });
  });

  it('name the sample that cannot be decoded, when it is drawn', async () => {
    const damaged = join(home, 'damaged');
    await writeImages(damaged, 4, 'train/');
    await writeImages(damaged, 1, 'test/');
    truncateSync(join(damaged, 'train/b/1.jpg'), 300);
    writeFileSync(join(damaged, 'train/c/2.png'), 'no image');
    const { train, test } = await open('drawn', {}, damaged);
    const codes = Array.from({ length: train.length }, (_, i) => {
      try {
        bytesOf(train, i);
        return null;
      } catch (error) {
        return String(error);
      }
    }).filter((text) => text !== null);
    assert.equal(codes.length, 2);
    assert.match(codes[0]!, /b\/1\.jpg/);
    assert.match(codes[1]!, /c\/2\.png/);
    train.close();
    test.close();
  });

  it('say by what they are decoded: the version of sharp, and reference pixels that the recipe changes', async () => {
    const recipe = { resize: { rows: 8, columns: 10, fit: 'cover' }, crop: null, channels: 3 } as const;
    const decoder = await describeDecoder(recipe);
    assert.match(decoder, /^sharp \d+\.\d+\.\d+, libvips \d+\.\d+\.\d+, pixels [0-9a-f]{12}$/);
    assert.equal(await describeDecoder(recipe), decoder);
    assert.notEqual(await describeDecoder({ ...recipe, channels: 1 }), decoder);
    const { train, test } = await open('drawn');
    assert.equal(train.decoder, decoder);
    train.close();
    test.close();
  });

  it('train to the bytes of those decoded at once, and their decoder stands in the profile of the run', async () => {
    const ended = [];
    for (const decode of ['once', 'drawn'] as const) {
      const job = parseJob(
        {
          name: 'drawn',
          model: {
            class_name: 'Sequential',
            config: {
              layers: [
                { class_name: 'InputLayer', config: { batch_shape: [null, 8, 10, 3] } },
                { class_name: 'Flatten', config: {} },
                { class_name: 'Dense', config: { units: 3, activation: 'softmax' } },
              ],
            },
          },
          data: { reader: 'folder', path: folder, ...SIZE, decode },
          augment: ['RandomHorizontalFlip'],
          loss: 'sparse_categorical_crossentropy',
          optimizer: { class_name: 'SGD', config: {} },
          batch: 4,
          epochs: 2,
        },
        home,
      );
      const profiles: object[] = [];
      const { done } = await runSession({
        job,
        threads: 1,
        onEvent: (event) => {
          if (event.event === 'start') profiles.push(event.profile);
        },
      });
      ended.push({ hash: done.parameters_sha256, metrics: done.metrics, profile: profiles[0]! });
    }
    const [once, drawn] = ended as [(typeof ended)[0], (typeof ended)[0]];
    assert.equal(drawn.hash, once.hash);
    assert.deepEqual(drawn.metrics, once.metrics);
    assert.equal('decoder' in once.profile, false);
    assert.match(String((drawn.profile as { decoder?: string }).decoder), /^sharp /);
  });
});
