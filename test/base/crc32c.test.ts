// crc32c.test.ts: known answers of the checksum.

import assert from 'node:assert/strict';
import { crc32c } from '../../base/crc32c.ts';

describe('crc32c', () => {
  it('gives the answers that RFC 3720 (B.4) lists, and the check value of the catalogue', () => {
    const ascending = Uint8Array.from({ length: 32 }, (_, i) => i);
    assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
    assert.equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
    assert.equal(crc32c(ascending), 0x46dd794e);
    assert.equal(crc32c(ascending.toReversed()), 0x113fdb5c);
    assert.equal(crc32c(new TextEncoder().encode('123456789')), 0xe3069283);
    assert.equal(crc32c(new Uint8Array(0)), 0);
  });
});
