// wasm-executor.ts: computes contributions by running plans on the compute pool. It neither adds across teams nor updates.

import type { Seed } from '../base/random.ts';
import { BINDING, SPACES, type Space } from '../kernels/abi.ts';
import { type Arena, alignUp } from '../kernels/arena.ts';
import type { Contribution, FlatRange, Part } from './contribution.ts';
import { JOB, JOBS } from './control.ts';
import { encodeCalls, encodedBytes } from './encode.ts';
import type { Batch, Executor, Pinned, Profile } from './executor.ts';
import type { Program } from './plan.ts';
import type { ComputePool } from './pool.ts';
import { type Ladder, ladder, splitLeaves } from './tree.ts';
import { type Bundle, bundlesOf, type Work } from './work.ts';

export interface WasmExecutorOptions {
  readonly pool: ComputePool;
  /** Where it takes its memory, of the pool's own memory. Default: the pool's arena. */
  readonly arena?: Arena;
  readonly program: Program;
  readonly profile: Profile;
  readonly seed: Seed;
  readonly microShards: number;
  /** Pieces of work under way at most. */
  readonly depth: number;
  /** Leaves of a bundle, as a power of two: the plans are compiled for as many rows. */
  readonly level: number;
}

const PARAMETERS = BINDING.base + SPACES.indexOf('parameters');

/** Contributions that one team may hold at once, whatever the number of bundles with rows. */
function slotsPerTeam(bundles: number, teams: number): number {
  let most = 1;
  for (let count = 1; count <= bundles; count++)
    for (const [from, to] of splitLeaves(count, teams)) most = Math.max(most, ladder(from, to).slots);
  return most;
}

/** Bindings, what stands before the teams' lists, the lists, a job and the leaves' ends for each bundle. */
const recordWords = (microShards: number, teams: number): number =>
  BINDING.words + JOBS.lists + 2 * teams + microShards * (JOB.words + 1);

/** Bytes that the executor takes from the pool's arena, by purpose. */
export function wasmExecutorBytes(
  program: Program,
  {
    microShards,
    teams,
    depth,
    level,
  }: Pick<WasmExecutorOptions, 'microShards' | 'depth' | 'level'> & { teams: number },
) {
  const { plans, packs, tables, contribution } = program;
  const calls = [plans.train.calls, plans.evaluate.calls, plans.predict.calls, packs.moving, packs.frozen];
  return {
    contributions: teams * slotsPerTeam(Math.ceil(microShards / 2 ** level), teams) * (contribution.bytes + 512),
    panels: alignUp(program.packedBytes + 512),
    tables: alignUp(tables.bytes + 512),
    calls:
      calls.reduce((sum, list) => sum + encodedBytes(list), 0) +
      (depth + 3) * alignUp(4 * recordWords(microShards, teams) + 512),
  };
}

