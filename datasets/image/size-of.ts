// size-of.ts: how large a JPEG or a PNG says it is, from its first bytes, undecoded. A hint: nothing is checked but what is read, and EXIF's turn is left out.

export interface Size {
  readonly rows: number;
  readonly columns: number;
}

/** Segments of a JPEG that are looked at: its size comes after tables and what cameras write. */
const MOST_SEGMENTS = 256;

/** Null for other formats, and where the header is not whole. Sources: the PNG specification, 11.2.1; ITU-T T.81, annex B. */
export function sizeOf(bytes: Uint8Array): Size | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length >= 24 && view.getUint32(0) === 0x89504e47)
    return { columns: view.getUint32(16), rows: view.getUint32(20) };
  if (bytes.length < 4 || view.getUint16(0) !== 0xffd8) return null;
  for (let at = 2, segment = 0; segment < MOST_SEGMENTS && at + 9 <= bytes.length; segment++) {
    const marker = view.getUint16(at);
    if (marker < 0xffc0 || marker > 0xfffe || marker === 0xffda) return null; // no segment, or the pixels
    // frames of all processes; DHT, JPG and DAC lie between them
    if (marker <= 0xffcf && marker !== 0xffc4 && marker !== 0xffc8 && marker !== 0xffcc)
      return { rows: view.getUint16(at + 5), columns: view.getUint16(at + 7) };
    at += 2 + view.getUint16(at + 2);
  }
  return null;
}
