// spool.ts: a source that can be read only once, from its beginning (stdin, gzip, a server without ranges), as a file that can be read anywhere.
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { ShoalError } from '../../base/errors.ts';
import { download } from '../fetch/download.ts';
import { isUrl } from '../files.ts';
import { braces, nameOf } from '../readers/locations.ts';

/** Readers of single files, and what such a file is called where the source has no name. */
const ENDINGS: Readonly<Record<string, string>> = {
  csv: 'csv',
  jsonl: 'jsonl',
  npy: 'npz',
  parquet: 'parquet',
  text: 'txt',
  tfrecord: 'tfrecord',
  webdataset: 'tar',
};

export interface Spooled {
  /** The reader's options, with a path that it can read. */
  readonly options: object;
  /** Removes what was copied. */
  remove(): void;
}

/**
 * Copies what cannot be read at any place into the system's folder for such files (TMPDIR), unpacked; anything else stays where it is. So orders,
 * splits and duplicates are those of the file itself: a buffer would shuffle a part at a time, and know no class before the end.
 * @throws {ShoalError} SHOAL_DATA_FETCH, SHOAL_DATA_CORRUPT for gzip that is damaged, the system's errors; the signal's reason when aborted
 */
export async function spool(
  options: { readonly reader: string; readonly path?: unknown },
  signal: AbortSignal,
  stdin: NodeJS.ReadableStream = process.stdin,
): Promise<Spooled> {
  const { path, reader } = options;
  const ending = ENDINGS[reader];
  const locations = typeof path === 'string' && ending !== undefined ? braces(path) : [];
  const once = await Promise.all(locations.map((location) => isReadOnce(location, signal)));
  if (!once.includes(true)) return { options, remove() {} };
  const folder = mkdtempSync(join(tmpdir(), 'shoal-stream-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const names: string[] = [];
    for (const location of locations) {
      const name = location === '-' ? `stdin.${ending}` : plainName(location);
      await unpack(await broughtHere(location, join(folder, `${name}.raw`), signal, stdin), join(folder, name), signal);
      names.push(name);
    }
    const whole = names.length === 1 ? names[0]! : `{${names.join(',')}}`;
    return { options: { ...options, path: join(folder, whole) }, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

const withoutQuery = (location: string): string => location.split(/[?#]/, 1)[0]!;
const plainName = (location: string): string =>
  nameOf(withoutQuery(location))
    .replace(/\.tgz$/, '.tar')
    .replace(/\.gz$/, '');

async function isReadOnce(location: string, signal: AbortSignal): Promise<boolean> {
  if (location === '-' || /\.(t?gz)$/.test(withoutQuery(location))) return true;
  if (!isUrl(location)) return false;
  try {
    const response = await fetch(location, { headers: { range: 'bytes=0-0' }, signal });
    await response.body?.cancel();
    return response.status === 200; // it does not know ranges
  } catch {
    signal.throwIfAborted();
    return false; // whoever reads it tries again, and tells
  }
}

/** A file on this machine that has the bytes of the source. */
async function broughtHere(
  location: string,
  to: string,
  signal: AbortSignal,
  stdin: NodeJS.ReadableStream,
): Promise<string> {
  if (location === '-') await pipeline(stdin, createWriteStream(to), { signal });
  else if (isUrl(location)) await download({ url: location, to, sha256: null, signal });
  else return location;
  return to;
}

/** What the file says of itself decides, not its name. */
async function unpack(from: string, to: string, signal: AbortSignal): Promise<void> {
  const packed = await isGzip(from);
  try {
    const steps = [createReadStream(from), ...(packed ? [createGunzip()] : []), createWriteStream(to)] as const;
    await pipeline([...steps] as unknown as NodeJS.ReadWriteStream[], { signal });
  } catch (cause) {
    signal.throwIfAborted();
    if (!/^Z_/.test(String((cause as NodeJS.ErrnoException).code))) throw cause;
    const hint = 'Fetch the file again.';
    const got = cause instanceof Error ? cause.message : String(cause);
    throw new ShoalError(
      { code: 'SHOAL_DATA_CORRUPT', operation: `unpack ${nameOf(from)}`, got, expected: 'gzip that is whole', hint },
      { cause },
    );
  }
}

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}