export function createWasmExecutor(options: WasmExecutorOptions): Executor {
  const { pool, program, profile, seed, microShards, depth, level } = options;
  const { teams } = pool;
  const { arena = pool.arena } = options;
  const { i32, u8 } = arena.views;
  const tables = arena.take(program.tables.bytes);
  for (const { at, data } of program.tables.entries) u8.set(data, tables + at);
  const packed = arena.take(program.packedBytes);
  const { finals } = program.plans.train;
  const encoded = {
    gradient: encodeCalls(arena, program.plans.train.calls, { finals: finals.map(({ call }) => call) }),
    evaluate: encodeCalls(arena, program.plans.evaluate.calls),
  };
  const packs = { moving: encodeCalls(arena, program.packs.moving), frozen: encodeCalls(arena, program.packs.frozen) };
  const perTeam = slotsPerTeam(Math.ceil(microShards / 2 ** level), teams);
  const slots = Array.from({ length: teams }, () =>
    Array.from({ length: perTeam }, () => arena.take(program.contribution.bytes)),
  );
  const records = Array.from({ length: depth + 2 }, () => arena.take(4 * recordWords(microShards, teams)));
  let turn = 0;
  let newest = 0; // address of its lists
  let packedVersion = -1;

  /** Which team computes which bundles into which slots. The same for every piece of work of the same node and leaves. */
  const layouts = new Map<string, { readonly ladders: readonly Ladder[]; readonly parts: readonly Part[] }>();
  function layoutOf(bundles: readonly Bundle[]) {
    const { level: own, index: first } = bundles[0]!.node;
    const key = `${own} ${first} ${bundles.length} ${bundles.at(-1)!.leafEnds.length}`;
    let layout = layouts.get(key);
    if (!layout) {
      const ladders = splitLeaves(bundles.length, teams).map(([a, b]) => ladder(first + a, first + b));
      const parts = ladders.flatMap(({ parts }, team) =>
        parts.map(({ node, slot }) => {
          const at = slots[team]![slot]!;
          const bytes = u8.subarray(at, at + program.contribution.bytes);
          return { node: { level: node.level + own, index: node.index }, bytes };
        }),
      );
      layout = { ladders, parts };
      layouts.set(key, layout);
    }
    return layout;
  }

  /** Bindings that all leaves of a piece of work share, but for the parameters and the step. */
  const template = arena.take(4 * BINDING.words);
  const bases: Partial<Record<Space, number>> = { packed, tables };
  for (const [space, base] of Object.entries(bases)) i32[(template >>> 2) + SPACES.indexOf(space as Space)] = base;
  [i32[(template >>> 2) + BINDING.seedLow], i32[(template >>> 2) + BINDING.seedHigh]] = seed as [number, number];

  function writeTemplate(at: number, work: Work, parameters: number): void {
    const word = at >>> 2;
    i32.copyWithin(word, template >>> 2, (template >>> 2) + BINDING.words);
    i32[word + PARAMETERS] = parameters;
    i32[word + BINDING.step] = work.version;
  }

  /** The list of bundles of each team (control.ts, JOB). */
  function writeJobs(at: number, bundles: readonly Bundle[], ladders: readonly Ladder[], batch: number): void {
    const head = at >>> 2;
    const lists = head + JOBS.lists;
    i32.fill(0, head, lists);
    i32[head + JOBS.sharing] = (pool.threads / teams) * ladders.filter(({ steps }) => steps.length > 0).length;
    const first = bundles[0]!.node.index;
    let job = lists + 2 * teams;
    let ends = job + bundles.length * JOB.words;
    ladders.forEach(({ steps }, team) => {
      i32[lists + 2 * team] = 4 * job;
      i32[lists + 2 * team + 1] = steps.length;
      for (const { leaf, slot, siblings } of steps) {
        const bundle = bundles[leaf - first]!;
        i32[job + JOB.rows] = bundle.rows;
        i32[job + JOB.input] = batch + (leaf - first) * program.input.leafBytes;
        i32[job + JOB.contribution] = slots[team]![slot]!;
        i32[job + JOB.slot] = bundle.slot;
        i32[job + JOB.leaves] = bundle.leafEnds.length;
        i32[job + JOB.leafEnds] = 4 * ends;
        for (const end of bundle.leafEnds) i32[ends++] = end;
        i32[job + JOB.ladderCount] = siblings.length;
        siblings.forEach((sibling, i) => {
          i32[job + JOB.ladder + i] = slots[team]![sibling]!;
        });
        job += JOB.words;
      }
    });
  }

  async function* early(command: number, jobs: number): AsyncIterable<readonly FlatRange[]> {
    for (const [n, { ranges }] of finals.entries()) {
      if (!(await pool.passed(command, jobs, n))) return;
      yield ranges;
    }
  }

  return {
    profile,
    unit: 1,
    async compute(work: Work, batch: Batch, parameters: Pinned): Promise<Contribution> {
      const bundles = bundlesOf(work, level);
      const { ladders, parts } = layoutOf(bundles);
      await pool.room(3);
      const record = records[turn++ % records.length]!;
      const jobs = record + 4 * BINDING.words;
      writeTemplate(record, work, parameters.bytes.byteOffset);
      newest = jobs;
      writeJobs(jobs, bundles, ladders, batch.bytes.byteOffset);
      // the panels are those of the version before: this command stands behind whatever makes the parameters
      if (packedVersion < 0) pool.calls(packs.frozen, record);
      if (packedVersion !== parameters.version) pool.calls(packs.moving, record);
      packedVersion = parameters.version;
      const command = pool.leaves(encoded[work.kind], record, jobs);
      const ready = pool.done(command).then(() => {
        batch.release();
        parameters.release();
      });
      ready.catch(() => {}); // a dead pool is reported by whoever waits for the step
      return { parts, ready, ...(work.kind === 'gradient' && { early: () => early(command, jobs) }) };
    },
    // what of its leaves has not begun is left out where a team is one thread
    cancel: () => void Atomics.store(i32, (newest >>> 2) + JOBS.cancelled, 1),
    async close() {},
  };
}
