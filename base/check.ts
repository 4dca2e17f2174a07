// check.ts: values from outside against zod schemas; the first thing wrong becomes a ShoalError. Not a schema of anything.
import { z } from 'zod';
import { type Problem, ShoalError } from './errors.ts';

/** An object that refuses unknown keys, by name and with the list of known ones. */
export const strict = <S extends z.ZodRawShape>(shape: S) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `one of the known keys: ${Object.keys(shape).join(', ') || 'none'}`
        : undefined,
  });

/** A key that files carry and that changes nothing here. */
export const ignored = z.unknown().optional();

/** A value as text of at most 120 characters. */
export function show(value: unknown): string {
  // JSON has no NaN and no infinity
  const json = typeof value === 'number' ? undefined : textOf(value);
  const text = value === undefined ? 'nothing' : (json ?? String(value));
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}

/** As JSON; undefined where it has no word for it. */
function textOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value, (_, part: unknown) => (ArrayBuffer.isView(part) ? part.constructor.name : part));
  } catch {
    return undefined; // an object that holds itself, or a bigint
  }
}

/**
 * Parses `value`, defaults filled in.
 * @throws ShoalError of the given code, which names the place, what stands there and what may.
 */
export function check<T>(
  schema: z.ZodType<T>,
  value: unknown,
  problem: Pick<Problem, 'code' | 'operation' | 'hint'>,
): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues;
  // A misspelt key also makes the right one missing: the misspelling is what to say.
  const issue = issues.find((i) => i.code === 'unrecognized_keys') ?? issues[0]!;
  const place = issue.path.map(String).join('.');
  const got =
    issue.code === 'unrecognized_keys'
      ? `the unknown key ${issue.keys.map((key) => `"${key}"`).join(', ')}${place && ` in ${place}`}`
      : `${place && `${place}: `}${show(valueAt(value, issue.path))}`;
  throw new ShoalError({ ...problem, got, expected: expectation(issue) });
}

/** Where a path leads; the nearest value above it where a short form stands instead of an object. */
function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? (at as Record<PropertyKey, unknown>)[key] : at),
    value,
  );
}

/** zod's message without what `got` says already; the alternatives of a union joined by "or". */
function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_union' && issue.message === 'Invalid input' && issue.errors.length > 0) {
    return [...new Set(issue.errors.map((issues) => expectation(issues[0]!)))].join(' or ');
  }
  return issue.message
    .replace(/^Invalid (input|option): expected /, '')
    .replace(/^Too (small|big): expected \w+ to be /, 'a value ')
    .replace(/, received .*$/, '');
}
