// places.test.ts: boxes and masks through preparation: moved with their images, in every format and back, counted, drawn, told of when wrong.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { contactSheet } from '../../datasets/contact-sheet.ts';
import { examine } from '../../datasets/examine.ts';
import { decodeMask } from '../../datasets/image/mask.ts';
import { prepareSchema } from '../../datasets/prepare/job.ts';
import { type PrepareResult, prepareDataset } from '../../datasets/prepare/run.ts';
import { fieldBytes, type Reader } from '../../datasets/reader.ts';
import { datasetSchema, openDataset, scanDataset } from '../../datasets/readers/index.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { write } from './support/images.ts';
import { PLAIN } from './support/prepare.ts';

const home = temporaryFolder('places');
const at = (name: string): string => join(home, name);
const FORMATS = ['webdataset', 'tfrecord', 'parquet'] as const;
const [ROWS, COLUMNS] = [12, 16];

function prepare(out: string, source: object, job: object = {}, threads = 1): Promise<PrepareResult> {
  return prepareDataset({
    job: prepareSchema.parse({ source, shardSize: 3, split: { test: 0.25 }, ...job }),
    out: at(out),
    ...PLAIN,
    threads,
    maxErrors: { count: 9 },
  });
}

function samplesOf(reader: Reader) {
  return Array.from({ length: reader.length }, (_, index) => {
    const into = Object.fromEntries(
      Object.entries(reader.fields).map(([name, field]) => [name, new Uint8Array(fieldBytes(field))]),
    );
    reader.read(index, into);
    const [label, boxes] = [new Int32Array(into['label']!.buffer), new Float32Array(into['boxes']?.buffer ?? 0)];
    return { image: into['image']!, label: [...label], boxes: [...boxes] };
  });
}

const open = async (options: object) => {
  const { train, test } = await openDataset(datasetSchema.parse(options));
  return [train, test].flatMap(samplesOf).sort((a, b) => Buffer.compare(a.image, b.image));
};

/** Grey, a rectangle of which is bright; every one of another brightness. */
const picture = (i: number, box: readonly number[], bright = 200 + i, dark = 10 + i): Promise<Buffer> => {
  const [x, y, width, height] = box as [number, number, number, number];
  const data = Uint8Array.from({ length: ROWS * COLUMNS }, (_, at) => {
    const [row, column] = [Math.floor(at / COLUMNS), at % COLUMNS];
    return column >= x && column < x + width && row >= y && row < y + height ? bright : dark;
  });
  const raw = { width: COLUMNS, height: ROWS, channels: 1 } as const;
  return sharp(data, { raw }).png().toBuffer();
};

async function examined(options: object) {
  const source = await scanDataset(options);
  const found = await examine(source, PLAIN.signal);
  await source.close();
  return found;
}

const BOXES = Array.from({ length: 8 }, (_, i) => [1 + i / 3, 2, 5 + (i % 2), 4.37] as const);

before(async () => {
  const images = BOXES.map((_, i) => ({ id: i, file_name: `${i}.png`, width: COLUMNS, height: ROWS }));
  const annotations = BOXES.flatMap((bbox, i) => [
    { image_id: i, category_id: i % 2, bbox },
    ...(i === 3 ? [{ image_id: i, category_id: 1, bbox: [0, 0, 3, 3] }] : []),
  ]).filter(({ image_id }) => image_id !== 6); // an image without boxes
  const categories = [
    { id: 0, name: 'cat' },
    { id: 1, name: 'dog' },
  ];
  for (const [i, box] of BOXES.entries()) {
    write(home, `coco/${i}.png`, await picture(i, box.map(Math.round)));
    write(home, `pets/images/${i}.png`, await picture(i, [i, 2, 5, 4]));
    write(home, `pets/masks/${i}.png`, await picture(i, [i, 2, 5, 4], 1, i === 5 ? 7 : 2));
  }
  write(home, 'coco/all.json', JSON.stringify({ images, annotations, categories }));
});

const SOURCES = {
  boxes: { reader: 'coco', path: at('coco/all.json') },
  masks: { reader: 'masks', path: at('pets'), values: [2, 1] },
} as const;

