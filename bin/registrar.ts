// registrar.ts: what groups of commands are registered with: numbers, lists, options that several commands have, errors made text.
import { Command, InvalidArgumentError } from 'commander';
import { errorText } from './output/errors.ts';
import { type ExitCode, exitCodeOf } from './output/exit-codes.ts';
import type { Screen } from './output/screen.ts';

/** What --executor takes, in words: to say it, no executor is loaded (trainer/tfjs-executor.ts). */
export const EXECUTORS = 'wasm (default), tensorflow, tfjs-cpu, tfjs-wasm, webgpu';

export interface Registrar {
  readonly screen: Screen;
  /** A command of this group. */
  command(usage: string, description: string): Command;
  /** A command that --help does not list. */
  hidden(usage: string, description: string): Command;
  /** Adds the options that change a job. */
  changes(of: Command): Command;
  /** Those, and --threads. */
  jobOptions(of: Command): Command;
  /** Runs a command's function; errors become text and an exit code. */
  action<A extends unknown[]>(run: (...input: A) => Promise<ExitCode>): (...input: A) => Promise<void>;
  /** Of an option: a whole number from 1 on. */
  positive(text: string): number;
  /** A whole number from 0 on. */
  natural(text: string): number;
  atLeastZero(text: string): number;
  above0(text: string): number;
  /** Of an option that may be given several times. */
  collect(text: string, list?: readonly string[]): readonly string[];
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('It takes a whole number from 1 on.');
}

function natural(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new InvalidArgumentError('It takes a whole number from 0 on.');
}

function atLeastZero(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
  throw new InvalidArgumentError('It takes a number from 0 on.');
}

function above0(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('It takes a number above 0.');
}

const collect = (text: string, list: readonly string[] = []): readonly string[] => [...list, text];

const changes = (of: Command): Command =>
  of
    .option('--epochs <n>', "instead of the job's")
    .option('--batch <n>', "instead of the job's")
    .option('--lr <rate>', "instead of the job's learning rate")
    .option('--seed <n>', "instead of the job's")
    .option(
      '--set <key=value>',
      'change any key of the job, as in optimizer.config.momentum=0.9 (repeatable)',
      collect,
    );

const jobOptions = (of: Command): Command =>
  changes(of.option('--threads <n>', 'threads that compute (default: as many as the machine runs at once)', positive));

/** @param parent whose commands they are */
export function registrar(parent: Command, screen: Screen): Registrar {
  return {
    ...{ screen, changes, jobOptions, positive, natural, atLeastZero, above0, collect },
    command: (usage, description) =>
      parent.command(usage).description(description).option('--verbose', 'print stack traces of errors'),
    hidden: (usage, description) => parent.command(usage, { hidden: true }).description(description),
    action:
      (run) =>
      async (...input) => {
        try {
          process.exitCode = await run(...input);
        } catch (error) {
          const { verbose = false } = input.find((part) => part instanceof Command)?.opts() ?? {};
          screen.err(errorText(error, screen.errColors, verbose));
          process.exitCode = exitCodeOf(error);
        }
      },
  };
}
