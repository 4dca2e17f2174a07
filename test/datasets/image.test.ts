// image.test.ts: images decoded and brought to a size: by torchvision's bytes, where the recipe says, however large they were.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { cutOut } from '../../datasets/image/cut-out.ts';
import { decodeImage, type Pixels, type Recipe } from '../../datasets/image/decode.ts';
import type { PixelKernels } from '../../datasets/image/pixel-kernels.ts';
import { placementOf } from '../../datasets/image/placement.ts';
import { release } from '../../datasets/image/release.ts';
import { createResampler, resample } from '../../datasets/image/resample.ts';
import { sizeOf } from '../../datasets/image/size-of.ts';
import type { Arena } from '../../kernels/arena.ts';
import { referenceKernels } from '../../kernels/reference.ts';
import { noise } from '../cases/kernel.ts';

const plain: Recipe = { resize: null, crop: null, channels: 3 };

const raw = ({ data, rows, columns, channels }: Pixels) =>
  sharp(data, { raw: { width: columns, height: rows, channels: channels as 1 | 3 } });
const png = (pixels: Pixels): Promise<Buffer> => raw(pixels).png().toBuffer();

/** Red grows along a row, green along a column, each from `low` to `high`; blue stays. */
function slope(rows: number, columns: number, [low, high] = [20, 220]): Pixels {
  const data = Uint8Array.from({ length: rows * columns * 3 }, (_, i) => {
    const [row, column] = [Math.floor(i / (3 * columns)), Math.floor(i / 3) % columns];
    const along = (at: number, size: number) => low! + ((high! - low!) * (at + 0.5)) / size;
    return Math.round([along(column, columns), along(row, rows), 90][i % 3]!);
  });
  return { data, rows, columns, channels: 3 };
}

/** A pixel's channels. */
const at = ({ data, columns, channels }: Pixels, row: number, column: number): number[] => [
  ...data.subarray((row * columns + column) * channels, (row * columns + column + 1) * channels),
];

