// checkpoint-read.ts: finds checkpoints and reads them, believing only what its hash proves. Not how they are written.

import type { Problem } from '../base/errors.ts';
import { ShoalError, toWire } from '../base/errors.ts';
import { errnoOf } from '../base/refused-write.ts';
import type { CheckpointPart, Manifest } from './checkpoint.ts';
import { CHECKPOINT_PARTS, MANIFEST, parseCheckpointName, parseManifest } from './checkpoint.ts';
import type { Files, OpenFile } from './files.ts';
import { ifThere, readSmall } from './files.ts';
import { readSafetensorsFrom } from './import/safetensors.ts';
import { nodeFiles } from './node-files.ts';
import { startSha256 } from './sha256.ts';

/** A checkpoint's directory, from its name alone: nothing is known of its content. */
export interface FoundCheckpoint {
  readonly path: string;
  readonly step: number;
  readonly attempt: number;
}

export interface CheckpointTensor {
  readonly path: string;
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
}

/** A checkpoint whose every byte was verified. */
export interface Checkpoint {
  readonly path: string;
  readonly manifest: Manifest;
  /** In the order in which they were written. */
  readonly tensors: Readonly<Record<CheckpointPart, readonly CheckpointTensor[]>>;
}

const MANIFEST_LIMIT = 16 << 20;

function corrupt(path: string, got: string, expected: string, cause?: unknown): ShoalError {
  const hint = 'The checkpoint is damaged; an older one may be whole.';
  const problem: Problem = {
    code: 'SHOAL_CHECKPOINT_CORRUPT',
    operation: `read the checkpoint ${path}`,
    got,
    expected,
    hint,
  };
  return new ShoalError(problem, { cause });
}

/** The checkpoints of a directory, newest first; none if there is no such directory. Unfinished ones are left out. */
export async function findCheckpoints(directory: string, files: Files = nodeFiles): Promise<FoundCheckpoint[]> {
  const names = (await ifThere(files.list(directory))) ?? [];
  return names
    .flatMap((name) => {
      const parsed = parseCheckpointName(name);
      return parsed ? [{ path: `${directory}/${name}`, ...parsed }] : [];
    })
    .sort((a, b) => b.step - a.step || b.attempt - a.attempt);
}

/** Reads one part in a single pass, hashing on the way. */
async function readPart(
  path: string,
  expected: Manifest['files'][CheckpointPart],
  files: Files,
): Promise<CheckpointTensor[]> {
  const file = await files.open(path, 'read');
  try {
    const size = await file.size();
    if (size !== expected.bytes) throw corrupt(path, `${size} bytes`, `${expected.bytes}`);
    const hash = startSha256();
    const hashed: OpenFile = {
      ...file,
      async read(into, position) {
        const bytes = await file.read(into, position);
        hash.update(into.subarray(0, bytes));
        return bytes;
      },
    };
    const { tensors } = await readSafetensorsFrom(hashed, path);
    const hex = hash.hex();
    if (hex !== expected.sha256) throw corrupt(path, `sha256 ${hex}`, expected.sha256);
    return tensors.map(({ name, shape, data }) => {
      if (!(data instanceof Float32Array)) throw corrupt(path, `${name} of another type`, 'F32');
      return { path: name, shape, data: data as Float32Array<ArrayBuffer> };
    });
  } finally {
    await file.close();
  }
}

/**
 * Reads and verifies the checkpoint in the directory `path`.
 * @throws SHOAL_CHECKPOINT_CORRUPT if a file is missing or differs from its hash, SHOAL_SAFETENSORS_* if its structure is
 *   wrong, SHOAL_CHECKPOINT_VERSION, or the file system's error
 */
