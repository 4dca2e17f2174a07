// remote-data.ts: a dataset over HTTP: columns of fields by range requests, for workers whose machine lacks the files. Both ends.
import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { check } from '../base/check.ts';
import { ShoalError } from '../base/errors.ts';
import { readerFromArrays } from '../datasets/from-arrays.ts';
import { type Dataset, fieldBytes, type Reader } from '../datasets/reader.ts';
import { writeError } from '../trainer/write-error.ts';
import { createDataCache, type DataCache } from './data-cache.ts';
import type { Reach } from './dial.ts';
import { httpGet, httpUrl, SHA256 } from './http-get.ts';
import { reopen } from './remote-reader.ts';
import type { RouteHandler } from './transport.ts';

const PARTS = ['train', 'test'] as const;
/** Bytes of one request. */
export const CHUNK = 4 * 2 ** 20;
const TRIES = 6;

const fieldSchema = z.object({ shape: z.array(z.int().positive()), dtype: z.enum(['u8', 'f32', 'i32']) });
const partSchema = z.object({
  fields: z.record(z.string().regex(/^\w+$/), fieldSchema),
  length: z.int().positive(),
  classes: z.int().positive().nullable(),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  /** Where images are decoded as they are asked for, with what: the hash is not one of these bytes. */
  decoder: z.string().min(1).max(256).optional(),
});
const manifestSchema = z.object({ train: partSchema, test: partSchema });
type Manifest = z.output<typeof manifestSchema>;

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** One hash for both parts: what workers and the coordinator compare. */
export const datasetHash = ({ train, test }: Dataset): string =>
  createHash('sha256').update(`${train.hash} ${test.hash}`).digest('hex');

/** Serves GET /data (what there is, as JSON) and GET /data/<part>/<field> with a Range: the field of all samples, packed. */
export function dataRoute(dataset: Dataset): RouteHandler {
  const about = ({ fields, length, classes, hash, decoder }: Reader) => ({
    ...{ fields, length, classes, hash },
    ...(decoder !== undefined && { decoder }),
  });
  const manifest = JSON.stringify({ train: about(dataset.train), test: about(dataset.test) });
  return (request, response) => {
    const [, , part, name] = (request.url ?? '').split('?', 1)[0]!.split('/');
    if (!part) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(manifest);
      return;
    }
    const reader = PARTS.includes(part as 'train') ? dataset[part as 'train'] : undefined;
    const field = name !== undefined && reader && Object.hasOwn(reader.fields, name) ? reader.fields[name] : undefined;
    if (!field) {
      response.writeHead(404);
      response.end();
      return;
    }
    const size = fieldBytes(field);
    sendRange(request, response, size * reader!.length, (from, to) => {
      const first = Math.floor(from / size);
      const rows = Math.ceil(to / size) - first;
      const bytes = new Uint8Array(rows * size);
      for (let row = 0; row < rows; row++)
        reader!.read(first + row, { [name!]: bytes.subarray(row * size, (row + 1) * size) });
      return bytes.subarray(from - first * size, to - first * size);
    });
  };
}

/** Answers a Range of at most CHUNK of `total` bytes. @param bytes those from one, up to another */
export function sendRange(
  request: Parameters<RouteHandler>[0],
  response: Parameters<RouteHandler>[1],
  total: number,
  bytes: (from: number, to: number) => Uint8Array,
): void {
  const range = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(request.headers.range ?? '');
  const [from, last] = [Number(range?.[1] ?? 0), Math.min(Number(range?.[2] ?? 0), total - 1)];
  if (!range || from > last || last - from >= CHUNK) {
    response.writeHead(416, { 'content-range': `bytes */${total}` });
    response.end();
    return;
  }
  const body = bytes(from, last + 1);
  response.writeHead(206, {
    'content-type': 'application/octet-stream',
    'content-range': `bytes ${from}-${last}/${total}`,
    'content-length': last - from + 1,
    [SHA256]: sha256(body),
  });
  response.end(body);
}

export interface RemoteData extends Reach {
  /** The coordinator's: ws: or wss:. */
  readonly url: string;
  /** Folder to keep what was fetched in, under its hash. Default: memory alone. */
  readonly cache?: string;
  /** Bytes that it may hold. Default: data-cache.ts. */
  readonly cacheBytes?: number;
  /** Bytes of a field up to which it is fetched whole, and its hash compared, before anything begins. */
  readonly whole?: number;
}

/** One that is larger is fetched block by block, as its rows are needed. */
const WHOLE = 64 * 2 ** 20;
/** Bytes of such blocks that each thread keeps. */
const ROOM = 256 * 2 ** 20;

/**
 * A dataset of the coordinator's: small fields are fetched, or come from the cache, at once, large ones when their rows are first read.
 * @throws SHOAL_DATA_FETCH when it does not come, SHOAL_DATA_HASH when other bytes come than were promised
 */
