// pool.ts: the compute pool: threads on one memory, and the ring of commands that they follow. It knows no model and no step.
import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { Piscina } from 'piscina';
import { fromWire, ShoalError, toWire } from '../base/errors.ts';
import { workerFile } from '../base/worker-file.ts';
import { BINDING, SCRATCH_BYTES } from '../kernels/abi.ts';
import { type Arena, alignUp } from '../kernels/arena.ts';
import type { KernelModule } from '../kernels/load.ts';
import {
  COMMAND,
  CONTROL,
  commandWord,
  controlWords,
  countOf,
  HELP,
  JOBS,
  RING,
  TELL,
  type ThreadSetup,
} from './control.ts';
import { keepPatience } from './patience.ts';
import { registeredModules } from './registered-modules.ts';
import { createWaiting } from './waiting.ts';
import type { ThreadReport, WorkerData } from './worker.ts';

/** For this process, from its first pool on: before, it may be a program that never trains. */
function tuneEngine(): void {
  // A thread that has loaded its modules stands just below V8's first limit: without this, a collection of what starting left behind
  // falls into some threads' first steps. In MiB, of every thread started from here on; nothing is reserved.
  setFlagsFromString('--initial-old-space-size=64');
  // What runs once a step would be compiled a last time in the first half minute of a run, at great cost, on cores that compute threads
  // need: later is soon enough. Loops are compiled as ever. Older engines do not know the flag, and say so.
  if (Number.parseInt(process.versions.v8, 10) >= 12) setFlagsFromString('--invocation-count-for-turbofan=30000');
}

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
  /** Whether threads that wait stay awake for a while (patience.ts). Default: true. */
  readonly waitsAwake?: boolean;
}

export interface ComputePool {
  readonly arena: Arena;
  readonly threads: number;
  readonly teams: number;
  /** Address of each team's activations. */
  readonly arenas: readonly number[];
  /**
   * All threads share the tiles of each call. `template`: address of a bindings block. Returns the command's number.
   * `independent`: it reads nothing that the commands since the last barrier write in another thread.
   */
  calls(program: EncodedCalls, template: number, independent?: boolean): number;
  /** Every thread runs all of each call, and writes the same bytes. */
  everywhere(program: EncodedCalls, template: number): number;
  /** Each team runs the program for its list of leaves (control.ts, JOB). */
  leaves(program: EncodedCalls, template: number, jobs: number): number;
  /** All threads make these calls together, from the bundles of the leaves before (control.ts, JOINT). */
  joint(program: EncodedCalls, template: number, jobs: number, claims: number): number;
  /** Everything from here on is dropped when the f64 at this address, which `everywhere` has just written, is not finite. */
  veto(address: number): number;
  /** Whether a thread has gone past that veto, so that what comes behind it may be half done. */
  begun(veto: number): boolean;
  /** Settles when the command is done by all threads. Rejects when a thread has died. */
  done(command: number): Promise<void>;
  /**
   * Settles when final call `n` of a `leaves` command (control.ts, JOBS) is behind all threads, or the command is done. One at a time,
   * while `done` waits for the same command. @returns whether it is behind them. Rejects when a thread has died
   */
  passed(command: number, jobs: number, n: number): Promise<boolean>;
  /** Whether a veto has stopped the run. */
  readonly halted: boolean;
  /** Settles when there is room for `commands` more. */
  room(commands: number): Promise<void>;
  /** Where a thread has died: settles when the others have ended too, and nothing is written any more. Else at once. */
  ended(): Promise<void>;
  /** Ends the threads. @returns what each reported, where it could. */
  close(): Promise<readonly ThreadReport[]>;
}

/** Bytes that a pool takes from its arena, per thread and in all. */
export function poolBytes(threads: number, teamSize: number, arenaBytes: number): number {
  const teams = threads / teamSize;
  const slack = 512; // of each allocation
  return (
    alignUp(4 * controlWords(teams) + slack) +
    alignUp(4 * HELP.words * threads + slack) +
    threads * (alignUp(4 * BINDING.words + slack) + alignUp(SCRATCH_BYTES + slack)) +
    teams * alignUp(arenaBytes + slack)
  );
}

