// help.ts: what a thread does when it has done its leaves: it takes pieces of the calls of those that have not, so that whoever is held up, or
// has the slower core, gets help within a micro-shard. Each element is still made by one thread, the same way. No decisions; nothing here
// allocates, and it imports no node: module.
import { BINDING, type KernelEntry, SPACES } from '../kernels/abi.ts';
import { HELP } from './control.ts';
import { quotient } from './run-joint.ts';

const SCRATCH = BINDING.base + SPACES.indexOf('scratch');
/** Pieces of a shared call. */
const PIECES = 4;
/** Times that a thread looks for help in the midst of a long call. */
const LOOKS = 6;
/** Low bits of a turn: pieces that nobody has claimed. */
const LEFT = 15;

/** Of the thread that helps, or is helped. */
export interface HelpThread {
  readonly i32: Int32Array;
  readonly entries: readonly KernelEntry[];
  /** Of each thread. */
  readonly bindings: readonly number[];
  readonly scratch: number;
  /** Where words of each thread stand (control.ts, HELP): byte address. */
  readonly help: number;
  readonly index: number;
  /** False when the pool is poisoned. */
  waitWhile(word: number, value: number): boolean;
}

/** `command`: 1 + the number of a `leaves` command. */
export interface Help {
  /**
   * Runs a call of this thread's leaves, together with those who come to help.
   * @param looks whether it takes long, and may be cut at no cost: its tiles have no work in common. @returns false when the pool is poisoned
   */
  run(command: number, call: number, tiles: number, looks: boolean): boolean;
  /** This thread has done its leaves: it helps the others until they have. @returns false when the pool is poisoned */
  others(command: number): boolean;
}

export function createHelp(thread: HelpThread): Help {
  const { i32, entries, bindings, scratch, help, index } = thread;
  const threads = bindings.length;
  const mine = (help >>> 2) + HELP.words * index;
  const own = bindings[index]! >>> 2;
  /** Number of the newest call that this thread has shared, and pieces of its calls that others have made: both wrap. */
  let turn = 0;
  let helped = 0;

  function run(command: number, call: number, tiles: number, looks: boolean): boolean {
    const parts = looks ? LOOKS : 1;
    let first = 0;
    for (let n = 1; first < tiles && Atomics.load(i32, mine + HELP.helper) !== command; n++) {
      const to = quotient(tiles * n, parts);
      if (first < to) entries[i32[call]!]!(i32[call + 1]!, 4 * own, first, to);
      first = to;
    }
    return first === tiles || share(call, first, tiles);
  }

  /** Everybody claims the next piece. */
  function share(call: number, first: number, tiles: number): boolean {
    i32[mine + HELP.call] = call;
    i32[mine + HELP.first] = first;
    i32[mine + HELP.tiles] = tiles;
    open(PIECES);
    let made = 0;
    for (let now = Atomics.load(i32, mine + HELP.turn); (now & LEFT) > 0; now = Atomics.load(i32, mine + HELP.turn)) {
      if (Atomics.compareExchange(i32, mine + HELP.turn, now, now - 1) !== now) continue;
      make(call, first, tiles, PIECES - (now & LEFT));
      made++;
    }
    helped = (helped + PIECES - made) | 0;
    for (let seen = Atomics.load(i32, mine + HELP.made); seen !== helped; seen = Atomics.load(i32, mine + HELP.made))
      if (!thread.waitWhile(mine + HELP.made, seen)) return false;
    return true;
  }

  function open(pieces: number): void {
    turn = (turn + 1) | 0;
    Atomics.store(i32, mine + HELP.turn, (turn << 4) | pieces);
    Atomics.notify(i32, mine + HELP.turn);
  }

  function make(call: number, first: number, tiles: number, piece: number): void {
    const from = first + quotient((tiles - first) * piece, PIECES);
    const to = first + quotient((tiles - first) * (piece + 1), PIECES);
    if (from < to) entries[i32[call]!]!(i32[call + 1]!, 4 * own, from, to);
  }

  function helpOne(other: number, command: number): boolean {
    const at = (help >>> 2) + HELP.words * other;
    Atomics.store(i32, at + HELP.helper, command);
    for (;;) {
      const now = Atomics.load(i32, at + HELP.turn); // before looking whether it is done: it opens its last turn after that
      if (((Atomics.load(i32, at + HELP.done) - command) | 0) >= 0) return true;
      const call = i32[at + HELP.call]!;
      const first = i32[at + HELP.first]!;
      const tiles = i32[at + HELP.tiles]!;
      if ((now & LEFT) === 0) {
        if (!thread.waitWhile(at + HELP.turn, now)) return false;
        continue;
      }
      // succeeds only while nothing has changed: what was read is this call's, and its owner waits until the piece is made
      if (Atomics.compareExchange(i32, at + HELP.turn, now, now - 1) !== now) continue;
      i32.copyWithin(own, bindings[other]! >>> 2, (bindings[other]! >>> 2) + BINDING.words);
      i32[own + SCRATCH] = scratch;
      make(call, first, tiles, PIECES - (now & LEFT));
      Atomics.add(i32, at + HELP.made, 1);
      Atomics.notify(i32, at + HELP.made);
    }
  }

  function others(command: number): boolean {
    Atomics.store(i32, mine + HELP.done, command);
    open(0); // whoever waits for a call to help with wakes, and sees that it is done
    for (let next = 1; next < threads; next++) if (!helpOne((index + next) % threads, command)) return false;
    return true;
  }

  return { run, others };
}
