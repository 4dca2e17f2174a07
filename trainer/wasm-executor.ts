// wasm-executor.ts: computes contributions by running plans on the compute pool. It neither adds across teams nor updates.

import { made } from '../base/made.ts';
import type { Seed } from '../base/random.ts';
import { BINDING, SPACES, type Space } from '../kernels/abi.ts';
import { type Arena, alignUp } from '../kernels/arena.ts';
import { claimedShares, fixedShares, type Share, type Shares, slotsPerTeam } from './claims.ts';
import type { Contribution, FlatRange, Outcomes, Part } from './contribution.ts';
import { CLAIMS, JOB, JOBS } from './control.ts';
import { encodeCalls, encodedBytes } from './encode.ts';
import type { Batch, Executor, Pinned, Profile } from './executor.ts';
import { cutsOf, jointWords, splitCalls, writeJoint } from './joint.ts';
import type { Program } from './plan.ts';
import type { ComputePool } from './pool.ts';
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
  /** Whether teams claim bundles as they go: for a store that takes outcomes. Contributions come without parts then. Default: no. */
  readonly claims?: boolean;
}

/** Contributions larger than this are not claimed: whoever may do nearly all bundles of a pair needs more slots, 7 in place of 4 for 16. */
const CLAIMED_BYTES = 16 * 2 ** 20;

const PARAMETERS = BINDING.base + SPACES.indexOf('parameters');

/** Where gradients are made together, each team has one bundle at most: there is nothing to claim. */
const shareOf = ({ contribution, plans }: Pick<Program, 'contribution' | 'plans'>, claims = false): Share =>
  claims && plans.train.joint.length === 0 && contribution.bytes <= CLAIMED_BYTES ? claimedShares : fixedShares;

/** Which team computes which bundles into which slots, and of each bundle where that team's activations lie. */
interface Layout {
  readonly shares: Shares;
  readonly lists: Outcomes['lists'];
  readonly arenas: readonly number[];
}

/** Bindings, what stands before the teams' lists, the lists, their claims; a job and the leaves' ends for each bundle, of two teams; samples. */
const recordWords = (microShards: number, teams: number, samples = 0): number =>
  BINDING.words + JOBS.lists + (JOBS.listWords + CLAIMS.words) * teams + 2 * microShards * (JOB.words + 1) + samples;

