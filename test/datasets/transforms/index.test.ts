// index.test.ts: row transforms: the fields and the bytes that come out, and what they refuse.
import assert from 'node:assert/strict';
import { readerFromArrays } from '../../../datasets/from-arrays.ts';
import { transformRows } from '../../../datasets/transforms/index.ts';

const reader = readerFromArrays({
  fields: { image: { shape: [1, 1, 1], dtype: 'u8' }, label: { shape: [], dtype: 'i32' } },
  data: { image: Uint8Array.of(9, 8, 7), label: Int32Array.of(2, 0, 1) },
  classes: 3,
});
const oneHot = (classes: number, field = 'label') => ({ transform: 'one_hot', field, classes }) as const;

describe('row transforms', () => {
  it('turn a label into a row of f32 with a one, whatever lay there', () => {
    const rows = transformRows(reader, [oneHot(4)]);
    assert.deepEqual(rows.fields, { ...reader.fields, label: { shape: [4], dtype: 'f32' } });
    const label = new Float32Array(4).fill(Number.NaN);
    rows.read(0, { label: new Uint8Array(label.buffer) });
    assert.deepEqual([...label], [0, 0, 1, 0]);
  });

  it('turn a vector of labels into a matrix', () => {
    const pairs = readerFromArrays({
      fields: { label: { shape: [2], dtype: 'i32' } },
      data: { label: Int32Array.of(1, 0) },
      classes: 2,
    });
    const rows = transformRows(pairs, [oneHot(2)]);
    assert.deepEqual(rows.fields['label'], { shape: [2, 2], dtype: 'f32' });
    const label = new Float32Array(4);
    rows.read(0, { label: new Uint8Array(label.buffer) });
    assert.deepEqual([...label], [0, 1, 1, 0]);
  });

  it('leave other fields and unwanted ones alone', () => {
    const rows = transformRows(reader, [oneHot(3)]);
    const image = new Uint8Array(1);
    rows.read(1, { image });
    assert.deepEqual([...image], [8]);
  });

  it('refuse labels out of range, other dtypes and missing fields', () => {
    const into = { label: new Uint8Array(8) };
    assert.throws(() => transformRows(reader, [oneHot(2)]).read(0, into), /got label 2, expected labels from 0 to 1/);
    assert.throws(() => transformRows(reader, [oneHot(2, 'image')]), /"image": got u8, expected i32/);
    assert.throws(
      () => transformRows(reader, [oneHot(2, 'depth')]),
      /"depth", expected one of the fields image, label/,
    );
    assert.throws(() => transformRows(reader, [oneHot(2), oneHot(2)]), /got f32, expected i32/);
  });
});
