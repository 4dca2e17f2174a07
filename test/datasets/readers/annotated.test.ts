// annotated.test.ts: boxes as COCO has them, and masks as the Oxford pets have them: read, resized, refused, trained on.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import type { ShoalError } from '../../../base/errors.ts';
import { fieldBytes, type Reader } from '../../../datasets/reader.ts';
import { datasetSchema, openDataset, scanDataset } from '../../../datasets/readers/index.ts';
import { parseJob } from '../../../trainer/job.ts';
import { runSession } from '../../../trainer/session.ts';
import { testReader } from '../../cases/reader.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { write } from '../support/images.ts';

const home = temporaryFolder('annotated');
const at = (name: string): string => join(home, name);
const open = (reader: string, options: object) => openDataset(datasetSchema.parse({ reader, ...options }));
const code = (wanted: string) => (error: ShoalError) => error.code === wanted;
const [ROWS, COLUMNS] = [12, 16];

function sampleOf(reader: Reader, index: number) {
  const into = Object.fromEntries(
    Object.entries(reader.fields).map(([name, field]) => [name, new Uint8Array(fieldBytes(field))]),
  );
  reader.read(index, into);
  const label = new Int32Array(into['label']!.buffer);
  return { image: into['image']!, label, boxes: new Float32Array(into['boxes']?.buffer ?? 0) };
}

/** A grey image in which a rectangle is bright. */
const picture = (x: number, y: number, width: number, height: number, bright = 255, dark = 0): Promise<Buffer> => {
  const data = Uint8Array.from({ length: ROWS * COLUMNS }, (_, i) => {
    const [row, column] = [Math.floor(i / COLUMNS), i % COLUMNS];
    return column >= x && column < x + width && row >= y && row < y + height ? bright : dark;
  });
  const raw = { width: COLUMNS, height: ROWS, channels: 1 } as const;
  return sharp(data, { raw }).png().toBuffer();
};

