// codecs.test.ts: every codec passes the suite of codecs; and the two bytes of a half are those of IEEE 754.
import assert from 'node:assert/strict';
import { encodings } from '../../cluster/codecs/index.ts';
import { piecesOfSums } from '../../cluster/codecs/pieces.ts';
import { codecNames } from '../../trainer/codecs/index.ts';
import { testCodec } from '../cases/codec.ts';

const NEAR: Record<(typeof codecNames)[number], (exact: number, made: number) => boolean> = {
  f32: (exact, made) => Object.is(exact, made),
  // half of the last of ten bits, or of the smallest half
  f16: (exact, made) => Math.abs(exact - made) <= Math.max(Math.abs(exact) * 2 ** -11, 2 ** -25),
};
for (const name of codecNames) testCodec(name, NEAR[name]);

describe('encodings', () => {
  it('have numbers of their own in the header', () => {
    const flags = Object.values(encodings).map((encoding) => encoding.flags);
    assert.equal(new Set(flags).size, flags.length);
  });

  it('of a range of sums: the gradients of one leaf as the codec makes them; statistics, and sums of several leaves, as f32', () => {
    const pieces = (from: number, to: number, single: boolean) =>
      piecesOfSums({ from, to }, 10, 'f16', single).map((it) => [it.from, it.to, it.encoding]);
    assert.deepEqual(pieces(2, 14, true), [
      [2, 10, 'f16'],
      [10, 14, 'f32'],
    ]);
    assert.deepEqual(pieces(2, 10, true), [[2, 10, 'f16']]);
    assert.deepEqual(pieces(2, 7, true), [[2, 7, 'f16']]);
    assert.deepEqual(pieces(11, 14, true), [[11, 14, 'f32']]);
    assert.deepEqual(pieces(2, 14, false), [[2, 14, 'f32']]);
    assert.deepEqual(pieces(5, 5, true), []);
  });

  it('f16: all 65,536 halves are read as the engine reads them, and written with the same two bytes', () => {
    const halves = Uint16Array.from({ length: 65_536 }, (_, i) => i);
    const values = encodings.f16.decode(new Uint8Array(halves.buffer));
    const view = new DataView(halves.buffer) as DataView & { getFloat16(at: number, little: boolean): number };
    const engine = Float32Array.from(halves, (_, i) => view.getFloat16(2 * i, true));
    for (let i = 0; i < 65_536; i++) assert.ok(Object.is(values[i], engine[i]), `${i}`);
    const written = new Uint16Array(encodings.f16.encode(values).buffer);
    assert.deepEqual(
      written,
      halves.map((half) => (Number.isNaN(engine[half]) ? 0x7e00 : half)),
    );
  });
});
