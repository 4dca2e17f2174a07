// locations.ts: which files a path names: one, several by braces, all of a kind in a folder; and what names and manifest say of them. It opens none.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { ShoalError } from '../../base/errors.ts';
import { isUrl } from '../files.ts';
import { readManifest } from '../prepare/manifest.ts';
import { byCodeUnits, type Part, partOf } from '../source.ts';

/** @throws {ShoalError} SHOAL_DATA_MISSING for a folder without such files */
export function locationsOf(path: string, names: RegExp, endings: string): string[] {
  if (isUrl(path)) return braces(path);
  const root = resolve(path);
  if (!isFolder(root)) return braces(root);
  const found = readdirSync(root).filter((name) => names.test(name));
  if (found.length > 0) return found.sort(byCodeUnits).map((name) => `${root}/${name}`);
  throw new ShoalError({
    code: 'SHOAL_DATA_MISSING',
    operation: `open ${root}`,
    got: 'none',
    expected: `files named ${endings}`,
    hint: 'Give the file itself, where it has another name.',
  });
}

/** "a-{000..012}.tar" as thirteen names; "{train,val}.tar" as two. */
export function braces(pattern: string): string[] {
  const match = /\{(?:(\d+)\.\.(\d+)|([^{}]*,[^{}]*))\}/.exec(pattern);
  if (!match) return [pattern];
  const [whole, from, to, list] = match;
  const middles =
    list !== undefined
      ? list.split(',')
      : Array.from({ length: Math.max(0, Math.min(1e6, Number(to) - Number(from) + 1)) }, (_, i) =>
          String(Number(from) + i).padStart(from!.length, '0'),
        );
  return middles.flatMap((middle) =>
    braces(pattern.slice(0, match.index) + middle + pattern.slice(match.index + whole.length)),
  );
}

const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();

export const nameOf = (location: string): string => location.slice(location.lastIndexOf('/') + 1);

/** Without what follows in a URL. */
const withoutQuery = (location: string): string => location.split(/[?#]/, 1)[0]!;

/** Whether its name says that it is packed by gzip. */
export const isPacked = (location: string): boolean => /\.t?gz$/.test(withoutQuery(location));

/** "https://host/a.tgz?x=1" as "https://host/a.tar": what it is called when preparation has unpacked it. */
export const unpackedName = (location: string): string =>
  withoutQuery(location)
    .replace(/\.tgz$/, '.tar')
    .replace(/\.gz$/, '');

/** "train-000001.tar" is of the training part, "imagenet-val-3.tar" of the validation part; null for names that say nothing. */
export const partOfFile = (location: string): Part | null =>
  nameOf(location)
    .split(/[-_.]/)
    .map(partOf)
    .find((part) => part !== null) ?? null;

/** The manifest of a folder that `shoal data prep` wrote; null for all else. @throws {ShoalError} SHOAL_DATA_CORRUPT */
export const manifestOf = (path: string) =>
  isUrl(path) || !isFolder(resolve(path)) ? null : (readManifest(resolve(path))?.manifest ?? null);
