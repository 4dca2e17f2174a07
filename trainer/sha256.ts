// sha256.ts: SHA-256 of bytes that come in pieces. An edge file: node:crypto, as WebCrypto cannot hash in pieces.

import { createHash } from 'node:crypto';

/** A hash under way. */
export interface Sha256 {
  update(bytes: Uint8Array): void;
  /** The digest in hex; ends the hash. */
  hex(): string;
}

export function sha256(): Sha256 {
  const hash = createHash('sha256');
  return {
    update: (bytes) => void hash.update(bytes),
    hex: () => hash.digest('hex'),
  };
}
