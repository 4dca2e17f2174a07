// der.ts: the few ASN.1 values that a certificate is made of, in their distinguished encoding (ITU-T X.690). It reads none.

function tagged(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  const length = content.length;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content]);
  if (length < 0x100) return Buffer.concat([Buffer.of(tag, 0x81, length), content]);
  return Buffer.concat([Buffer.of(tag, 0x82, length >> 8, length & 0xff), content]);
}

export const sequence = (...contents: readonly Uint8Array[]): Buffer => tagged(0x30, ...contents);
export const set = (...contents: readonly Uint8Array[]): Buffer => tagged(0x31, ...contents);
/** Big endian; the highest bit of the first byte is the sign. */
export const integer = (bytes: Uint8Array): Buffer => tagged(0x02, bytes);
/** By the hexadecimal form of its contents. */
export const oid = (contents: string): Buffer => tagged(0x06, Buffer.from(contents, 'hex'));
export const text = (value: string): Buffer => tagged(0x0c, Buffer.from(value));
export const octets = (bytes: Uint8Array): Buffer => tagged(0x04, bytes);
export const bits = (bytes: Uint8Array): Buffer => tagged(0x03, Buffer.of(0), bytes);
export const yes = (): Buffer => tagged(0x01, Buffer.of(0xff));
/** In a context's own tag: around a value, or instead of its own. */
export const explicit = (tag: number, value: Uint8Array): Buffer => tagged(0xa0 | tag, value);
export const implicit = (tag: number, contents: Uint8Array): Buffer => tagged(0x80 | tag, contents);

/** Two digits of the year until 2049, four from then on: RFC 5280, section 4.1.2.5. */
export function time(at: Date): Buffer {
  const digits = `${at.toISOString().slice(0, 19).replace(/\D/g, '')}Z`;
  return at.getUTCFullYear() < 2050 ? tagged(0x17, Buffer.from(digits.slice(2))) : tagged(0x18, Buffer.from(digits));
}
