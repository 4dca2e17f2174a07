// arrange.ts: how a machine runs a job so that it fits one memory: teams of threads, bundles of micro-shards, activations computed
// again. None of it decides a bit of the result. What the job is: prepare.ts.
import { ShoalError } from '../base/errors.ts';
import { MEMORY_LIMIT } from '../kernels/arena.ts';
import type { Job } from './job.ts';
import { fitsTeams } from './joint.ts';
import type { TensorSpec } from './model.ts';
import type { Program } from './plan.ts';
import { waysToCut } from './recompute.ts';

/** How a machine runs a job. */
export interface Machine {
  readonly threads: number;
  /** Threads that share one micro-shard. */
  readonly teamSize: number;
  /** Micro-shards that a team computes side by side, as a power of two. */
  readonly level: number;
  /** Pieces of work under way at once. */
  readonly depth: number;
  /** Batches held at once, being read or computed. */
  readonly slots: number;
  readonly ranges: number;
  /** Parts of a contribution that an executor with a memory of its own may bring at once. */
  readonly staging: number;
}

export interface MachineOptions {
  readonly threads: number;
  /** Default: 1 where there are as many micro-shards as threads, else as few as keep every thread busy; more where memory is short. */
  readonly teamSize?: number;
  readonly ranges?: number;
  /** Micro-shards computed side by side, as a power of two. Default: chosen by the sizes of weights and activations. */
  readonly level?: number;
  /** Default 0: the executor computes in the store's memory. */
  readonly staging?: number;
  /** Whether this process trains alone, by its own kernels: threads may make gradients together then (joint.ts). Default: no. */
  readonly local?: boolean;
}

export interface ArrangeOptions {
  readonly job: Job;
  readonly shapes: Readonly<Record<string, TensorSpec>>;
  readonly machine: MachineOptions;
  /** Every micro-shard must be computed by itself. */
  readonly alone: boolean;
  /** The job compiled for bundles of 2 ** level micro-shards, its training plan cut behind these calls; with calls that are `joint`, or not. */
  compiled(level: number, cuts: readonly string[], joint?: boolean): Program;
  /** Bytes by purpose. */
  memoryOf(program: Program, machine: Machine): Readonly<Record<string, number>>;
}

export interface Arrangement {
  readonly program: Program;
  readonly machine: Machine;
  readonly memory: Readonly<Record<string, number>>;
  readonly bytes: number;
}

/**
 * The first arrangement that fits, the fastest first: as many teams as there is work for; larger teams, which share activations; then,
 * unless the job forbids it, activations computed again. With `recompute: true` these alone.
 * @throws SHOAL_MEMORY_TOO_LARGE, SHOAL_THREADS
 */
export function arrange(options: ArrangeOptions): Arrangement {
  const { job, machine } = options;
  checkNumbers(machine);
  let last: Arrangement | undefined;
  for (const cut of { true: [true], false: [false], auto: [false, true] }[`${job.recompute}`]) {
    const own = cut ? bestCuts(options) : [];
    const single = options.compiled(0, own);
    for (const teamSize of teamSizes(job, machine)) {
      const level = levelFor(options, single, teamSize);
      for (const each of level === 0 ? [0] : [level, 0]) {
        const joint = !cut && mayJoin(options, teamSize, each);
        const program = each === 0 && !joint ? single : options.compiled(each, own, joint);
        last = arrangement(options, program, teamSize, each);
        if (last.bytes <= MEMORY_LIMIT) return last;
      }
    }
  }
  throw tooLarge(last!);
}

/** What the numbers may be. Threads: more than any machine runs at once. Ranges: a step's commands for them fit the pool's ring. */
const BOUNDS = { threads: [1, 4096], teamSize: [1, 4096], ranges: [1, 16], level: [0, 30] } as const;

/** @throws SHOAL_THREADS */
function checkNumbers(machine: MachineOptions): void {
  for (const [name, [least, most]] of Object.entries(BOUNDS)) {
    const value = machine[name as keyof typeof BOUNDS];
    if (value === undefined && name !== 'threads') continue;
    if (Number.isInteger(value) && value! >= least && value! <= most) continue;
    throw new ShoalError({
      code: 'SHOAL_THREADS',
      operation: 'plan the threads of a run',
      got: `${typeof value === 'string' ? JSON.stringify(value) : String(value)} ${name}`,
      expected: `a whole number from ${least} to ${most}`,
      hint: `Leave ${name} out to have what suits the machine.`,
    });
  }
}

