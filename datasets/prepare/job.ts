// job.ts: what a preparation does to a source: its options, parsed once. Not where it writes, nor on how many threads.
import { z } from 'zod';

const size = z.strictObject({ rows: z.int().positive(), columns: z.int().positive() });

export const prepareSchema = z.strictObject({
  /** A reader and its options: what is read. */
  source: z.looseObject({ reader: z.string() }),
  format: z.enum(['webdataset', 'tfrecord', 'parquet']).default('webdataset'),
  transform: z
    .strictObject({
      resize: z
        .union([
          z.strictObject({ ...size.shape, fit: z.enum(['cover', 'contain', 'fill']) }),
          z.strictObject({ shorter: z.int().positive() }),
        ])
        .nullable()
        .default(null),
      crop: size.nullable().default(null),
      channels: z.union([z.literal(1), z.literal(3)]).default(3),
    })
    .prefault({}),
  /** How images are kept. auto: their own bytes where nothing changes them, else JPEG where they were, and PNG. raw: uint8 tensors. */
  encode: z.enum(['auto', 'jpg', 'png', 'webp', 'raw']).default('auto'),
  quality: z.int().min(1).max(100).default(95),
  /** Texts as rows of ids. */
  tokens: z
    .strictObject({
      /** "bytes", or the path of a tokenizer.json. */
      tokenizer: z.string().min(1),
      /** Ids of a row. */
      length: z
        .int()
        .min(2)
        .max(2 ** 20),
      /** true: texts follow one another, and rows are cut from them; to learn the next id. false: each text is a row, cut or filled up. */
      pack: z.boolean(),
    })
    .optional(),
  /** Samples of a shard: of its source, where these are packed. */
  shardSize: z.int().min(1).max(99_999).default(10_000),
  /** Of the order and the split. */
  seed: z.int().nonnegative().default(0),
  /** false: in the order of the source. */
  shuffle: z.boolean().default(true),
  /** Shares held out, of what the source does not split itself. */
  split: z
    .strictObject({ validation: z.number().min(0).max(0.9).default(0), test: z.number().min(0).max(0.9).default(0.1) })
    .prefault({}),
  /** false: parts that the source has are forgotten, and drawn anew. */
  ownParts: z.literal(false).optional(),
  /** Each class gives its share. */
  stratify: z.boolean().default(true),
  /** A pattern: samples in whose keys its first group (or all of it) takes the same text stay in one part. */
  group: z.string().nullable().default(null),
  /** splits: no contents in two parts. all: none twice. */
  dedup: z.enum(['none', 'splits', 'all']).default('splits'),
});

export type PrepareJob = z.output<typeof prepareSchema>;
