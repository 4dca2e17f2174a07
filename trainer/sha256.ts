// sha256.ts: SHA-256 of bytes that come in pieces, as files do. An edge file: only node:crypto does that (whole: base/hash.ts).

import { createHash } from 'node:crypto';

/** A hash under way. */
export interface Sha256 {
  update(bytes: Uint8Array): void;
  /** The digest in hex; ends the hash. */
  hex(): string;
}

export function startSha256(): Sha256 {
  const hash = createHash('sha256');
  return {
    update: (bytes) => void hash.update(bytes),
    hex: () => hash.digest('hex'),
  };
}
