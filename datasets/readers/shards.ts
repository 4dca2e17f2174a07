// shards.ts: which shards a path or a URL names, and to which part each belongs. It looks into none of them.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { ShoalError } from '../../base/errors.ts';
import { isUrl, readAll } from '../files.ts';
import { type Manifest, parseManifest } from '../prepare/manifest.ts';
import { byCodeUnits, type Part } from '../source.ts';
import { braces, partOfFile } from './locations.ts';

export interface Shards {
  /** Paths or URLs. */
  readonly locations: readonly string[];
  /** By shard; null where nothing says it. */
  readonly parts: readonly (Part | null)[];
  /** Names by label, where they are known before the shards are read. */
  readonly classes: readonly string[] | null;
  /** Of shards that Shoal has written. */
  readonly manifest: Manifest | null;
}

const PARTS = ['train', 'validation', 'test'] as const;

/** @throws {ShoalError} SHOAL_DATA_MISSING, SHOAL_DATA_FETCH, SHOAL_DATA_CORRUPT, SHOAL_DATA_LENGTH for a shard that has changed */
export async function findShards(path: string): Promise<Shards> {
  if (/\.tar$/.test(path.split(/[?#]/, 1)[0]!)) return named(braces(path).map(absolute));
  const folder = absolute(path.replace(/(?<=.)\/+$/, ''));
  if (isUrl(folder) || existsSync(`${folder}/manifest.json`)) {
    const location = `${folder}/manifest.json`;
    const manifest = parseManifest(new TextDecoder().decode(await readAll(location)), location);
    return prepared(folder, manifest);
  }
  const files = existsSync(folder) && statSync(folder).isDirectory() ? readdirSync(folder) : [];
  const tars = files.filter((name) => name.endsWith('.tar')).sort(byCodeUnits);
  if (tars.length === 0) throw noShards(path);
  return named(tars.map((name) => `${folder}/${name}`));
}

const absolute = (location: string): string => (isUrl(location) ? location : resolve(location));

function prepared(folder: string, manifest: Manifest): Shards {
  const shards = PARTS.flatMap((part) => (manifest.parts[part]?.shards ?? []).map((shard) => ({ ...shard, part })));
  for (const { file, bytes } of shards) {
    const path = `${folder}/${file}`;
    const got = isUrl(path) ? bytes : existsSync(path) ? statSync(path).size : -1;
    if (got === bytes) continue;
    throw new ShoalError({
      code: got < 0 ? 'SHOAL_DATA_MISSING' : 'SHOAL_DATA_LENGTH',
      operation: `open the shard ${path}`,
      got: got < 0 ? 'nothing there' : `${got} bytes`,
      expected: `${bytes} bytes, as its manifest says`,
      hint: 'Look at it with: shoal data verify FOLDER.',
    });
  }
  const locations = shards.map(({ file }) => `${folder}/${file}`);
  return { locations, parts: shards.map(({ part }) => part), classes: manifest.classes, manifest };
}

const named = (locations: readonly string[]): Shards => ({
  locations,
  parts: locations.map(partOfFile),
  classes: null,
  manifest: null,
});

const noShards = (path: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_MISSING',
    operation: `open the shards ${path}`,
    got: 'none',
    expected: 'files named .tar, and manifest.json where `shoal data prep` wrote them',
    hint: 'Paths are relative to the working directory.',
  });
