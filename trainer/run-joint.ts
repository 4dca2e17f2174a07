// run-joint.ts: what one thread does of calls that threads share (joint.ts): its own share of each, then pieces that others have not come to.
// Whoever is held up makes fewer. No decisions. Nothing here allocates, and it imports no node: module.
import { BINDING, type KernelEntry } from '../kernels/abi.ts';
import { CALL_WORDS, JOBS, JOINT, jointCallWords } from './control.ts';

/** Whole-number division. It divides evenly: a fraction would be an object on the heap until the code is optimized. */
export const quotient = (n: number, by: number): number => (n - (n % by)) / by;

/** Of the thread that runs them. */
export interface JointThread {
  readonly i32: Int32Array;
  readonly entries: readonly KernelEntry[];
  readonly bindings: number;
  readonly index: number;
  readonly threads: number;
  /** False when the pool is poisoned. */
  waitWhile(word: number, value: number): boolean;
}

/**
 * Begins each call as soon as what it reads stands in all bundles of the `leaves` command before.
 * @param jobs of that command; `claims`: where words of each call stand (control.ts, JOINT). @returns false when the pool is poisoned
 */
export function runJoint(thread: JointThread, program: number, count: number, jobs: number, claims: number): boolean {
  const { i32, threads } = thread;
  const sharing = i32[(jobs >>> 2) + JOBS.sharing]!;
  for (let call = 0; call < count; call++) {
    const at = (program >>> 2) + call * CALL_WORDS;
    const words = (claims >>> 2) + call * jointCallWords(threads);
    const passed = (jobs >>> 2) + JOBS.passed + i32[words + JOINT.final]!;
    for (let seen = Atomics.load(i32, passed); seen !== sharing; seen = Atomics.load(i32, passed))
      if (!thread.waitWhile(passed, seen)) return false;
    share(thread, at, words);
  }
  return true;
}

/** Call `n` of those that cross, of the `leaves` command whose jobs begin at word `head`. Whoever shares it has met. */
export function runCrossing(thread: JointThread, at: number, head: number, n: number): void {
  const { i32, bindings, threads } = thread;
  const own = bindings >>> 2;
  const all = i32[head + JOBS.together]! >>> 2;
  const rows = i32[own + BINDING.rows]!;
  i32[own + BINDING.rows] = i32[all + BINDING.rows]!;
  i32[own + BINDING.bundles] = i32[all + BINDING.bundles]!;
  share(thread, at, (i32[head + JOBS.crossings]! >>> 2) + n * jointCallWords(threads));
  i32[own + BINDING.rows] = rows;
  i32[own + BINDING.bundles] = 0;
}

/** Pieces of the call at word `at`, claimed in its words (control.ts, JOINT). */
function share(thread: JointThread, at: number, words: number): void {
  const { i32, entries, bindings, index, threads } = thread;
  const gathered = (bindings >>> 2) + BINDING.gathered;
  const tiles = i32[at + 2]!;
  const pieces = i32[words + JOINT.pieces]!;
  i32[gathered] = 0;
  for (let turn = 0; turn < threads; turn++) {
    const owner = (index + turn) % threads;
    const claims = words + JOINT.shares + JOINT.shareWords * owner;
    const first = quotient(tiles * owner, threads);
    const span = quotient(tiles * (owner + 1), threads) - first;
    // the owner claims from the front, others from the end: of all that is claimed, no two are the same piece
    for (let mine = 0; Atomics.add(i32, claims, 1) < pieces; mine++) {
      const piece = turn === 0 ? mine : pieces - 1 - Atomics.add(i32, claims + 1, 1);
      const from = first + pieceAt(piece, pieces, span);
      const to = first + pieceAt(piece + 1, pieces, span);
      if (from === to) continue;
      entries[i32[at]!]!(i32[at + 1]!, bindings, from, to);
      i32[gathered] = 1;
    }
  }
}

/** Where a piece of a share of `span` tiles begins: the first is half of it, the others have as much each. */
function pieceAt(piece: number, pieces: number, span: number): number {
  if (piece === 0) return 0;
  if (piece === pieces) return span;
  const half = quotient(span, 2);
  return half + quotient((span - half) * (piece - 1), pieces - 1);
}
