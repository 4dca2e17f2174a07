// errors.ts: the one error class of Shoal and its form on a wire. Not a list of codes: each is documented in docs/errors.md.

/** What went wrong, in parts that a program can read and a person can act on. */
export interface Problem {
  /** Stable: `SHOAL_` and capitals. */
  readonly code: `SHOAL_${string}`;
  /** What was being done, as a phrase: "read the job examples/digits.json". */
  readonly operation: string;
  readonly got: string;
  readonly expected: string;
  /** What to do about it. */
  readonly hint: string;
}

export class ShoalError extends Error implements Problem {
  readonly code: Problem['code'];
  readonly operation: string;
  readonly got: string;
  readonly expected: string;
  readonly hint: string;

  constructor(problem: Problem, options?: ErrorOptions) {
    super(`${problem.operation}: got ${problem.got}, expected ${problem.expected}. ${problem.hint}`, options);
    this.name = 'ShoalError';
    this.code = problem.code;
    this.operation = problem.operation;
    this.got = problem.got;
    this.expected = problem.expected;
    this.hint = problem.hint;
  }
}

/** Structured clone drops an error's class and code, so errors cross threads and sockets in this form. */
export function toWire(error: unknown): Problem {
  if (error instanceof ShoalError) {
    const { code, operation, got, expected, hint } = error;
    return { code, operation, got, expected, hint };
  }
  const got = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: 'SHOAL_INTERNAL', operation: 'run', got, expected: 'no error', hint: 'Please report this.' };
}

export function fromWire(problem: Problem): ShoalError {
  return new ShoalError(problem);
}
