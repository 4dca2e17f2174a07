// safetensors.test.ts: the bytes that the writer makes. Reading them back is in ../import/safetensors.test.ts.

import assert from 'node:assert/strict';
import { safetensorsChunks } from '../../../trainer/export/safetensors.ts';

const f32 = (name: string, ...values: number[]) => ({ name, shape: [values.length], data: Float32Array.from(values) });
const join = (chunks: Iterable<Uint8Array>) => Buffer.concat([...chunks].map((chunk) => Buffer.from(chunk)));
// Chunks share one buffer: each is copied before the next is made.
const copies = function* (chunks: Iterable<Uint8Array>) {
  for (const chunk of chunks) yield chunk.slice();
};

describe('writing safetensors', () => {
  it('lays a file out as the format says: length, JSON padded with spaces to 8, buffer', () => {
    const bytes = join(copies(safetensorsChunks([f32('a', 1, 2)], { by: 'x' })));
    const json = '{"__metadata__":{"by":"x"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}';
    const padded = json.padEnd(Math.ceil(json.length / 8) * 8);
    const expected = Buffer.alloc(8 + padded.length + 8);
    expected.writeUInt32LE(padded.length, 0);
    expected.write(padded, 8);
    expected.writeFloatLE(1, 8 + padded.length);
    expected.writeFloatLE(2, 12 + padded.length);
    assert.deepEqual(bytes, expected);
  });

  it('makes the same bytes in pieces of any size, none larger', () => {
    const shared = new Float32Array(new SharedArrayBuffer(400), 40, 60).map((_, i) => i);
    const tensors = [
      { name: 'pixels', shape: [3], data: Uint8Array.of(1, 2, 3) },
      f32('a', 1, 2),
      f32('b'),
      f32('c', 3),
    ];
    tensors.push({ name: 'shared', shape: [6, 10], data: shared });
    const whole = join(copies(safetensorsChunks(tensors)));
    for (const size of [1, 3, 4, 7, 16, 255, 256, 100000]) {
      const [header, ...pieces] = [...copies(safetensorsChunks(tensors, {}, size))];
      assert.ok(pieces.every((piece) => piece.length <= size));
      assert.equal(pieces.length, Math.ceil((whole.length - header!.length) / size));
      assert.deepEqual(join([header!, ...pieces]), whole);
    }
  });

  it('refuses a name given twice, a reserved one, and data that does not fit its shape', () => {
    const bad = [
      [f32('a', 1), f32('a', 2)],
      [f32('__metadata__', 1)],
      [{ name: 'a', shape: [2, 2], data: new Float32Array(3) }],
      [{ name: 'a', shape: [-1, -1], data: new Float32Array(1) }],
      [{ name: 'a', shape: [0.5, 2], data: new Float32Array(1) }],
    ];
    for (const tensors of bad) {
      assert.throws(() => [...safetensorsChunks(tensors)], { code: 'SHOAL_SAFETENSORS_TENSOR' });
    }
  });
});
