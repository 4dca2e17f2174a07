// wasm-executor.ts: computes contributions by running plans on the compute pool. It neither adds across teams nor updates.

import type { Seed } from '../base/random.ts';
import { BINDING, SPACES, type Space } from '../kernels/abi.ts';
import { alignUp } from '../kernels/arena.ts';
import type { Contribution, Part } from './contribution.ts';
import { JOB } from './control.ts';
import { encodeCalls, encodedBytes } from './encode.ts';
import type { Batch, Executor, Pinned, Profile } from './executor.ts';
import type { Program } from './plan.ts';
import type { ComputePool } from './pool.ts';
import { endLeaf, firstLeaf, type Ladder, ladder, splitLeaves } from './tree.ts';
import { activeLeaves, type Work } from './work.ts';

export interface WasmExecutorOptions {
  readonly pool: ComputePool;
  readonly program: Program;
  readonly profile: Profile;
  readonly seed: Seed;
  readonly microShards: number;
  /** Pieces of work under way at most. */
  readonly depth: number;
  /** Least leaves in a piece of work; default 1. */
  readonly unit?: number;
}

const PARAMETERS = BINDING.base + SPACES.indexOf('parameters');

/** Place in the batch of a leaf's first row. */
function firstRow(work: Work, leaf: number): number {
  let row = 0;
  for (let i = 0; i < leaf; i++) row += work.shares[i]!;
  return row;
}

/** Contributions that one team may hold at once, whatever the number of leaves with rows. */
function slotsPerTeam(microShards: number, teams: number): number {
  let most = 1;
  for (let leaves = 1; leaves <= microShards; leaves++)
    for (const [from, to] of splitLeaves(leaves, teams)) most = Math.max(most, ladder(from, to).slots);
  return most;
}

const recordWords = (microShards: number, teams: number): number =>
  2 * BINDING.words + 2 * teams + microShards * JOB.words;

/** Bytes that the executor takes from the pool's arena, by purpose. */
export function wasmExecutorBytes(program: Program, microShards: number, teams: number, depth: number) {
  const { plans, packs, tables, contribution } = program;
  const calls = [plans.train.calls, plans.evaluate.calls, plans.predict.calls, packs];
  return {
    contributions: teams * slotsPerTeam(microShards, teams) * (contribution.bytes + 512),
    panels: alignUp(program.packedBytes + 512),
    tables: alignUp(tables.bytes + 512),
    calls:
      calls.reduce((sum, list) => sum + encodedBytes(list), 0) +
      (depth + 3) * alignUp(4 * recordWords(microShards, teams) + 512),
  };
}

export function createWasmExecutor(options: WasmExecutorOptions): Executor {
  const { pool, program, profile, seed, microShards, depth, unit = 1 } = options;
  const { arena, teams } = pool;
  const { i32, u8 } = arena.views;
  const tables = arena.take(program.tables.bytes);
  for (const { at, data } of program.tables.entries) u8.set(data, tables + at);
  const packed = arena.take(program.packedBytes);
  const encoded = {
    gradient: encodeCalls(arena, program.plans.train.calls),
    evaluate: encodeCalls(arena, program.plans.evaluate.calls),
  };
  const packs = encodeCalls(arena, program.packs);
  const perTeam = slotsPerTeam(microShards, teams);
  const slots = Array.from({ length: teams }, () =>
    Array.from({ length: perTeam }, () => arena.take(program.contribution.bytes)),
  );
  const records = Array.from({ length: depth + 2 }, () => arena.take(4 * recordWords(microShards, teams)));
  let turn = 0;
  let packedVersion = -1;

  /** Which team computes which leaves into which slots. The same for every step with as many leaves. */
  const layouts = new Map<string, { readonly ladders: readonly Ladder[]; readonly parts: readonly Part[] }>();
  function layoutOf(from: number, to: number) {
    const key = `${from}-${to}`;
    let layout = layouts.get(key);
    if (!layout) {
      const ladders = splitLeaves(to - from, teams).map(([a, b]) => ladder(from + a, from + b));
      const parts = ladders.flatMap(({ parts }, team) =>
        parts.map(({ node, slot }) => {
          const at = slots[team]![slot]!;
          return { node, bytes: u8.subarray(at, at + program.contribution.bytes) };
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

  /** The list of leaves of each team (control.ts, JOB). */
  function writeJobs(at: number, work: Work, ladders: readonly Ladder[], batch: number): void {
    const lists = at >>> 2;
    let job = lists + 2 * teams;
    let place = firstRow(work, ladders[0]!.steps[0]?.leaf ?? 0);
    ladders.forEach(({ steps }, team) => {
      i32[lists + 2 * team] = 4 * job;
      i32[lists + 2 * team + 1] = steps.length;
      for (const { leaf, slot, siblings } of steps) {
        i32[job + JOB.rows] = work.shares[leaf]!;
        i32[job + JOB.input] = batch + leaf * program.input.leafBytes;
        i32[job + JOB.contribution] = slots[team]![slot]!;
        i32[job + JOB.slot] = place;
        place += work.shares[leaf]!;
        i32[job + JOB.ladderCount] = siblings.length;
        siblings.forEach((sibling, i) => {
          i32[job + JOB.ladder + i] = slots[team]![sibling]!;
        });
        job += JOB.words;
      }
    });
  }

  return {
    profile,
    unit,
    async compute(work: Work, batch: Batch, parameters: Pinned): Promise<Contribution> {
      const active = activeLeaves(work);
      const { ladders, parts } = layoutOf(firstLeaf(work.node), Math.min(endLeaf(work.node), active));
      await pool.room(2);
      const record = records[turn++ % records.length]!;
      const jobs = record + 4 * BINDING.words;
      writeTemplate(record, work, parameters.bytes.byteOffset);
      writeJobs(jobs, work, ladders, batch.bytes.byteOffset);
      // the panels are those of the version before: this command stands behind whatever makes the parameters
      if (packedVersion !== parameters.version) pool.calls(packs, record);
      packedVersion = parameters.version;
      const command = pool.leaves(encoded[work.kind], record, jobs);
      const ready = pool.done(command).then(() => {
        batch.release();
        parameters.release();
      });
      ready.catch(() => {}); // a dead pool is reported by whoever waits for the step
      return { parts, ready };
    },
    async close() {},
  };
}