describe('images that are brought to another size', () => {
  it("have the bytes of torchvision's bilinear resize, smaller and larger", async () => {
    interface Packed {
      readonly shape: readonly [number, number];
      readonly bytes: string;
    }
    const file = new URL('../golden/augment.json', import.meta.url);
    const golden = JSON.parse(readFileSync(file, 'utf8')) as { image: Packed; cases: Record<string, Packed> };
    const [rows, columns] = golden.image.shape;
    const image = { data: Buffer.from(golden.image.bytes, 'base64'), rows, columns, channels: 3 };
    for (const which of ['down', 'up']) {
      const { shape, bytes } = golden.cases[`resize bilinear ${which}`]!;
      assert.equal(Buffer.from(resample(image, ...shape).data).toString('base64'), bytes);
    }
    const { shape, bytes } = golden.cases['resize bilinear up']!;
    const recipe = { ...plain, resize: { rows: shape[0], columns: shape[1], fit: 'fill' } } as const;
    assert.equal(Buffer.from((await decodeImage(await png(image), 'it', recipe)).data).toString('base64'), bytes);
  });

  it('have the bytes of the reference kernels, for one channel and three, one pixel and memories that grow', () => {
    const reference = createResampler(({ views }) => referenceKernels(views) as PixelKernels);
    const sizes = [
      [1, 1, 3, 5],
      [7, 9, 1, 1],
      [13, 11, 6, 17],
      [60, 31, 31, 60],
      [9, 200, 8, 11],
    ] as const;
    for (const channels of [1, 3])
      for (const [rows, columns, R, C] of sizes) {
        const data = Uint8Array.from(noise(rows * columns * channels, rows), (value) => Math.floor(128 * (value + 1)));
        const image = { data, rows, columns, channels };
        assert.deepEqual(resample(image, R, C), reference(image, R, C), `${rows} x ${columns} of ${channels}`);
      }
  });

  it('have the same bytes whatever images came before: of the same size, of others, larger than memory is kept for', () => {
    const kernels = ({ views }: Arena) => referenceKernels(views) as PixelKernels;
    const sizes = [
      [8, 9, 3, 5, 4],
      [8, 9, 3, 5, 4],
      [7, 9, 3, 5, 4],
      [7, 8, 3, 5, 4],
      [7, 8, 1, 5, 4],
      [7, 8, 1, 4, 4],
      [7, 8, 1, 4, 5],
      [5000, 4500, 3, 1, 1],
      [7, 8, 1, 4, 5],
    ] as const;
    for (const [i, [rows, columns, channels, R, C]] of sizes.entries()) {
      const data = new Uint8Array(rows * columns * channels).map((_, at) => (at * (i + 3)) & 255);
      const image = { data, rows, columns, channels };
      assert.deepEqual(resample(image, R, C), createResampler(kernels)(image, R, C), `the image ${i}`);
    }
  });

  const recipes: Readonly<Record<string, Pick<Recipe, 'resize' | 'crop'>>> = {
    'the shorter side': { resize: { shorter: 40 }, crop: null },
    'the shorter side, and the middle': { resize: { shorter: 40 }, crop: { rows: 32, columns: 24 } },
    cover: { resize: { rows: 40, columns: 30, fit: 'cover' }, crop: null },
    contain: { resize: { rows: 40, columns: 44, fit: 'contain' }, crop: null },
    'contain, and the middle': { resize: { rows: 40, columns: 44, fit: 'contain' }, crop: { rows: 36, columns: 40 } },
    fill: { resize: { rows: 40, columns: 30, fit: 'fill' }, crop: null },
    'the middle alone': { resize: null, crop: { rows: 32, columns: 24 } },
  };
  for (const [title, { resize, crop }] of Object.entries(recipes))
    for (const [rows, columns] of [
      [55, 70],
      [37, 30],
      [401, 530],
    ] as const)
      it(`are where the placement says, to 2 of 255: ${title}, from ${rows} x ${columns}`, async () => {
        const image = slope(rows, columns);
        const made = await decodeImage(await png(image), 'it', { resize, crop, channels: 3 });
        const place = placementOf({ resize, crop }, rows, columns);
        assert.deepEqual([made.rows, made.columns, made.channels], [place.rows, place.columns, 3]);
        for (let row = 0; row < made.rows; row++)
          for (let column = 0; column < made.columns; column++) {
            const x = (column + 0.5 + place.left) / place.scaleX;
            const y = (row + 0.5 + place.top) / place.scaleY;
            const outside = x < 0 || y < 0 || x > columns || y > rows;
            const expected = outside ? [255, 255, 255] : [20 + (200 * x) / columns, 20 + (200 * y) / rows, 90];
            const got = at(made, row, column);
            // at its edge a picture has no slope: what a pixel is the mean of is cut there
            const edge = (200 * Math.max(1 / place.scaleX, 1)) / columns + (200 * Math.max(1 / place.scaleY, 1)) / rows;
            const near =
              x < 2 / place.scaleX ||
              y < 2 / place.scaleY ||
              columns - x < 2 / place.scaleX ||
              rows - y < 2 / place.scaleY;
            for (const [c, value] of expected.entries())
              assert.ok(
                Math.abs(got[c]! - value) <= (near && !outside ? edge + 2 : 2),
                `${row}, ${column}: ${got}, not ${expected}`,
              );
          }
      });

  it('are turned as EXIF says first, large ones too, to 4 of 255', async () => {
    const image = slope(300, 500);
    const turned = await raw(image).withMetadata({ orientation: 6 }).jpeg({ quality: 100 }).toBuffer();
    const recipe = { ...plain, resize: { shorter: 30 } } as const;
    const made = await decodeImage(turned, 'it', recipe);
    assert.deepEqual([made.rows, made.columns], [50, 30]);
    const upright = await decodeImage(await png(image), 'it', recipe);
    for (let row = 0; row < 50; row++)
      for (let column = 0; column < 30; column++)
        for (const [c, value] of at(made, row, column).entries())
          assert.ok(Math.abs(value - at(upright, 29 - column, row)[c]!) <= 4);
  });

  it('do not shimmer: stripes of one pixel become grey, to 3 of 255, at any reduction', async () => {
    for (const side of [60, 150, 400]) {
      const data = Uint8Array.from({ length: side * side * 3 }, (_, i) => (Math.floor(i / 3) % 2 ? 200 : 100));
      const striped = await png({ data, rows: side, columns: side, channels: 3 });
      const made = await decodeImage(striped, 'it', { ...plain, resize: { shorter: 30 } });
      for (let column = 3; column < 27; column++) assert.ok(Math.abs(at(made, 15, column)[0]! - 150) <= 3, `${side}`);
    }
  });

  it('are refused where the crop is larger', async () => {
    const image = await png(slope(30, 40));
    const recipe = { resize: { shorter: 20 }, crop: { rows: 24, columns: 24 }, channels: 3 } as const;
    await assert.rejects(decodeImage(image, 'it', recipe), { code: 'SHOAL_DATA_FIELD', expected: 'at least 24 x 24' });
  });

  it('are refused where a strip would become more than 2^27 pixels, before anything is allocated', async () => {
    const strip = await png(slope(1, 60_000));
    await assert.rejects(decodeImage(strip, 'it', { ...plain, resize: { shorter: 256 } }), { code: 'SHOAL_DATA_BOMB' });
  });

  it('are never without a row', async () => {
    const thin = await png(slope(1, 300));
    const made = await decodeImage(thin, 'it', { ...plain, resize: { rows: 8, columns: 8, fit: 'contain' } });
    assert.deepEqual([made.rows, made.columns], [8, 8]);
  });
});

