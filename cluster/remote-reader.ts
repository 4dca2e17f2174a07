// remote-reader.ts: samples whose large fields stay with the coordinator: a block of rows is fetched, by a range request, when one of them is to be
// read, and kept within a bound. Small fields are here. Reading waits for the network, so that data threads do it, not a process's main thread.
import { createHash } from 'node:crypto';
import { ShoalError } from '../base/errors.ts';
import { workerFile } from '../base/worker-file.ts';
import { type AskedThread, startAskedThread } from '../datasets/ask-thread.ts';
import { type MemoryDescription, reopen as reopenMemory } from '../datasets/memory-reader.ts';
import { checkRead, fieldBytes, type Reader } from '../datasets/reader.ts';
import { createDataCache } from './data-cache.ts';
import type { RemoteData } from './remote-data.ts';

/** Bytes of a block, about: a whole number of rows. */
const BLOCK = 256 * 2 ** 10;
/** Bytes of blocks that were fetched ahead and not read yet. */
const AHEAD = 8 * 2 ** 20;
/** Requests under way at a time. */
const IN_FLIGHT = 4;
/** Tries of one range, with their pauses, take less. */
const DEADLINE_MS = 180_000;
const DIGEST = 32;

/** `columns` has the small fields alone. Can be cloned. */
export interface RemoteDescription extends MemoryDescription {
  readonly remote: RemoteData;
  readonly part: string;
  /** Reader.decoder, of the coordinator's. */
  readonly decoder?: string;
  /** By what name blocks are kept in the cache: other bytes, another name. */
  readonly kept: string;
  /** Such names, and hashes, of all that the run reads. */
  readonly own: readonly string[];
  /** Bytes of blocks that a thread keeps in memory. */
  readonly room: number;
}

/** What the fetching thread is asked for: a byte range. */
export interface Wanted {
  /** Names it. */
  readonly key: string;
  readonly path: string;
  readonly at: number;
  readonly bytes: number;
}
type Fetcher = AskedThread<Wanted, Uint8Array>;

/** Opens it in this thread; nothing is fetched yet. */
export function reopen(description: RemoteDescription): Reader {
  const { fields, length, classes, hash, columns, remote, part, room, own, decoder } = description;
  const here = Object.fromEntries(Object.entries(fields).filter(([name]) => columns[name]));
  const small = reopenMemory({ fields: here, length, classes, hash, columns });
  const blocks = new Map<string, Uint8Array>();
  const cache = remote.cache === undefined ? null : createBlockCache(remote.cache, own, remote.cacheBytes);
  const fileOf = (key: string): string => `${description.kept}-${key.replace('/', '.blocks/')}`;
  let kept = 0;
  let fetcher: Fetcher | null = null;
  const start = (): Fetcher => startAskedThread(workerFile('./fetch-thread', import.meta.url), remote);
  /** Blocks that will be read next, in order; and those of them that have come, or are on their way, and were not read. */
  let coming: Wanted[] = [];
  const unread = new Set<string>();
  const most = Math.max(1, Math.floor(Math.min(AHEAD, room / 2) / BLOCK));

  function wantedOf(name: string, number: number): Wanted {
    const size = fieldBytes(fields[name]!);
    const whole = rowsOf(size) * size;
    const at = number * whole;
    const bytes = Math.min(whole, length * size - at);
    return { key: `${name}/${number}`, path: `/data/${part}/${name}`, at, bytes };
  }

  /** Asks for what is next, as far as there may be more under way. */
  function pump(to: Fetcher): void {
    while (coming.length > 0 && to.underWay.size < IN_FLIGHT && unread.size < most) {
      const next = coming.shift()!;
      if (blocks.has(next.key) || to.underWay.has(next.key) || cache?.has(fileOf(next.key))) continue;
      unread.add(next.key);
      to.ask(next.key, next);
    }
  }

  let needed: string | null = null;
  function have(key: string, bytes: Uint8Array): void {
    blocks.set(key, bytes);
    kept += bytes.length;
    for (const [old, { length: freed }] of blocks) {
      if (kept <= room || old === key) break;
      if (old === needed) continue;
      blocks.delete(old);
      unread.delete(old);
      kept -= freed;
    }
  }
  function fetched(key: string, bytes: Uint8Array): void {
    cache?.write(fileOf(key), bytes);
    have(key, bytes);
    pump(fetcher!);
  }

  function block(name: string, number: number): Uint8Array {
    const wanted = wantedOf(name, number);
    const { key } = wanted;
    needed = key;
    fetcher?.take(fetched);
    if (!blocks.has(key) && !fetcher?.underWay.has(key)) {
      const bytes = cache?.read(fileOf(key));
      if (bytes) have(key, bytes);
    }
    if (!blocks.has(key)) {
      fetcher ??= start();
      fetcher.ask(key, wanted);
      pump(fetcher);
      fetcher.wait(key, DEADLINE_MS, () => late(key, remote.url), fetched);
    }
    const known = blocks.get(key)!;
    unread.delete(key);
    blocks.delete(key); // the newest stand last
    blocks.set(key, known);
    if (fetcher) pump(fetcher);
    return known;
  }

  return {
    fields,
    length,
    classes,
    hash,
    ...(decoder !== undefined && { decoder }),
    read(index, into) {
      checkRead(fields, length, index, into);
      for (const name in into) {
        if (columns[name]) {
          small.read(index, { [name]: into[name]! });
          continue;
        }
        const size = fieldBytes(fields[name]!);
        const rows = rowsOf(size);
        const at = (index % rows) * size;
        into[name]!.set(block(name, Math.floor(index / rows)).subarray(at, at + size));
      }
    },
    ahead(indices, names) {
      const wanted = new Map<string, Wanted>();
      for (const index of indices)
        for (const name of names) {
          if (columns[name] || !fields[name]) continue;
          const next = wantedOf(name, Math.floor(index / rowsOf(fieldBytes(fields[name]))));
          if (!blocks.has(next.key)) wanted.set(next.key, next);
        }
      coming = [...wanted.values()];
      unread.clear(); // of what was told before, nothing more is read
      if (coming.length < 2) return;
      fetcher ??= start();
      pump(fetcher);
    },
    share: () => ({ module: workerFile('./remote-reader', import.meta.url), description }),
    close() {
      fetcher?.close();
      fetcher = null;
    },
  };
}

const rowsOf = (size: number): number => Math.max(1, Math.floor(BLOCK / size));
const digest = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

const late = (key: string, url: string): ShoalError =>
  new ShoalError({
    code: 'SHOAL_DATA_FETCH',
    operation: `fetch ${key} from ${url}`,
    got: `no answer within ${DEADLINE_MS / 1000} s`,
    expected: 'its bytes',
    hint: 'Is the coordinator reachable? Or bring the files to this machine.',
  });

/** Blocks in the cache, each behind its hash. */
function createBlockCache(folder: string, own: readonly string[], bytes: number | undefined) {
  const cache = createDataCache({ folder, own, ...(bytes !== undefined && { bytes }) });
  return {
    has: cache.has,
    /** @returns null where it is not there, or is not what was written */
    read(name: string): Uint8Array | null {
      const all = cache.read(name);
      const block = all?.subarray(DIGEST);
      return block && digest(block).equals(all!.subarray(0, DIGEST)) ? block : null;
    },
    /** One that cannot be written costs time alone: it is fetched again. */
    write(name: string, block: Uint8Array): void {
      try {
        cache.write(name, Buffer.concat([digest(block), block]));
      } catch {
        // as it says
      }
    },
  };
}
