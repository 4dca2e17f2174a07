// hash.ts: SHA-256 and canonical JSON, with what every engine has built in. Not a checksum for every frame: it is slow.

/** SHA-256 in hexadecimal. Shared memory is copied first: Web Crypto refuses it. */
export async function sha256(bytes: ArrayBufferView | string): Promise<string> {
  const source =
    typeof bytes === 'string'
      ? new TextEncoder().encode(bytes)
      : new Uint8Array(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const digest = await crypto.subtle.digest('SHA-256', source);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** JSON with sorted keys: equal values give equal text. Numbers as ECMAScript writes them, like RFC 8785. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
