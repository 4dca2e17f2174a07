// guess.ts: which reader a path is for, by its ending and by what lies in it. Not a check: the reader itself refuses what it cannot read.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { unpackedName } from './locations.ts';

const SHARDS: readonly (readonly [RegExp, string])[] = [
  [/\.tar$/, 'webdataset'],
  [/\.tfrecords?(-\d+-of-\d+)?$/, 'tfrecord'],
];

const FILES: readonly (readonly [RegExp, string])[] = [
  ...SHARDS,
  [/\.(csv|tsv)$/, 'csv'],
  [/\.jsonl$/, 'jsonl'],
  [/\.parquet$/, 'parquet'],
  [/\.npz$/, 'npy'],
  [/\.txt$/, 'text'],
];

/** By the names of a folder's files. */
const FOLDERS: readonly (readonly [RegExp, string])[] = [
  [/^(train|t10k)-images[-.]idx3-ubyte(\.gz)?$/, 'idx'],
  [/^(data_batch_1|train)\.bin$/, 'cifar'],
  [/^x(_train)?\.npy$/, 'npy'],
  ...SHARDS,
  [/\.parquet$/, 'parquet'],
];

/** A reader's name; `folder` for folders of anything else, null for unknown files. */
export function guessReader(path: string): string | null {
  const name = unpackedName(path);
  const byName = FILES.find(([pattern]) => pattern.test(name))?.[1];
  if (byName !== undefined || !existsSync(path) || !statSync(path).isDirectory()) return byName ?? null;
  const names = readdirSync(path);
  return FOLDERS.find(([pattern]) => names.some((file) => pattern.test(file)))?.[1] ?? 'folder';
}
