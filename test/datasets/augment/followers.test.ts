// followers.test.ts: masks and boxes move with their images: an image that shows its own mask is the oracle of both.
import assert from 'node:assert/strict';
import { seedWords } from '../../../base/random.ts';
import { follow, followersOf } from '../../../datasets/augment/followers.ts';
import type { AugmentConfig } from '../../../datasets/augment/index.ts';
import { augmentedFields } from '../../../datasets/augment/index.ts';
import { createFeeder } from '../../../datasets/feeder.ts';
import { readerFromArrays } from '../../../datasets/from-arrays.ts';
import type { Fields } from '../../../datasets/reader.ts';
import { loadKernels } from '../../../kernels/load.ts';
import { COLUMNS, openAugmenter, ROWS, transform } from '../../cases/augment.ts';

/** Classes in stripes and blocks. */
const mask = Int32Array.from({ length: ROWS * COLUMNS }, (_, i) => {
  const [row, column] = [Math.floor(i / COLUMNS), i % COLUMNS];
  return (Math.floor(row / 4) + 2 * Math.floor(column / 5)) % 4;
});
const shown = Uint8Array.from(mask, (value) => 40 + 50 * value);
const nearest = { interpolation: 'nearest' };

const lists: readonly (readonly [title: string, json: unknown[]])[] = [
  ['mirrors', ['RandomHorizontalFlip', { class_name: 'RandomVerticalFlip', config: { p: 0.7 } }]],
  ['crops', [{ class_name: 'RandomCrop', config: { size: [15, 17], padding: [3, 2] } }, 'RandomHorizontalFlip']],
  ['resized crops', [{ class_name: 'RandomResizedCrop', config: { size: [16, 30], ...nearest } }]],
  ['turns', [{ class_name: 'RandomRotation', config: { degrees: 70 } }, 'RandomVerticalFlip']],
  [
    'affine changes',
    [
      {
        class_name: 'RandomAffine',
        config: { degrees: 20, translate: [0.2, 0.1], scale: [0.7, 1.3], shear: [-9, 9, -5, 5] },
      },
      { class_name: 'CenterCrop', config: { size: [14, 14] } },
      { class_name: 'Resize', config: { size: 21, ...nearest } },
    ],
  ],
];

