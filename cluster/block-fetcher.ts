// block-fetcher.ts: a thread that fetches byte ranges for one that waits, some at a time: those that are needed, and those that soon will be.
// It keeps none: what has come is handed over. The thread's own side: fetch-thread.ts.
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { fromWire, type Problem, ShoalError } from '../base/errors.ts';
import { workerFile } from '../base/worker-file.ts';
import type { RemoteData } from './remote-data.ts';

/** Requests under way at a time. */
export const IN_FLIGHT = 4;
/** Tries of one range, with their pauses, take less. */
const DEADLINE_MS = 180_000;

/** What the fetching thread is told, and what it answers. */
export interface Wanted {
  /** Names it. */
  readonly key: string;
  readonly path: string;
  readonly at: number;
  readonly bytes: number;
}
export type Fetched = { readonly key: string } & ({ readonly bytes: Uint8Array } | { readonly problem: Problem });
export interface FetchSetup {
  readonly remote: RemoteData;
  readonly port: MessagePort;
  /** Answers in the port so far. */
  readonly flag: Int32Array;
}

export interface BlockFetcher {
  /** Begins to fetch it, if it is not under way. */
  ask(wanted: Wanted): void;
  /** Ranges that were asked for and have not come. */
  readonly underWay: ReadonlySet<string>;
  /** Hands over what has come. Those that failed are dropped: they are asked for again when they are needed. */
  take(have: (key: string, bytes: Uint8Array) => void): void;
  /** Waits for one that is under way, and hands over what comes meanwhile, itself included. @throws SHOAL_DATA_FETCH */
  wait(key: string, have: (key: string, bytes: Uint8Array) => void): void;
  close(): void;
}

export function createBlockFetcher(remote: RemoteData): BlockFetcher {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const { port1: own, port2: port } = new MessageChannel();
  const worker = new Worker(new URL(workerFile('./fetch-thread', import.meta.url)), {
    workerData: { remote, port, flag } satisfies FetchSetup,
    transferList: [port],
  });
  worker.unref();
  const underWay = new Set<string>();

  function take(have: (key: string, bytes: Uint8Array) => void, needed?: string): void {
    for (let answer = receiveMessageOnPort(own); answer; answer = receiveMessageOnPort(own)) {
      const fetched = answer.message as Fetched;
      underWay.delete(fetched.key);
      if ('bytes' in fetched) have(fetched.key, fetched.bytes);
      else if (fetched.key === needed) throw fromWire(fetched.problem);
    }
  }

  return {
    underWay,
    ask(wanted) {
      if (underWay.has(wanted.key)) return;
      underWay.add(wanted.key);
      own.postMessage(wanted);
    },
    take: (have) => take(have),
    wait(key, have) {
      const until = performance.now() + DEADLINE_MS;
      for (;;) {
        const answers = Atomics.load(flag, 0);
        take(have, key);
        if (!underWay.has(key)) return;
        const left = until - performance.now();
        if (left > 0 && Atomics.wait(flag, 0, answers, left) !== 'timed-out') continue;
        throw new ShoalError({
          code: 'SHOAL_DATA_FETCH',
          operation: `fetch ${key} from ${remote.url}`,
          got: `no answer within ${DEADLINE_MS / 1000} s`,
          expected: 'its bytes',
          hint: 'Is the coordinator reachable? Or bring the files to this machine.',
        });
      }
    },
    close() {
      own.close();
      void worker.terminate();
    },
  };
}
