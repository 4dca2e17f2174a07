// checksum.ts: four bytes by which a frame that changed on its way is noticed. No secret is in it: it proves nothing about who sent it.
import { createCipheriv, createSecretKey } from 'node:crypto';

/** Of no meaning: GMAC wants a key and a nonce. Bare bytes would be made into a key each time, which takes 10 us. */
const KEY = createSecretKey(new Uint8Array(16));
const NONCE = new Uint8Array(12);

/**
 * The first four bytes, little endian, of the GMAC of the pieces one after the other: AES-128-GCM (NIST SP 800-38D) with a key and
 * a nonce of zeros, all of it additional data. A change passes unnoticed once in 2^32. Where processors have AES instructions it
 * takes a quarter (Node 24) to two thirds (Node 20) of the time of zlib's crc32, which would be a quarter of all that sending costs.
 */
export function checksum(pieces: readonly Uint8Array[]): number {
  const cipher = createCipheriv('aes-128-gcm', KEY, NONCE);
  for (const piece of pieces) cipher.setAAD(piece);
  cipher.final();
  return cipher.getAuthTag().readUInt32LE(0);
}
