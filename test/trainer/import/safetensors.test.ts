// safetensors.test.ts: what the reader takes, what Python wrote included, and that it refuses all else. Not the writer's bytes.

import assert from 'node:assert/strict';
import { draws, seedWords } from '../../../base/random.ts';
import type { SafetensorsTensor } from '../../../trainer/export/safetensors.ts';
import { safetensorsChunks } from '../../../trainer/export/safetensors.ts';
import { writeDurably } from '../../../trainer/files.ts';
import { readSafetensors } from '../../../trainer/import/safetensors.ts';
import python from '../../golden/safetensors.json' with { type: 'json' };
import { GOLDEN } from '../../golden/safetensors-tensors.ts';
import { MemoryDisk } from '../memory-disk.ts';

async function read(bytes: Uint8Array) {
  const disk = new MemoryDisk();
  await writeDurably(disk, '/x.safetensors', [bytes]);
  return readSafetensors('/x.safetensors', disk);
}

function fileOf(header: unknown, buffer = 8, length?: bigint): Uint8Array {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(length ?? BigInt(json.length));
  return Buffer.concat([prefix, json, Buffer.alloc(buffer)]);
}

const bits = ({ name, shape, data }: SafetensorsTensor) => {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex');
  return { name, shape, type: data.constructor.name, bytes };
};
const byName = (tensors: readonly SafetensorsTensor[]) => tensors.map(bits).sort((a, b) => (a.name < b.name ? -1 : 1));

describe('reading safetensors', () => {
  it('reads what Python’s safetensors wrote: all dtypes, scalars, empty shapes, names in Unicode, bit for bit', async () => {
    const { tensors, metadata } = await read(Buffer.from(python.mixed, 'base64'));
    assert.deepEqual(byName(tensors), byName(GOLDEN));
    assert.deepEqual(metadata, { format: 'np', note: 'größe "β"' });
    assert.deepEqual((await read(Buffer.from(python.plain, 'base64'))).tensors, [
      { name: 'a', shape: [4], data: Float32Array.of(0, 1, 2, 3) },
    ]);
    assert.deepEqual(await read(Buffer.from(python.empty, 'base64')), { metadata: {}, tensors: [] });
  });

  it('reads back what our writer made, names like __proto__ included', async () => {
    const tensors = [...GOLDEN, { name: '__proto__', shape: [1], data: Uint8Array.of(5) }];
    const chunks = [...safetensorsChunks(tensors, { a: 'b' }, 1 << 16)].map((chunk) => chunk.slice());
    const file = await read(Buffer.concat(chunks));
    assert.deepEqual(byName(file.tensors), byName(tensors));
    assert.deepEqual(file.metadata, { a: 'b' });
  });

  const a = { dtype: 'F32', shape: [2], data_offsets: [0, 8] };
  const bad: [what: string, file: Uint8Array, code?: string][] = [
    ['an empty file', new Uint8Array(0)],
    ['seven bytes', new Uint8Array(7)],
    ['a header longer than the file', fileOf({ a }, 8, 1000n)],
    ['a header length of 2^64 - 1', fileOf({ a }, 8, 2n ** 64n - 1n)],
    ['a header of no bytes', fileOf('', 0)],
    ['a header that is not JSON', fileOf('{"a":', 8)],
    ['a header that is a list', fileOf([a])],
    ['a header with a space before', fileOf(` ${JSON.stringify({ a })}`)],
    ['a header that is not UTF-8', new Uint8Array([2, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0xff])],
    ['metadata that is not strings', fileOf({ __metadata__: { n: 1 }, a })],
    ['metadata that is a list', fileOf({ __metadata__: ['x'], a })],
    ['a tensor that is null', fileOf({ a: null })],
    ['another dtype', fileOf({ a: { ...a, dtype: 'BF16' } }), 'SHOAL_SAFETENSORS_DTYPE'],
    ['a dtype of another kind', fileOf({ a: { ...a, dtype: ['F32'] } }), 'SHOAL_SAFETENSORS_DTYPE'],
    ['no shape', fileOf({ a: { ...a, shape: undefined } })],
    ['a negative shape', fileOf({ a: { ...a, shape: [-2, -1] } })],
    ['a fractional shape', fileOf({ a: { ...a, shape: [0.5, 4] } })],
    ['a shape that overflows', fileOf({ a: { ...a, shape: [2 ** 52, 2 ** 52, 2 ** 52] } })],
    ['a shape that overflows to NaN', fileOf({ a: { ...a, shape: [...Array(30).fill(2 ** 52), 0] } })],
    ['offsets that are not two', fileOf({ a: { ...a, data_offsets: [0, 4, 8] } })],
    ['offsets that go back', fileOf({ a: { ...a, data_offsets: [8, 0] } })],
    ['offsets in text', fileOf({ a: { ...a, data_offsets: ['0', '8'] } })],
    ['a length that does not fit the shape', fileOf({ a: { ...a, data_offsets: [0, 4] } }, 4)],
    ['a hole before the first', fileOf({ a: { ...a, data_offsets: [4, 12] } }, 12)],
    ['a hole', fileOf({ a, b: { ...a, data_offsets: [12, 20] } }, 20)],
    ['an overlap', fileOf({ a, b: { ...a, data_offsets: [4, 12] } }, 12)],
    ['the same bytes twice', fileOf({ a, b: a })],
    ['bytes after the last', fileOf({ a }, 9)],
    ['a buffer cut short', fileOf({ a }, 7)],
    ['more than the disk holds', fileOf({ a: { dtype: 'U8', shape: [2 ** 50], data_offsets: [0, 2 ** 50] } })],
  ];
  for (const [what, file, code = 'SHOAL_SAFETENSORS_CORRUPT'] of bad) {
    it(`refuses ${what}`, () => assert.rejects(read(file), { code }));
  }

  it('takes or refuses 20,000 damaged files, and never fails in another way or takes more bytes than the file has', async () => {
    const random = draws(seedWords(7), 0, 0, 0);
    let drawn = 0;
    const below = (n: number) => random(drawn++) % n;
    const whole = Buffer.from(python.mixed, 'base64');
    const header = whole.readUInt32LE(0);
    const scraps = ['0', '9', '-1', '1e9', '1e999', '[', ']', '{', '}', '"', ',', ':', 'null', 'F32', ' ', '\\u0000'];
    let taken = 0;
    for (let trial = 0; trial < 20000; trial++) {
      let bytes = Buffer.from(whole);
      for (let edits = 1 + below(3); edits > 0; edits--) {
        const at = below(8 + header);
        const kind = below(4);
        if (kind === 0) bytes[at]! ^= 1 << below(8);
        else if (kind === 1) bytes = bytes.subarray(0, below(bytes.length + 1));
        else bytes.write(scraps[below(scraps.length)]!, Math.min(at, bytes.length));
      }
      try {
        const { tensors } = await read(bytes);
        taken++;
        const sum = tensors.reduce((total, { data }) => total + data.byteLength, 0);
        assert.equal(8 + bytes.readUInt32LE(0) + sum, bytes.length);
      } catch (error) {
        assert.match((error as { code: string }).code, /^SHOAL_SAFETENSORS_/, String(error));
      }
    }
    assert.ok(taken > 0 && taken < 10000, `${taken} taken`);
  });
});
