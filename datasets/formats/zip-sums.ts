// zip-sums.ts: whether a zip's members are those that were packed: their checksums against its directory's. fflate, which unpacks, compares none.
// Source: PKWARE's APPNOTE.TXT, sections 4.3.12, 4.3.14 to 4.3.16.
import { crc32 } from 'node:zlib';

const [MEMBER, END, END_64] = [0x02014b50, 0x06054b50, 0x06064b50];
/** Of the last record, without its comment, which is at most as long. */
const [LAST, MOST_COMMENT] = [22, 2 ** 16];

/** @returns the first member that is another than was packed; null where all are whole */
export function damagedMember(zip: Uint8Array, members: Readonly<Record<string, Uint8Array>>): string | null {
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
  for (let at = directoryOf(view); at + 46 <= zip.length && view.getUint32(at, true) === MEMBER; ) {
    const [name, extra, comment] = [28, 30, 32].map((field) => view.getUint16(at + field, true)) as [
      number,
      number,
      number,
    ];
    const path = new TextDecoder().decode(zip.subarray(at + 46, at + 46 + name));
    const bytes = members[path];
    if (bytes && crc32(bytes) !== view.getUint32(at + 16, true)) return path;
    at += 46 + name + extra + comment;
  }
  return null;
}

/** Where the directory begins. */
function directoryOf(view: DataView): number {
  const first = Math.max(0, view.byteLength - LAST - MOST_COMMENT);
  for (let at = view.byteLength - LAST; at >= first; at--) {
    if (view.getUint32(at, true) !== END) continue;
    const begin = view.getUint32(at + 16, true);
    if (begin !== 0xffffffff) return begin;
    // of more than 4 GiB: 64 bits, in a record whose place the one before this tells
    const wide = Number(view.getBigUint64(at - 12, true));
    return view.getUint32(wide, true) === END_64 ? Number(view.getBigUint64(wide + 48, true)) : view.byteLength;
  }
  return view.byteLength;
}
