// usage-error.ts: the error of a command line that cannot be meant as it stands. commander finds most of them itself.
import { ShoalError } from '../../base/errors.ts';

export const usageError = (operation: string, got: string, expected: string, hint: string): ShoalError =>
  new ShoalError({ code: 'SHOAL_USAGE', operation, got, expected, hint });

/** A path as it can be typed again. */
export const typed = (path: string): string =>
  /^[\w./@:+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
