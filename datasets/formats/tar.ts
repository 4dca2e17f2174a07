// tar.ts: members of tar files: where each lies, and how one is written. Header fields by the package tar; no grouping (webdataset).
import { Header, Pax } from 'tar';
import { ShoalError } from '../../base/errors.ts';
import type { RandomFile } from '../files.ts';

export interface Member {
  readonly path: string;
  /** Of the contents, in bytes from the file's start. */
  readonly at: number;
  readonly size: number;
}

export interface TarIndex {
  /** Regular files whose path stays inside. */
  readonly members: readonly Member[];
  /** Paths that climb out (`../x`, `/x`), links and devices: never followed. */
  readonly refused: readonly { readonly path: string; readonly reason: string }[];
  /** What ended the file early, if anything did; members before it are good. */
  readonly problem: string | null;
}

const BLOCK = 512;
/** Bytes of a long name at most; an attacker may claim any size. */
const MOST_NAME = 2 ** 16;
const padded = (size: number): number => Math.ceil(size / BLOCK) * BLOCK;

/** Walks the headers alone, from member to member. @throws what reading the file throws */
export async function indexTar(file: RandomFile): Promise<TarIndex> {
  const members: Member[] = [];
  const refused: { path: string; reason: string }[] = [];
  const done = (problem: string | null): TarIndex => ({ members, refused, problem });
  let extended: { path?: string; size?: number } = {};
  for (let at = 0; at < file.size; ) {
    if (at + BLOCK > file.size) return done('the file ends inside a header');
    const block = Buffer.from(await file.read(at, BLOCK));
    if (block.every((byte) => byte === 0)) return done(null);
    const header = headerOf(block);
    if (header === null) return done('a header whose checksum is wrong');
    const size = extended.size ?? header.size ?? 0;
    if (!(Number.isSafeInteger(size) && size >= 0)) return done('a member whose size is no whole number');
    const path = extended.path ?? header.path ?? '';
    const contents = at + BLOCK;
    if (contents + size > file.size) return done('the file ends inside a member');
    at = contents + padded(size);
    const { type } = header;
    if (type === 'ExtendedHeader' || type === 'NextFileHasLongPath') {
      if (size > MOST_NAME) return done('a name of more than 64 KiB');
      const bytes = Buffer.from(await file.read(contents, size));
      if (type === 'ExtendedHeader') {
        const pax = Pax.parse(bytes.toString('utf8'), {}, false);
        extended = {
          ...(pax.path !== undefined && { path: pax.path }),
          ...(pax.size !== undefined && { size: pax.size }),
        };
      } else extended = { path: bytes.toString('utf8').replace(/\0.*$/s, '') };
      continue;
    }
    extended = {};
    if (type === 'Directory' || type === 'GNUDumpDir' || type === 'GlobalExtendedHeader') continue;
    if (type !== 'File' && type !== 'OldFile' && type !== 'ContiguousFile')
      refused.push({ path, reason: 'a link or a device in a tar' });
    else if (climbs(path)) refused.push({ path, reason: 'a path that climbs out of its tar' });
    else members.push({ path: path.replace(/^(\.\/)+/, ''), at: contents, size });
    if (at > file.size) return done('the file ends inside the padding of a member');
  }
  return done(Object.keys(extended).length === 0 ? null : 'the file ends behind the name of a member');
}

const climbs = (path: string): boolean =>
  path.startsWith('/') || /^[a-z]:/i.test(path) || path.split(/[\\/]/).includes('..');

function headerOf(block: Buffer): Header | null {
  try {
    const header = new Header(block);
    return header.cksumValid ? header : null;
  } catch {
    return null;
  }
}

/** A member's header, contents and padding. No time, owner or mode of its own: equal contents give equal bytes. */
export function tarMember(path: string, contents: Uint8Array): Uint8Array[] {
  const header = new Header({
    path,
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: contents.length,
    mtime: new Date(0),
    type: 'File',
  });
  const block = Buffer.alloc(BLOCK);
  if (header.encode(block)) {
    throw new ShoalError({
      code: 'SHOAL_DATA_FIELD',
      operation: `write ${path} into a tar`,
      got: 'a name or a size that a plain header has no room for',
      expected: 'at most 100 ASCII characters and 8 GiB',
      hint: 'Please report this.',
    });
  }
  return [block, contents, new Uint8Array(padded(contents.length) - contents.length)];
}

/** What ends a tar. */
export const tarEnd = (): Uint8Array => new Uint8Array(2 * BLOCK);
