// index.ts: the registry of formats that shards are written in. A new one is a file here and a line below.
import type { WriterKind } from './kind.ts';
import { parquet } from './parquet.ts';
import { tfrecord } from './tfrecord.ts';
import { webdataset } from './webdataset.ts';

export const writers: Readonly<Record<string, WriterKind>> = {
  parquet,
  tfrecord,
  webdataset,
};
