// fetch-dataset.ts: a dataset of the catalog as a folder that its reader reads: its files fetched, archives taken apart. Run again, it fetches what is missing.
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { extract } from 'tar';
import { ShoalError } from '../../base/errors.ts';
import type { CatalogEntry, CatalogFile } from './catalog.ts';
import { download } from './download.ts';

export interface FetchOptions {
  readonly entry: CatalogEntry;
  readonly out: string;
  /** Another folder on a server that has the same files. Default: the entry's own. */
  readonly from?: string | undefined;
  readonly signal: AbortSignal;
  /** Told of each file's bytes. */
  readonly onProgress: (file: CatalogFile, bytes: number) => void;
}

/** @returns how many files were fetched. @throws {ShoalError} SHOAL_DATA_FETCH, SHOAL_DATA_CORRUPT; the signal's reason */
export async function fetchDataset({ entry, out, from, signal, onProgress }: FetchOptions): Promise<number> {
  const { files, contents } = entry;
  if (contents.length > 0 && contents.every((name) => existsSync(join(out, name)))) return 0;
  const folder = (from ?? entry.from).replace(/\/*$/, '/');
  let fetched = 0;
  for (const file of files) {
    const { kept } = await download({
      url: folder + file.name,
      to: join(out, file.name),
      sha256: file.sha256,
      signal,
      onProgress: (bytes) => onProgress(file, bytes),
    });
    if (!kept) fetched++;
  }
  if (contents.length > 0) await unpack(out, entry);
  return fetched;
}

/** Members are put in place when all are out: what has a member's name is whole. The archives are removed. */
async function unpack(out: string, { files, contents }: CatalogEntry): Promise<void> {
  const apart = join(out, 'unpacking');
  rmSync(apart, { recursive: true, force: true }); // of a process that was killed
  mkdirSync(apart);
  for (const { name } of files) {
    const file = join(out, name);
    const wanted = (path: string) => contents.includes(path.slice(path.lastIndexOf('/') + 1));
    await extract({ file, cwd: apart, strip: 1, strict: true, filter: wanted });
  }
  const missing = contents.filter((name) => !existsSync(join(apart, name)));
  if (missing.length > 0) throw notInside(out, missing);
  for (const name of contents) renameSync(join(apart, name), join(out, name));
  rmSync(apart, { recursive: true });
  for (const { name } of files) rmSync(join(out, name));
}

const notInside = (out: string, missing: readonly string[]): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_CORRUPT',
    operation: `unpack into ${out}`,
    got: `an archive without ${missing.join(', ')}`,
    expected: 'the binary version of the dataset',
    hint: 'Remove the folder and fetch again.',
  });
