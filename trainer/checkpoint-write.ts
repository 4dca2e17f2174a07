// checkpoint-write.ts: writes a checkpoint so that a crash, at any moment, leaves the old one or the new one. Not its format.

import type { Problem } from '../base/errors.ts';
import { ShoalError, toWire } from '../base/errors.ts';
import { errnoOf } from '../base/refused-write.ts';
import type { CheckpointPart, Json, ManifestFile } from './checkpoint.ts';
import {
  CHECKPOINT_PARTS,
  checkpointName,
  FORMAT,
  MANIFEST,
  manifestSchema,
  PARTIAL,
  REMOVING,
  renderManifest,
} from './checkpoint.ts';
import type { FoundCheckpoint } from './checkpoint-read.ts';
import { findCheckpoints, readCheckpoint } from './checkpoint-read.ts';
import { safetensorsChunks } from './export/safetensors.ts';
import type { Files } from './files.ts';
import { makeDirectories, writeDurably } from './files.ts';
import { nodeFiles } from './node-files.ts';
import { startSha256 } from './sha256.ts';

export interface CheckpointSegment {
  readonly path: string;
  readonly shape: readonly number[];
  /** May lie on shared memory. Must not change until the write returns. */
  readonly data: Float32Array;
}

export interface WriteCheckpoint {
  /** Holds the checkpoints of one run, and is written by one process at a time. Made if absent. */
  readonly directory: string;
  /** Steps done. */
  readonly step: number;
  readonly epoch: number;
  readonly jobHash: string;
  readonly profile: Json;
  /** Who writes: "shoal 0.1.0". */
  readonly tool: string;
  readonly tensors: Readonly<Record<CheckpointPart, { readonly segments: readonly CheckpointSegment[] }>>;
  readonly extra: Json;
  /** How many checkpoints stay, this one included; at least 1. The disk must hold one more. */
  readonly keep: number;
  /** Steps of older ones that those of these steps cannot do without: they stay too. Default: none. */
  readonly needs?: (steps: readonly number[]) => readonly number[];
  readonly files?: Files;
}

export interface WrittenCheckpoint {
  readonly path: string;
  readonly bytes: number;
  /** Older ones that could not be removed. The new one is safe all the same. */
  readonly notRemoved: readonly { readonly path: string; readonly problem: Problem }[];
}

/** Removes what interrupted writes and removals left behind. */
async function sweep(files: Files, directory: string): Promise<void> {
  for (const name of await files.list(directory)) {
    if (/^step-\d+(\.\d+)?\.(partial|removing)$/.test(name)) await files.remove(`${directory}/${name}`);
  }
}

async function writePart(files: Files, path: string, segments: readonly CheckpointSegment[]): Promise<ManifestFile> {
  const hash = startSha256();
  const tensors = segments.map(({ path: name, shape, data }) => ({ name, shape, data }));
  function* hashed() {
    for (const chunk of safetensorsChunks(tensors)) {
      hash.update(chunk);
      yield chunk;
    }
  }
  const bytes = await writeDurably(files, path, hashed());
  return { bytes, sha256: hash.hex() };
}

/** Writes the four files into a new directory, the manifest last, and makes them durable there. Returns their bytes. */
async function writeContent(files: Files, directory: string, request: WriteCheckpoint): Promise<number> {
  const { step, epoch, jobHash, profile, tool, tensors, extra } = request;
  await files.makeDirectory(directory);
  const written: Partial<Record<CheckpointPart, ManifestFile>> = {};
  for (const part of CHECKPOINT_PARTS) {
    written[part] = await writePart(files, `${directory}/${part}.safetensors`, tensors[part].segments);
  }
  // Through JSON: what JSON cannot hold (undefined, NaN) must not enter the hash.
  const body = { ...FORMAT, tool, step, epoch, jobHash, profile, files: written, extra };
  const manifest = new TextEncoder().encode(renderManifest(manifestSchema.parse(JSON.parse(JSON.stringify(body)))));
  await writeDurably(files, `${directory}/${MANIFEST}`, [manifest]);
  await files.syncDirectory(directory);
  return CHECKPOINT_PARTS.reduce((sum, part) => sum + written[part]!.bytes, manifest.length);
}

