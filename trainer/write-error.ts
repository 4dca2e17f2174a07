// write-error.ts: what a file system refuses to take, as a problem that a person can act on. Not what was to be written.
import { type Problem, ShoalError, toWire } from '../base/errors.ts';
import { errnoOf } from './files.ts';

/** What is told of while the run goes on: SHOAL_RUN_WRITE for the file system's errors, others as they are. */
export const writeProblem = (error: unknown, operation: string): Problem =>
  refused(error, operation, 'training goes on') ?? toWire(error);

/** What is thrown where nothing can go on without the file: SHOAL_RUN_WRITE for the file system's errors, others as they are. */
export function writeError(error: unknown, operation: string): unknown {
  const problem = refused(error, operation, 'then run it again');
  return problem ? new ShoalError(problem, { cause: error }) : error;
}

function refused(error: unknown, operation: string, next: string): Problem | null {
  const errno = errnoOf(error);
  if (!errno || error instanceof ShoalError) return null;
  const full = errno === 'ENOSPC' || errno === 'EDQUOT';
  return {
    code: 'SHOAL_RUN_WRITE',
    operation,
    got: `${full ? 'a full disk: ' : ''}${(error as Error).message}`,
    expected: 'to write there',
    hint: `${full ? 'Free some space' : 'Check the disk and the rights to it'}: ${next}.`,
  };
}
