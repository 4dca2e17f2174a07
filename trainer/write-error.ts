// write-error.ts: what the file system refuses to take of a run's files, as problems and errors. Of data: datasets/prepare/write-error.ts.
import { type Problem, ShoalError, toWire } from '../base/errors.ts';
import { refusedWrite } from '../base/refused-write.ts';

/** What is told of while the run goes on: SHOAL_RUN_WRITE for the file system's errors, others as they are. */
export const writeProblem = (error: unknown, operation: string): Problem =>
  refusedWrite(error, 'SHOAL_RUN_WRITE', operation, 'training goes on') ?? toWire(error);

/** What is thrown where nothing can go on without the file: SHOAL_RUN_WRITE for the file system's errors, others as they are. */
export function writeError(error: unknown, operation: string): unknown {
  const problem = refusedWrite(error, 'SHOAL_RUN_WRITE', operation, 'then run it again');
  return problem ? new ShoalError(problem, { cause: error }) : error;
}