export async function fetchDataset(remote: RemoteData): Promise<Dataset> {
  const text = new TextDecoder().decode(await fetchBytes(remote, '/data', 2 ** 20));
  const manifest = check(manifestSchema, JSON.parse(text), {
    code: 'SHOAL_DATA_FETCH',
    operation: `read what data ${remote.url} has`,
    hint: 'Do both ends run the same version of Shoal?',
  });
  const [train, test] = [await fetchPart(remote, 'train', manifest), await fetchPart(remote, 'test', manifest)];
  return { train, test };
}

/** By what name blocks are kept: pixels of another decoder are others. */
const keptAs = ({ hash, decoder }: Manifest['train']): string =>
  decoder === undefined ? hash : sha256(new TextEncoder().encode(`${hash} ${decoder}`));

async function fetchPart(remote: RemoteData, part: 'train' | 'test', manifest: Manifest): Promise<Reader> {
  const { fields, length, classes, hash, decoder } = manifest[part];
  const own = PARTS.flatMap((one) => [manifest[one].hash, keptAs(manifest[one])]);
  const data: Record<string, Uint8Array<SharedArrayBuffer>> = {};
  const { whole = WHOLE, cache: folder, cacheBytes } = remote;
  const bound = cacheBytes === undefined ? {} : { bytes: cacheBytes };
  const cache = folder === undefined ? null : createDataCache({ folder, own, ...bound });
  const isLarge = (name: string): boolean =>
    length * fieldBytes(fields[name]!) > whole || (decoder !== undefined && name === 'image');
  for (const [name, field] of Object.entries(fields)) {
    if (isLarge(name)) continue;
    const bytes = length * fieldBytes(field);
    const known = cache?.read(`${hash}-${name}`);
    const column = new Uint8Array(new SharedArrayBuffer(bytes)); // taken over by whoever reads it
    data[name] = column;
    if (known && known.length === bytes) {
      column.set(known);
      continue;
    }
    for (let at = 0; at < bytes; at += CHUNK) {
      const most = Math.min(CHUNK, bytes - at);
      column.set(await fetchBytes(remote, `/data/${part}/${name}`, most, at), at);
    }
    if (cache) keep(cache, remote.cache!, `${hash}-${name}`, column);
  }
  if (Object.keys(fields).some(isLarge)) {
    const columns = Object.fromEntries(Object.entries(data).map(([name, { buffer }]) => [name, buffer]));
    const { url, token, tls, insecure, limits } = remote;
    const reach = { url, token, ...(tls && { tls }), ...(insecure && { insecure }), ...(limits && { limits }) };
    return reopen({
      ...{ fields, length, classes, hash, columns, part, own, room: ROOM, kept: keptAs(manifest[part]) },
      ...(decoder !== undefined && { decoder }),
      remote: {
        ...reach,
        ...(folder !== undefined && { cache: folder }),
        ...(cacheBytes !== undefined && { cacheBytes }),
      },
    });
  }
  const reader = readerFromArrays({ fields, data, classes, origin: remote.url });
  if (reader.hash === hash) return reader;
  throw new ShoalError({
    code: 'SHOAL_DATA_HASH',
    operation: `fetch the ${part} data from ${remote.url}`,
    got: `bytes with the hash ${reader.hash}`,
    expected: hash,
    hint: remote.cache ? `Remove ${remote.cache} and try again.` : 'Try again.',
  });
}

function keep(cache: DataCache, folder: string, name: string, bytes: Uint8Array): void {
  try {
    cache.write(name, bytes);
  } catch (error) {
    throw writeError(error, `keep data in ${folder}`);
  }
}

/** At most `most` bytes; with `at`: exactly as many, from there on. Tries again when the connection breaks. */
export async function fetchBytes(remote: RemoteData, path: string, most: number, at?: number): Promise<Uint8Array> {
  const url = httpUrl(remote.url, path);
  for (let attempt = 1; ; attempt++) {
    try {
      const range = at === undefined ? {} : { range: `bytes=${at}-${at + most - 1}` };
      const { status, bytes, sha256: promised } = await httpGet(remote, url, { most, headers: range });
      if (status !== (at === undefined ? 200 : 206)) throw new Error(`HTTP status ${status}`);
      if (at !== undefined && bytes.length !== most) throw new Error(`${bytes.length} bytes`);
      if (at !== undefined && promised !== sha256(bytes)) throw new Error('bytes with another hash than was promised');
      return bytes;
    } catch (cause) {
      if (attempt < TRIES) {
        await wait(50 * 2 ** attempt * (0.5 + Math.random()));
        continue;
      }
      const got = cause instanceof Error ? cause.message : String(cause);
      const hint = 'Is the coordinator reachable? Or bring the files to this machine.';
      throw new ShoalError(
        { code: 'SHOAL_DATA_FETCH', operation: `fetch ${url}`, got, expected: 'its bytes', hint },
        { cause },
      );
    }
  }
}
