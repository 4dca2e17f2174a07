// reader.ts: the suite that every reader passes: what it says of itself, exact bytes, refusals, the same in another thread.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { ShoalError } from '../../base/errors.ts';
import { fieldBytes, type Reader } from '../../datasets/reader.ts';

/** @param open opens the same data anew at each call */
export function testReader(title: string, open: () => Promise<Reader>): void {
  describe(`the reader of ${title}`, () => {
    let reader: Reader;
    let probes: number[];
    before(async () => {
      reader = await open();
      probes = [...new Set([0, Math.floor(reader.length / 2), reader.length - 1])];
    });
    after(() => reader.close());

    const read = (from: Reader, index: number) => {
      const entries = Object.entries(from.fields).map(
        ([name, field]) => [name, new Uint8Array(fieldBytes(field))] as const,
      );
      const sample = Object.fromEntries(entries);
      from.read(index, sample);
      return sample;
    };
    const refuses = (code: string, index: number, into: Record<string, Uint8Array>) =>
      assert.throws(
        () => reader.read(index, into),
        (error: ShoalError) => error.code === code,
      );

    it('has an input, a label, a whole number of samples and a SHA-256', () => {
      const { shape, dtype } = reader.fields['image']!;
      assert.ok(dtype !== 'u8' || shape.length === 3, 'bytes are images: rows, columns, channels');
      assert.ok(shape.every((n) => Number.isInteger(n) && n > 0));
      const label = reader.fields['label']!;
      assert.equal(label.dtype, 'i32');
      const places = [String(shape), String(shape[0]! * shape[1]!), String(reader.fields['boxes']?.shape[0])];
      assert.ok(
        label.shape.length === 0 || places.includes(String(label.shape)),
        'one a sample, a place, a pixel, a box',
      );
      assert.ok(Number.isInteger(reader.length) && reader.length > 0);
      assert.match(reader.hash, /^[0-9a-f]{64}$/);
    });

    it('has labels from 0 to classes - 1, by place also -1', () => {
      const label = new Int32Array(fieldBytes(reader.fields['label']!) / 4);
      const least = reader.fields['label']!.shape.length === 0 ? 0 : -1;
      const into = { label: new Uint8Array(label.buffer) };
      for (let index = 0; index < reader.length; index++) {
        reader.read(index, into);
        const fits = label.every((one) => one >= least && one < reader.classes!);
        assert.ok(fits, `sample ${index}: ${label}`);
      }
    });

    it('writes every byte of a field and none beside it, at any address', () => {
      for (const index of probes) {
        const sample = read(reader, index);
        for (const [name, field] of Object.entries(reader.fields)) {
          const bytes = fieldBytes(field);
          for (const ground of [0x00, 0xff]) {
            const around = new Uint8Array(bytes + 16).fill(ground);
            reader.read(index, { [name]: around.subarray(3, 3 + bytes) });
            assert.deepEqual(around.slice(3, 3 + bytes), sample[name]);
            assert.ok([...around.slice(0, 3), ...around.slice(3 + bytes)].every((byte) => byte === ground));
          }
        }
      }
    });

    it('has the same bytes in its columns, where it offers them', () => {
      for (const [name, column] of Object.entries(reader.columns ?? {})) {
        const size = fieldBytes(reader.fields[name]!);
        assert.equal(column.byteLength, size * reader.length);
        for (const index of probes)
          assert.deepEqual(column.slice(index * size, (index + 1) * size), read(reader, index)[name]);
      }
    });

    it('gives the same bytes and the same hash whenever it is read or opened', async () => {
      const first = probes.map((index) => read(reader, index));
      const again = await open();
      assert.equal(again.hash, reader.hash);
      for (const from of [reader, again]) {
        const backwards = [...probes].reverse().map((index) => read(from, index));
        assert.deepEqual(backwards.reverse(), first);
      }
      again.close();
    });

    it('is the same in another thread, from its share', async () => {
      const workerData = { share: reader.share(), indices: probes };
      const worker = new Worker(new URL('./reader-thread.ts', import.meta.url), { workerData });
      const [seen] = await once(worker, 'message');
      const { fields, length, classes, hash } = reader;
      assert.deepEqual(seen, { fields, length, classes, hash, samples: probes.map((index) => read(reader, index)) });
      await worker.terminate();
    });

    it('refuses samples that it does not have, unknown fields and spaces of another size', () => {
      for (const index of [-1, reader.length, 0.5, Number.NaN]) refuses('SHOAL_DATA_INDEX', index, {});
      refuses('SHOAL_DATA_FIELD', 0, { depth: new Uint8Array(4) });
      refuses('SHOAL_DATA_FIELD', 0, { label: new Uint8Array(3) });
      refuses('SHOAL_DATA_FIELD', 0, { label: new Uint8Array(5) });
    });

    it('can be closed twice', async () => {
      const other = await open();
      other.close();
      other.close();
    });
  });
}
