// examine.ts: every sample of a source read and decoded: counts, shapes, mean and deviation, and what is wrong. It changes nothing.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { ShoalError } from '../base/errors.ts';
import { each } from './each.ts';
import { decodeImage } from './image/decode.ts';
import type { Size } from './image/size-of.ts';
import { checkProportions } from './places.ts';
import type { Manifest } from './prepare/manifest.ts';
import { addMoments, type Moments, meanAndDeviation, momentsOf, NO_MOMENTS } from './prepare/moments.ts';
import { type Bad, type Content, type Entry, isDataProblem, type Source } from './source.ts';

export interface Examination {
  readonly samples: number;
  /** Good samples by part; "all" where the source has no parts. */
  readonly parts: Readonly<Record<string, number>>;
  /** Of good samples, by label: samples, or boxes, or pixels. */
  readonly perClass: readonly number[];
  /** By shape and type, the commonest first. */
  readonly shapes: readonly (readonly [text: string, count: number])[];
  /** By channel or column, bytes divided by 255; null where channels differ, or for text. */
  readonly mean: readonly number[] | null;
  readonly std: readonly number[] | null;
  readonly bad: readonly Bad[];
}

/** @throws {ShoalError} SHOAL_OPTIONAL_PACKAGE; what is wrong with samples is in `bad` */
export async function examine(source: Source, signal: AbortSignal): Promise<Examination> {
  const { entries, classes, places } = source;
  const bad: Bad[] = [...source.bad];
  const found: (Found | null)[] = new Array(entries.length).fill(null);
  await each(entries, 2 * availableParallelism(), async (entry, i) => {
    signal.throwIfAborted();
    try {
      found[i] = await examineSample(source, entry);
    } catch (error) {
      if (!isDataProblem(error)) throw error;
      bad.push({ key: entry.key, code: error.code, reason: error.got });
    }
  });
  const parts: Record<string, number> = {};
  const perClass = new Array<number>(classes?.length ?? 0).fill(0);
  const shapes = new Map<string, number>();
  found.forEach((one, i) => {
    if (one === null) return;
    const { part, label } = entries[i]!;
    parts[part ?? 'all'] = (parts[part ?? 'all'] ?? 0) + 1;
    if (label !== null && !places) perClass[label]!++;
    for (const [of, n] of one.counts.entries()) perClass[of]! += n;
    shapes.set(one.shape, (shapes.get(one.shape) ?? 0) + 1);
  });
  const good = found.filter((one) => one !== null);
  const moments = addMoments(good.map((one) => one.moments));
  const same = good.every((one) => one.moments.sums.length === moments.sums.length);
  const { mean, std } = meanAndDeviation(moments, good[0]?.unit ?? 1);
  return {
    samples: entries.length + source.bad.length,
    parts,
    perClass,
    shapes: [...shapes].sort(([, a], [, b]) => b - a),
    mean: same && moments.count > 0 ? mean : null,
    std: same && moments.count > 0 ? std : null,
    bad,
  };
}

interface Found {
  readonly shape: string;
  readonly moments: Moments;
  readonly unit: number;
  /** Boxes or pixels by class; empty where samples have the classes. */
  readonly counts: readonly number[];
}

async function examineSample(source: Source, entry: Entry): Promise<Found> {
  const { classes, places } = source;
  const content = await source.load(entry);
  const { size, ...found } = await examineContent(entry, content, places ? null : classes);
  if (!places) return { ...found, counts: [] };
  const counts = new Array<number>(classes!.length).fill(0);
  const mask = places === 'mask' ? await source.mask!(entry) : null;
  if (size) checkProportions(entry, mask ?? entry.boxes!, size);
  const labels = mask?.label ?? entry.boxes!.labels;
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (label >= classes!.length) throw noClass(entry, label, classes!.length);
    if (label >= 0) counts[label]!++;
  }
  return { ...found, counts };
}

const noClass = ({ key }: Entry, label: number, classes: number): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_LABEL',
    operation: `read ${key}`,
    got: `the class ${label} at a place`,
    expected: `0 to ${classes - 1}`,
    hint: 'Correct or remove the sample.',
  });

async function examineContent(
  { key, label }: Entry,
  content: Content,
  classes: Source['classes'],
): Promise<Omit<Found, 'counts'> & { readonly size?: Size | null }> {
  const problem = (code: `SHOAL_${string}`, got: string, expected: string) =>
    new ShoalError({ code, operation: `read ${key}`, got, expected, hint: 'Correct or remove the sample.' });
  if (classes !== null && label === null)
    throw problem('SHOAL_DATA_LABEL', 'no label, where others have one', 'a label');
  if (content.kind === 'text') return { shape: 'text', moments: NO_MOMENTS, unit: 1 };
  if (content.kind === 'image') {
    const { data, rows, columns, channels, source } = await decodeImage(content.bytes, key, {
      resize: null,
      crop: null,
      channels: 3,
    });
    const shape = `u8 of ${rows} x ${columns} x ${channels}`;
    return { shape, moments: momentsOf(data, channels), unit: 255, size: source };
  }
  const { shape, data } = content;
  if (data instanceof Float32Array && !data.every(Number.isFinite))
    throw problem('SHOAL_DATA_CORRUPT', 'a number that is missing, NaN or infinite', 'finite numbers');
  const type = data instanceof Uint8Array ? 'u8' : data instanceof Int32Array ? 'i32' : 'f32';
  const moments = type === 'i32' ? NO_MOMENTS : momentsOf(data, shape.at(-1) ?? 1);
  return { shape: `${type} of ${shape.join(' x ')}`, moments, unit: type === 'u8' ? 255 : 1 };
}

/** What differs between a prepared folder and its manifest: sizes, hashes. Empty where all is as it was written. @throws the signal's reason */
export async function compareHashes(folder: string, { parts }: Manifest, signal: AbortSignal): Promise<Bad[]> {
  const bad: Bad[] = [];
  for (const { shards } of Object.values(parts)) {
    for (const { file, sha256 } of shards) {
      const hash = createHash('sha256');
      try {
        for await (const chunk of createReadStream(join(folder, file), { highWaterMark: 2 ** 20, signal }))
          hash.update(chunk as Buffer);
        if (hash.digest('hex') !== sha256)
          bad.push({
            key: file,
            code: 'SHOAL_DATA_CORRUPT',
            reason: 'a shard with another hash than its manifest says',
          });
      } catch {
        signal.throwIfAborted();
        bad.push({ key: file, code: 'SHOAL_DATA_MISSING', reason: 'a shard that is missing, or cannot be read' });
      }
    }
  }
  return bad;
}
