// torchvision.test.ts: single changes of a picture beside what torchvision and Pillow make of it: test/golden/make-augment.py.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { inverseOf } from '../../../datasets/augment/affine.ts';
import * as colour from '../../../datasets/augment/colour.ts';
import { createPicture, cropWith, type Picture } from '../../../datasets/augment/picture.ts';
import { blurTaps, type Filter } from '../../../datasets/image/taps.ts';
import { instantiate, loadKernels } from '../../../kernels/load.ts';

interface Packed {
  readonly shape: readonly [number, number];
  readonly bytes: string;
}
const golden = JSON.parse(readFileSync(new URL('../../golden/augment.json', import.meta.url), 'utf8')) as {
  readonly image: Packed;
  readonly cases: Readonly<Record<string, Packed>>;
};
const [rows, columns] = golden.image.shape;
const centre = [columns / 2, rows / 2] as const;
const whole = { top: 0, left: 0, rows, columns };
const resized = (r: number, c: number, filter: Filter) => (picture: Picture) => picture.resize(whole, r, c, filter);
const padded = (fold: (place: number, size: number) => number) => (picture: Picture) =>
  cropWith(picture, { top: -3, left: -4, rows: rows + 6, columns: columns + 8 }, fold);

/** Change, and by how much a byte may differ at most; where given, what share of bytes may differ more, as rounding falls elsewhere. */
const cases: Readonly<Record<string, readonly [(picture: Picture) => void, number, number?]>> = {
  'resize bilinear down': [resized(9, 11, 'bilinear'), 0],
  'resize bilinear up': [resized(33, 40, 'bilinear'), 0],
  'resize bicubic down': [resized(9, 11, 'bicubic'), 0],
  'resize bicubic up': [resized(33, 40, 'bicubic'), 0],
  'resize nearest': [resized(9, 40, 'nearest'), 0],
  'crop and resize': [(p) => p.resize({ top: 3, left: 5, rows: 13, columns: 17 }, 16, 16, 'bilinear'), 0],
  mirror: [(p) => p.mirror(), 0],
  'upside down': [(p) => p.upsideDown(), 0],
  'rotate nearest': [(p) => p.warp(inverseOf({ angle: -30, centre }), 'nearest', 7), 0],
  'affine nearest': [
    (p) => p.warp(inverseOf({ angle: 20, translate: [2, -3], scale: 1.3, shear: [10, 5], centre }), 'nearest', 9),
    0,
  ],
  'rotate bilinear': [(p) => p.warp(inverseOf({ angle: -30, centre }), 'bilinear', 0), 2],
  grey: [(p) => p.grey(), 0],
  brightness: [(p) => colour.brightness(p, 1.4), 1],
  contrast: [(p) => colour.contrast(p, 0.3), 1],
  saturation: [(p) => colour.saturation(p, 1.7), 1],
  sharpness: [(p) => colour.sharpness(p, 1.9), 2],
  hue: [(p) => p.turnHue(0.3), 1],
  posterize: [(p) => colour.posterize(p, 3), 0],
  solarize: [(p) => colour.solarize(p, 100), 0],
  equalize: [(p) => colour.equalize(p), 0],
  autocontrast: [
    (p) => {
      colour.posterize(p, 3);
      colour.autocontrast(p);
    },
    0,
  ],
  blur: [
    (p) => {
      p.across(blurTaps(columns, 5, 1.3));
      p.down(blurTaps(rows, 5, 1.3));
    },
    1,
  ],
  'pad reflect': [padded((place, size) => (place < 0 ? -place : place >= size ? 2 * size - 2 - place : place)), 0],
  'pad symmetric': [
    padded((place, size) => (place < 0 ? -1 - place : place >= size ? 2 * size - 1 - place : place)),
    0,
  ],
};

describe('changes of a picture', () => {
  const kernels = loadKernels();
  for (const [name, [change, most]] of Object.entries(cases))
    it(`${name}: ${most === 0 ? "torchvision's bytes" : `within ${most} of torchvision's bytes`}`, () => {
      const picture = createPicture(48, 3, ({ memory }) => instantiate(kernels, memory));
      picture.reset(rows, columns);
      picture.bytes().set(Buffer.from(golden.image.bytes, 'base64'));
      change(picture);
      const { shape, bytes } = golden.cases[name]!;
      const expected = Buffer.from(bytes, 'base64');
      assert.deepEqual([picture.rows, picture.columns], shape);
      const off = Array.from(picture.bytes(), (byte, i) => Math.abs(byte - expected[i]!));
      const [worst, count] = [Math.max(...off), off.filter((by) => by > most).length];
      assert.equal(count, 0, `${count} of ${off.length} bytes are off, the worst by ${worst}`);
    });
  it('covers every case of the golden file', () => {
    assert.deepEqual(Object.keys(cases).sort(), Object.keys(golden.cases).sort());
  });
});
