// token.ts: the secret that lets a process into a run: made, kept in a file, compared. Never printed, never put into a URL.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { writeError } from '../trainer/write-error.ts';
import { wireError } from './wire-error.ts';

const USABLE = /^[A-Za-z0-9._~+/=-]{16,512}$/;

/** 256 random bits as text. */
export const newToken = (): string => randomBytes(32).toString('base64url');

/**
 * The token from the environment variable SHOAL_TOKEN, or else from a file; null where there is neither.
 * @throws SHOAL_WIRE_TOKEN when what stands there cannot be a token, or the file cannot be read. The error does not show it
 */
export function findToken(from: {
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly file?: string | undefined;
}): string | null {
  const named = from.environment?.['SHOAL_TOKEN'];
  if (named !== undefined && named !== '') return usable(named.trim(), 'read the token from SHOAL_TOKEN');
  if (from.file === undefined) return null;
  const operation = `read the token from ${from.file}`;
  let text: string;
  try {
    text = readFileSync(from.file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw wireError('SHOAL_WIRE_TOKEN', operation, String(error), 'a readable file', 'See its permissions.', error);
  }
  return usable(text.trim(), operation);
}

/** The token in that file; a new one, which only the owner may read, where the file is missing. @throws SHOAL_RUN_WRITE */
export function keepToken(file: string): string {
  const known = findToken({ file });
  if (known !== null) return known;
  const token = newToken();
  try {
    writeFileSync(file, `${token}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    rmSync(file, { force: true }); // a full disk leaves an empty one
    throw writeError(error, `write ${file}`);
  }
  return token;
}

/** Checks that a token is one. */
export function usable(token: string, operation: string): string {
  if (USABLE.test(token)) return token;
  const expected = '16 to 512 letters, digits or ._~+/=-';
  throw wireError('SHOAL_WIRE_TOKEN', operation, `${token.length} characters`, expected, 'Copy it whole, in one line.');
}

export const bearer = (token: string): string => `Bearer ${token}`;

/** Whether an Authorization header carries the token. Takes as long whatever of it is right. */
export function carries(authorization: string | undefined, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(authorization ?? ''), digest(bearer(token)));
}
