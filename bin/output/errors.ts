// errors.ts: problems as a person reads them. Not which exit code follows (exit-codes.ts).
import { type Problem, toWire } from '../../base/errors.ts';
import type { Colors } from './screen.ts';

/**
 * "error SHOAL_JOB: read the job x.json", and below it what was got, what was expected and a hint.
 * @param verbose add the stack of an error
 */
export function errorText(error: unknown, colors: Colors, verbose: boolean): string {
  const problem = toWire(error);
  const internal = problem.code === 'SHOAL_INTERNAL';
  const message = internal && error instanceof Error ? error.message : problem.got;
  const lines = problemLines({ ...problem, got: message }, colors.red(colors.bold(`error ${problem.code}`)), colors);
  if (verbose && error instanceof Error && error.stack) lines.push(colors.dim(error.stack));
  else if (internal) lines.push(line('', 'run it again with --verbose to see where it arose', colors));
  return lines.join('\n');
}

/** A problem that does not end the run. */
export const warningText = (problem: Problem, colors: Colors): string =>
  problemLines(problem, colors.yellow(`warning ${problem.code}`), colors).join('\n');

const line = (name: string, text: string, colors: Colors): string =>
  `  ${colors.dim(name.padEnd(9))}${text.replaceAll('\n', `\n${' '.repeat(11)}`)}`;

function problemLines({ operation, got, expected, hint }: Problem, title: string, colors: Colors): string[] {
  return [
    `${title}: ${operation}`,
    line('got', got, colors),
    line('expected', expected, colors),
    line('hint', hint, colors),
  ];
}
