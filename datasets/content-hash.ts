// content-hash.ts: by what two samples' contents are the same, before decoding. Not the hash of a dataset: from-arrays.ts, drawn-source.ts.
import { createHash } from 'node:crypto';
import type { Content } from './source.ts';

/** The bytes by which two contents are the same. */
export function contentHash(content: Content): string {
  const hash = createHash('sha256');
  if (content.kind === 'image') return hash.update(content.bytes).digest('hex');
  if (content.kind === 'text') return hash.update(content.text).digest('hex');
  const { shape, data } = content;
  hash.update(JSON.stringify(shape));
  return hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)).digest('hex');
}
