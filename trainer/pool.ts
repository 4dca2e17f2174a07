// pool.ts: the compute pool: threads on one memory, and the ring of commands that they follow. It knows no model and no step.
import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { Piscina } from 'piscina';
import { fromWire, ShoalError, toWire } from '../base/errors.ts';
import { workerFile } from '../base/worker-file.ts';
import { BINDING, SCRATCH_BYTES } from '../kernels/abi.ts';
import { type Arena, alignUp } from '../kernels/arena.ts';
import type { KernelModule } from '../kernels/load.ts';
import { COMMAND, CONTROL, commandWord, controlWords, RING, type ThreadSetup } from './control.ts';
import type { ThreadReport, WorkerData } from './worker.ts';

// A thread that has loaded its modules stands just below V8's first limit: without this, a collection of what starting left behind
// falls into some threads' first steps. In MiB, of every thread started from here on; nothing is reserved.
setFlagsFromString('--initial-old-space-size=64');

/** Threads that this machine runs at once. */
export const availableThreads = (): number => availableParallelism();

/** Calls written into memory: encode.ts makes it. */
export interface EncodedCalls {
  readonly address: number;
  readonly count: number;
}

export interface PoolOptions {
  readonly arena: Arena;
  readonly kernels: KernelModule;
  readonly threads: number;
  /** Threads that share one micro-shard. Divides `threads`. */
  readonly teamSize: number;
  /** Bytes of each team's activations. */
  readonly arenaBytes: number;
}

export interface ComputePool {
  readonly arena: Arena;
  readonly threads: number;
  readonly teams: number;
  /** All threads share the tiles of each call. `template`: address of a bindings block. Returns the command's number. */
  calls(program: EncodedCalls, template: number): number;
  /** Each team runs the program for its list of leaves (control.ts, JOB). */
  leaves(program: EncodedCalls, template: number, jobs: number): number;
  /** Everything from here on is dropped when the f64 at this address is not finite. */
  veto(address: number): number;
  /** Settles when the command is done by all threads. Rejects when a thread has died. */
  done(command: number): Promise<void>;
  /** Whether a veto has stopped the run. */
  readonly halted: boolean;
  /** Settles when there is room for `commands` more. */
  room(commands: number): Promise<void>;
  /** Ends the threads. @returns what each reported, where it could. */
  close(): Promise<readonly ThreadReport[]>;
}

/** Bytes that a pool takes from its arena, per thread and in all. */
export function poolBytes(threads: number, teamSize: number, arenaBytes: number): number {
  const teams = threads / teamSize;
  const slack = 512; // of each allocation
  return (
    alignUp(4 * controlWords(teams) + slack) +
    threads * (alignUp(4 * BINDING.words + slack) + alignUp(SCRATCH_BYTES + slack)) +
    teams * alignUp(arenaBytes + slack)
  );
}

export function createPool(options: PoolOptions): ComputePool {
  const { arena, kernels, threads, teamSize } = options;
  const teams = threads / teamSize;
  const control = arena.take(4 * controlWords(teams));
  const setup: ThreadSetup = {
    memory: arena.memory,
    control,
    threads,
    teamSize,
    spin: threads <= availableThreads() ? 2000 : 0,
    bindings: Array.from({ length: threads }, () => arena.take(4 * BINDING.words)),
    scratch: Array.from({ length: threads }, () => arena.take(SCRATCH_BYTES)),
    arenas: Array.from({ length: teams }, () => arena.take(options.arenaBytes)),
  };
  const piscina = new Piscina({
    filename: workerFile('./worker', import.meta.url),
    minThreads: threads,
    maxThreads: threads,
    concurrentTasksPerWorker: 1,
    idleTimeout: Number.POSITIVE_INFINITY,
    workerData: { setup, kernels } satisfies WorkerData,
    recordTiming: false,
  });
  const { i32 } = arena.views;
  const word = control >>> 2;
  let failure: ShoalError | null = null;
  let closing = false;
  let head = 0;

  const poison = () => {
    Atomics.store(i32, word + CONTROL.poison, 1);
    for (let at = 0; at < CONTROL.lines + 16 * (RING + teams); at++) Atomics.notify(i32, word + at);
  };
  const reports = Array.from({ length: threads }, (_, index) =>
    (piscina.run({ index }) as Promise<ThreadReport>).catch((error: unknown): null => {
      if (!closing) {
        failure ??= died(index, error);
        poison();
      }
      return null;
    }),
  );

  const completed = () => Atomics.load(i32, word + CONTROL.completed);
  async function reached(count: number): Promise<void> {
    for (;;) {
      const now = completed();
      if (now >= count) return; // done is done, even when a thread has died since
      if (failure) throw failure;
      const wait = Atomics.waitAsync(i32, word + CONTROL.completed, now, 1000);
      if (wait.async) await wait.value;
    }
  }

  function submit(kind: number, barrier: number, ...words: readonly number[]): number {
    if (head - completed() >= RING) throw new Error('the ring of commands is full: await room() first');
    const at = word + commandWord(head % RING, teams);
    i32[at] = kind;
    i32[at + 1] = barrier;
    for (let i = 0; i < words.length; i++) i32[at + 2 + i] = words[i]!;
    head++;
    Atomics.store(i32, word + CONTROL.head, head);
    Atomics.notify(i32, word + CONTROL.head);
    return head;
  }

  return {
    arena,
    threads,
    teams,
    calls: (program, template) => submit(COMMAND.calls, 1, program.address, program.count, template),
    leaves: (program, template, jobs) => submit(COMMAND.leaves, 1, program.address, program.count, template, jobs),
    veto: (address) => submit(COMMAND.veto, 1, address),
    done: reached,
    get halted() {
      return Atomics.load(i32, word + CONTROL.halted) !== 0;
    },
    room: (commands) => reached(head + commands - RING),
    async close() {
      closing = true;
      poison();
      const all = await Promise.all(reports);
      await piscina.close({ force: true });
      return all.filter((report) => report !== null);
    },
  };
}

function died(index: number, error: unknown): ShoalError {
  if (error instanceof ShoalError) return error;
  const problem = toWire(error);
  return fromWire({
    code: 'SHOAL_THREAD_DIED',
    operation: 'compute a step',
    got: `compute thread ${index} ended: ${error instanceof Error ? error.message : problem.got}`,
    expected: 'threads that live as long as the run',
    hint: 'The newest checkpoint is intact: run `shoal train --resume RUN`.',
  });
}
