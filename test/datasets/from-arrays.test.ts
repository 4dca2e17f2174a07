// from-arrays.test.ts: readers of arrays in memory, and what such arrays must be.
import assert from 'node:assert/strict';
import { type Arrays, readerFromArrays } from '../../datasets/from-arrays.ts';
import { testReader } from '../cases/reader.ts';

const arrays: Arrays = {
  fields: { image: { shape: [2, 1, 3], dtype: 'u8' }, label: { shape: [], dtype: 'i32' } },
  data: { image: Uint8Array.from({ length: 30 }, (_, i) => i * 8), label: Int32Array.of(0, 1, 2, 1, 0) },
  classes: 3,
};
testReader('arrays', async () => readerFromArrays(arrays));

describe('a reader of arrays', () => {
  const label = arrays.fields['label']!;

  it('keeps its own copy, and takes views that begin anywhere', () => {
    const data = Int32Array.of(9, 2, 1);
    const reader = readerFromArrays({ fields: { label }, data: { label: data.subarray(1) }, classes: 3 });
    data.fill(7);
    const into = new Int32Array(1);
    reader.read(0, { label: new Uint8Array(into.buffer) });
    assert.deepEqual([reader.length, into[0]], [2, 2]);
  });

  it('has a hash of its bytes, shapes and types, not of the order of its fields', () => {
    const { image } = arrays.fields;
    const hash = (changes: Partial<Arrays>) => readerFromArrays({ ...arrays, ...changes }).hash;
    const same = hash({ fields: { label, image: image! } });
    assert.equal(hash({}), same);
    const bits = new Float32Array((arrays.data['label'] as Int32Array).slice().buffer);
    const others = [
      hash({ fields: { image: { shape: [3, 2], dtype: 'u8' }, label } }),
      hash({ fields: { image: image!, label: { shape: [], dtype: 'f32' } }, data: { ...arrays.data, label: bits } }),
      hash({ data: { ...arrays.data, label: Int32Array.of(0, 1, 2, 1, 1) } }),
    ];
    assert.equal(new Set([same, ...others]).size, 4);
  });

  it('refuses no samples, columns of unequal length, parts of a row, and labels out of range', () => {
    const { fields, data } = arrays;
    const make = (changes: Partial<Arrays>) => () => readerFromArrays({ ...arrays, ...changes });
    assert.throws(make({ fields: {}, data: {} }), /got no samples/);
    assert.throws(make({ data: { image: new Uint8Array(0), label: new Int32Array(0) } }), /got no samples/);
    assert.throws(make({ data: { ...data, label: new Int32Array(4) } }), /got 5 of image, 4 of label/);
    assert.throws(make({ fields: { image: fields['image']! }, data: { image: new Uint8Array(7) } }), /1\.166/);
    assert.throws(
      make({ classes: 2, origin: 'toys' }),
      /the labels of toys: got label 2 at sample 2, expected .* 0 to 1/,
    );
    assert.throws(make({ data: { ...data, label: Int32Array.of(0, 0, 0, 0, -1) } }), /label -1 at sample 4/);
  });

  it('refuses shapes that are none, and arrays of another type than their field has, or of no field', () => {
    const { fields, data } = arrays;
    const make = (changes: object) => () => readerFromArrays({ ...arrays, ...changes });
    const shaped = (shape: unknown) => make({ fields: { ...fields, image: { shape, dtype: 'u8' } } });
    for (const n of [-1, 0, 0.5, Number.NaN, '2']) assert.throws(shaped([n, 3]), /got fields\.image\.shape\.0: /);
    assert.throws(make({ fields: { ...fields, image: { shape: [6], dtype: 'f64' } } }), /fields\.image\.dtype: "f64"/);
    const label = Float32Array.of(0, 1, 2, 1, 0);
    assert.throws(
      make({ data: { ...data, label } }),
      /data\.label: Float32Array, expected Int32Array, as fields\.label/,
    );
    assert.throws(make({ data: { ...data, label: [0, 1, 2, 1, 0] } }), /data\.label: Array, expected Int32Array/);
    assert.throws(make({ data: { image: data['image'] } }), /data\.label: nothing, expected Int32Array/);
    assert.throws(make({ data: { ...data, lable: label } }), /data\.lable: .* expected one of the fields image, label/);
    for (const classes of [undefined, 1.5, 0]) assert.throws(make({ classes }), /got classes: /);
  });
});
