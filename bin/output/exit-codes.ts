// exit-codes.ts: what the process says when it ends. Not how errors are shown (errors.ts).
import { ShoalError } from '../../base/errors.ts';

export const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Beginnings of the codes that mean: what was asked for cannot be run as it is written. */
const USAGE = [
  'USAGE',
  'JOB',
  'MODEL',
  'SHAPE',
  'UNKNOWN_',
  'LOSS',
  'METRIC',
  'UNIT',
  'OPTIONAL_PACKAGE',
  'THREADS',
  'TFJS',
  'TENSORFLOW',
  'WEBGPU',
  'EXECUTOR',
  'KERAS',
  'HDF5',
  'MEMORY_TOO_LARGE',
  'DATA_',
  'RUN_',
  'LAUNCH_',
  'LAYER',
  'MODULE',
  'SCALE_MISSING',
  'SCALE_GRID',
];
/** What may end a run under way that was asked for rightly. */
const FAILURES = [
  'DATA_SAMPLE',
  'DATA_THREAD',
  'DATA_DEADLINE',
  'DATA_QUEUE',
  'DATA_LAYOUT',
  'DATA_CLOSED',
  'DATA_ERRORS',
  'DATA_WRITE',
  'RUN_WRITE',
];

const begins = (code: string, beginnings: readonly string[]): boolean =>
  beginnings.some((beginning) => code.startsWith(`SHOAL_${beginning}`));

/** The exit code of an error that ends a command. */
export function exitCodeOf(error: unknown): ExitCode {
  if (!(error instanceof ShoalError) || begins(error.code, FAILURES)) return EXIT.failed;
  return begins(error.code, USAGE) ? EXIT.usage : EXIT.failed;
}
