// webdataset.ts: tar shards as WebDataset has them, ours or others', local or over HTTP. Where samples lie is shards.ts; decoding load-source.ts.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { ShoalError } from '../../base/errors.ts';
import { workerFile } from '../../base/worker-file.ts';
import { openFile, type RandomFile } from '../files.ts';
import { indexTar, type Member } from '../formats/tar.ts';
import { decodeMask, ownClass } from '../image/mask.ts';
import { imageKeys, loadSource, splitKeys } from '../load-source.ts';
import { unpacked } from '../next-ids.ts';
import { parseNpy } from '../npy.ts';
import { placeKeys } from '../places.ts';
import { openRows } from '../rows-reader.ts';
import type { Bad, Content, Entry, Loader, Mask, Source } from '../source.ts';
import { labelled } from './class-names.ts';
import { defineReader } from './define.ts';
import { type Marked, type NamedBoxes, placesOf, withPlaces } from './marked.ts';
import { findShards, type Shards } from './shards.ts';

const schema = strict({
  reader: z.literal('webdataset'),
  /** A folder of shards, a shard, or many by braces: data/train-{000000..000012}.tar. Or the URL of any of these. */
  path: z.string().min(1),
  ...imageKeys,
  ...placeKeys,
  ...splitKeys,
});

export const webdataset = defineReader({
  schema,
  scan: async ({ path }) => scanShards(await findShards(path)),
  async open(config) {
    const shards = await findShards(config.path);
    const source = await scanShards(shards);
    const dataset = (await openRows(source, shards)) ?? (await loadSource(source, config.path, config));
    return unpacked(dataset, shards.manifest);
  },
});

const IMAGES = ['jpg', 'jpeg', 'png', 'webp', 'gif', 'tif', 'tiff', 'avif'];
/** Endings of what a sample is; the first that is there counts. What is in it decides, for images. */
const CONTENTS = [...IMAGES, 'npy', 'txt'];
const MOST_TEXT = 2 ** 20;

type Parts = Map<string, Member>;

/** Reads headers and labels, no contents. Bad members are told of, and cost no good sample. */
export async function scanShards(shards: Shards): Promise<Source> {
  const loader = reopenSource(shards.locations);
  try {
    return await scanWith(loader, shards);
  } catch (error) {
    await loader.close();
    throw error;
  }
}

async function scanWith(loader: ReturnType<typeof reopenSource>, shards: Shards): Promise<Source> {
  const bad: Bad[] = [];
  const found: Marked[] = [];
  const refuse = (key: string, code: Bad['code'], reason: string) => void bad.push({ key, code, reason });
  for (const [shard, location] of shards.locations.entries()) {
    const short = location.slice(location.lastIndexOf('/') + 1);
    const file = await loader.file(shard);
    const { members, refused, problem } = await indexTar(file);
    if (problem !== null) refuse(short, 'SHOAL_DATA_TRUNCATED', problem);
    for (const { path, reason } of refused) refuse(`${short}: ${path}`, 'SHOAL_DATA_PATH', reason);
    const twice = (path: string) => refuse(`${short}: ${path}`, 'SHOAL_DATA_FORMAT', 'a member whose name another has');
    for (const [name, parts] of samplesOf(members, twice)) {
      const key = `${short.replace(/\.tar$/, '')}/${name}`;
      const ending = CONTENTS.find((candidate) => parts.has(candidate));
      if (ending === undefined) {
        refuse(key, 'SHOAL_DATA_FORMAT', `a sample without any of ${CONTENTS.join(', ')}`);
        continue;
      }
      const { at, size } = parts.get(ending)!;
      const label = await labelOf(file, parts, (reason) => refuse(key, 'SHOAL_DATA_LABEL', reason));
      if (label === undefined) continue;
      const mask = parts.get('mask.png');
      const boxes = label === null ? await boxesOf(file, parts) : null;
      if (boxes === undefined) refuse(key, 'SHOAL_DATA_LABEL', 'a .boxes.json that has no boxes as docs/data.md tells');
      else {
        const where = [shard, at, size, ...(mask ? [mask.at, mask.size] : [])];
        const entry = { key, part: shards.parts[shard]!, at: where, meta: { ending } };
        found.push({ entry, label, boxes, mask: mask !== undefined });
      }
    }
  }
  const about = {
    bad,
    ...loader,
    share: () => ({ module: workerFile('./webdataset', import.meta.url), description: shards.locations }),
  };
  const places = shards.manifest ? shards.manifest.places : placesOf(found);
  if (places !== undefined) return withPlaces(about, found, places, shards.classes);
  return { ...about, ...labelled(found, shards.classes, bad) };
}

