// files.ts: the few file operations that durable files need, and complete reads and writes over them. Not the disk (node-files.ts).

import { ShoalError } from '../base/errors.ts';
import { errnoOf } from '../base/refused-write.ts';

/** A file opened for reading, or created for writing. */
export interface OpenFile {
  /** Reads at most `into.length` bytes from `position`; returns how many, 0 at the end of the file. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Writes at most `from.length` bytes at `position`; returns how many. */
  write(from: Uint8Array, position: number): Promise<number>;
  size(): Promise<number>;
  /** Returns once the content is on the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Handed in wherever files are written that must survive a crash, so that tests can make any single operation fail. */
export interface Files {
  /** 'read' and 'update' need the file, 'create' refuses one that exists, 'replace' empties it. */
  open(path: string, mode: 'read' | 'update' | 'create' | 'replace'): Promise<OpenFile>;
  /** Names in a directory, in any order. */
  list(directory: string): Promise<string[]>;
  /** Makes one directory: ENOENT without its parent, EEXIST if it is there. */
  makeDirectory(path: string): Promise<void>;
  /** Returns once the names in a directory are on the disk. */
  syncDirectory(path: string): Promise<void>;
  /** A file at `to` is replaced at once; a directory there must be empty. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file, or a directory with all it holds; one that is not there is no error. */
  remove(path: string): Promise<void>;
}

/** Writes all of `bytes` at `position`: one call may write less. */
export async function writeFully(file: OpenFile, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const count = await file.write(bytes.subarray(done), position + done);
    if (count <= 0) {
      throw new ShoalError({
        code: 'SHOAL_FILE_SHORT_WRITE',
        operation: 'write a file',
        got: `${done} of ${bytes.length} bytes written at ${position}`,
        expected: 'progress with every call',
        hint: 'Check the disk.',
      });
    }
    done += count;
  }
}

/** Fills `into` from `position`; throws SHOAL_FILE_TRUNCATED if the file ends before. */
export async function readFully(file: OpenFile, into: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < into.length; ) {
    const count = await file.read(into.subarray(done), position + done);
    if (count <= 0) {
      throw new ShoalError({
        code: 'SHOAL_FILE_TRUNCATED',
        operation: 'read a file',
        got: `its end at byte ${position + done}`,
        expected: `${into.length} bytes from ${position}`,
        hint: 'The file was cut short, or is still being written.',
      });
    }
    done += count;
  }
}

type Chunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * Writes `chunks` one after another into a file, syncs and closes it; returns its length. The chunks may share one buffer.
 * Mode 'create' refuses a file that exists.
 */
export async function writeDurably(
  files: Files,
  path: string,
  chunks: Chunks,
  mode: 'create' | 'replace' = 'create',
): Promise<number> {
  const file = await files.open(path, mode);
  let bytes = 0;
  try {
    for await (const chunk of chunks) {
      await writeFully(file, chunk, bytes);
      bytes += chunk.length;
    }
    await file.sync();
  } catch (error) {
    await file.close().catch(() => {}); // the first error tells more
    throw error;
  }
  await file.close();
  return bytes;
}

/**
 * Makes or replaces a file: whatever happens on the way, `path` holds all of the old content or all of the new. What fails takes its
 * unfinished file along: on a full disk it would keep the room that the next write needs.
 */
export async function replaceDurably(files: Files, path: string, chunks: Chunks): Promise<void> {
  const partial = `${path}.partial`;
  try {
    await writeDurably(files, partial, chunks, 'replace');
    await files.rename(partial, path);
  } catch (error) {
    await files.remove(partial).catch(() => {}); // the first error tells more
    throw error;
  }
}

/** What is read of a file or a directory; null where it is not there. */
export const ifThere = <T>(reading: Promise<T>): Promise<T | null> =>
  reading.catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  });

function parentOf(path: string): string {
  const cut = path.replace(/\/+$/, '').lastIndexOf('/');
  return cut > 0 ? path.slice(0, cut) : cut === 0 ? '/' : '.';
}

/** Makes a directory, and its parents as needed, each durable once this returns. */
export async function makeDirectories(files: Files, path: string): Promise<void> {
  try {
    await files.makeDirectory(path);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return;
    if (errnoOf(error) !== 'ENOENT' || parentOf(path) === path) throw error;
    await makeDirectories(files, parentOf(path));
    await files.makeDirectory(path);
  }
  await files.syncDirectory(parentOf(path));
}

/** All of a small file: refuses, with SHOAL_FILE_TOO_LARGE, one of more than `limit` bytes. */
export async function readSmall(files: Files, path: string, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const file = await files.open(path, 'read');
  try {
    const size = await file.size();
    if (size > limit) {
      throw new ShoalError({
        code: 'SHOAL_FILE_TOO_LARGE',
        operation: `read ${path}`,
        got: `${size} bytes`,
        expected: `at most ${limit}`,
        hint: 'Check that this is the file you mean.',
      });
    }
    const bytes = new Uint8Array(size);
    await readFully(file, bytes, 0);
    return bytes;
  } finally {
    await file.close();
  }
}
