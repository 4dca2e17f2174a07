// claims.ts: how bundles of leaves are given to teams: a share each, or a share for two that claim its bundles as they go, one from
// either end: whoever is held up does fewer. Pure bookkeeping: who claims what is decided in the threads (thread.ts).
import { type Ladder, ladder, type Node, splitLeaves } from './tree.ts';

/** A node's sums, in a slot of a team. */
export interface Placed {
  readonly team: number;
  readonly slot: number;
  readonly node: Node;
}

export interface Shares {
  /** What each team computes: all of it, or as much as it has claimed when the other end is reached. */
  readonly ladders: readonly Ladder[];
  /** Two teams with the same bundles: the even one from the front, the next from the end. `stride` numbers the outcomes. */
  readonly pairs: readonly { readonly team: number; readonly bundles: number; readonly stride: number }[];
  /** The parts that are left, one list for each way in which the pairs can meet: those of the first pair change fastest. */
  readonly outcomes: readonly (readonly Placed[])[];
}

/** Ways to meet that are prepared for at most: 2 teams have one for each bundle, more teams the product. */
const OUTCOMES = 1024;

const placed = (team: number, { parts }: Pick<Ladder, 'parts'>): readonly Placed[] =>
  parts.map(({ node, slot }) => ({ team, slot, node }));

/** Bundles [first, first + count) as a share for each team, the longer first. */
export function fixedShares(first: number, count: number, teams: number): Shares {
  const ladders = splitLeaves(count, teams).map(([from, to]) => ladder(first + from, first + to));
  return { ladders, pairs: [], outcomes: [ladders.flatMap((own, team) => placed(team, own))] };
}

/**
 * The same bundles for pairs of teams. Each team of a pair computes one at least.
 * @returns fixed shares where pairs could meet in too many ways
 */
export function claimedShares(first: number, count: number, teams: number): Shares {
  if (outcomesOf(count, teams) > OUTCOMES) return fixedShares(first, count, teams);
  const pairs: { team: number; bundles: number; stride: number }[] = [];
  let outcomes: (readonly Placed[])[] = [[]];
  const ladders = regionsOf(count, teams).flatMap(([start, end], i) => {
    const [from, to, team] = [first + start, first + end, 2 * i];
    if (!isPair(team, teams, end - start)) {
      const alone = [ladder(from, to), ladder(to, to)].slice(0, teams - team);
      outcomes = outcomes.map((parts) => [...parts, ...placed(team, alone[0]!)]);
      return alone;
    }
    pairs.push({ team, bundles: to - from, stride: outcomes.length });
    const met = Array.from({ length: to - from - 1 }, (_, n) => [
      ...placed(team, ladder(from, from + 1 + n)),
      ...placed(team + 1, ladder(from + 1 + n, to, true)),
    ]);
    outcomes = met.flatMap((here) => outcomes.map((parts) => [...parts, ...here]));
    return [ladder(from, to), ladder(from, to, true)];
  });
  return { ladders, pairs, outcomes };
}

const isPair = (team: number, teams: number, bundles: number): boolean => team + 1 < teams && bundles > 1;

/** What each pair of teams has together; the last team may be alone. */
function regionsOf(count: number, teams: number): readonly (readonly [from: number, to: number])[] {
  const shares = splitLeaves(count, teams);
  return shares
    .filter((_, team) => team % 2 === 0)
    .map(([from], i) => [from, (shares[2 * i + 1] ?? shares[2 * i]!)[1]]);
}

/** In how many ways pairs of teams can meet that claim so many bundles. */
export function outcomesOf(count: number, teams: number): number {
  return regionsOf(count, teams).reduce(
    (product, [from, to], i) => product * (isPair(2 * i, teams, to - from) ? to - from - 1 : 1),
    1,
  );
}

/** Outcomes of any number of bundles up to `most`, at most: as many are prepared for. */
export function mostOutcomes(most: number, teams: number): number {
  const counts = Array.from({ length: most }, (_, i) => outcomesOf(i + 1, teams));
  return Math.max(1, ...counts.filter((outcomes) => outcomes <= OUTCOMES));
}
