// joint.ts: products that all threads make together, when the leaves of every team stand: gradients of large weights. Made by each team for its
// own leaves, they are written once a team and added; made together, each element is written once, by the thread that will update it.
// Which calls these are, and what threads are told of the bundles. Not the products: kernels/assembly/gemm_tn.ts.
import { BINDING, SPACES } from '../kernels/abi.ts';
import { GATHER_BYTES, PANEL } from '../kernels/signatures/blocks.ts';
import type { Program } from './plan.ts';
import type { Bundle } from './work.ts';

const CONTRIBUTION = BINDING.base + SPACES.indexOf('contribution');

/** Smaller gradients are not worth a barrier. */
const LEAST_BYTES = 2 ** 18;

/**
 * Whether the gradient of a matrix (K, N) is one.
 * @param rows of the matrices that it is made from, in all bundles together
 */
export const isJoint = ({ K, N }: { readonly K: number; readonly N: number }, rows: number): boolean =>
  rows > 0 && 4 * K * N >= LEAST_BYTES && 4 * PANEL * rows * (Math.ceil(N / PANEL) + 3) <= GATHER_BYTES;

/** What every bundle's activations must be kept for: a team with a second bundle would write over those of its first. */
export const fitsTeams = (bundles: number, teams: number, teamSize: number): boolean =>
  teams > 1 && teamSize === 1 && bundles <= teams;

/** Full names of the tensors whose sums such calls write. */
export function jointPaths({ plans, contribution }: Pick<Program, 'plans' | 'contribution'>): ReadonlySet<string> {
  const { calls, joint } = plans.train;
  const places = calls.slice(calls.length - joint).map((call) => {
    const { out } = call.arguments.operands as { readonly out: { readonly at: number } };
    return out.at / 4;
  });
  return new Set(contribution.segments.filter(({ at }) => places.includes(at)).map(({ path }) => path));
}

/** Words of what writeJoint writes. */
export const jointWords = (microShards: number, teams: number): number => BINDING.words + microShards + 1 + 2 * teams;

/**
 * Writes bindings for joint calls over these bundles.
 * @param template bindings of the step
 * @param arenas of the team that computes each bundle
 * @param out base of the contribution that the sums are written to
 */
export function writeJoint(
  i32: Int32Array,
  at: number,
  template: number,
  bundles: readonly Bundle[],
  arenas: readonly number[],
  out: number,
): void {
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
}
