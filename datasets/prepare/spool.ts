// spool.ts: a source that can be read only once, from its beginning (stdin, gzip, a server without ranges), as a file that can be read anywhere.
import { createReadStream, createWriteStream, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { ShoalError } from '../../base/errors.ts';
import { download } from '../fetch/download.ts';
import { isUrl } from '../files.ts';
import { braces, isPacked, nameOf, unpackedName } from '../readers/locations.ts';
import { writeError } from '../write-error.ts';

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
 * @throws {ShoalError} SHOAL_DATA_MISSING, SHOAL_DATA_FETCH, SHOAL_DATA_CORRUPT for gzip that is damaged, SHOAL_DATA_WRITE; the signal's reason
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
    for (const [i, location] of locations.entries()) {
      // each in a folder of its own: names of files in several folders may be alike
      const name = `${i}/${location === '-' ? `stdin.${ending}` : nameOf(unpackedName(location))}`;
      mkdirSync(join(folder, String(i)));
      await bring(location, join(folder, name), signal, stdin);
      names.push(name);
    }
    const whole = names.length === 1 ? names[0]! : `{${names.join(',')}}`;
    return { options: { ...options, path: join(folder, whole) }, remove };
  } catch (error) {
    remove();
    signal.throwIfAborted();
    throw writeError(error, `copy ${path} into ${folder}`);
  }
}

async function isReadOnce(location: string, signal: AbortSignal): Promise<boolean> {
  if (location === '-' || isPacked(location)) return true;
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

/** Writes the bytes of the source to a file: unpacked where they are gzip, which they say themselves, and not their name. */
async function bring(location: string, to: string, signal: AbortSignal, stdin: NodeJS.ReadableStream): Promise<void> {
  const isHere = location !== '-' && !isUrl(location);
  const from = isHere ? location : `${to}.raw`;
  if (isHere && !statSync(location, { throwIfNoEntry: false })?.isFile()) throw missing(location);
  if (location === '-') await pipeline(stdin, createWriteStream(from), { signal });
  else if (!isHere) await download({ url: location, to: from, sha256: null, signal });
  if (await isGzip(from)) await unpack(from, to, signal);
  else if (isHere) await pipeline(createReadStream(from), createWriteStream(to), { signal });
  else renameSync(from, to);
  if (!isHere) rmSync(from, { force: true });
}

async function unpack(from: string, to: string, signal: AbortSignal): Promise<void> {
  try {
    await pipeline(createReadStream(from), createGunzip(), createWriteStream(to), { signal });
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

const missing = (path: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_MISSING',
    operation: `open ${path}`,
    got: 'no such file',
    expected: 'a file that can be read',
    hint: 'Paths are relative to the working directory.',
  });