describe('boxes in the format of COCO', () => {
  const boxes: readonly (readonly [number, number, number, number])[] = [
    [2, 3, 5, 4],
    [0, 0, 16, 12],
    [10, 6, 4, 4],
    [4, 4, 8, 4],
  ];
  const file = (first: number, count: number, more: object[] = []) => ({
    info: { year: 2026 },
    images: Array.from({ length: count }, (_, i) => ({
      id: 100 + first + i,
      file_name: `${first + i}.png`,
      width: COLUMNS,
      height: ROWS,
    })),
    // category 7 is class 1: ids need not follow one another
    annotations: [
      ...Array.from({ length: count }, (_, i) => ({
        id: i,
        image_id: 100 + first + i,
        category_id: [3, 7][(first + i) % 2],
        bbox: boxes[first + i],
        iscrowd: 0,
      })),
      ...more,
    ],
    categories: [
      { id: 7, name: 'dog' },
      { id: 3, name: 'cat' },
    ],
  });
  before(async () => {
    for (const [i, box] of boxes.entries())
      for (const folder of i < 3 ? ['coco/train2017', 'bad'] : ['coco/val2017'])
        write(home, `${folder}/${i}.png`, await picture(...box));
    const second = { image_id: 102, category_id: 7, bbox: [1, 1, 2, 2] };
    const crowd = { image_id: 101, category_id: 7, bbox: [1, 1, 2, 2], iscrowd: 1 };
    write(home, 'coco/annotations/instances_train2017.json', JSON.stringify(file(0, 3, [second, crowd])));
    write(home, 'coco/annotations/instances_val2017.json', JSON.stringify(file(3, 1)));
    write(
      home,
      'bad/bad.json',
      JSON.stringify({
        ...file(0, 3, [
          { id: 50, image_id: 999, category_id: 3, bbox: [0, 0, 1, 1] },
          { id: 51, image_id: 100, category_id: 8, bbox: [0, 0, 1, 1] },
          { id: 52, image_id: 100, category_id: 3, bbox: [0, 0, 0, 1] },
        ]),
        images: [
          ...file(0, 3).images,
          { id: 5, file_name: '../secret.png', width: 1, height: 1 },
          { id: 6, file_name: 'gone.png', width: 1, height: 1 },
        ],
      }),
    );
    write(home, 'no.json', '{"images": []}');
  });

  testReader('COCO boxes', async () => (await open('coco', { path: at('coco'), size: [6, 8] })).train);

  it('has the boxes and classes of each image, filled up with -1, the largest first', async () => {
    const { train, test } = await open('coco', { path: at('coco'), channels: 1 });
    assert.deepEqual([train.length, test.length, train.classes], [3, 1, 2]);
    assert.deepEqual(sampleOf(train, 0).label, Int32Array.of(0, -1));
    assert.deepEqual(sampleOf(train, 0).boxes, Float32Array.of(2, 3, 5, 4, 0, 0, 0, 0));
    assert.deepEqual(sampleOf(train, 1).label, Int32Array.of(1, -1), 'a crowd has no box');
    assert.deepEqual(sampleOf(train, 2).label, Int32Array.of(0, 1));
    assert.deepEqual(sampleOf(train, 2).boxes, Float32Array.of(10, 6, 4, 4, 1, 1, 2, 2));
    const fewer = await open('coco', { path: at('coco'), channels: 1, boxes: 1 });
    assert.deepEqual(sampleOf(fewer.train, 2).boxes, Float32Array.of(10, 6, 4, 4));
  });

  it('moves boxes as it moves images to one size: what is bright is within them', async () => {
    for (const fit of ['cover', 'contain', 'fill'] as const) {
      const { train } = await open('coco', { path: at('coco'), size: [24, 24], fit, channels: 1 });
      const { image, boxes: found, label } = sampleOf(train, 0);
      assert.equal(label[0], 0);
      const bright = [...image.keys()].filter((i) => {
        const [row, column] = [Math.floor(i / 24), i % 24];
        const outside = fit === 'contain' && (row < 3 || row >= 21); // white borders
        return !outside && image[i]! > 127 && column >= 0;
      });
      const [columns, rows] = [bright.map((i) => i % 24), bright.map((i) => Math.floor(i / 24))];
      const seen = [Math.min(...columns), Math.min(...rows), Math.max(...columns) + 1, Math.max(...rows) + 1];
      const [x, y, width, height] = found as unknown as [number, number, number, number];
      for (const [i, edge] of [x, y, x + width, y + height].entries())
        assert.ok(Math.abs(edge - seen[i]!) <= 1, `${fit}: ${[x, y, x + width, y + height]} beside ${seen}`);
    }
  });

  it('tells of annotations and images that are wrong, and refuses other files', async () => {
    const source = await scanDataset({ reader: 'coco', path: at('bad/bad.json') });
    assert.deepEqual(source.bad.map(({ key, code: of }) => `${key} ${of}`).sort(), [
      '../secret.png SHOAL_DATA_PATH',
      'bad.json: annotation 50 SHOAL_DATA_LABEL',
      'bad.json: annotation 51 SHOAL_DATA_LABEL',
      'bad.json: annotation 52 SHOAL_DATA_LABEL',
      'gone.png SHOAL_DATA_MISSING',
    ]);
    assert.equal(source.entries.length, 3);
    await source.close();
    await assert.rejects(open('coco', { path: at('no.json') }), code('SHOAL_DATA_FORMAT'));
    await assert.rejects(open('coco', { path: at('bad') }), code('SHOAL_DATA_MISSING'));
  });
});

