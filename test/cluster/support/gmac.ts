// gmac.ts: the checksum of frames from its definition (NIST SP 800-38D, sections 6.3 and 6.4), by big integers. Slow, and not node:crypto's.
import { createCipheriv } from 'node:crypto';

const R = 0xe1n << 120n;
const toBig = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);

/** One block of AES-128 under a key of zeros. */
function aes(block: Uint8Array): bigint {
  const cipher = createCipheriv('aes-128-ecb', Buffer.alloc(16), null).setAutoPadding(false);
  return toBig(Buffer.concat([cipher.update(block), cipher.final()]));
}

/** The product in GF(2^128), bit 0 the leftmost. */
function product(x: bigint, y: bigint): bigint {
  let z = 0n;
  let v = y;
  for (let bit = 127n; bit >= 0n; bit--) {
    if ((x >> bit) & 1n) z ^= v;
    v = v & 1n ? (v >> 1n) ^ R : v >> 1n;
  }
  return z;
}

/** First four bytes of the tag of `data` as additional data, key and nonce zeros, as a little endian number. */
export function gmac(data: Uint8Array): number {
  const h = aes(Buffer.alloc(16));
  let y = 0n;
  for (let at = 0; at < data.length; at += 16) {
    const block = Buffer.alloc(16);
    block.set(data.subarray(at, at + 16));
    y = product(y ^ toBig(block), h);
  }
  y = product(y ^ (BigInt(8 * data.length) << 64n), h);
  const first = Buffer.alloc(16);
  first[15] = 1;
  const tag = y ^ aes(first);
  return Buffer.from(tag.toString(16).padStart(32, '0'), 'hex').readUInt32LE(0);
}
