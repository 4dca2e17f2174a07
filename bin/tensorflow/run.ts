// run.ts: runs the commands that setting up TensorFlow takes, and the checks of it and of WebGPU. It decides nothing.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ShoalError } from '../../base/errors.ts';
import { workerFile } from '../../base/worker-file.ts';
import type { TensorflowReport } from '../../trainer/tfjs/check-tensorflow.ts';
import type { WebgpuReport } from '../../trainer/tfjs/check-webgpu.ts';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  /** Both streams, as they came. */
  readonly output: string;
}

export interface RunOptions {
  readonly cwd?: string;
  /** Milliseconds. */
  readonly deadline: number;
}

/** Runs a command to its end. One that cannot be started ends with code null. */
export function run(command: string, args: readonly string[], { cwd, deadline }: RunOptions): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { ...(cwd && { cwd }), stdio: ['ignore', 'pipe', 'pipe'] });
    const late = setTimeout(() => child.kill(), deadline);
    let stdout = '';
    let output = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      output += chunk;
    });
    const end = (ended: Ended): void => {
      clearTimeout(late);
      resolve(ended);
    };
    child.once('error', (error) => end({ code: null, stdout, output: error.message }));
    child.once('close', (code) => end({ code, stdout, output }));
  });
}

/** The same, where it must succeed. @throws SHOAL_TENSORFLOW with the end of what it printed */
export async function must(
  operation: string,
  command: string,
  args: readonly string[],
  options: RunOptions,
  hint: string,
): Promise<Ended> {
  const ended = await run(command, args, options);
  if (ended.code === 0) return ended;
  const last = ended.output.trim().split('\n').slice(-6).join('\n').trim();
  throw new ShoalError({
    code: 'SHOAL_TENSORFLOW',
    operation,
    got: `${[command, ...args.slice(0, 3)].join(' ')}: ${ended.code === null ? last : `exit code ${ended.code}\n${last}`}`,
    expected: 'it to succeed',
    hint,
  });
}

/** Trains a step with what would be loaded, in a process of its own; a text where that fails. */
export const checkTensorflow = (which: 'any' | 'ordinary'): Promise<TensorflowReport | string> =>
  check<TensorflowReport>('../../trainer/tfjs/check-tensorflow', [which]);

/** The same by WebGPU. */
export const checkWebgpu = (): Promise<WebgpuReport | string> => check('../../trainer/tfjs/check-webgpu', []);

interface Losses {
  readonly losses: readonly [number, number];
}

/** Runs a script that prints its report last. */
async function check<Report extends Losses>(name: string, args: readonly string[]): Promise<Report | string> {
  const script = fileURLToPath(workerFile(name, import.meta.url));
  const ended = await run(process.execPath, [script, ...args], { deadline: 120_000 });
  if (ended.code !== 0) {
    const lines = ended.output.split('\n').filter((line) => line.trim() !== '');
    return lines.find((line) => /SHOAL_|Error:/.test(line)) ?? `ended by ${ended.code}`;
  }
  const report = JSON.parse(ended.stdout.trim().split('\n').at(-1)!) as Report;
  const [before, after] = report.losses;
  return after < before ? report : `a training step that does not learn: losses ${before}, then ${after}`;
}
