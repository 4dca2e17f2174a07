// whole-file.ts: a file of a preparation that is there whole or not at all. What stands in it: shard.ts and others.
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { writing } from '../write-error.ts';

export interface WholeFile {
  /** Appends. @throws {ShoalError} SHOAL_DATA_WRITE */
  write(bytes: Uint8Array): void;
  /** Synced, and under its name: the old file or the new one is there, never a piece of it. @throws {ShoalError} SHOAL_DATA_WRITE */
  finish(): void;
  /** What was written is removed, unless it is finished. */
  discard(): void;
}

/** Until it is finished its name is another one, which tells the machine and the process that write it. @throws {ShoalError} SHOAL_DATA_WRITE */
export function beginFile(path: string): WholeFile {
  const partial = `${path}${endingOf(process.pid)}`;
  const descriptor = writing(path, () => openSync(partial, 'w'));
  let open = true;
  const close = (): void => {
    if (open) closeSync(descriptor);
    open = false;
  };
  return {
    write: (bytes) =>
      writing(path, () => {
        for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
      }),
    finish: () =>
      writing(path, () => {
        fsyncSync(descriptor);
        const { size } = fstatSync(descriptor);
        close();
        try {
          renameSync(partial, path);
        } catch (error) {
          // another preparation of this folder has finished, and removed what nobody needed any more: equal jobs write equal bytes
          const gone = (error as NodeJS.ErrnoException).code === 'ENOENT' && !existsSync(partial);
          if (!gone || statSync(path, { throwIfNoEntry: false })?.size !== size) throw error;
        }
      }),
    discard() {
      close();
      rmSync(partial, { force: true });
    },
  };
}

/** @throws {ShoalError} SHOAL_DATA_WRITE */
export function writeWhole(path: string, text: string, tries = 3): void {
  const file = beginFile(path);
  try {
    file.write(Buffer.from(text));
    file.finish();
  } catch (error) {
    const { cause } = error as { cause?: NodeJS.ErrnoException };
    if (tries === 1 || cause?.syscall !== 'rename' || cause.code !== 'ENOENT') throw error;
    writeWhole(path, text, tries - 1); // another preparation has removed it, and not yet written its own
  } finally {
    file.discard();
  }
}

/** Of a file's name while a process of this machine writes it: machines that share the folder have processes of equal numbers, containers mostly. */
const endingOf = (pid: number): string => `.${hostname()}.${pid}.partial`;

/** Removes what a process of this machine that has ended was writing in a folder. */
export function removePartials(folder: string, pid: number): void {
  const ending = endingOf(pid);
  for (const name of existsSync(folder) ? readdirSync(folder) : [])
    if (name.endsWith(ending)) rmSync(join(folder, name), { force: true });
}
