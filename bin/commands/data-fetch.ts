// data-fetch.ts: `shoal data fetch`: what it prints. The work is datasets/fetch/.
import { join } from 'node:path';
import { catalog } from '../../datasets/fetch/catalog.ts';
import { download } from '../../datasets/fetch/download.ts';
import { fetchDataset } from '../../datasets/fetch/fetch-dataset.ts';
import { isUrl } from '../../datasets/files.ts';
import { untilInterrupted } from '../interrupt.ts';
import { EXIT, type ExitCode } from '../output/exit-codes.ts';
import { bytes as size } from '../output/format.ts';
import type { Screen } from '../output/screen.ts';
import { typed, usageError } from '../output/usage-error.ts';

export interface DataFetchOptions {
  readonly out?: string;
  readonly from?: string;
  readonly sha256?: string;
  readonly json?: boolean;
}

/** What an interrupted download leaves. Whether the file is the same, its hash or the server tells. */
const FETCHED_STAYS = 'What has come stays; the same command goes on from there, if it is still the same file.';

/** Between two lines about one file. */
const EVERY_MS = 2000;

export async function fetchCommand(what: string, options: DataFetchOptions, screen: Screen): Promise<ExitCode> {
  const { json = false } = options;
  const entry = Object.hasOwn(catalog, what) ? catalog[what]! : null;
  if (entry === null && !(isUrl(what) && URL.canParse(what))) throw unknown(what);
  const sha256 = options.sha256?.toLowerCase() ?? null;
  if (sha256 !== null && (entry !== null || !/^[0-9a-f]{64}$/.test(sha256)))
    throw usageError('read --sha256', options.sha256!, '64 hexadecimal digits, and a URL', 'Names have their hashes.');
  if (entry === null && options.from !== undefined)
    throw usageError('read --from', options.from, 'one of the names with it', 'A URL says where it is.');
  if (options.from !== undefined && !(isUrl(options.from) && URL.canParse(options.from)))
    throw usageError('read --from', options.from, 'the URL of a folder', 'For example --from https://host/mnist/.');
  const out = options.out ?? join('data', entry === null ? '.' : what);
  const say = progressOf(json, screen);
  return untilInterrupted(FETCHED_STAYS, screen, async (signal) => {
    if (entry === null) {
      const name = new URL(what).pathname.split('/').at(-1) || 'file';
      const to = join(out, name);
      const onProgress = (done: number, of: number | null) => say(name, done, of);
      const { sha256: found, kept } = await download({ url: what, to, sha256, signal, onProgress });
      if (json) screen.out(JSON.stringify({ event: 'fetched', path: to, sha256: found, kept }));
      else screen.out(`${to}${kept ? ' was there already' : ''}\nsha256 ${found}`);
      return EXIT.done;
    }
    const onProgress = (file: { name: string; bytes: number }, done: number) => say(file.name, done, file.bytes);
    const fetched = await fetchDataset({ entry, out, from: options.from, signal, onProgress });
    if (json) screen.out(JSON.stringify({ event: 'fetched', path: out, files: fetched }));
    else {
      screen.out(`${fetched === 0 ? `${out} is whole already` : `${out} is whole`} (${entry.licence}).`);
      screen.out(
        `\nTrain on it: "data": ${JSON.stringify({ reader: entry.reader, path: out })}\nLook at it:  shoal data inspect ${typed(out)}`,
      );
    }
    return EXIT.done;
  });
}

/** A line at a file's end, and now and then before. */
function progressOf(json: boolean, screen: Screen): (name: string, done: number, of: number | null) => void {
  let told = 0;
  return (name, done, of) => {
    const now = performance.now();
    if (done !== of && now - told < EVERY_MS) return;
    told = now;
    if (json) screen.out(JSON.stringify({ event: 'bytes', file: name, bytes: done, of }));
    else screen.err(`${name}  ${size(done)}${of === null ? '' : ` of ${size(of)}`}`);
  };
}

const unknown = (what: string): Error =>
  usageError('fetch data', what, `${Object.keys(catalog).join(', ')}, or a URL`, 'For example: shoal data fetch mnist');