describe('a rectangle of an image', () => {
  it('is the image itself where it is all of it, a part, or reaches beyond each side', () => {
    const image = slope(4, 5);
    assert.equal(cutOut(image, { top: 0, left: 0, rows: 4, columns: 5 }, 9), image);
    for (const [top, left] of [
      [1, 2],
      [-2, -3],
      [2, -1],
      [5, 0],
    ] as const) {
      const cut = cutOut(image, { top, left, rows: 3, columns: 4 }, 9);
      for (let row = 0; row < 3; row++)
        for (let column = 0; column < 4; column++) {
          const [y, x] = [row + top, column + left];
          const inside = y >= 0 && y < 4 && x >= 0 && x < 5;
          assert.deepEqual(at(cut, row, column), inside ? at(image, y, x) : [9, 9, 9], `${top}, ${left}`);
        }
    }
  });
});

describe('the size that an image says it has', () => {
  const image = raw(slope(30, 50));
  it('is found in JPEGs of every process, behind what a camera wrote, and in PNGs', async () => {
    const size = { rows: 30, columns: 50 };
    const exif = { IFD0: { Copyright: 'x'.repeat(60_000) } };
    assert.deepEqual(sizeOf(await image.clone().jpeg().toBuffer()), size);
    assert.deepEqual(sizeOf(await image.clone().jpeg({ progressive: true }).withExif(exif).toBuffer()), size);
    assert.deepEqual(sizeOf(await image.clone().png().toBuffer()), size);
    assert.deepEqual(sizeOf(new Uint8Array(await image.clone().png().toBuffer()).subarray()), size);
  });

  it('is not known of other formats, of cut headers, and of segments without an end', async () => {
    const jpeg = await image.clone().jpeg().toBuffer();
    assert.equal(sizeOf(await image.clone().webp().toBuffer()), null);
    for (const length of [0, 1, 3, 4, 20, 100]) assert.equal(sizeOf(jpeg.subarray(0, length)), null, `${length}`);
    const endless = new Uint8Array(4096);
    for (let at = 0; at < 4096; at += 2) endless.set(at === 0 ? [0xff, 0xd8] : [0xff, 0xe0], at);
    assert.equal(sizeOf(endless), null);
    const still = Uint8Array.from({ length: 64 }, (_, i) => [0xff, 0xd8, 0xff, 0xe0][i] ?? 0); // a length of 0
    assert.equal(sizeOf(still), null);
  });
});

describe('memory of pixels', () => {
  it('is given back where the array has all of its buffer, and stays where it has a part', () => {
    const part = new Uint8Array(new ArrayBuffer(16), 4, 8);
    release(part);
    assert.equal(part.length, 8);
    const whole = new Uint8Array(16);
    release(whole);
    assert.equal(whole.length, 'transfer' in ArrayBuffer.prototype ? 0 : 16); // Node 20 has no way
    const shared = new Uint8Array(new SharedArrayBuffer(16));
    release(shared);
    assert.equal(shared.length, 16);
  });
});
