// mixing.test.ts: samples of a micro-shard mixed with each other, rows of ids cut and hidden, and lists that do not fit.
import assert from 'node:assert/strict';
import { seedWords } from '../../../base/random.ts';
import { createAugmenter } from '../../../datasets/augment/augmenter.ts';
import { augmentedFields } from '../../../datasets/augment/index.ts';
import { instantiate, loadKernels } from '../../../kernels/load.ts';
import { transform } from '../../cases/augment.ts';

const [SIDE, CHANNELS] = [8, 3] as const;
const field = { dtype: 'u8', shape: [SIDE, SIDE, CHANNELS] } as const;
const kernels = loadKernels();

/** Row r is all bytes 40 r, of class r. */
function mixed(name: string, count: number, slot: number, config: object = {}) {
  const rows = Array.from({ length: count }, (_, r) => ({
    image: new Uint8Array(SIDE * SIDE * CHANNELS).fill(40 * r),
    labels: [Float32Array.from({ length: count }, (_, c) => Number(c === r))],
  }));
  const augmenter = createAugmenter({
    configs: [transform({ class_name: name, config })],
    field,
    seed: seedWords(1),
    heldOut: false,
    kernels: ({ memory }) => instantiate(kernels, memory),
  });
  augmenter.mix(rows, { step: 2, slot });
  return rows.map(({ image, labels }) => ({ image, label: labels[0]! }));
}
const mean = (bytes: Uint8Array) => bytes.reduce((sum, byte) => sum + byte, 0) / bytes.length;

describe('samples of a micro-shard mixed', () => {
  for (const name of ['MixUp', 'CutMix'])
    it(`${name} gives labels the shares that images have, of the first and the last, and keeps the middle one`, () => {
      for (let slot = 0; slot < 6; slot++) {
        const rows = mixed(name, 5, slot);
        rows.forEach(({ image, label }, r) => {
          const partner = 4 - r;
          assert.equal(label[r]! + (r === partner ? 0 : label[partner]!), 1);
          const expected = 40 * r * label[r]! + (r === partner ? 0 : 40 * partner * label[partner]!);
          assert.ok(
            Math.abs(mean(image) - expected) <= 0.5,
            `${name} ${slot} row ${r}: ${mean(image)}, not ${expected}`,
          );
        });
      }
    });
  it('MixUp mixes every pixel alike, CutMix takes each pixel from one of the two', () => {
    const up = mixed('MixUp', 4, 0);
    assert.equal(new Set(up[0]!.image).size, 1);
    const cut = [0, 1, 2, 3].flatMap((slot) => mixed('CutMix', 4, slot));
    for (const { image } of cut) for (const byte of image) assert.ok(byte % 40 === 0, `a byte of ${byte}`);
    assert.ok(cut.some(({ image }) => new Set(image).size === 2));
  });
  it('leaves a share 1 - p of micro-shards alone', () => {
    const changed = Array.from({ length: 200 }, (_, slot) => mixed('MixUp', 2, slot, { p: 0.3 })[0]!.label[0]! < 1);
    const share = changed.filter(Boolean).length / 200;
    assert.ok(share > 0.2 && share < 0.4, `${share} of them changed`);
  });
  it('draws shares from Beta(alpha, alpha): mean 1/2 within 0.05, variance 1 / (4 (2 alpha + 1)) within 0.02', () => {
    for (const alpha of [0.2, 1, 3]) {
      const shares = Array.from({ length: 400 }, (_, slot) => mixed('MixUp', 2, slot, { alpha })[0]!.label[0]!);
      const average = shares.reduce((a, b) => a + b, 0) / 400;
      const variance = shares.reduce((a, b) => a + (b - average) ** 2, 0) / 400;
      assert.ok(Math.abs(average - 0.5) < 0.05, `alpha ${alpha}: mean ${average}`);
      assert.ok(Math.abs(variance - 1 / (4 * (2 * alpha + 1))) < 0.02, `alpha ${alpha}: variance ${variance}`);
    }
  });
});