const boxesSchema = z.object({
  rows: z.int().positive(),
  columns: z.int().positive(),
  boxes: z.array(z.tuple([z.number(), z.number(), z.number().positive(), z.number().positive()])),
  labels: z.array(z.int().nonnegative()),
  names: z.array(z.string()).nullable().default(null),
});

/** Null without any, undefined for bad ones. */
async function boxesOf(file: RandomFile, parts: Parts): Promise<NamedBoxes | null | undefined> {
  const member = parts.get('boxes.json');
  if (!member) return null;
  try {
    const text = new TextDecoder().decode(await file.read(member.at, member.size));
    return boxesSchema.parse(JSON.parse(text));
  } catch (error) {
    if (error instanceof ShoalError) throw error;
    return undefined;
  }
}

/** A sample's members have one path up to the first dot of the name. Of two with one ending the first counts. */
function samplesOf(members: readonly Member[], refuse: (path: string) => void): Map<string, Parts> {
  const samples = new Map<string, Parts>();
  for (const member of members) {
    const slash = member.path.lastIndexOf('/') + 1;
    const dot = member.path.indexOf('.', slash);
    if (dot <= slash) continue; // no ending, or a hidden file
    const name = member.path.slice(0, dot);
    const parts = samples.get(name) ?? new Map<string, Member>();
    const ending = member.path.slice(dot + 1).toLowerCase();
    if (parts.has(ending)) refuse(member.path);
    else parts.set(ending, member);
    samples.set(name, parts);
  }
  return samples;
}

/** From `.cls`, or `label` or `cls` in `.json`; null without one, undefined for a bad one. */
async function labelOf(
  file: RandomFile,
  parts: Parts,
  refuse: (reason: string) => void,
): Promise<string | null | undefined> {
  const text = async ({ at, size }: Member) => new TextDecoder().decode(await file.read(at, Math.min(size, MOST_TEXT)));
  const cls = parts.get('cls');
  if (cls) {
    const label = (await text(cls)).trim();
    if (label !== '') return label;
    refuse('an empty label');
    return undefined;
  }
  const json = parts.get('json');
  if (!json) return null;
  try {
    const { label, cls: number } = (JSON.parse(await text(json)) ?? {}) as { label?: unknown; cls?: unknown };
    const value = label ?? number ?? null;
    return value === null ? null : String(value);
  } catch {
    refuse('a .json that is no JSON');
    return undefined;
  }
}

/** Files are opened when they are first asked for. */
export function reopenSource(locations: readonly string[]): Loader & { file(shard: number): Promise<RandomFile> } {
  const files = new Map<number, Promise<RandomFile>>();
  const file = (shard: number): Promise<RandomFile> => {
    const known = files.get(shard) ?? openFile(locations[shard]!);
    files.set(shard, known);
    return known;
  };
  return {
    file,
    async load({ key, at, meta }: Entry): Promise<Content> {
      const [shard, offset, size] = at as [number, number, number];
      const bytes = await (await file(shard)).read(offset, size);
      const ending = meta!['ending'] as string;
      if (ending === 'txt') return { kind: 'text', text: new TextDecoder().decode(bytes) };
      if (ending !== 'npy') return { kind: 'image', bytes };
      const { shape, data } = parseNpy(bytes, key);
      return { kind: 'array', shape, data };
    },
    async mask({ key, at }: Entry): Promise<Mask> {
      const [shard, , , offset, size] = at as [number, number, number, number, number];
      return decodeMask(await (await file(shard)).read(offset, size), `the mask of ${key}`, ownClass);
    },
    files: ({ at }: Entry) => [locations[at![0]!]!],
    async close() {
      const opened = await Promise.allSettled(files.values());
      files.clear();
      for (const one of opened) if (one.status === 'fulfilled') await one.value.close();
    },
  };
}
