// frame-sum.ts: the checksum of frames from its definitions: CRC-32 (ITU-T V.42) bit by bit up to 16 KiB, beyond that GMAC (NIST SP 800-38D,
// sections 6.3 and 6.4) by big integers. Slow, and neither node:zlib's nor node:crypto's.
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
function gmac(data: Uint8Array): number {
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

function crc(data: Uint8Array): number {
  let sum = 0xffff_ffff;
  for (const byte of data) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb8_8320 : 0);
  }
  return ~sum >>> 0;
}

export const frameSum = (data: Uint8Array): number => (data.length <= 16_384 ? crc(data) : gmac(data));
