// proportions.test.ts: boxes and masks that are measured in another image than the one that is decoded: one that EXIF turns, most often.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { examine } from '../../datasets/examine.ts';
import { loadSharp } from '../../datasets/image/sharp.ts';
import { rowOf } from '../../datasets/image-row.ts';
import { checkProportions } from '../../datasets/places.ts';
import { scanDataset } from '../../datasets/readers/index.ts';
import type { Entry } from '../../datasets/source.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { write } from './support/images.ts';
import { code, preparing } from './support/prepare.ts';

const home = temporaryFolder('proportions');
const prepare = preparing(home, home);
const signal = new AbortController().signal;
const recipe = { resize: { rows: 4, columns: 4, fit: 'fill' }, crop: null, channels: 3 } as const;
const black = (width: number, height: number) => sharp({ create: { width, height, channels: 3, background: '#000' } });

describe('an image that EXIF turns', () => {
  before(async () => {
    // 24 x 8 as it lies in the file, 8 x 24 as it is seen
    write(home, 'images/a.jpg', await black(24, 8).withMetadata({ orientation: 6 }).jpeg().toBuffer());
    write(home, 'masks/a.png', await black(24, 8).png().toBuffer());
  });

  it('takes boxes that are measured in it as it is seen, at any size, and no others', async () => {
    const path = join(home, 'images/boxes.json');
    for (const [width, height, problems] of [
      [8, 24, []],
      [17, 49, []],
      [24, 8, ['SHOAL_DATA_FIELD']],
      [0, 8, ['SHOAL_DATA_FIELD']],
    ] as const) {
      const images = [{ id: 1, file_name: 'a.jpg', width, height }];
      const annotations = [{ image_id: 1, category_id: 1, bbox: [0, 0, 4, 4] }];
      write(home, 'images/boxes.json', JSON.stringify({ images, annotations, categories: [{ id: 1, name: 'x' }] }));
      const source = await scanDataset({ reader: 'coco', path });
      assert.deepEqual(
        (await examine(source, signal)).bad.map((one) => one.code),
        problems,
        `${width} x ${height}`,
      );
      const row = rowOf(source, source.entries[0]!, path, recipe);
      if (problems.length === 0) await row;
      else
        await assert.rejects(row, code('SHOAL_DATA_SAMPLE', /expected proportions of 24 x 8, the size of its image/));
    }
  });

  it('is measured by its decoding: its header is read once more only where sharp makes it smaller meanwhile', async () => {
    const { prototype } = (await loadSharp('count')) as unknown as typeof sharp; // its entry for require, not the one above
    const { metadata } = prototype;
    let measured = 0;
    prototype.metadata = function (this: Sharp, ...rest: []) {
      measured++;
      return metadata.apply(this, rest);
    } as typeof metadata;
    try {
      const entry: Entry = {
        key: 'images/a.jpg',
        part: null,
        label: null,
        boxes: { rows: 24, columns: 8, boxes: [], labels: [] },
      };
      const { load } = await scanDataset({ reader: 'masks', path: home });
      const loader = { load, async close() {} };
      for (const [rows, columns, times] of [
        [12, 8, 0],
        [24, 8, 0],
        [2, 1, 1],
      ] as const) {
        measured = 0;
        await rowOf(loader, entry, home, { ...recipe, resize: { ...recipe.resize, rows, columns } });
        assert.equal(measured, times, `${rows} x ${columns}`);
        const turned = { ...entry, boxes: { ...entry.boxes!, rows: 8, columns: 24 } };
        const row = rowOf(loader, turned, home, { ...recipe, resize: { ...recipe.resize, rows, columns } });
        await assert.rejects(row, code('SHOAL_DATA_SAMPLE', /proportions of 24 x 8/));
      }
    } finally {
      prototype.metadata = metadata;
    }
  });

  it('is left out of shards where its mask is not turned, though both are brought to one size', async () => {
    const source = { reader: 'masks', path: home, values: [0, 1] };
    const job = { source, transform: { resize: recipe.resize } };
    await assert.rejects(prepare('out', job, { maxErrors: { count: 1 } }), code('SHOAL_DATA_EMPTY', /1 bad ones/));
    const scanned = await scanDataset(source);
    assert.match((await examine(scanned, signal)).bad[0]!.reason, /in 8 x 24 pixels/);
  });
});

describe('labels of places', () => {
  it('have the proportions of their image where one of both was made smaller, and its sides rounded', () => {
    const entry: Entry = { key: 'a', label: null, part: null };
    const large = { rows: 1000, columns: 1501 };
    const small = { rows: 133, columns: 200 };
    checkProportions(entry, small, large);
    checkProportions(entry, large, small);
    for (const size of [
      { rows: 200, columns: 133 },
      { rows: 137, columns: 200 },
    ])
      assert.throws(
        () => checkProportions(entry, size, large),
        code('SHOAL_DATA_FIELD', /expected proportions of 1000/),
      );
  });
});
