// wasm-executor.ts: computes contributions by running plans on the compute pool. It neither adds across teams nor updates.

import { made } from '../base/made.ts';
import type { Seed } from '../base/random.ts';
import { BINDING, SPACES, type Space } from '../kernels/abi.ts';
import { type Arena, alignUp } from '../kernels/arena.ts';
import type { Contribution, FlatRange, Part } from './contribution.ts';
import { JOB, JOBS, jointCallWords } from './control.ts';
import { encodeCalls, encodedBytes } from './encode.ts';
import type { Batch, Executor, Pinned, Profile } from './executor.ts';
import { cutsOf, jointWords, splitCalls, writeJoint } from './joint.ts';
import type { Program } from './plan.ts';
import type { ComputePool } from './pool.ts';
import { type Ladder, ladders, slotsPerTeam } from './tree.ts';
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
  /** Samples of a batch that come by number (Batch.samples), at most. Default 0: they stand in the batch. */
  readonly samples?: number;
}

const PARAMETERS = BINDING.base + SPACES.indexOf('parameters');

/** Which team computes which bundles into which slots, and of each bundle where that team's activations lie. */
interface Layout {
  readonly shares: readonly Ladder[];
  readonly parts: readonly Part[];
  readonly arenas: readonly number[];
}

/** Bindings, what stands before the teams' lists, the lists; a job and the leaves' ends for each bundle; samples. */
const recordWords = (microShards: number, teams: number, samples = 0): number =>
  BINDING.words + JOBS.lists + JOBS.listWords * teams + microShards * (JOB.words + 1) + samples;

/** Of a piece of work: those words, then what calls that threads share need, which begins at `shared`. */
function recordBytes(microShards: number, teams: number, samples: number | undefined, sharedCalls: number) {
  const shared = 4 * recordWords(microShards, teams, samples);
  return { shared, bytes: shared + 4 * jointWords(microShards, teams, sharedCalls) };
}

/** Bytes that the executor takes from the pool's arena, by purpose. */
export function wasmExecutorBytes(
  program: Program,
  {
    microShards,
    teams,
    depth,
    level,
    samples,
  }: Pick<WasmExecutorOptions, 'microShards' | 'depth' | 'level' | 'samples'> & { teams: number },
) {
  const { plans, packs, tables, contribution } = program;
  const { own, joint, crossing } = splitCalls(plans.train);
  const sharedCalls = joint.length + crossing.length;
  const calls = [own, joint, plans.evaluate.calls, plans.predict.calls, packs.moving, packs.frozen];
  return {
    contributions: teams * slotsPerTeam(Math.ceil(microShards / 2 ** level), teams) * (contribution.bytes + 512),
    panels: alignUp(program.packedBytes + 512),
    tables: alignUp(tables.bytes + 512),
    calls:
      calls.reduce((sum, list) => sum + encodedBytes(list), 0) +
      (depth + 3) * alignUp(recordBytes(microShards, teams, samples, sharedCalls).bytes + 512),
  };
}

