// shoal.ts: calls the command line as a process of its own, in a folder of its own. Not a test.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../../support/temporary.ts';
import { tinyJob, writeTinyData } from '../../support/tiny.ts';

const bin = fileURLToPath(new URL('../../../bin/shoal.ts', import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CallOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** With a process group of its own: signals reach all of it, as Ctrl-C in a terminal does; ESRCH is thrown where nobody of it is left. */
  readonly group?: boolean;
  /** Told of what comes, with the process's signal sender. */
  readonly onStdout?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
  readonly onStderr?: (text: string) => void;
  /** Given its signal sender. */
  readonly onStarted?: (kill: (signal: NodeJS.Signals) => void) => void;
}

/** A folder with the tiny dataset in data/ and job.json. Removed at the end of all tests. */
export function newFolder(train = 128, test = 64): string {
  const folder = temporaryFolder('cli');
  writeTinyData(join(folder, 'data'), train, test);
  writeFileSync(join(folder, 'job.json'), JSON.stringify(tinyJob('data')));
  return folder;
}

export const shoal = (folder: string, args: readonly string[], options: CallOptions = {}): Promise<Outcome> =>
  called(folder, [process.execPath, bin, ...args], options);

/** The same by a line of bash, in which the command is "$0" "$@". */
export const inShell = (folder: string, line: string, args: readonly string[]): Promise<Outcome> =>
  called(folder, ['bash', '-c', line, process.execPath, bin, ...args], {});

function called(folder: string, command: readonly string[], options: CallOptions): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(command[0]!, command.slice(1), {
      cwd: folder,
      env: { ...process.env, NO_COLOR: '', ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: options.group ?? false,
    });
    const kill = (signal: NodeJS.Signals): unknown =>
      options.group ? process.kill(-child.pid!, signal) : child.kill(signal);
    options.onStarted?.(kill);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      options.onStdout?.(stdout, kill);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      options.onStderr?.(stderr);
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** Lines of JSON; fails on any other line. */
export const linesOf = (stdout: string): Record<string, unknown>[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