/** Of a piece of work: those words, then what joint calls need, which begins at `joint`. */
function recordBytes(microShards: number, teams: number, samples: number | undefined, jointCalls: number) {
  const joint = 4 * recordWords(microShards, teams, samples);
  return { joint, bytes: joint + 4 * jointWords(microShards, teams, jointCalls) };
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
    claims,
  }: Pick<WasmExecutorOptions, 'microShards' | 'depth' | 'level' | 'samples' | 'claims'> & { teams: number },
) {
  const { plans, packs, tables, contribution } = program;
  const { own, joint } = splitCalls(plans.train);
  const calls = [own, joint, plans.evaluate.calls, plans.predict.calls, packs.moving, packs.frozen];
  return {
    contributions:
      teams *
      slotsPerTeam(Math.ceil(microShards / 2 ** level), teams, shareOf(program, claims)) *
      (contribution.bytes + 512),
    panels: alignUp(program.packedBytes + 512),
    tables: alignUp(tables.bytes + 512),
    calls:
      calls.reduce((sum, list) => sum + encodedBytes(list), 0) +
      (depth + 3) * alignUp(recordBytes(microShards, teams, samples, joint.length).bytes + 512),
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
    gradient: encodeCalls(arena, own, { finals: [...finals.map(({ call }) => call), ...points] }),
    joint: encodeCalls(arena, joint),
    evaluate: encodeCalls(arena, program.plans.evaluate.calls),
  };
  const packs = { moving: encodeCalls(arena, program.packs.moving), frozen: encodeCalls(arena, program.packs.frozen) };
  const share = shareOf(program, options.claims && pool.threads === teams); // a team would have to agree on when it stops
  const perTeam = slotsPerTeam(Math.ceil(microShards / 2 ** level), teams, share);
  const slots = Array.from({ length: teams }, () =>
    Array.from({ length: perTeam }, () => arena.take(program.contribution.bytes)),
  );
  const { bytes: recordLength, joint: jointAt } = recordBytes(microShards, teams, options.samples, joint.length);
  const records = Array.from({ length: depth + 2 }, () => arena.take(recordLength));
  const cuts = cutsOf(program.plans.train, pool.threads);
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
      const shares = share(first, bundles.length, teams);
      const lists = shares.outcomes().map((parts) =>
        parts.map(({ team, slot, node }): Part => {
          const at = slots[team]![slot]!;
          const bytes = u8.subarray(at, at + program.contribution.bytes);
          return { node: { level: node.level + own, index: node.index }, bytes };
        }),
      );
      const arenas = shares.ladders.flatMap(({ steps }, team) => steps.map(() => pool.arenas[team]!));
      return { shares, lists, arenas };
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

  /** The list of bundles of each team (control.ts, JOB). @returns where the claims of each pair stand */
  function writeJobs(at: number, bundles: readonly Bundle[], { ladders, pairs }: Shares, batch: Batch): number[] {
    const head = at >>> 2;
    const lists = head + JOBS.lists;
    const claims = lists + JOBS.listWords * teams;
    let job = claims + CLAIMS.words * pairs.length;
    i32.fill(0, head, job);
    i32[head + JOBS.sharing] = (pool.threads / teams) * ladders.filter(({ steps }) => steps.length > 0).length;
    const { node, slot: start } = bundles[0]!;
    const first = node.index;
    const numbers = at + 4 * (recordWords(microShards, teams) - BINDING.words);
    i32[head + JOBS.table] = batch.samples?.table ?? 0;
    if (batch.samples) u32.set(batch.samples.indices, numbers >>> 2);
    let ends = job + JOB.words * ladders.reduce((sum, { steps }) => sum + steps.length, 0);
    const shared = pairs.map((pair, i) => {
      const word = claims + CLAIMS.words * i;
      i32[word + CLAIMS.bundles] = pair.bundles;
      i32[word + CLAIMS.claimed] = 2; // one for each
      for (const team of [pair.team, pair.team + 1]) i32[lists + JOBS.listWords * team + 2] = 4 * word;
      return 4 * word;
    });
    ladders.forEach(({ steps }, team) => {
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
    return shared;
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
      const { shares, lists, arenas } = layoutOf(bundles);
      await pool.room(4);
      const record = records[turn++ % records.length]!;
      const jobs = record + 4 * BINDING.words;
      writeTemplate(record, work, parameters.bytes.byteOffset);
      newest = jobs;
      const claims = writeJobs(jobs, bundles, shares, batch);
      // the panels are those of the version before: this command stands behind whatever makes the parameters
      if (packedVersion < 0) pool.calls(packs.frozen, record);
      if (packs.moving.count > 0 && packedVersion !== parameters.version) pool.calls(packs.moving, record);
      packedVersion = parameters.version;
      const command = pool.leaves(encoded[work.kind], record, jobs);
      const together = work.kind === 'gradient' && joint.length > 0;
      if (together) {
        const at = record + jointAt;
        const what = { template: record, bundles, arenas, cuts, threads: pool.threads, out: slots[0]![0]! };
        pool.joint(encoded.joint, at, jobs, writeJoint(i32, at, what));
      }
      const ready = pool.done(command).then(() => {
        batch.release();
        parameters.release();
      });
      ready.catch(() => {}); // a dead pool is reported by whoever waits for the step
      if (shares.pairs.length > 0) {
        const pairs = shares.pairs.map(({ stride }, i) => ({ claims: claims[i]!, stride }));
        return { parts: [], outcomes: { lists, pairs }, ready };
      }
      const whole = together && { joint: slots[0]![0]! };
      return {
        parts: lists[0]!,
        ready,
        ...whole,
        ...(work.kind === 'gradient' && { early: () => early(command, jobs) }),
      };
    },
    // what of its leaves has not begun is left out where a team is one thread
    cancel: () => void Atomics.store(i32, (newest >>> 2) + JOBS.cancelled, 1),
    async close() {},
  };
}