export function createWasmExecutor(options: WasmExecutorOptions): Executor {
  const { pool, program, profile, seed, microShards, depth, level } = options;
  const { teams } = pool;
  const { arena = pool.arena } = options;
  const { i32, u32, u8 } = arena.views;
  const tables = arena.take(program.tables.bytes);
  for (const { at, data } of program.tables.entries) u8.set(data, tables + at);
  const packed = arena.take(program.packedBytes);
  const { finals } = program.plans.train;
  const { own, joint, points } = splitCalls(program.plans.train);
  const encoded = {
    gradient: encodeCalls(arena, own, { finals: [...finals.map(({ call }) => call), ...points], rows: program.rows }),
    joint: encodeCalls(arena, joint),
    evaluate: encodeCalls(arena, program.plans.evaluate.calls, { rows: program.rows }),
  };
  const packs = { moving: encodeCalls(arena, program.packs.moving), frozen: encodeCalls(arena, program.packs.frozen) };
  const perTeam = slotsPerTeam(Math.ceil(microShards / 2 ** level), teams);
  const slots = Array.from({ length: teams }, () =>
    Array.from({ length: perTeam }, () => arena.take(program.contribution.bytes)),
  );
  const cuts = cutsOf(program.plans.train, pool.threads);
  const { bytes: recordLength, shared: sharedAt } = recordBytes(microShards, teams, options.samples, cuts.length);
  const records = Array.from({ length: depth + 2 }, () => arena.take(recordLength));
  let turn = 0;
  let newest = 0; // address of its lists
  let packedVersion = -1;

  /** The same for every piece of work of the same node and leaves. */
  const layouts = new Map<number, Layout>();
  function layoutOf(bundles: readonly Bundle[]) {
    const { level: own, index: first } = bundles[0]!.node;
    const most = microShards + 1;
    const key = ((first * most + bundles.length) * most + bundles.at(-1)!.leafEnds.length) * 64 + own;
    return made(layouts, key, () => {
      const shares = ladders(first, bundles.length, teams);
      const parts = shares.flatMap((ladder, team) =>
        ladder.parts.map(({ slot, node }): Part => {
          const at = slots[team]![slot]!;
          const bytes = u8.subarray(at, at + program.contribution.bytes);
          return { node: { level: node.level + own, index: node.index }, bytes };
        }),
      );
      const arenas = shares.flatMap(({ steps }, team) => steps.map(() => pool.arenas[team]!));
      return { shares, parts, arenas };
    });
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

  /** The list of bundles of each team (control.ts, JOB). @param helps whether threads that have done theirs help others */
  function writeJobs(at: number, bundles: readonly Bundle[], shares: readonly Ladder[], batch: Batch, helps: boolean) {
    const head = at >>> 2;
    const lists = head + JOBS.lists;
    let job = lists + JOBS.listWords * teams;
    i32.fill(0, head, job);
    i32[head + JOBS.helps] = helps ? 1 : 0;
    i32[head + JOBS.sharing] = (pool.threads / teams) * shares.filter(({ steps }) => steps.length > 0).length;
    const { node, slot: start } = bundles[0]!;
    const first = node.index;
    const numbers = at + 4 * (recordWords(microShards, teams) - BINDING.words);
    i32[head + JOBS.table] = batch.samples?.table ?? 0;
    if (batch.samples) u32.set(batch.samples.indices, numbers >>> 2);
    let ends = job + JOB.words * bundles.length;
    shares.forEach(({ steps }, team) => {
      i32[lists + JOBS.listWords * team] = 4 * job;
      i32[lists + JOBS.listWords * team + 1] = steps.length;
      for (const { leaf, slot, siblings } of steps) {
        const bundle = bundles[leaf - first]!;
        i32[job + JOB.rows] = bundle.rows;
        const place = batch.samples ? team : leaf - first;
        i32[job + JOB.input] = batch.bytes.byteOffset + place * program.input.leafBytes;
        i32[job + JOB.contribution] = slots[team]![slot]!;
        i32[job + JOB.slot] = bundle.slot;
        i32[job + JOB.leaves] = bundle.leafEnds.length;
        i32[job + JOB.leafEnds] = 4 * ends;
        for (const end of bundle.leafEnds) i32[ends++] = end;
        i32[job + JOB.samples] = numbers + 4 * (bundle.slot - start);
        i32[job + JOB.ladderCount] = siblings.length;
        siblings.forEach((sibling, i) => {
          i32[job + JOB.ladder + i] = slots[team]![sibling]!;
        });
        job += JOB.words;
      }
    });
  }

  /** What calls that threads share are told, beside the jobs at `jobs`. @returns address of the words of those that come last */
  function writeShared(record: number, jobs: number, bundles: readonly Bundle[], arenas: readonly number[]): number {
    const at = record + sharedAt;
    const out = slots[0]![0]!;
    const claims = writeJoint(i32, at, { template: record, bundles, arenas, cuts, threads: pool.threads, out });
    i32[(jobs >>> 2) + JOBS.together] = at;
    i32[(jobs >>> 2) + JOBS.crossings] = claims + 4 * jointCallWords(pool.threads) * joint.length;
    return claims;
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
      const { shares, parts, arenas } = layoutOf(bundles);
      await pool.room(4);
      const record = records[turn++ % records.length]!;
      const jobs = record + 4 * BINDING.words;
      writeTemplate(record, work, parameters.bytes.byteOffset);
      newest = jobs;
      const together = work.kind === 'gradient' && cuts.length > 0;
      // a team of several would have to agree on when it is helped; joint calls begin as soon as what they read stands
      writeJobs(jobs, bundles, shares, batch, teams > 1 && pool.threads === teams && !together);
      // the panels are those of the version before: this command stands behind whatever makes the parameters
      if (packedVersion < 0) pool.calls(packs.frozen, record);
      if (packs.moving.count > 0 && packedVersion !== parameters.version) pool.calls(packs.moving, record);
      packedVersion = parameters.version;
      const claims = together ? writeShared(record, jobs, bundles, arenas) : 0;
      const command = pool.leaves(encoded[work.kind], record, jobs);
      const last = together && joint.length > 0;
      if (last) pool.joint(encoded.joint, record + sharedAt, jobs, claims);
      const ready = pool.done(command).then(() => {
        batch.release();
        parameters.release();
      });
      ready.catch(() => {}); // a dead pool is reported by whoever waits for the step
      return {
        parts,
        ready,
        ...(last && { joint: slots[0]![0]! }),
        ...(work.kind === 'gradient' && { early: () => early(command, jobs) }),
      };
    },
    // what of its leaves has not begun is left out where a team is one thread
    cancel: () => void Atomics.store(i32, (newest >>> 2) + JOBS.cancelled, 1),
    async close() {},
  };
}