/** What there is to remove once `written` is durable: all but `keep` of its step and before, and damaged later ones. */
async function superfluous(files: Files, written: string, request: WriteCheckpoint): Promise<FoundCheckpoint[]> {
  const { directory, keep, needs } = request;
  const found = await findCheckpoints(directory, files);
  const at = found.findIndex(({ path }) => path === written);
  const remove: FoundCheckpoint[] = [];
  // A run that fell back, or was resumed from an older checkpoint on purpose, finds later ones: they stay if they are whole.
  for (const later of found.slice(0, at)) {
    await readCheckpoint(later.path, files).catch((error: unknown) => {
      const damaged = !errnoOf(error) && toWire(error).code !== 'SHOAL_CHECKPOINT_VERSION';
      if (damaged) remove.push(later);
    });
  }
  const older = found.slice(at + 1);
  const steps = [...new Set(found.slice(at).map(({ step }) => step))];
  const kept = steps.slice(0, keep);
  const needed = new Set([...kept, ...(needs?.(kept) ?? [])]);
  needed.delete(found[at]!.step); // it is the newest of its step
  for (const one of older) if (!needed.delete(one.step)) remove.push(one);
  return remove;
}

/** Removes old checkpoints, each renamed first: half of one must not be taken for a damaged one. */
async function prune(
  files: Files,
  written: string,
  request: WriteCheckpoint,
): Promise<WrittenCheckpoint['notRemoved']> {
  const { directory } = request;
  const failed: { path: string; problem: Problem }[] = [];
  const attempt = async (path: string, action: () => Promise<void>) => {
    await action().catch((error: unknown) => failed.push({ path, problem: failure(path, error) }));
  };
  await attempt(directory, async () => {
    for (const { path } of await superfluous(files, written, request)) {
      await attempt(path, async () => {
        await files.rename(path, path + REMOVING);
        await files.remove(path + REMOVING);
      });
    }
  });
  return failed;
}

function failure(path: string, error: unknown, neededBytes = 0): Problem {
  const errno = errnoOf(error);
  if (!errno) return toWire(error);
  const message = (error as Error).message;
  if (errno === 'ENOSPC' || errno === 'EDQUOT') {
    return {
      code: 'SHOAL_CHECKPOINT_NO_SPACE',
      operation: `write the checkpoint ${path}`,
      got: `a full disk (${message})`,
      expected: `room for ${neededBytes} bytes`,
      hint: 'Free some space. The checkpoints before it are intact.',
    };
  }
  return {
    code: 'SHOAL_CHECKPOINT_WRITE',
    operation: `write the checkpoint ${path}`,
    got: message,
    expected: 'to write there',
    hint: 'Check the disk and the rights to it. The checkpoints before it are intact.',
  };
}

/**
 * Writes a checkpoint: into a temporary name, each file synced, the manifest last, the directory synced, renamed, the parent
 * synced; only then are older ones removed. Whatever fails or dies on the way, `newestValid` finds the old or the new one
 * complete; once this returns, the new one, even after a power loss.
 * @throws SHOAL_CHECKPOINT_NO_SPACE with path and bytes on a full disk, SHOAL_CHECKPOINT_WRITE on any other failure of the
 *   file system (the temporary files are removed if that is still possible), SHOAL_SAFETENSORS_TENSOR for a tensor that does
 *   not fit its shape
 */
export async function writeCheckpoint(request: WriteCheckpoint): Promise<WrittenCheckpoint> {
  const { directory, step, tensors, files = nodeFiles } = request;
  const named = `${directory}/${checkpointName(step, 0)}`;
  let partial: string | undefined;
  try {
    await makeDirectories(files, directory);
    await sweep(files, directory);
    const taken = (await findCheckpoints(directory, files)).find((found) => found.step === step);
    const path = `${directory}/${checkpointName(step, taken ? taken.attempt + 1 : 0)}`;
    partial = path + PARTIAL;
    const bytes = await writeContent(files, partial, request);
    await files.rename(partial, path);
    partial = undefined;
    await files.syncDirectory(directory);
    return { path, bytes, notRemoved: await prune(files, path, request) };
  } catch (error) {
    if (partial !== undefined) await files.remove(partial).catch(() => {}); // the next write tries again
    const segments = CHECKPOINT_PARTS.flatMap((part) => tensors[part].segments);
    const bytes = segments.reduce((sum, { data }) => sum + data.byteLength, 0);
    throw new ShoalError(failure(named, error, bytes), { cause: error });
  }
}
