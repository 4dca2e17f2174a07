// origin.ts: which file the first part of a download is of, kept beside it: by this the rest is known to be of the same file. It requests nothing.
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { writeError } from '../write-error.ts';

const schema = z.strictObject({
  url: z.string(),
  /** What a server tells a file's versions by: its ETag, else when it was last modified. Null where it says neither, or nothing exact. */
  validator: z.strictObject({ header: z.enum(['etag', 'last-modified']), value: z.string() }).nullable(),
  /** Of the whole file; null where that is not known. */
  bytes: z.number().nullable(),
});

export type Origin = z.output<typeof schema>;

/** Of an answer with the whole file. */
export function originOf(url: string, headers: Headers, bytes: number | null): Origin {
  const etag = headers.get('etag');
  if (etag?.startsWith('"')) return { url, validator: { header: 'etag', value: etag }, bytes }; // W/"..." says: much the same
  const value = headers.get('last-modified');
  // within its last second a file may have been written twice (RFC 9110, 8.8.2.2)
  const exact = value !== null && Date.parse(headers.get('date') ?? '') - Date.parse(value) >= 1000;
  return { url, validator: exact ? { header: 'last-modified', value } : null, bytes };
}

/**
 * Whether an answer with the rest is of the same file: there are servers that pass over If-Range. The date may be left out of such an answer, an
 * ETag not.
 */
export function isSameFile({ validator, bytes }: Origin, headers: Headers, all: number): boolean {
  if (bytes !== null && bytes !== all) return false;
  const found = validator && headers.get(validator.header);
  return found === validator?.value || (found === null && validator?.header === 'last-modified');
}

const pathOf = (partial: string): string => `${partial}.json`;

/** Written before the first byte that it tells of. @throws {ShoalError} SHOAL_DATA_WRITE */
export function writeOrigin(partial: string, origin: Origin): void {
  try {
    writeFileSync(pathOf(partial), `${JSON.stringify(origin)}\n`, { flush: true });
  } catch (error) {
    throw writeError(error, `write ${pathOf(partial)}`);
  }
}

/** Null where it is not known, or of another address. */
export function readOrigin(partial: string, url: string): Origin | null {
  try {
    const origin = schema.parse(JSON.parse(readFileSync(pathOf(partial), 'utf8')));
    return origin.url === url ? origin : null;
  } catch {
    return null;
  }
}

export const removeOrigin = (partial: string): void => rmSync(pathOf(partial), { force: true });

/** To where the bytes have gone. What told of others there goes. */
export function moveOrigin(from: string, to: string): void {
  if (existsSync(pathOf(from))) renameSync(pathOf(from), pathOf(to));
  else removeOrigin(to);
}
