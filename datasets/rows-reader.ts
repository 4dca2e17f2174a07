// rows-reader.ts: raw tensors read from their shards, a sample at a time: for sets that are larger than memory. No decoding, no cache but the system's.
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { ShoalError } from '../base/errors.ts';
import { workerFile } from '../base/worker-file.ts';
import { isUrl } from './files.ts';
import { checkRead, type Dataset, type Field, type Fields, fieldBytes, type Reader } from './reader.ts';
import type { Shards } from './readers/shards.ts';
import type { Entry, Part, Source } from './source.ts';

/** Parts up to this size are read into memory at once. A rule, not an option: the hash of a part depends on it. */
const IN_MEMORY = 2 ** 30;

/** Cloning it to a thread shares the numbers. */
export interface RowsDescription {
  readonly field: Field;
  readonly length: number;
  readonly classes: number | null;
  readonly hash: string;
  readonly locations: readonly string[];
  /** (length, 2): the shard, and where the data begin in it. */
  readonly places: Float64Array<SharedArrayBuffer>;
  readonly labels: Int32Array<SharedArrayBuffer>;
}

/**
 * Takes over prepared sets of raw tensors that are large and local; null for others. Known by the shards' hashes, not read here.
 * @throws {ShoalError} SHOAL_DATA_EMPTY without a held-out part
 */
export async function openRows(source: Source, shards: Shards, inMemory = IN_MEMORY): Promise<Dataset | null> {
  const { manifest, locations } = shards;
  const { field } = manifest ?? {};
  if (!manifest || !field || manifest.places || locations.some(isUrl)) return null;
  if (source.entries.some(({ meta }) => meta!['ending'] !== 'npy')) return null;
  if (fieldBytes(field) * source.entries.length <= inMemory) return null;
  const held: Part = manifest.parts.test ? 'test' : 'validation';
  await source.close();
  const reader = (part: Part): Reader => {
    const entries = source.entries.filter((entry) => entry.part === part);
    if (entries.length === 0) throw noPart(part);
    const hash = createHash('sha256').update(
      JSON.stringify([field, entries.length, manifest.parts[part]!.shards.map(({ sha256 }) => sha256)]),
    );
    return reopen({
      field,
      length: entries.length,
      classes: manifest.classes?.length ?? null,
      hash: hash.digest('hex'),
      locations,
      ...columnsOf(entries, field),
    });
  };
  return { train: reader('train'), test: reader(held) };
}

function columnsOf(entries: readonly Entry[], field: Field): Pick<RowsDescription, 'places' | 'labels'> {
  const places = new Float64Array(new SharedArrayBuffer(16 * entries.length));
  const labels = new Int32Array(new SharedArrayBuffer(4 * entries.length));
  entries.forEach(({ at, label }, i) => {
    const [shard, offset, size] = at as [number, number, number];
    places[2 * i] = shard;
    places[2 * i + 1] = offset + size - fieldBytes(field); // behind the array's header
    labels[i] = label ?? 0;
  });
  return { places, labels };
}

export function reopen(description: RowsDescription): Reader {
  const { field, length, classes, hash, locations, places, labels } = description;
  const fields: Fields = classes === null ? { image: field } : { image: field, label: { shape: [], dtype: 'i32' } };
  const opened = new Map<number, number>();
  const fileOf = (shard: number): number => {
    const known = opened.get(shard) ?? openSync(locations[shard]!, 'r');
    opened.set(shard, known);
    return known;
  };
  return {
    fields,
    length,
    classes,
    hash,
    read(index, into) {
      checkRead(fields, length, index, into);
      const { image, label } = into;
      if (label) new DataView(label.buffer, label.byteOffset, 4).setInt32(0, labels[index]!, true);
      if (!image) return;
      const shard = places[2 * index]!;
      for (let done = 0; done < image.length; ) {
        const bytes = readSync(fileOf(shard), image, done, image.length - done, places[2 * index + 1]! + done);
        if (bytes === 0) throw cut(locations[shard]!);
        done += bytes;
      }
    },
    share: () => ({ module: workerFile('./rows-reader', import.meta.url), description }),
    close() {
      for (const file of opened.values()) closeSync(file);
      opened.clear();
    },
  };
}

const cut = (path: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_TRUNCATED',
    operation: `read ${path}`,
    got: 'its end',
    expected: 'a whole sample',
    hint: 'Look at it with: shoal data verify FOLDER.',
  });

const noPart = (part: Part): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_EMPTY',
    operation: 'open a prepared dataset',
    got: `no part ${part}`,
    expected: 'samples to train on, and some held out',
    hint: 'Prepare it with --split 0.9/0.1.',
  });
