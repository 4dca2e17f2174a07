// files.ts: a file by ranges of bytes, from a path or over HTTP with retries and a bounded cache of blocks. No format.
import { constants, isUtf8 } from 'node:buffer';
import { existsSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ShoalError } from '../base/errors.ts';

export interface RandomFile {
  readonly name: string;
  readonly size: number;
  /** Exactly `length` bytes. @throws {ShoalError} SHOAL_DATA_TRUNCATED past the end, SHOAL_DATA_FETCH */
  read(at: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

export const isUrl = (location: string): boolean => /^https?:\/\//.test(location);

/** Bytes that one read of a header brings along: neighbours are asked for next. */
const BLOCK = 2 ** 16;
const REMOTE_BLOCK = 2 ** 20;
/** Blocks kept of one file: 64 MiB of a remote one. */
const KEPT = 64;
/** Bytes that the system is asked for at once: more than 2^31 - 1 it does not give. */
const MOST_AT_ONCE = 2 ** 30;
const TRIES = 6;
/** Without an answer for so long, a request has failed. */
const IDLE_MS = 20_000;

/** @throws {ShoalError} SHOAL_DATA_MISSING, SHOAL_DATA_FETCH */
export async function openFile(location: string): Promise<RandomFile> {
  return isUrl(location) ? openRemote(location) : openLocal(location);
}

/** A file's place in a folder, or below a URL. */
export const within = (folder: string, name: string): string =>
  isUrl(folder)
    ? `${folder.replace(/\/+$/, '')}/${name.split('/').map(encodeURIComponent).join('/')}`
    : join(folder, name);

/** @throws {ShoalError} SHOAL_DATA_FETCH where a server does not say whether the file is there */
export async function isThere(location: string): Promise<boolean> {
  if (!isUrl(location)) return existsSync(location);
  try {
    await (await openFile(location)).close();
    return true;
  } catch (error) {
    if (error instanceof ShoalError && /HTTP status (404|410)$/.test(error.got)) return false;
    throw error;
  }
}

/** All bytes of a file. */
export async function readAll(location: string): Promise<Uint8Array> {
  const file = await openFile(location);
  try {
    return await file.read(0, file.size);
  } finally {
    await file.close();
  }
}

/** A file of text. @throws {ShoalError} SHOAL_DATA_FORMAT for what is too long, naming the first line that is no UTF-8 */
export async function readText(location: string): Promise<string> {
  const bytes = await readAll(location);
  let text: string;
  try {
    text = new TextDecoder().decode(bytes);
  } catch (cause) {
    if (bytes.length <= constants.MAX_STRING_LENGTH) throw cause;
    throw new ShoalError(
      {
        code: 'SHOAL_DATA_FORMAT',
        operation: `read ${location}`,
        got: `${bytes.length} bytes of text`,
        expected: `at most ${constants.MAX_STRING_LENGTH} characters`,
        hint: 'Write it as Parquet, or cut it into smaller files.',
      },
      { cause },
    );
  }
  if (!text.includes(NO_CHARACTER) || isUtf8(bytes)) return text;
  const line = text.slice(0, text.indexOf(NO_CHARACTER)).split('\n').length;
  throw new ShoalError({
    code: 'SHOAL_DATA_FORMAT',
    operation: `read ${location}`,
    got: `bytes in line ${line} that are no UTF-8`,
    expected: 'text in UTF-8',
    hint: 'Convert it, for example with: iconv -f latin1 -t utf-8.',
  });
}

/** What decoders put in the place of bytes that are no character. */
const NO_CHARACTER = '\ufffd';

async function openLocal(path: string): Promise<RandomFile> {
  try {
    const about = await stat(path);
    // a pipe is not opened: nobody may write into it, and it cannot be read at any place
    if (!about.isFile()) throw new Error(about.isDirectory() ? 'a folder' : 'a pipe or a device');
    const { size } = about;
    const handle = await open(path);
    const fetch = async (at: number, length: number): Promise<Uint8Array> => {
      const bytes = new Uint8Array(length);
      let read = 0;
      while (read < length) {
        const { bytesRead } = await handle.read(bytes, read, Math.min(length - read, MOST_AT_ONCE), at + read);
        if (bytesRead === 0) throw pastEnd(path, size, at + length);
        read += bytesRead;
      }
      return bytes;
    };
    return cached({ name: path, size, block: BLOCK, fetch, close: () => handle.close() });
  } catch (cause) {
    throw new ShoalError(
      {
        code: 'SHOAL_DATA_MISSING',
        operation: `open ${path}`,
        got: cause instanceof Error ? cause.message : String(cause),
        expected: 'a file that can be read',
        hint: 'Paths are relative to the working directory.',
      },
      { cause },
    );
  }
}

async function openRemote(url: string): Promise<RandomFile> {
  const { headers } = await retried(url, { range: 'bytes=0-0' });
  const size = Number(/\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1]);
  if (!Number.isSafeInteger(size)) throw fetchFailed(url, 'an answer without its size', 'HTTP ranges: status 206');
  const fetch = async (at: number, length: number) => {
    const { bytes } = await retried(url, { range: `bytes=${at}-${at + length - 1}` }, length);
    return bytes;
  };
  return cached({ name: url, size, block: REMOTE_BLOCK, fetch, close: async () => {} });
}

interface Blocks {
  readonly name: string;
  readonly size: number;
  readonly block: number;
  readonly fetch: (at: number, length: number) => Promise<Uint8Array>;
  readonly close: () => Promise<void>;
}

/** Reads shorter than a block come from whole blocks, the last used of which stay; longer ones go past the cache. */
function cached({ name, size, block, fetch, close }: Blocks): RandomFile {
  const kept = new Map<number, Promise<Uint8Array>>();
  function blockAt(number: number): Promise<Uint8Array> {
    const known = kept.get(number);
    const found = known ?? fetch(number * block, Math.min(block, size - number * block));
    kept.delete(number); // the newest is last in the map's order
    kept.set(number, found);
    found.catch(() => kept.delete(number));
    const [oldest] = kept.keys();
    if (kept.size > KEPT) kept.delete(oldest!);
    return found;
  }
  return {
    name,
    size,
    async read(at, length) {
      if (at + length > size) throw pastEnd(name, size, at + length);
      if (length >= block) return fetch(at, length);
      const out = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const number = Math.floor((at + done) / block);
        const from = at + done - number * block;
        const part = (await blockAt(number)).subarray(from, from + length - done);
        out.set(part, done);
        done += part.length;
      }
      return out;
    },
    async close() {
      kept.clear();
      await close();
    },
  };
}