for (const [what, source] of Object.entries(SOURCES))
  describe(`preparing ${what}`, () => {
    before(() => prepare(`${what}-webdataset-auto`, source));

    it('gives, in every format, the samples of the source: the same boxes to 0.005 pixels, the same classes of pixels', async () => {
      const expected = await open(source);
      for (const format of FORMATS)
        for (const encode of format === 'webdataset' ? ['auto', 'raw'] : ['auto']) {
          const out = `${what}-${format}-${encode}`;
          const { finished, bad } = await prepare(out, source, { format, encode });
          assert.deepEqual(bad, []);
          assert.equal(finished!.manifest.places, what === 'boxes' ? 'boxes' : 'mask');
          const got = await open({ reader: format, path: at(out) });
          for (const [i, sample] of got.entries()) {
            assert.deepEqual([...sample.image], [...expected[i]!.image], `${out}: image ${i}`);
            assert.deepEqual(sample.label, expected[i]!.label, `${out}: labels ${i}`);
            for (const [j, x] of sample.boxes.entries())
              assert.ok(Math.abs(x - expected[i]!.boxes[j]!) <= 0.0051, `${out}: box ${sample.boxes}`);
          }
          assert.equal(got.length, 8);
        }
    });

    it('moves them as a transform moves their images: what a reader does with the source, and the same for 1 and 3 threads', async () => {
      const transform = { resize: { rows: 24, columns: 24, fit: 'contain' }, channels: 3 };
      const expected = await open({ ...source, size: [24, 24], fit: 'contain' });
      await prepare(`${what}-moved`, source, { transform });
      const got = await open({ reader: 'webdataset', path: at(`${what}-moved`) });
      for (const [i, sample] of got.entries()) {
        assert.deepEqual(sample.label, expected[i]!.label);
        for (const [j, x] of sample.boxes.entries()) assert.ok(Math.abs(x - expected[i]!.boxes[j]!) <= 0.0051);
      }
      const crop = { resize: { shorter: 9 }, crop: { rows: 6, columns: 6 }, channels: 3 };
      const hashes = [];
      for (const threads of [1, 3]) {
        const { finished } = await prepare(`${what}-crop-${threads}`, source, { transform: crop }, threads);
        hashes.push(finished!.sha256);
      }
      assert.equal(hashes[0], hashes[1]);
      const cropped = await open({ reader: 'webdataset', path: at(`${what}-crop-1`) });
      assert.equal(cropped[0]!.image.length, 6 * 6 * 3);
      for (const { boxes } of cropped) for (const x of boxes) assert.ok(x >= 0 && x <= 6);
    });

    it('converts from format to format and back to the same boxes and masks', async () => {
      const job = { shuffle: false, dedup: 'none', split: { test: 0 } };
      const path = (format: string) => at(`${what}-chain-${format}`);
      await prepare(`${what}-chain-webdataset`, { reader: 'webdataset', path: at(`${what}-webdataset-auto`) }, job);
      const chain = [...FORMATS, 'webdataset'];
      for (const [i, format] of chain.slice(1).entries()) {
        const out = i === 2 ? `${what}-chain-back` : `${what}-chain-${format}`;
        await prepare(out, { reader: chain[i], path: path(chain[i]!) }, { ...job, format });
      }
      const first = await open({ reader: 'webdataset', path: path('webdataset') });
      assert.deepEqual(await open({ reader: 'webdataset', path: path('back') }), first);
    });

    it('is counted, verified and drawn: by class, each with its colour', async () => {
      const options = { reader: 'webdataset', path: at(`${what}-webdataset-auto`) };
      const [found, from] = [await examined(options), await examined(source)];
      assert.deepEqual(found.bad, []);
      assert.deepEqual(found.perClass, from.perClass);
      const manifest = JSON.parse(readFileSync(join(options.path, 'manifest.json'), 'utf8'));
      const parts = Object.values(manifest.parts) as { per_class: number[] }[];
      const sums = found.perClass.map((_, i) => parts.reduce((sum, { per_class }) => sum + per_class[i]!, 0));
      assert.deepEqual(sums, found.perClass);
      const opened = await scanDataset(options);
      const page = await contactSheet(opened, { title: 'them', samples: 8, seed: 0 });
      await opened.close();
      assert.equal(page.split('<figure>').length, 9);
      assert.equal(page.split('<rect ').length - 1, what === 'boxes' ? 8 : 0);
      assert.ok(page.includes(what === 'boxes' ? '<title>dog</title>' : 'with pixels of 2 classes'));
    });
  });

