// remote-reader.ts: samples whose large fields stay with the coordinator: a block of rows is fetched, by a range request, when one of them is first
// read, and kept within a bound. Small fields are here. Reading waits for the network, so that data threads do it, not a process's main thread.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { fromWire, type Problem, ShoalError } from '../base/errors.ts';
import { workerFile } from '../base/worker-file.ts';
import { type MemoryDescription, reopen as reopenMemory } from '../datasets/memory-reader.ts';
import { checkRead, fieldBytes, type Reader } from '../datasets/reader.ts';
import type { RemoteData } from './remote-data.ts';

/** Bytes of a block, about: a whole number of rows. */
const BLOCK = 256 * 2 ** 10;
/** Tries of one block, with their pauses, take less. */
const DEADLINE_MS = 180_000;
const DIGEST = 32;

/** `columns` has the small fields alone. Can be cloned. */
export interface RemoteDescription extends MemoryDescription {
  readonly remote: RemoteData;
  readonly part: string;
  /** Bytes of blocks that a thread keeps in memory. */
  readonly room: number;
}

/** Opens it in this thread; nothing is fetched yet. */
export function reopen(description: RemoteDescription): Reader {
  const { fields, length, classes, hash, columns, remote, part, room } = description;
  const here = Object.fromEntries(Object.entries(fields).filter(([name]) => columns[name]));
  const small = reopenMemory({ fields: here, length, classes, hash, columns });
  const blocks = new Map<string, Uint8Array>();
  let kept = 0;
  let fetcher: Fetcher | null = null;

  function block(name: string, number: number): Uint8Array {
    const key = `${name}/${number}`;
    const known = blocks.get(key);
    if (known) {
      blocks.delete(key); // the newest stand last
      blocks.set(key, known);
      return known;
    }
    const size = fieldBytes(fields[name]!);
    const whole = rowsOf(size) * size;
    const at = number * whole;
    const file = remote.cache && `${remote.cache}/${hash}-${name}.blocks/${number}`;
    let bytes = file ? fromCache(file) : null;
    if (!bytes) {
      fetcher ??= createFetcher(remote);
      bytes = fetcher.get(`/data/${part}/${name}`, at, Math.min(whole, length * size - at));
      if (file) intoCache(file, bytes);
    }
    blocks.set(key, bytes);
    kept += bytes.length;
    for (const [old, { length: freed }] of blocks) {
      if (kept <= room || old === key) break;
      blocks.delete(old);
      kept -= freed;
    }
    return bytes;
  }

  return {
    fields,
    length,
    classes,
    hash,
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
    share: () => ({ module: workerFile('./remote-reader', import.meta.url), description }),
    close() {
      fetcher?.close();
      fetcher = null;
    },
  };
}

const rowsOf = (size: number): number => Math.max(1, Math.floor(BLOCK / size));
const digest = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

/** @returns null where it is not there, or is not what was written */
function fromCache(file: string): Uint8Array | null {
  try {
    const all = readFileSync(file);
    const bytes = all.subarray(DIGEST);
    return digest(bytes).equals(all.subarray(0, DIGEST)) ? bytes : null;
  } catch {
    return null;
  }
}

/** A cache that cannot be written costs time alone. */
function intoCache(file: string, bytes: Uint8Array): void {
  const partial = `${file}.${process.pid}.partial`;
  try {
    mkdirSync(file.slice(0, file.lastIndexOf('/')), { recursive: true });
    writeFileSync(partial, Buffer.concat([digest(bytes), bytes]));
    renameSync(partial, file);
  } catch {
    // it is fetched again
  }
}

interface Fetcher {
  get(path: string, at: number, bytes: number): Uint8Array;
  close(): void;
}

/** What the fetching thread is told, and what it answers. */
export interface Wanted {
  readonly path: string;
  readonly at: number;
  readonly bytes: number;
}
export type Fetched = { readonly bytes: Uint8Array } | { readonly problem: Problem };
export interface FetchSetup {
  readonly remote: RemoteData;
  readonly port: MessagePort;
  /** 1: the answer is in the port. */
  readonly flag: Int32Array;
}

/** A thread that fetches while this one waits. */
function createFetcher(remote: RemoteData): Fetcher {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const { port1: own, port2: port } = new MessageChannel();
  const worker = new Worker(new URL(workerFile('./fetch-thread', import.meta.url)), {
    workerData: { remote, port, flag } satisfies FetchSetup,
    transferList: [port],
  });
  worker.unref();
  return {
    get(path, at, bytes) {
      Atomics.store(flag, 0, 0);
      own.postMessage({ path, at, bytes } satisfies Wanted);
      const waited = Atomics.wait(flag, 0, 0, DEADLINE_MS);
      const answer = waited === 'timed-out' ? undefined : receiveMessageOnPort(own);
      if (!answer)
        throw new ShoalError({
          code: 'SHOAL_DATA_FETCH',
          operation: `fetch ${path} from ${remote.url}`,
          got: `no answer within ${DEADLINE_MS / 1000} s`,
          expected: 'its bytes',
          hint: 'Is the coordinator reachable? Or bring the files to this machine.',
        });
      const fetched = answer.message as Fetched;
      if ('problem' in fetched) throw fromWire(fetched.problem);
      return fetched.bytes;
    },
    close() {
      own.close();
      void worker.terminate();
    },
  };
}