describe('masks in the layout of the Oxford pets', () => {
  const COUNT = 24;
  before(async () => {
    const names: string[] = [];
    for (let i = 0; i < COUNT; i++) {
      const box = [(i * 5) % 9, (i * 3) % 6, 4 + (i % 3), 5] as const;
      names.push(`pet_${String(i).padStart(2, '0')}`);
      write(home, `pets/images/${names[i]}.png`, await picture(...box, 220, 40));
      write(home, `pets/annotations/trimaps/${names[i]}.png`, await picture(...box, 1, 2));
    }
    write(home, 'pets/images/pet_00.mat', 'not an image');
    write(home, 'pets/annotations/trimaps/._pet_00.png', 'litter');
    const list = (part: readonly string[]) => `#Image CLASS-ID\n${part.map((name) => `${name} 1 1 1\n`).join('')}`;
    write(home, 'pets/annotations/trainval.txt', list(names.slice(0, 18)));
    write(home, 'pets/annotations/test.txt', list(names.slice(18)));
  });
  const options = { path: at('pets'), channels: 1, values: [1, 2] };

  testReader(
    'masks, their images decoded when they are drawn',
    async () => (await open('masks', { ...options, size: [6, 8], decode: 'drawn' })).train,
  );
  testReader('masks', async () => (await open('masks', { ...options, size: [6, 8] })).train);

  it('has a class for each pixel, in the parts that the lists name', async () => {
    const { train, test } = await open('masks', options);
    assert.deepEqual([train.length, test.length, train.classes], [18, 6, 2]);
    const { image, label } = sampleOf(train, 7);
    assert.deepEqual(
      [...label],
      [...image].map((byte) => (byte > 127 ? 0 : 1)),
    );
  });

  it('moves masks as it moves images, and knows nothing of the borders around them', async () => {
    for (const fit of ['cover', 'contain', 'fill'] as const) {
      const { train } = await open('masks', { ...options, size: [24, 24], fit });
      const { image, label } = sampleOf(train, 3);
      const inside = [...label.keys()].filter((i) => label[i] !== -1);
      assert.equal(inside.length, fit === 'contain' ? 18 * 24 : 24 * 24);
      const right = inside.filter((i) => label[i] === (image[i]! > 127 ? 0 : 1)).length;
      assert.ok(right >= 0.9 * inside.length, `${fit}: ${right} of ${inside.length} agree, edges are blurred`);
    }
  });

  it('leaves bytes out that are no class, refuses colours, and tells of images without a mask', async () => {
    const { train } = await open('masks', { ...options, values: [2, 9] });
    assert.ok(sampleOf(train, 0).label.includes(-1));
    write(home, 'odd/images/a.png', await picture(0, 0, 2, 2));
    write(
      home,
      'odd/masks/a.png',
      await sharp({ create: { width: 16, height: 12, channels: 3, background: 'red' } })
        .png()
        .toBuffer(),
    );
    write(home, 'odd/images/b.png', await picture(0, 0, 2, 2));
    write(home, 'odd/masks/b.png', await picture(0, 0, 2, 2, 1, 2));
    await assert.rejects(open('masks', { path: at('odd'), test: 0.5 }), code('SHOAL_DATA_FORMAT'));
    rmSync(at('odd/masks/b.png'));
    const { bad } = await scanDataset({ reader: 'masks', path: at('odd') });
    assert.deepEqual(
      bad.map(({ key }) => key),
      ['images/b.png'],
    );
  });

  it('trains: with augmentation, a network tells the pixels apart to above 0.99', async () => {
    const layers = [
      { class_name: 'InputLayer', config: { batch_shape: [null, 12, 12, 1] } },
      { class_name: 'Conv2D', config: { filters: 4, kernel_size: 3, padding: 'same', activation: 'tanh' } },
      { class_name: 'Reshape', config: { target_shape: [144, 4] } },
      { class_name: 'Dense', config: { units: 2, activation: 'softmax' } },
    ];
    const json = {
      name: 'pixels',
      model: { class_name: 'Sequential', config: { layers } },
      data: { reader: 'masks', ...options },
      augment: [
        { class_name: 'RandomCrop', config: { size: 12, padding: 2 } },
        'RandomHorizontalFlip',
        { class_name: 'RandomRotation', config: { degrees: 20 } },
      ],
      loss: 'sparse_categorical_crossentropy',
      metrics: ['accuracy'],
      optimizer: { class_name: 'Adam', config: { learning_rate: 0.01 } },
      batch: 6,
      epochs: 40,
      seed: 1,
    };
    const job = parseJob(json, 'the test');
    const { done } = await runSession({ job, threads: 1 });
    assert.ok((done.metrics['accuracy'] as number) > 0.99, JSON.stringify(done.metrics));
    const mixed = parseJob({ ...json, augment: ['AugMix', { class_name: 'CenterCrop', config: { size: 12 } }] }, 'it');
    await assert.rejects(runSession({ job: mixed, threads: 1 }), code('SHOAL_JOB'));
  });
});
