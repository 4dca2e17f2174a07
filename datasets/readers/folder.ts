// folder.ts: images in folders: [train/|val/|test/]<class>/x.jpg, or a metadata.csv or metadata.jsonl beside them. It decodes none.
import { existsSync, readdirSync, readFile, realpathSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { ShoalError } from '../../base/errors.ts';
import { workerFile } from '../../base/worker-file.ts';
import { isThere, isUrl, readAll, within } from '../files.ts';
import { imageKeys, loadSource, splitKeys } from '../load-source.ts';
import { type Bad, byCodeUnits, type Entry, type Loader, type Part, partOf, type Source } from '../source.ts';
import { defineReader } from './define.ts';
import { readMetadata } from './folder-metadata.ts';

const schema = strict({
  reader: z.literal('folder'),
  /** Relative to the working directory; or the URL of a folder with metadata.csv or metadata.jsonl. */
  path: z.string().min(1),
  ...imageKeys,
  ...splitKeys,
});

export const folder = defineReader({
  schema,
  scan: ({ path }) => scanAny(path),
  async open(config) {
    return loadSource(await scanAny(config.path), config.path, config);
  },
});

const scanAny = (path: string): Promise<Source> => (isUrl(path) ? scanRemote(path) : scanFolder(resolve(path)));

/** What metadata name below a URL: a server lists no folders. @throws {ShoalError} SHOAL_DATA_MISSING, SHOAL_DATA_FETCH */
async function scanRemote(url: string): Promise<Source> {
  const bad: Bad[] = [];
  for (const name of ['metadata.csv', 'metadata.jsonl']) {
    if (!(await isThere(within(url, name)))) continue;
    return sourceOf(url, await readMetadata(url, [{ path: name, part: null }], null, bad), bad);
  }
  throw new ShoalError({
    code: 'SHOAL_DATA_MISSING',
    operation: `open the folder ${url}`,
    got: 'no metadata',
    expected: 'metadata.csv or metadata.jsonl, which name the images',
    hint: 'Or pack the images into shards: shoal data prep FOLDER -o SHARDS.',
  });
}

/** Files that systems leave about, and hidden ones. */
const LITTER = /^(\..*|thumbs\.db|desktop\.ini)$/i;
const METADATA = /^metadata\.(csv|jsonl)$/;

interface Found {
  /** Relative to the root, with slashes. */
  readonly path: string;
  readonly part: Part | null;
  /** Of the class's folder; null for files that lie in none. */
  readonly name: string | null;
}

/** Walks everything under `root`, in code-unit order. @throws {ShoalError} SHOAL_DATA_MISSING, SHOAL_DATA_EMPTY and what metadata throw */
export async function scanFolder(root: string): Promise<Source> {
  if (!existsSync(root) || !statSync(root).isDirectory()) {
    throw new ShoalError({
      code: 'SHOAL_DATA_MISSING',
      operation: `open the folder ${root}`,
      got: existsSync(root) ? 'a file' : 'nothing there',
      expected: 'a folder of images',
      hint: 'Its layout is <class>/x.jpg, or train/<class>/x.jpg and test/<class>/x.jpg.',
    });
  }
  const found: Found[] = [];
  const metadata: Found[] = [];
  const bad: Bad[] = [];
  const unreadable = (path: string, reason: string): void => {
    bad.push({ key: path, code: 'SHOAL_DATA_MISSING', reason });
  };

  function walk(at: string, part: Part | null, name: string | null, above: readonly string[]): void {
    const real = realpathSync(join(root, at));
    if (above.includes(real)) {
      unreadable(at, 'a link to a folder above it');
      return;
    }
    for (const child of readdirSync(real).sort(byCodeUnits)) {
      if (LITTER.test(child)) continue;
      const path = at === '' ? child : `${at}/${child}`;
      try {
        const about = statSync(join(root, path));
        if (about.isDirectory()) {
          const isPart = at === '' ? partOf(child) : null;
          if (isPart !== null) walk(path, isPart, null, [...above, real]);
          else walk(path, part, name ?? child, [...above, real]);
        } else if (!about.isFile()) unreadable(path, 'neither a file nor a folder');
        else (METADATA.test(child) && name === null ? metadata : found).push({ path, part, name });
      } catch (error) {
        unreadable(path, reasonOf(error));
      }
    }
  }
  walk('', null, null, []);
  if (metadata.length > 0) return sourceOf(root, await readMetadata(root, metadata, found, bad), bad);
  const classes = [...new Set(found.flatMap(({ name }) => name ?? []))].sort(byCodeUnits);
  const labels = new Map(classes.map((name, label) => [name, label]));
  const entries = found.map(({ path, part, name }) => ({ key: path, part, label: labels.get(name!) ?? null }));
  return sourceOf(root, { entries, classes: classes.length === 0 ? null : classes }, bad);
}

function reasonOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'a link to nothing, or a name that is no UTF-8';
  if (code === 'ELOOP') return 'links that lead in a circle';
  return code === 'EACCES' ? 'no permission to read it' : `the system's error ${code}`;
}

function sourceOf(
  root: string,
  { entries, classes }: Pick<Source, 'entries' | 'classes'>,
  bad: readonly Bad[],
): Source {
  return {
    entries: entries.toSorted((a, b) => byCodeUnits(a.key, b.key)),
    classes,
    bad,
    ...reopenSource(root),
    share: () => ({ module: workerFile('./folder', import.meta.url), description: root }),
  };
}

/** A third faster than the one of node:fs/promises, which opens a handle of its own. */
const readBytes: (path: string) => Promise<Buffer> = promisify(readFile);

export function reopenSource(root: string): Loader {
  return {
    async load({ key }: Entry) {
      try {
        return {
          kind: 'image',
          bytes: isUrl(root) ? await readAll(within(root, key)) : await readBytes(join(root, key)),
        };
      } catch (cause) {
        if (cause instanceof ShoalError) throw cause;
        const got = reasonOf(cause);
        const hint = 'Is it still there?';
        const expected = 'a file that can be read';
        throw new ShoalError({ code: 'SHOAL_DATA_MISSING', operation: `read ${key}`, got, expected, hint }, { cause });
      }
    },
    files: ({ key }) => [within(root, key)],
    async close() {},
  };
}