describe('what moves with an image', () => {
  for (const [title, json] of lists)
    it(`is a mask, pixel for pixel, through ${title}`, () => {
      const configs = json.map(transform);
      const { augmenter, size, shape } = openAugmenter(configs, 1);
      let known = 0;
      for (let slot = 0; slot < 12; slot++) {
        augmenter.raw().set(shown);
        const image = new Uint8Array(size);
        augmenter.write(image, { step: 3, slot });
        const label = new Int32Array(shape[0]! * shape[1]!);
        follow({ label: mask }, { label: new Uint8Array(label.buffer) }, [ROWS, COLUMNS], augmenter.moves);
        label.forEach((value, i) => {
          if (value >= 0) assert.equal(image[i], 40 + 50 * value, `slot ${slot}, place ${i}`);
          known += value >= 0 ? 1 : 0;
        });
      }
      assert.ok(known > 0.4 * 12 * size);
    });

  it('is a box: around what it was around before, cut at the edges, gone when nothing of it is left', () => {
    const [x, y, width, height] = [0, 1, 4, 4];
    const bright = Uint8Array.from({ length: ROWS * COLUMNS }, (_, i) => {
      const [row, column] = [Math.floor(i / COLUMNS), i % COLUMNS];
      return column >= x && column < x + width && row >= y && row < y + height ? 255 : 1;
    });
    let gone = 0;
    for (const [, json] of lists) {
      const configs = json.map(transform);
      const { augmenter, size, shape } = openAugmenter(configs, 1);
      for (let slot = 0; slot < 12; slot++) {
        augmenter.raw().set(bright);
        const image = new Uint8Array(size);
        augmenter.write(image, { step: 3, slot });
        const raw = { label: Int32Array.of(2, -1), boxes: Float32Array.of(x, y, width, height, 0, 0, 0, 0) };
        const [label, boxes] = [new Int32Array(2), new Float32Array(8)];
        const into = { label: new Uint8Array(label.buffer), boxes: new Uint8Array(boxes.buffer) };
        follow(raw, into, [ROWS, COLUMNS], augmenter.moves);
        const [rows, columns] = shape as [number, number];
        const seen = [...image.keys()].filter((i) => image[i] === 255);
        assert.equal(label[1], -1);
        if (label[0] === -1) {
          gone++;
          assert.ok(seen.length <= Math.max(rows, columns) && boxes.every((value) => value === 0));
          continue;
        }
        const [left, top, wide, high] = boxes as unknown as [number, number, number, number];
        assert.ok(left >= 0 && top >= 0 && left + wide <= columns + 1e-4 && top + high <= rows + 1e-4);
        for (const i of seen) {
          const [row, column] = [Math.floor(i / columns) + 0.5, (i % columns) + 0.5];
          const inside = column > left - 1 && column < left + wide + 1 && row > top - 1 && row < top + high + 1;
          assert.ok(inside, `${json}: ${column}, ${row} outside of ${[left, top, wide, high]}`);
        }
      }
    }
    assert.ok(gone > 0);
  });

  it('is moved in the data threads, the same for any number of them, and not where samples are held out', async () => {
    const length = 6;
    const rows = (of: ArrayLike<number>) => Array.from({ length }, () => [...Array.from(of)]).flat();
    const set = readerFromArrays({
      fields: { image: { shape: [ROWS, COLUMNS, 1], dtype: 'u8' }, label: { shape: [ROWS * COLUMNS], dtype: 'i32' } },
      data: { image: Uint8Array.from(rows(shown)), label: Int32Array.from(rows(mask)) },
      classes: 4,
    });
    const configs: AugmentConfig[] = [...lists[1]![1], ...lists[3]![1]].map(transform);
    const pixels = 15 * 17;
    assert.deepEqual(augmentedFields(set.fields, configs)['label'], { dtype: 'i32', shape: [pixels] });
    const fill = async (threads: number, heldOut: boolean) => {
      const memory = new SharedArrayBuffer(length * pixels * 5 + 64);
      const [labelAt, leafBytes] = [length * pixels + 2, length * pixels * 5 + 2];
      const layout = {
        leafBytes,
        fields: { image: { at: 0, rowBytes: pixels }, label: { at: labelAt, rowBytes: 4 * pixels } },
      };
      const augment = { configs, seed: seedWords(1), heldOut, kernels: loadKernels() };
      const feeder = createFeeder({ reader: set, transforms: [], augment, memory, layout, threads });
      await feeder.fill([{ address: 0, leaves: [length], indices: Uint32Array.from({ length }, (_, i) => i) }]);
      await feeder.close();
      return {
        image: new Uint8Array(memory).slice(0, length * pixels),
        label: new Int32Array(new Uint8Array(memory).slice(labelAt, labelAt + 4 * length * pixels).buffer),
      };
    };
    const one = await fill(1, false);
    assert.deepEqual(await fill(3, false), one);
    let known = 0;
    one.label.forEach((value, i) => {
      if (value < 0) return;
      known++;
      assert.equal(one.image[i], 40 + 50 * value);
    });
    assert.ok(known > one.label.length / 2);
    const held = await fill(1, true);
    assert.deepEqual(
      [...held.image],
      [...held.label].map((value) => 40 + 50 * value),
    );
  });

  it('is told by the fields, and refuses what lays pictures over one another', () => {
    const fields: Fields = {
      image: { shape: [4, 5, 3], dtype: 'u8' },
      label: { shape: [20], dtype: 'i32' },
    };
    assert.equal(followersOf(fields), 'mask');
    const boxes: Fields = { ...fields, label: { shape: [2], dtype: 'i32' }, boxes: { shape: [2, 4], dtype: 'f32' } };
    assert.equal(followersOf(boxes), 'boxes');
    assert.equal(followersOf({ ...fields, label: { shape: [], dtype: 'i32' } }), null);
    for (const name of ['AugMix', 'MixUp', 'CutMix'])
      for (const both of [fields, boxes])
        assert.throws(() => augmentedFields(both, [transform(name)]), { code: 'SHOAL_JOB' });
  });
});
