// support.ts: what the checks with daemons share: the digits job over one epoch as one process computes it, and the command line as a process.
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { DoneEvent, RunEvent } from '../../trainer/events.ts';
import { parseJob } from '../../trainer/job.ts';
import { openJobData, runSession } from '../../trainer/session.ts';
import { HASHES } from '../cluster/support/whole-runs.ts';

export const DIGITS = resolve('examples/digits.json');
export const SHOAL = [process.execPath, resolve('bin/shoal.ts')] as const;
/** What every check changes in the digits job; checkpoints change no bit. */
export const EPOCH = ['--epochs', '1', '--set', 'checkpoint.everySteps=20'];

const known = new Map<number, Promise<DoneEvent>>();
/** Epochs of digits in this process. */
export function digits(epochs = 1): Promise<DoneEvent> {
  const job = parseJob({ ...JSON.parse(readFileSync(DIGITS, 'utf8')), epochs }, DIGITS);
  const done =
    known.get(epochs) ?? openJobData(job).then(async (data) => (await runSession({ job, dataset: data })).done);
  known.set(epochs, done);
  return done;
}

export async function sameAsDigits(done: RunEvent | undefined, epochs = 1): Promise<void> {
  const expected = await digits(epochs);
  assert.ok(done?.event === 'done', JSON.stringify(done));
  assert.equal(done.reason, 'done');
  for (const name of HASHES) assert.equal(done[name], expected[name], name);
}

/** What `shoal` has printed of the hashes at its end. */
export async function sameInText(output: string, epochs = 1): Promise<void> {
  const { parameters_sha256, state_sha256, optimizer_sha256 } = await digits(epochs);
  const [parameters, state, optimizer] = [parameters_sha256, state_sha256, optimizer_sha256].map((it) =>
    it.slice(0, 12),
  );
  const expected = `parameters ${parameters}  state ${state}  optimizer ${optimizer}`;
  assert.ok(output.includes(expected), `${expected} is not in\n${output}`);
}

export interface Called {
  readonly child: ChildProcess;
  readonly events: RunEvent[];
  /** Its stderr so far. */
  stderr: string;
  readonly code: Promise<number | null>;
  last(): RunEvent | undefined;
}

/** A program in a folder of its own; lines of JSON on its stdout are events. */
export function call(
  folder: string,
  command: readonly string[],
  onEvent: (event: RunEvent) => void = () => {},
  env: Readonly<Record<string, string>> = {},
): Called {
  const [program, ...args] = command;
  const child = spawn(program!, args, {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const events: RunEvent[] = [];
  const called: Called = {
    child,
    events,
    stderr: '',
    code: new Promise((resolve) => child.on('close', resolve)),
    last: () => events.at(-1),
  };
  createInterface({ input: child.stdout! }).on('line', (line) => {
    if (!line.startsWith('{"event"')) return;
    events.push(JSON.parse(line));
    onEvent(events.at(-1)!);
  });
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    called.stderr += text;
  });
  return called;
}

/** A folder that goes after the check. */
export function folderFor(context: { readonly folders: string[] }): string {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-verify-'));
  context.folders.push(folder);
  return folder;
}
export const removeAll = (folders: string[]): void => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
};

export const starter = (script: string, ...args: readonly string[]): string =>
  execFileSync('bash', [`test/support/${script}.sh`, ...args], { encoding: 'utf8' }).trim();

/** Until it holds. @throws after a minute, with what was waited for */
export async function until(what: string, holds: () => boolean, withinMs = 90_000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!holds()) {
    assert.ok(performance.now() < end, `waited for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