export function createPool(options: PoolOptions): ComputePool {
  const { arena, kernels, threads, teamSize } = options;
  tuneEngine();
  const teams = threads / teamSize;
  const control = arena.take(4 * controlWords(teams));
  const setup: ThreadSetup = {
    memory: arena.memory,
    control,
    threads,
    teamSize,
    bindings: Array.from({ length: threads }, () => arena.take(4 * BINDING.words)),
    scratch: Array.from({ length: threads }, () => arena.take(SCRATCH_BYTES)),
    arenas: Array.from({ length: teams }, () => arena.take(options.arenaBytes)),
    help: arena.take(4 * HELP.words * threads),
  };
  const piscina = new Piscina({
    filename: workerFile('./worker', import.meta.url),
    name: 'compute',
    minThreads: threads,
    maxThreads: threads,
    concurrentTasksPerWorker: 1,
    idleTimeout: Number.POSITIVE_INFINITY,
    workerData: { setup, kernels, modules: registeredModules() } satisfies WorkerData,
    recordTiming: false,
  });
  const { i32 } = arena.views;
  const word = control >>> 2;
  const { waitsAwake = true } = options;
  const letGo = waitsAwake
    ? keepPatience(threads, availableThreads(), (turns) => Atomics.store(i32, word + CONTROL.patience, turns))
    : () => {}; // the word is 0
  let failure: ShoalError | null = null;
  let closing = false;
  let head = 0;

  const poison = () => {
    Atomics.store(i32, word + CONTROL.poison, 1);
    Atomics.add(i32, word + CONTROL.told, 1);
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

  const completed = () => countOf(Atomics.load(i32, word + CONTROL.completed), head);
  const { reached } = createWaiting({ i32, control: word, teams, completed, failure: () => failure });

  async function passed(command: number, jobs: number, n: number): Promise<boolean> {
    const at = jobs >>> 2;
    Atomics.store(i32, at + JOBS.wanted, 1); // before looking: a thread looks here when it has passed
    for (;;) {
      const told = Atomics.load(i32, word + CONTROL.told);
      if (Atomics.load(i32, at + JOBS.passed + n) === i32[at + JOBS.sharing]!) return true;
      if (completed() >= command) return false;
      if (failure) throw failure;
      const wait = Atomics.waitAsync(i32, word + CONTROL.told, told);
      if (wait.async) await wait.value;
    }
  }

  function submit(kind: number, barrier: number, ...words: readonly number[]): number {
    if (head - completed() >= RING) throw new Error('the ring of commands is full: await room() first');
    const at = word + commandWord(head % RING, teams);
    i32[at] = kind;
    i32[at + 1] = barrier;
    for (let i = 0; i < words.length; i++) i32[at + 2 + i] = words[i]!;
    Atomics.store(i32, at + TELL, 0);
    head++;
    Atomics.store(i32, word + CONTROL.head, head);
    Atomics.notify(i32, word + CONTROL.head);
    return head;
  }

  return {
    arena,
    threads,
    teams,
    arenas: setup.arenas,
    calls: (program, template, independent = false) =>
      submit(COMMAND.calls, independent ? 0 : 1, program.address, program.count, template),
    everywhere: (program, template) => submit(COMMAND.everywhere, 1, program.address, program.count, template),
    leaves: (program, template, jobs) => submit(COMMAND.leaves, 1, program.address, program.count, template, jobs),
    joint: (program, template, jobs, claims) =>
      submit(COMMAND.joint, 0, program.address, program.count, template, jobs, claims),
    veto: (address) => submit(COMMAND.veto, 0, address),
    begun: (veto) => ((Atomics.load(i32, word + CONTROL.updating) - veto) | 0) >= 0,
    done: reached,
    passed,
    get halted() {
      return Atomics.load(i32, word + CONTROL.halted) !== 0;
    },
    room: (commands) => reached(head + commands - RING),
    async ended() {
      if (failure) await Promise.all(reports);
    },
    async close() {
      closing = true;
      letGo();
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