describe('rows of ids', () => {
  const ids = { dtype: 'i32', shape: [40] } as const;
  const changed = (list: readonly object[], heldOut: boolean, slot: number): number[] => {
    const configs = list.map(transform);
    const length = augmentedFields({ image: ids }, configs)['image']!.shape[0]!;
    const options = { configs, field: ids, seed: seedWords(1), heldOut };
    const augmenter = createAugmenter({ ...options, kernels: ({ memory }) => instantiate(kernels, memory) });
    new Int32Array(augmenter.raw().buffer).set(Array.from({ length: 40 }, (_, i) => 100 + i));
    const into = new Uint8Array(4 * length);
    augmenter.write(into, { step: 1, slot });
    return [...new Int32Array(into.buffer)];
  };
  const crop = { class_name: 'RandomTokenCrop', config: { length: 12 } };
  const mask = { class_name: 'RandomTokenMask', config: { mask_id: 7, p: 0.25 } };
  it('are cut to a window from a random place, held-out ones to the first', () => {
    const starts = Array.from({ length: 20 }, (_, slot) => {
      const row = changed([crop], false, slot);
      assert.deepEqual(
        row,
        Array.from({ length: 12 }, (_, i) => row[0]! + i),
      );
      return row[0]!;
    });
    assert.ok(new Set(starts).size > 5);
    assert.equal(changed([crop], true, 3)[0], 100);
  });
  it('are cut again from what was cut, and from nothing behind it', () => {
    const again = { class_name: 'RandomTokenCrop', config: { length: 5 } };
    for (let slot = 0; slot < 40; slot++) {
      const [first] = changed([crop], false, slot);
      const row = changed([crop, mask, again], false, slot);
      const start = row.find((id) => id !== 7)! - row.findIndex((id) => id !== 7);
      assert.ok(
        row.every((id, i) => id === 7 || id === start + i),
        String(row),
      );
      assert.ok(start >= first! && start <= first! + 7, `${start} in ${first} to ${first! + 11}`);
    }
  });
  it('have a share of their ids hidden, held-out ones none', () => {
    const rows = Array.from({ length: 30 }, (_, slot) => changed([mask], false, slot));
    const hidden = rows.flat().filter((id) => id === 7).length / 1200;
    assert.ok(hidden > 0.2 && hidden < 0.3, `${hidden} of them hidden`);
    for (const row of rows) assert.ok(row.every((id, i) => id === 7 || id === 100 + i));
    assert.ok(!changed([mask], true, 0).includes(7));
  });
});

describe('a list of transforms', () => {
  const refused = (json: readonly object[], fields: Parameters<typeof augmentedFields>[0], message: RegExp) =>
    assert.throws(() => augmentedFields(fields, json.map(transform)), message);
  it('refuses what does not fit the data, and names it', () => {
    const floats = { image: { dtype: 'f32', shape: [4] } } as const;
    refused([{ class_name: 'RandomHorizontalFlip' }], floats, /RandomHorizontalFlip: got f32 of \[4\] in "image"/);
    refused([{ class_name: 'RandomTokenMask', config: { mask_id: 1 } }], { image: field }, /expected rows of ids/);
    refused(
      [{ class_name: 'RandomCrop', config: { size: 9 } }],
      { image: field },
      /images of 8 x 8.*expected at least 9 x 9/s,
    );
  });
  it('refuses colours that are neither one byte nor three', () => {
    for (const fill of [[1, 2], [1, 2, 3, 4], []])
      assert.throws(() => transform({ class_name: 'RandomRotation', config: { degrees: 9, fill } }));
    assert.throws(() => transform({ class_name: 'RandomErasing', config: { value: [1, 2] } }));
    transform({ class_name: 'RandomErasing', config: { value: [1, 2, 3] } });
    transform({ class_name: 'RandomCrop', config: { size: 4, fill: [9] } });
  });
  it('refuses turns of the hue and areas beyond their range, as torchvision does', () => {
    for (const hue of [
      [3, 0.5],
      [0.3, -0.3],
      [-0.6, 0],
    ])
      assert.throws(() => transform({ class_name: 'ColorJitter', config: { hue } }));
    assert.throws(() => transform({ class_name: 'RandomErasing', config: { scale: [0.5, 2] } }));
    transform({ class_name: 'ColorJitter', config: { hue: [-0.5, 0.5] } });
  });
  it('refuses changes of single samples behind what mixes them', () => {
    refused(
      [{ class_name: 'MixUp' }, { class_name: 'RandomHorizontalFlip' }],
      { image: field },
      /RandomHorizontalFlip behind MixUp/,
    );
  });
});
