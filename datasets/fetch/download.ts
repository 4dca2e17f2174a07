// download.ts: one file over HTTP, whole and with the hash that it must have, or not at all.
// Broken off, it goes on where it stood, where hash or server tell that it is the same file (origin.ts).
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ShoalError } from '../../base/errors.ts';
import { writeError } from '../write-error.ts';
import { claim } from './claim.ts';
import { isSameFile, originOf, readOrigin, removeOrigin, writeOrigin } from './origin.ts';

export interface DownloadOptions {
  readonly url: string;
  /** The file that is written. Until it is whole, its bytes are in `${to}.partial`, or beside it while a process fetches them. */
  readonly to: string;
  /** Null: not known. */
  readonly sha256: string | null;
  readonly signal: AbortSignal;
  /** @param of all bytes; null while that is not known */
  readonly onProgress?: (bytes: number, of: number | null) => void;
  /** A connection that brings nothing for so long has failed. Default 20,000. */
  readonly idleMs?: number;
}

export interface Downloaded {
  readonly sha256: string;
  /** It was there already. */
  readonly kept: boolean;
}

/** Tries in a row that bring no byte. */
const TRIES = 6;

/** @throws {ShoalError} SHOAL_DATA_FETCH, SHOAL_DATA_CORRUPT for another hash, SHOAL_DATA_WRITE; the signal's reason */
export async function download(options: DownloadOptions): Promise<Downloaded> {
  const { to, url, sha256 } = options;
  if (existsSync(to)) {
    const found = await hashFile(to);
    if (sha256 === null || found === sha256) return { sha256: found, kept: true };
    rmSync(to); // not what it should be
  }
  await mkdir(dirname(to), { recursive: true }).catch((error: unknown) => {
    throw writeError(error, `write ${to}`);
  });
  const { path: partial, release } = claim(`${to}.partial`);
  try {
    for (;;) {
      const resumed = sizeOf(partial) > 0;
      await bring(partial, options);
      const found = await hashFile(partial);
      if (sha256 === null || found === sha256) {
        renameSync(partial, to);
        removeOrigin(partial);
        return { sha256: found, kept: false };
      }
      rmSync(partial);
      if (!resumed) throw otherHash(url, found, sha256);
      // the file has changed since its first part was brought: once more, from its beginning
    }
  } finally {
    release();
  }
}

/** Appends what is missing. Waits longer after each try that brought nothing. */
async function bring(partial: string, options: DownloadOptions): Promise<void> {
  const { url, signal } = options;
  for (let attempt = 1; ; attempt++) {
    const before = sizeOf(partial);
    try {
      await request(partial, before, options);
      return;
    } catch (cause) {
      signal.throwIfAborted();
      if (cause instanceof ShoalError) throw cause;
      if (ofDisk(cause)) throw writeError(cause, `write ${partial}`); // to ask again brings no room
      if (sizeOf(partial) > before) attempt = 0;
      const { message, cause: under } = cause as Error;
      if (attempt >= TRIES) throw failed(url, `${message}${under ? ` (${under})` : ''}`);
      await wait(50 * 2 ** attempt, undefined, { signal });
    }
  }
}

async function request(partial: string, have: number, options: DownloadOptions): Promise<void> {
  const { url, sha256, signal, idleMs = 20_000, onProgress } = options;
  const origin = readOrigin(partial, url);
  const validator = origin?.validator ?? null;
  // without either nothing would tell that two parts are of one file
  const resumes = have > 0 && (sha256 !== null || validator !== null);
  const idle = new AbortController();
  const expire = () => idle.abort(new Error(`nothing for ${idleMs} ms`));
  let timer = setTimeout(expire, idleMs);
  try {
    const headers: Record<string, string> = { 'accept-encoding': 'identity' };
    if (resumes) headers['range'] = `bytes=${have}-`;
    if (resumes && validator !== null) headers['if-range'] = validator.value;
    const response = await fetch(url, { headers, signal: AbortSignal.any([signal, idle.signal]) });
    const { status, body } = response;
    const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get('content-range') ?? '');
    const rest = resumes && status === 206 && Number(range?.[1]) === have;
    const same = rest && (validator === null || isSameFile(origin!, response.headers, Number(range![2])));
    if (status !== 200 && !same) {
      await body?.cancel();
      if (status === 416 && sha256 !== null) return; // nothing is missing: the hash will tell
      if (resumes && (status === 206 || status === 416)) {
        rmSync(partial);
        throw new Error(rest ? 'the rest of another file' : `another range: ${response.headers.get('content-range')}`);
      }
      if (status < 500 && status !== 429 && status !== 408) throw failed(url, `HTTP status ${status}`);
      throw new Error(`HTTP status ${status}`);
    }
    const length = response.headers.get('content-length');
    const all = same ? Number(range![2]) : length === null ? null : Number(length);
    // an answer without a range begins anew
    const file = await open(partial, same ? 'a' : 'w');
    try {
      if (!same) writeOrigin(partial, originOf(url, response.headers, all));
      let bytes = same ? have : 0;
      for await (const chunk of body ?? []) {
        clearTimeout(timer);
        timer = setTimeout(expire, idleMs);
        await file.write(chunk);
        bytes += chunk.length;
        onProgress?.(bytes, all);
      }
      if (all !== null && bytes !== all) throw new Error(`${bytes} bytes instead of ${all}`);
      await file.sync();
    } finally {
      await file.close();
    }
  } finally {
    clearTimeout(timer);
  }
}

export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Whether the file refused it, and not the connection. */
const ofDisk = (error: unknown): boolean =>
  ['open', 'write', 'fsync'].includes((error as NodeJS.ErrnoException).syscall ?? '') &&
  (error as NodeJS.ErrnoException).code !== 'EPIPE';

const sizeOf = (path: string): number => (existsSync(path) ? statSync(path).size : 0);

const failed = (url: string, got: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_FETCH',
    operation: `fetch ${url}`,
    got,
    expected: 'the file',
    hint: 'What has come stays: the same command goes on from there, if it is still the same file. Another server: --from URL.',
  });

const otherHash = (url: string, got: string, expected: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_CORRUPT',
    operation: `fetch ${url}`,
    got: `a file with the SHA-256 ${got}`,
    expected,
    hint: 'The server has another file than the one that is known by this name.',
  });
