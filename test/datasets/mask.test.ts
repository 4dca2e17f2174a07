// mask.test.ts: masks as grey PNGs: written and read, and with one shade that is said to be transparent. Masks with a palette: places.test.ts.
import assert from 'node:assert/strict';
import { crc32 } from 'node:zlib';
import { decodeMask, encodeMask, ownClass } from '../../datasets/image/mask.ts';

describe('grey masks', () => {
  const label = Int32Array.of(0, 254, -1, 7, 128, 1);
  const mask = { rows: 2, columns: 3, label };

  it('are written as bytes that come back the same', async () => {
    assert.deepEqual(await decodeMask(await encodeMask(mask), 'it', ownClass), mask);
  });

  it('keep the class whose shade is transparent', async () => {
    const png = Buffer.from(await encodeMask(mask));
    const chunk = Buffer.from([0, 0, 0, 2, ...Buffer.from('tRNS'), 0, 7, 0, 0, 0, 0]);
    chunk.writeUInt32BE(crc32(chunk.subarray(4, 10)), 10);
    const behind = 33; // signature and header
    const transparent = Buffer.concat([png.subarray(0, behind), chunk, png.subarray(behind)]);
    assert.deepEqual(await decodeMask(transparent, 'it', ownClass), mask);
  });
});
