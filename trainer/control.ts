// control.ts: what the compute threads and the host share besides tensors: words of the control block, commands, call records.
// Both sides read it; it does nothing by itself.
//
// The host publishes commands in a ring; every thread executes every command in order, each doing its share. Barriers and
// completion are counters in the control block, each on a cache line of its own.

/** Word indexes of the control block; one cache line (16 words) each. */
export const CONTROL = {
  /** Commands published so far. */
  head: 0,
  /** Commands that all threads have finished. */
  completed: 16,
  /** Counts the completions that somebody waited for: the host sleeps on it, not on every command. */
  told: 24,
  /** 1: a thread has died, or the pool closes: everyone leaves at the next wait. */
  poison: 32,
  /** 1 + number of the first command whose veto stopped the run; 0 while all is well. */
  halted: 48,
  /** 1 + number of the newest veto that let pass: the update behind it has begun. */
  updating: 56,
  /** Arrivals, then generation, of the barrier of all threads. */
  barrier: 64,
  /** Turns of a waiting loop before a thread sleeps (patience.ts). */
  patience: 80,
  /** Arrivals, then generation, of the barrier of threads that have a bundle of the command's leaves. */
  crossing: 96,
  /** From here on: one line for each slot of the ring (arrivals), then one for each team's barrier. */
  lines: 112,
} as const;

export const LINE = 16;
/** Commands in flight at most. */
export const RING = 128;
/** Words of a command. */
export const COMMAND_WORDS = 8;

export const controlWords = (teams: number): number => CONTROL.lines + LINE * (RING + teams) + RING * COMMAND_WORDS;
export const arrivalsWord = (slot: number): number => CONTROL.lines + LINE * slot;
export const teamWord = (team: number): number => CONTROL.lines + LINE * (RING + team);
export const commandWord = (slot: number, teams: number): number =>
  CONTROL.lines + LINE * (RING + teams) + COMMAND_WORDS * slot;

/** Words count commands modulo 2^32, the host counts them all: the count that `word` stands for, less than 2^31 before or after `near`. */
export const countOf = (word: number, near: number): number => near - ((near - word) | 0);

/** What a command asks for. */
export const COMMAND = {
  /** words: kind, barrier, program, calls, template: every thread runs its share of each call's tiles. */
  calls: 1,
  /** words: kind, barrier, program, calls, template, jobs: every team runs the program for its leaves (JOBS). */
  leaves: 2,
  /** words: kind, barrier, address of an f64: when it is not finite, this and all later commands do nothing. */
  veto: 3,
  /** words as `calls`: every thread runs all of each call. For what is quicker done twice than waited for. */
  everywhere: 4,
  /** words as `leaves`, whose command comes before, then address of the calls' words (JOINT): threads share each call's tiles as they come. */
  joint: 5,
} as const;

/** Word of a command that the host sets when it waits for its completion. */
export const TELL = 7;

/** Words of a call record: kernel, descriptor, each, m, per (signatures.ts, Tiles), flags, first tile, tiles (0: by Tiles). */
export const CALL_WORDS = 8;
/**
 * Flags of a call (plan-builder.ts, PlanCall). `final`: of a team's last bundle, some sums stand when it has run (plan-finals.ts). `joint`: it
 * reads sums that threads have made together (joint.ts). `long`: it takes so long that its thread looks for help in its midst (help.ts).
 * `crosses`: threads share its tiles for all bundles (joint.ts). `meets`: whoever has a bundle waits for the others first.
 */
export const CALL = { barrier: 1, alone: 2, final: 4, joint: 8, long: 16, crosses: 32, meets: 64 } as const;

/** Calls of a program with the flag `final`, at most. */
export const FINALS = 8;
/** Words before the lists of a `leaves` command. */
export const JOBS = {
  /** Set by the host: bundles that have not begun are left out. */
  cancelled: 0,
  /** Threads whose team has a bundle. */
  sharing: 1,
  /** Set by the host when it waits for a final call. */
  wanted: 2,
  /** Of each final call: threads that have run their share of it for their team's last bundle. */
  passed: 3,
  /** Address of the table that inputs are copied from (TABLE); 0: they stand where the jobs say. */
  table: 3 + FINALS,
  /** Whether threads that have done their leaves help those that have not (help.ts). */
  helps: 4 + FINALS,
  /** Address of bindings over all bundles, and of the words (JOINT) of calls that cross; 0: there are none. */
  together: 5 + FINALS,
  crossings: 6 + FINALS,
  /** From here on, for each team: where its first job stands, and how many it has. */
  lists: 7 + FINALS,
  listWords: 2,
} as const;

/** A table of samples: how many fields, then for each: where all rows stand, the bytes of a row, and where in an input its rows begin. */
export const TABLE = { column: 0, rowBytes: 1, at: 2, words: 3 } as const;

/**
 * Words of a call that threads share, joint or crossing: number of the final call that it waits for; into how many pieces each thread's share is cut; from `shares` on, for each
 * thread: pieces of its share that are claimed, and those of them that others have.
 */
export const JOINT = { final: 0, pieces: 1, shares: 2, shareWords: 2 } as const;
export const jointCallWords = (threads: number): number => JOINT.shares + JOINT.shareWords * threads;

/**
 * Words of a thread that may be helped with its leaves (help.ts): 16 times the number of a call that it shares, plus how many of its pieces nobody
 * has claimed; pieces that others have made, ever; 1 + number of the command in which somebody helps, and of the last whose leaves it has done;
 * the call, and of its tiles those that are shared. Each word that one thread waits for and another writes has a line of its own.
 */
export const HELP = { turn: 0, made: 16, helper: 32, done: 33, call: 1, first: 2, tiles: 3, words: 48 } as const;

/** Words of the job of one bundle of leaves: `samples` is where the numbers of its rows in the table stand; the ladder's addresses follow the count. */
export const JOB = {
  ...{ rows: 0, input: 1, contribution: 2, slot: 3, leaves: 4, leafEnds: 5, samples: 6, ladderCount: 7, ladder: 8 },
  words: 40,
} as const;

/** What a thread is started with. */
export interface ThreadSetup {
  readonly memory: WebAssembly.Memory;
  readonly control: number;
  readonly threads: number;
  readonly teamSize: number;
  /** Per thread: address of its bindings, of its scratch. Per team: address of its arena. */
  readonly bindings: readonly number[];
  readonly scratch: readonly number[];
  readonly arenas: readonly number[];
  /** Address of HELP of each thread. */
  readonly help: number;
}