describe('marks that do not fit', () => {
  it('are told of as bad samples: another size, a mask that is none, a class that is none', async () => {
    const cut = (await picture(0, [1, 1, 2, 2], 1, 2)).subarray(0, 60);
    for (const i of [0, 1, 2]) write(home, `odd/images/${i}.png`, await picture(i, [1, 1, 2, 2]));
    write(home, 'odd/masks/0.png', await picture(0, [1, 1, 2, 2], 1, 2));
    write(
      home,
      'odd/masks/1.png',
      await sharp(await picture(1, [1, 1, 2, 2], 1, 1))
        .resize(5, 5)
        .png()
        .toBuffer(),
    );
    write(home, 'odd/masks/2.png', cut);
    const { bad, finished } = await prepare('odd-out', { reader: 'masks', path: at('odd') });
    assert.deepEqual(bad.map(({ key, code }) => `${key} ${code}`).sort(), [
      'images/1.png SHOAL_DATA_FIELD',
      'images/2.png SHOAL_DATA_CORRUPT',
    ]);
    const samples = Object.values(finished!.manifest.parts).map((part) => part.samples);
    assert.equal(
      samples.reduce((a, b) => a + b),
      1,
    );
  });
});

describe('masks with a palette', () => {
  /** A PNG of 4 x 2 pixels with the indices given, by the specification alone. */
  function indexed(indices: readonly number[], bits: 1 | 2 | 4 | 8): Uint8Array {
    const chunk = (name: string, data: Uint8Array): Buffer => {
      const body = Buffer.concat([Buffer.from(name), data]);
      const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
      length.writeUInt32BE(data.length);
      sum.writeUInt32BE(crc32(body));
      return Buffer.concat([length, body, sum]);
    };
    const header = Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 2, bits, 3, 0, 0, 0);
    // no two shades of it are in the order of the indices
    const palette = Uint8Array.from({ length: 3 * 2 ** bits }, (_, i) => (i * 131 + 77) % 256);
    const rows = [0, 1].flatMap((row) => {
      const bytes = new Uint8Array(Math.ceil(bits / 2));
      for (let x = 0; x < 4; x++) bytes[(x * bits) >> 3]! |= indices[4 * row + x]! << (8 - bits - ((x * bits) & 7));
      return [0, ...bytes];
    });
    return Buffer.concat([
      Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10),
      chunk('IHDR', header),
      chunk('PLTE', palette),
      chunk('tRNS', Uint8Array.of(0)),
      chunk('IDAT', deflateSync(Uint8Array.from(rows))),
      chunk('IEND', new Uint8Array(0)),
    ]);
  }

  it('give their indices, not their colours, for 1, 2, 4 and 8 bits a pixel', async () => {
    for (const bits of [1, 2, 4, 8] as const) {
      const indices = [0, 1, 2 ** bits - 1, 0, 1, 1, 0, 2 ** bits - 1];
      const { rows, columns, label } = await decodeMask(indexed(indices, bits), 'it', (index) => index);
      assert.deepEqual([rows, columns, ...label], [2, 4, ...indices]);
    }
  });

  it('are read as Pascal VOC has them: lists of names, borders of 255 unknown', async () => {
    for (const name of ['a', 'b', 'c']) write(home, `voc/JPEGImages/${name}.png`, await picture(1, [0, 0, 4, 4]));
    write(home, 'voc/SegmentationClass/a.png', indexed([0, 1, 2, 255, 0, 0, 20, 1], 8));
    write(home, 'voc/SegmentationClass/b.png', indexed([0, 0, 0, 15, 0, 0, 0, 0], 8));
    write(home, 'voc/ImageSets/Segmentation/train.txt', 'a\n');
    write(home, 'voc/ImageSets/Segmentation/val.txt', 'b\n');
    const values = Array.from({ length: 21 }, (_, i) => i);
    const source = await scanDataset({ reader: 'masks', path: at('voc'), values });
    assert.deepEqual(source.bad, []);
    assert.deepEqual(
      source.entries.map(({ key, part }) => `${key} ${part}`),
      ['JPEGImages/a.png train', 'JPEGImages/b.png validation'],
    );
    assert.deepEqual([...(await source.mask!(source.entries[0]!)).label], [0, 1, 2, -1, 0, 0, 20, 1]);
    await source.close();
  });
});
