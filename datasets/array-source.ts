// array-source.ts: samples that are rows of one array in shared memory, as a Source: what formats give that are read whole. Parses nothing.
import { workerFile } from '../base/worker-file.ts';
import type { Content, Entry, Loader, Source } from './source.ts';

type Numbers = Uint8Array<SharedArrayBuffer> | Float32Array<SharedArrayBuffer> | Int32Array<SharedArrayBuffer>;

interface Rows {
  /** Of one sample. */
  readonly shape: readonly number[];
  /** Samples in order, packed: entry.at[0] is a sample's row. */
  readonly data: Numbers;
}

export function arraySource(about: Pick<Source, 'entries' | 'classes' | 'bad'>, rows: Rows): Source {
  return {
    ...about,
    ...reopenSource(rows),
    share: () => ({ module: workerFile('./array-source', import.meta.url), description: rows }),
  };
}

export function reopenSource({ shape, data }: Rows): Loader {
  const size = shape.reduce((product, n) => product * n, 1);
  return {
    async load({ at }: Entry): Promise<Content> {
      const row = at![0]!;
      return { kind: 'array', shape, data: data.slice(row * size, (row + 1) * size) };
    },
    async close() {},
  };
}

/** A copy in shared memory. */
export function sharedBytes(parts: readonly Uint8Array[]): Uint8Array<SharedArrayBuffer> {
  const all = new Uint8Array(new SharedArrayBuffer(parts.reduce((sum, part) => sum + part.length, 0)));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