export async function readCheckpoint(path: string, files: Files = nodeFiles): Promise<Checkpoint> {
  const missing = (name: string) => (error: unknown) => {
    throw errnoOf(error) === 'ENOENT' ? corrupt(path, `no ${name}`, 'all four files', error) : error;
  };
  const bytes = await readSmall(files, `${path}/${MANIFEST}`, MANIFEST_LIMIT).catch(missing(MANIFEST));
  const manifest = parseManifest(`${path}/${MANIFEST}`, new TextDecoder().decode(bytes));
  const named = parseCheckpointName(path.slice(path.lastIndexOf('/') + 1));
  if (named && named.step !== manifest.step)
    throw corrupt(path, `step ${manifest.step}`, `${named.step}, as its name says`);
  const tensors: Record<CheckpointPart, CheckpointTensor[]> = { parameters: [], state: [], optimizer: [] };
  for (const part of CHECKPOINT_PARTS) {
    const name = `${part}.safetensors`;
    tensors[part] = await readPart(`${path}/${name}`, manifest.files[part], files).catch(missing(name));
  }
  return { path, manifest, tensors };
}

/** What the file system does not let us read. */
const unreadable = (path: string, error: unknown): Problem => ({
  ...toWire(corrupt(path, (error as Error).message, 'readable files')),
  code: 'SHOAL_CHECKPOINT_UNREADABLE',
});

/**
 * The newest checkpoint of a directory that proves whole, and what was wrong with each newer one: tell the user.
 * `checkpoint` is undefined if there is none.
 * @param check throws for one that cannot be used, although it is whole
 * @throws SHOAL_CHECKPOINT_UNREADABLE, only if the directory cannot be listed
 */
export async function newestValid(
  directory: string,
  files: Files = nodeFiles,
  check: (checkpoint: Checkpoint) => Promise<void> = async () => {},
): Promise<{ checkpoint: Checkpoint | undefined; rejected: { path: string; problem: Problem }[] }> {
  const rejected: { path: string; problem: Problem }[] = [];
  const found = await findCheckpoints(directory, files).catch((cause: unknown) => {
    if (!errnoOf(cause)) throw cause;
    const hint = 'Check the disk and the rights to it.';
    throw new ShoalError({ ...unreadable(directory, cause), expected: 'a folder of checkpoints', hint }, { cause });
  });
  for (const { path } of found) {
    try {
      const checkpoint = await readCheckpoint(path, files);
      await check(checkpoint);
      return { checkpoint, rejected };
    } catch (error) {
      rejected.push({ path, problem: errnoOf(error) ? unreadable(path, error) : toWire(error) });
    }
  }
  return { checkpoint: undefined, rejected };
}

/**
 * Copies a part of a checkpoint into the tensors of a model.
 * @throws SHOAL_CHECKPOINT_MISMATCH, before anything is copied, unless paths and shapes are the same, in any order
 */
export function restoreTensors(
  saved: readonly CheckpointTensor[],
  into: readonly { readonly path: string; readonly shape: readonly number[]; readonly data: Float32Array }[],
): void {
  const describe = ({ path, shape }: { path: string; shape: readonly number[] }) => `${path} [${shape}]`;
  const byName = new Map(saved.map((tensor) => [describe(tensor), tensor.data]));
  const absent = into.map(describe).filter((name) => !byName.has(name));
  if (absent.length > 0 || saved.length !== into.length) {
    const wanted = new Set(into.map(describe));
    const surplus = saved.map(describe).filter((name) => !wanted.has(name));
    const some = (names: string[]) => names.slice(0, 5).join(', ') + (names.length > 5 ? ', ...' : '');
    throw new ShoalError({
      code: 'SHOAL_CHECKPOINT_MISMATCH',
      operation: 'restore a checkpoint',
      got: surplus.length > 0 ? `the tensors ${some(surplus)}` : `${saved.length} tensors`,
      expected: absent.length > 0 ? `the tensors ${some(absent)}` : `${into.length}`,
      hint: 'The checkpoint belongs to another model or optimizer.',
    });
  }
  for (const tensor of into) tensor.data.set(byName.get(describe(tensor))!);
}
