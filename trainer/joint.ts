// joint.ts: products that all threads make together, once what they are made of stands in every team. Gradients of large weights, made by each
// team for its own leaves, are written once a team and added; made together, each element is written once, by the thread that will update it:
// they come last. Products with these weights cross: each thread makes some columns for all bundles, and reads only those of the weights. Which
// calls these are, and what threads are told of the bundles. How threads share them: run-joint.ts; the products: gemm_tn and gemm.
import { BINDING, SPACES } from '../kernels/abi.ts';
import { GATHER_BYTES, OUT_BLOCK, PANEL } from '../kernels/signatures/blocks.ts';
import { FINALS, JOINT, jointCallWords } from './control.ts';
import type { Plan, Program } from './plan.ts';
import type { PlanCall } from './plan-builder.ts';
import type { Bundle } from './work.ts';

const CONTRIBUTION = BINDING.base + SPACES.indexOf('contribution');

/** Smaller gradients are not worth the trouble. */
const LEAST_BYTES = 2 ** 18;
/** Pieces of a thread's share, at most. */
const PIECES = 8;

/**
 * Whether the gradient of a matrix (K, N) is one.
 * @param rows of the matrices that it is made from, in all bundles together
 */
export const isJoint = ({ K, N }: { readonly K: number; readonly N: number }, rows: number): boolean =>
  rows > 0 && 4 * K * N >= LEAST_BYTES && 4 * PANEL * rows * (Math.ceil(N / PANEL) + 3) <= GATHER_BYTES;

/** Whether every bundle's activations are there at the end: a team with a second bundle writes over those of its first. */
export const fitsTeams = (bundles: number, teams: number, teamSize: number): boolean =>
  teams > 1 && teamSize === 1 && bundles <= teams;

/**
 * Calls that each team makes for its own leaves, those among them that cross, those that all threads make together at the end, and calls of the
 * first that the last wait for.
 */
export function splitCalls({ calls, joint }: Pick<Plan, 'calls' | 'joint'>) {
  const end = calls.length - joint.length;
  const own = calls.slice(0, end);
  return { own, crossing: own.filter(({ crosses }) => crosses), joint: calls.slice(end), points: pointsOf(joint) };
}

/** Each once, in order; where there are too many, the last stands for some before it. */
function pointsOf(joint: readonly number[]): readonly number[] {
  const all = [...new Set(joint)].sort((a, b) => a - b);
  return all.length <= FINALS ? all : [...all.slice(0, FINALS - 1), all.at(-1)!];
}

/** Full names of the tensors whose sums such calls write. */
export function jointPaths({ plans, contribution }: Pick<Program, 'plans' | 'contribution'>): ReadonlySet<string> {
  const places = splitCalls(plans.train).joint.map((call) => {
    const { out } = call.arguments.operands as { readonly out: { readonly at: number } };
    return out.at / 4;
  });
  return new Set(contribution.segments.filter(({ at }) => places.includes(at)).map(({ path }) => path));
}

/** Of a call that threads share: which of the points it waits for, and into how many pieces the share of each thread is cut. */
export interface Cut {
  readonly point: number;
  readonly pieces: number;
}

/** Of the joint calls, then of those that cross, which have met and wait for none. */
export function cutsOf(plan: Pick<Plan, 'calls' | 'joint'>, threads: number): readonly Cut[] {
  const { joint, crossing, points } = splitCalls(plan);
  const cut = (point: number, rows: number): Cut => ({
    point,
    pieces: Math.min(PIECES, 1 + Math.floor(rows / threads / 2)),
  });
  const of = (call: PlanCall) => call.arguments.ints as { readonly K: number; readonly N: number };
  return [
    ...joint.map((call, i) =>
      cut(
        points.findIndex((point) => point >= plan.joint[i]!),
        Math.ceil(of(call).K / OUT_BLOCK),
      ),
    ),
    ...crossing.map((call) => cut(0, Math.ceil(of(call).N / PANEL))),
  ];
}

/** Words of what writeJoint writes, for so many calls. */
export const jointWords = (microShards: number, teams: number, calls: number): number =>
  calls === 0 ? 0 : BINDING.words + microShards + 1 + 2 * teams + calls * jointCallWords(teams);

export interface JointRecord {
  /** Bindings of the step. */
  readonly template: number;
  readonly bundles: readonly Bundle[];
  /** Of the team that computes each bundle. */
  readonly arenas: readonly number[];
  /** Of each call. */
  readonly cuts: readonly Cut[];
  readonly threads: number;
  /** Base of the contribution that the sums are written to. */
  readonly out: number;
}

/** Writes bindings over these bundles, and words for calls that threads share. @returns address of the calls' words (control.ts, JOINT) */
export function writeJoint(i32: Int32Array, at: number, record: JointRecord): number {
  const { template, bundles, arenas, cuts, threads, out } = record;
  const word = at >>> 2;
  i32.copyWithin(word, template >>> 2, (template >>> 2) + BINDING.words);
  const ends = word + BINDING.words;
  let [rows, leaves] = [0, 0];
  for (const bundle of bundles) {
    for (const end of bundle.leafEnds) i32[ends + leaves++] = rows + end;
    rows += bundle.rows;
  }
  const list = ends + leaves;
  i32[list] = bundles.length;
  bundles.forEach((bundle, i) => {
    i32[list + 1 + 2 * i] = arenas[i]!;
    i32[list + 2 + 2 * i] = bundle.rows;
  });
  i32[word + BINDING.rows] = rows;
  i32[word + BINDING.leaves] = leaves;
  i32[word + BINDING.leafEnds] = 4 * ends;
  i32[word + BINDING.bundles] = 4 * list;
  i32[word + CONTRIBUTION] = out;
  const claims = list + 1 + 2 * bundles.length;
  const words = jointCallWords(threads);
  i32.fill(0, claims, claims + words * cuts.length);
  cuts.forEach(({ point, pieces }, i) => {
    i32[claims + words * i + JOINT.final] = point;
    i32[claims + words * i + JOINT.pieces] = pieces;
  });
  return 4 * claims;
}