/** One answer of status 206 and, where given, of so many bytes. Waits longer after each failure. */
async function retried(
  url: string,
  headers: Record<string, string>,
  length = 1,
): Promise<{ bytes: Uint8Array; headers: Headers }> {
  for (let attempt = 1; ; attempt++) {
    try {
      const response = await fetch(url, { headers, signal: AbortSignal.timeout(IDLE_MS) });
      if (response.status !== 206) {
        await response.body?.cancel();
        const error = new Error(`HTTP status ${response.status}`);
        // nothing there, no ranges, or not for us: no use in asking again
        if (response.status < 500 && response.status !== 429) throw Object.assign(error, { final: true });
        throw error;
      }
      const bytes = new Uint8Array(await response.arrayBuffer());
      if (bytes.length !== length) throw new Error(`${bytes.length} bytes instead of ${length}`);
      return { bytes, headers: response.headers };
    } catch (cause) {
      const reason =
        cause instanceof Error ? `${cause.message}${cause.cause ? ` (${cause.cause})` : ''}` : String(cause);
      if (attempt >= TRIES || (cause as { final?: boolean }).final) throw fetchFailed(url, reason, 'its bytes');
      await wait(50 * 2 ** attempt);
    }
  }
}

const pastEnd = (name: string, size: number, end: number): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_TRUNCATED',
    operation: `read ${name}`,
    got: `${size} bytes`,
    expected: `at least ${end}`,
    hint: 'Fetch the file again.',
  });

const fetchFailed = (url: string, got: string, expected: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_FETCH',
    operation: `fetch ${url}`,
    got,
    expected,
    hint: 'Is the server reachable, and does it serve ranges of bytes? Or bring the files to this machine.',
  });
