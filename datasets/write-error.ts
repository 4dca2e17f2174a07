// write-error.ts: what the file system refuses to take of prepared and fetched data, as errors. Of a run's files: trainer/write-error.ts.
import { ShoalError } from '../base/errors.ts';
import { refusedWrite } from '../base/refused-write.ts';

/** What `write` returns. @throws {ShoalError} SHOAL_DATA_WRITE for the file system's errors; others as they are */
export function writing<T>(path: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    throw writeError(error, `write ${path}`);
  }
}

/** SHOAL_DATA_WRITE for the file system's errors; others as they are. */
export function writeError(error: unknown, operation: string): unknown {
  const problem = refusedWrite(error, 'SHOAL_DATA_WRITE', operation, 'then run the same command again, which goes on');
  return problem ? new ShoalError(problem, { cause: error }) : error;
}
