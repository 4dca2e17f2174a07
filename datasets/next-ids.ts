// next-ids.ts: rows of n + 1 ids as samples of n, and the id that follows each as its label. It reads no file: a reader stands behind it.
import { createHash } from 'node:crypto';
import { workerFile } from '../base/worker-file.ts';
import type { Manifest } from './prepare/manifest.ts';
import {
  checkRead,
  type Dataset,
  type Fields,
  fieldBytes,
  type Reader,
  type ReaderShare,
  reopenReader,
} from './reader.ts';

interface Description {
  readonly rows: ReaderShare;
  readonly vocabulary: number;
}

/** Rows of packed texts as samples that tell their next ids; any other dataset as it is. */
export function unpacked(dataset: Dataset, manifest: Manifest | null): Dataset {
  if (!manifest?.job.tokens?.pack) return dataset;
  const vocabulary = Number(manifest.tool['vocabulary']);
  return { train: nextIds(dataset.train, vocabulary), test: nextIds(dataset.test, vocabulary) };
}

/** @param rows whose `image` is (n + 1) ids, each below `vocabulary` */
export function nextIds(rows: Reader, vocabulary: number): Reader {
  const row = new Uint8Array(fieldBytes(rows.fields['image']!));
  const field = { shape: [row.length / 4 - 1], dtype: 'i32' } as const;
  const fields: Fields = { image: field, label: field };
  return {
    fields,
    length: rows.length,
    classes: vocabulary,
    hash: createHash('sha256').update(`next of ${vocabulary} ${rows.hash}`).digest('hex'),
    read(index, into) {
      checkRead(fields, rows.length, index, into);
      rows.read(index, { image: row });
      into['image']?.set(row.subarray(0, -4));
      into['label']?.set(row.subarray(4));
    },
    share: () => ({
      module: workerFile('./next-ids', import.meta.url),
      description: { rows: rows.share(), vocabulary } satisfies Description,
    }),
    close: () => rows.close(),
  };
}

export const reopen = async ({ rows, vocabulary }: Description): Promise<Reader> =>
  nextIds(await reopenReader(rows), vocabulary);