/** Whether threads may make gradients together: what they are made of must be there still. */
const mayJoin = ({ job, machine, alone }: ArrangeOptions, teamSize: number, level: number): boolean =>
  machine.local === true &&
  !alone &&
  fitsTeams(Math.ceil(job.microShards / 2 ** level), machine.threads / teamSize, teamSize);

function arrangement({ job, machine, memoryOf }: ArrangeOptions, program: Program, teamSize: number, level: number) {
  const { threads, ranges = 1, staging = 0 } = machine;
  const batchBytes = Math.ceil(job.microShards / 2 ** level) * program.input.leafBytes;
  const slots = slotsFor(job.batch * program.plans.train.flops, batchBytes);
  const depth = Math.max(1, Math.floor(slots / 2) - 1);
  const full: Machine = { threads, teamSize, level, depth, slots, ranges, staging };
  const memory = memoryOf(program, full);
  return { program, machine: full, memory, bytes: Object.values(memory).reduce((a, b) => a + b, 0) };
}

/** Batches that are held, and the most that they may add up to. What is held bounds how many steps an interruption waits for. */
const HELD = { batches: 16, bytes: 64 * 2 ** 20 };
/** Of small batches that are computed in a moment: a fraction of a second, and of a cache that the weights share. */
const HELD_SMALL = { batches: 64, bytes: 8 * 2 ** 20, flops: 2 ** 35 };

/**
 * Batches held at once. A message to the data pool, or a waking of the host, takes a core from a compute thread, however many steps it
 * serves: of small ones there are many.
 */
function slotsFor(flops: number, bytes: number): number {
  const any = Math.min(HELD.batches, HELD.bytes / bytes);
  const small = Math.min(HELD_SMALL.batches, HELD_SMALL.bytes / bytes, HELD_SMALL.flops / flops);
  return Math.floor(Math.max(3, any, small));
}

/** Whether a pass over the weights costs more than a pass over the activations of one micro-shard. */
const weightsPrevail = ({ contribution, plans }: Program): boolean =>
  contribution.scalarsAt >= plans.train.arenaBytes / 2;

/** Sizes of teams to try, the fastest first. A size that somebody asked for is the only one. */
function teamSizes({ microShards }: Job, { threads, teamSize }: MachineOptions): readonly number[] {
  if (teamSize !== undefined) {
    if (Number.isInteger(threads / teamSize)) return [teamSize];
    throw new ShoalError({
      code: 'SHOAL_THREADS',
      operation: 'form teams of threads',
      got: `${threads} threads in teams of ${teamSize}`,
      expected: 'a number of threads that the team size divides',
      hint: 'Change --threads or the team size.',
    });
  }
  const least = Math.max(1, Math.ceil(threads / microShards));
  const sizes = Array.from({ length: threads }, (_, i) => i + 1).filter((n) => threads % n === 0);
  return Number.isInteger(threads / least) ? sizes.filter((n) => n >= least) : [threads];
}

/**
 * Where weights prevail, several micro-shards share each pass over them, as many as leave every team a bundle. Where activations are
 * larger, one micro-shard at a time keeps them in the cache.
 */
function levelFor({ job, machine, alone }: ArrangeOptions, single: Program, teamSize: number): number {
  if (alone) return 0;
  if (machine.level !== undefined) return machine.level;
  if (!weightsPrevail(single)) return 0;
  return Math.floor(Math.log2(Math.max(1, job.microShards / (machine.threads / teamSize))));
}

/** Those that leave the fewest activations; none for a model that cannot be cut. */
function bestCuts({ job, shapes, compiled }: ArrangeOptions): readonly string[] {
  const ways = waysToCut(job.model, shapes).map((cuts) => ({
    cuts,
    bytes: compiled(0, cuts).plans.train.arenaBytes,
  }));
  return ways.toSorted((a, b) => a.bytes - b.bytes)[0]?.cuts ?? [];
}

const mib = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20).toLocaleString('en')} MiB`;

function tooLarge({ memory, bytes, machine }: Arrangement): ShoalError {
  const parts = Object.entries(memory).map(([name, size]) => `${name.replaceAll('_', ' ')} ${mib(size)}`);
  return new ShoalError({
    code: 'SHOAL_MEMORY_TOO_LARGE',
    operation: `plan the memory of ${machine.threads} threads in teams of ${machine.teamSize}`,
    got: `${mib(bytes)} (${parts.join(', ')})`,
    expected: `at most ${mib(MEMORY_LIMIT)}, what one WebAssembly memory holds`,
    hint: 'Lower batch, raise microShards, or use fewer threads.',
  });
}
