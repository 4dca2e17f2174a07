// thread.ts: what one compute thread does: wait for a command, run its share of kernels, wait for the others. No decisions.
// Nothing here allocates: a run of millions of calls leaves the collector idle. It imports no node: module.
import { BINDING, type KernelEntry, type Kernels, SPACES } from '../kernels/abi.ts';
import { kernelNames } from '../kernels/signatures.ts';
import {
  arrivalsWord,
  CALL,
  CALL_WORDS,
  COMMAND,
  CONTROL,
  commandWord,
  JOB,
  JOBS,
  RING,
  TELL,
  type ThreadSetup,
  teamWord,
} from './control.ts';
import { copySamples } from './copy-samples.ts';
import { createHelp } from './help.ts';
import { type JointThread, quotient, runCrossing, runJoint } from './run-joint.ts';

const SPACE = {
  arena: SPACES.indexOf('arena'),
  input: SPACES.indexOf('input'),
  contribution: SPACES.indexOf('contribution'),
  scratch: SPACES.indexOf('scratch'),
} as const;

const pause: (iterations: number) => void = (Atomics as { pause?: (n: number) => void }).pause ?? (() => {});

/** Runs commands until the pool is poisoned. `index` is the thread's number from 0. @returns the leaves it computed or shared in */
export function runThread(setup: ThreadSetup, index: number, kernels: Kernels): number {
  const { threads, teamSize } = setup;
  const i32 = new Int32Array(setup.memory.buffer);
  const u8 = new Uint8Array(setup.memory.buffer);
  const control = setup.control >>> 2;
  const teams = threads / teamSize;
  const team = Math.floor(index / teamSize);
  const rank = index % teamSize;
  const bindings = setup.bindings[index]!;
  const own = bindings >>> 2;
  const scratch = setup.scratch[index]! | 0;
  const arena = setup.arenas[team]! | 0;
  const entries: readonly KernelEntry[] = kernelNames.map((name) => kernels[name]);
  const allBarrier = control + CONTROL.barrier;
  const crossingBarrier = control + CONTROL.crossing;
  const teamBarrier = control + teamWord(team);
  const poison = control + CONTROL.poison;
  const patience = control + CONTROL.patience;

  /** Waits until the word is no longer `value`. False when the pool is poisoned. */
  function waitWhile(word: number, value: number): boolean {
    for (let turn = Atomics.load(i32, patience); turn > 0; turn--) {
      if (Atomics.load(i32, word) !== value) return true;
      pause(1);
    }
    while (Atomics.load(i32, word) === value) {
      if (Atomics.load(i32, poison) !== 0) return false;
      Atomics.wait(i32, word, value, 1000);
    }
    return true;
  }

  /** All `size` threads meet: word counts arrivals, the next one generations. */
  function meet(word: number, size: number): boolean {
    if (size === 1) return true;
    const generation = Atomics.load(i32, word + 1);
    if (Atomics.add(i32, word, 1) === size - 1) {
      Atomics.store(i32, word, 0);
      Atomics.add(i32, word + 1, 1);
      Atomics.notify(i32, word + 1);
      return true;
    }
    return waitWhile(word + 1, generation);
  }

  const help = createHelp({ i32, entries, bindings: setup.bindings, scratch, help: setup.help, index, waitWhile });
  /** 1 + number of the command in whose leaves others may help this thread; 0: they may not. */
  let helpedIn = 0;
  /** Finished left siblings of the leaf that is computed. */
  let siblings = 0;
  /** The reduce program of this command's parts. */
  let reduce = 0;
  /** Of the `leaves` command whose last bundle is computed, else 0. */
  let lastOf = 0;
  const joint: JointThread = { i32, entries, bindings, index, threads, waitWhile };
  /** This thread has run its share of the command's final call `n`. */
  function pass(n: number): void {
    const threadsBefore = Atomics.add(i32, lastOf + JOBS.passed + n, 1);
    if (threadsBefore + 1 < i32[lastOf + JOBS.sharing]!) return;
    Atomics.notify(i32, lastOf + JOBS.passed + n); // those who wait with joint calls
    if (Atomics.load(i32, lastOf + JOBS.wanted) === 0) return;
    Atomics.add(i32, control + CONTROL.told, 1);
    Atomics.notify(i32, control + CONTROL.told);
  }
  /** This thread's share, `part` of `parts`, of every call of a program. */
  function runCalls(program: number, count: number, rows: number, part: number, parts: number, word: number): boolean {
    let finals = 0;
    let crossings = 0;
    for (let call = 0; call < count; call++) {
      const at = (program >>> 2) + call * CALL_WORDS;
      const flags = i32[at + 5]!;
      if ((flags & CALL.barrier) !== 0 && !meet(word, parts)) return false;
      if ((flags & CALL.meets) !== 0 && !meet(crossingBarrier, i32[lastOf + JOBS.sharing]!)) return false;
      i32[own + BINDING.ladderCount] = (flags & CALL.alone) !== 0 ? 0 : siblings;
      i32[own + BINDING.reduce] = (flags & CALL.joint) !== 0 ? i32[own + BINDING.joint]! : reduce;
      const per = i32[at + 4]!;
      let tiles = i32[at + 7]!;
      if (tiles === 0) {
        tiles = i32[at + 2]!;
        if (per !== 0) tiles *= quotient(rows * i32[at + 3]! + per - 1, per);
      }
      const first = i32[at + 6]!;
      const from = quotient(tiles * part, parts);
      const to = quotient(tiles * (part + 1), parts);
      if ((flags & CALL.crosses) !== 0) runCrossing(joint, at, lastOf, crossings++);
      else if (helpedIn !== 0 && tiles > 1) {
        // tiles of rows have no work in common
        if (!help.run(helpedIn, at, tiles, per !== 0 && (flags & CALL.long) !== 0)) return false;
      } else if (from < to) entries[i32[at]!]!(i32[at + 1]!, bindings, first + from, first + to);
      if (lastOf !== 0 && (flags & CALL.final) !== 0) pass(finals++);
    }
    return true;
  }

  let leaves = 0;
  /** The program once for each bundle of leaves of this thread's team. */
  function runLeaves(program: number, count: number, jobs: number, command: number): boolean {
    const head = jobs >>> 2;
    const helps = i32[head + JOBS.helps]! !== 0;
    helpedIn = helps ? command : 0;
    const list = head + JOBS.lists + JOBS.listWords * team;
    let job = i32[list]! >>> 2;
    const table = i32[head + JOBS.table]!;
    for (let left = i32[list + 1]!; left > 0; left--) {
      if (teamSize === 1 && Atomics.load(i32, head + JOBS.cancelled) !== 0) break; // a team would have to agree on when
      lastOf = left === 1 ? head : 0;
      const rows = i32[job + JOB.rows]!;
      i32[own + BINDING.base + SPACE.input] = i32[job + JOB.input]!;
      i32[own + BINDING.base + SPACE.contribution] = i32[job + JOB.contribution]!;
      i32[own + BINDING.rows] = rows;
      i32[own + BINDING.slot] = i32[job + JOB.slot]!;
      i32[own + BINDING.leaves] = i32[job + JOB.leaves]!;
      i32[own + BINDING.leafEnds] = i32[job + JOB.leafEnds]!;
      siblings = i32[job + JOB.ladderCount]!;
      for (let i = 0; i < siblings; i++) i32[own + BINDING.ladder + i] = i32[job + JOB.ladder + i]!;
      if (!meet(teamBarrier, teamSize)) return false; // the bundle before this one has the same buffers
      if (table !== 0) {
        const numbers = i32[job + JOB.samples]! >>> 2;
        const from = quotient(rows * rank, teamSize);
        const to = quotient(rows * (rank + 1), teamSize);
        copySamples(i32, u8, table, i32, numbers, i32[job + JOB.input]!, from, to);
        if (!meet(teamBarrier, teamSize)) return false;
      }
      if (!runCalls(program, count, rows, rank, teamSize, teamBarrier)) return false;
      leaves += i32[job + JOB.leaves]!;
      job += JOB.words;
    }
    lastOf = 0;
    siblings = 0;
    helpedIn = 0;
    return !helps || help.others(command);
  }

  function bind(template: number): void {
    const from = template >>> 2;
    i32.copyWithin(own, from, from + BINDING.words);
    reduce = i32[own + BINDING.reduce]!;
    i32[own + BINDING.base + SPACE.scratch] = scratch;
    i32[own + BINDING.base + SPACE.arena] = arena;
  }

  let halted = false;
  for (let sequence = 0; ; sequence = (sequence + 1) | 0) {
    if (!waitWhile(control + CONTROL.head, sequence)) return leaves;
    const slot = (sequence >>> 0) % RING;
    const at = control + commandWord(slot, teams);
    const kind = i32[at]!;
    if (i32[at + 1]! !== 0 && !meet(allBarrier, threads)) return leaves;
    if (halted) {
      // a veto ended the run: keep counting, so that nobody waits for ever
    } else if (kind === COMMAND.veto) {
      // an f64 is not finite when all bits of its exponent are set
      halted = (i32[(i32[at + 2]! >>> 2) + 1]! & 0x7ff00000) === 0x7ff00000;
      if (!halted) Atomics.store(i32, control + CONTROL.updating, (sequence + 1) | 0);
      else if (index === 0) Atomics.store(i32, control + CONTROL.halted, (sequence + 1) | 0);
    } else {
      bind(i32[at + 4]!);
      const done =
        kind === COMMAND.leaves
          ? runLeaves(i32[at + 2]!, i32[at + 3]!, i32[at + 5]!, (sequence + 1) | 0)
          : kind === COMMAND.everywhere
            ? runCalls(i32[at + 2]!, i32[at + 3]!, 0, 0, 1, allBarrier)
            : kind === COMMAND.joint
              ? runJoint(joint, i32[at + 2]!, i32[at + 3]!, i32[at + 5]!, i32[at + 6]!)
              : runCalls(i32[at + 2]!, i32[at + 3]!, 0, index, threads, allBarrier);
      if (!done) return leaves;
    }
    if (Atomics.add(i32, control + arrivalsWord(slot), 1) === threads - 1) {
      Atomics.store(i32, control + arrivalsWord(slot), 0);
      Atomics.store(i32, control + CONTROL.completed, (sequence + 1) | 0);
      // the host sets TELL before it looks at `completed`: one of both sees the other
      if (Atomics.load(i32, at + TELL) !== 0) {
        Atomics.add(i32, control + CONTROL.told, 1);
        Atomics.notify(i32, control + CONTROL.told);
      }
    }
  }
}
