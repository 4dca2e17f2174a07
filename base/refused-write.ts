// refused-write.ts: what a file system refuses to take, as a problem that a person can act on. Not what was to be written.
import { type Problem, ShoalError } from './errors.ts';

/** The errno name of an operating system's error ("ENOSPC"), undefined for any other. */
export function errnoOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}

/** Null for what is no error of the file system. @param next what is done about it at last, or what happens: ends the hint */
export function refusedWrite(error: unknown, code: Problem['code'], operation: string, next: string): Problem | null {
  const errno = errnoOf(error);
  if (!errno || error instanceof ShoalError) return null;
  const full = errno === 'ENOSPC' || errno === 'EDQUOT';
  return {
    code,
    operation,
    got: `${full ? 'a full disk: ' : ''}${(error as Error).message}`,
    expected: 'to write there',
    hint: `${full ? 'Free some space' : 'Check the disk and the rights to it'}: ${next}.`,
  };
}
