// tensorflow.ts: where a working tfjs-node lies, and how it is loaded on any Node. Not how one is made: bin/tensorflow/.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import util from 'node:util';
import { ShoalError } from '../../base/errors.ts';
import { findPackage } from '../../datasets/optional-package.ts';
import type { Tf } from './tf.ts';

/** The version that `shoal tensorflow setup` installs: the newest. */
export const TFJS_NODE = '4.22.0';
/** The command that mends whatever is missing. */
export const SETUP = 'npx shoal tensorflow setup';

/** The folder that `shoal tensorflow setup` fills: SHOAL_TENSORFLOW, or one in the user's cache. */
export function tensorflowFolder(env: NodeJS.ProcessEnv = process.env): string {
  const cache = env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return env['SHOAL_TENSORFLOW'] || join(cache, 'shoal', 'tensorflow');
}

/** What setup writes down when all is done: by it a second setup knows what stands. */
export interface SetupRecord {
  readonly tensorflow: string; // version
  readonly python: string; // executable
  readonly libraries: string; // folder of libtensorflow_cc
  readonly compiler: string;
}

export const recordPath = (folder: string): string => join(folder, 'shoal.json');

/** null where there is none, or a spoilt one: setup makes it anew. */
export function readRecord(folder: string): SetupRecord | null {
  try {
    return JSON.parse(readFileSync(recordPath(folder), 'utf8')) as SetupRecord | null;
  } catch {
    return null;
  }
}

export interface FoundTensorflow {
  /** setup: made by `shoal tensorflow setup`. package: installed the ordinary way, beside shoal. */
  readonly by: 'setup' | 'package';
  /** Of the module to load. */
  readonly path: string;
}

/** The tfjs-node that would be loaded; null where there is none. Whether it works shows when it is loaded. */
export function findTensorflow(folder = tensorflowFolder()): FoundTensorflow | null {
  if (readRecord(folder)) {
    const name = '@tensorflow/tfjs-node';
    try {
      return { by: 'setup', path: createRequire(join(folder, 'index.js')).resolve(name) };
    } catch {
      return { by: 'setup', path: join(folder, 'node_modules', name) }; // removed since: whoever loads it says so
    }
  }
  return findOrdinary();
}

/** A package that someone installed the ordinary way. */
export function findOrdinary(): FoundTensorflow | null {
  for (const name of ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node']) {
    const found = findPackage(name);
    if (found !== null) return { by: 'package', path: fileURLToPath(found) };
  }
  return null;
}

/**
 * TensorFlow greets at length, and where there is no GPU reports that as an error. It reads this when it is loaded, from the process: a
 * thread's own environment is a copy, so whoever starts the thread must have called this. What the user has set stands.
 */
export function quietTensorflow(env: NodeJS.ProcessEnv = process.env): void {
  env['TF_CPP_MIN_LOG_LEVEL'] ??= existsSync('/proc/driver/nvidia/version') ? '2' : '3';
}

/**
 * Loads tfjs-node into this thread: it must be the only thread of the process that does.
 * @throws SHOAL_TENSORFLOW with the command that mends it
 */
export function loadTensorflow(found = findTensorflow()): Tf {
  if (!found) throw tensorflowError('no tfjs-node', 'one with its native part');
  // gone from Node 23 on; tfjs-node 4.22 was written before
  Object.assign(util, { isNullOrUndefined: (x: unknown) => x === null || x === undefined, isArray: Array.isArray });
  quietTensorflow();
  try {
    return createRequire(found.path)(found.path) as Tf;
  } catch (error) {
    const [first] = (error instanceof Error ? error.message : String(error)).trim().split('\n');
    throw tensorflowError(`${found.path}, which does not load: ${first}`, 'one that loads on this Node', error);
  }
}

const tensorflowError = (got: string, expected: string, cause?: unknown): ShoalError =>
  new ShoalError(
    { code: 'SHOAL_TENSORFLOW', operation: 'load TensorFlow', got, expected, hint: `It is made by: ${SETUP}` },
    { cause },
  );
