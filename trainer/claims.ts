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
  /** Makes the parts that are left, one list for each way in which the pairs can meet: those of the first pair change fastest. */
  outcomes(): readonly (readonly Placed[])[];
}

/** Ways to meet that are prepared for at most: 2 teams have one for each bundle, more teams the product. */
const OUTCOMES = 1024;

const placed = (team: number, { parts }: Pick<Ladder, 'parts'>): readonly Placed[] =>
  parts.map(({ node, slot }) => ({ team, slot, node }));

/** Bundles [first, first + count) as a share for each team, the longer first. */
export function fixedShares(first: number, count: number, teams: number): Shares {
  const ladders = splitLeaves(count, teams).map(([from, to]) => ladder(first + from, first + to));
  return { ladders, pairs: [], outcomes: () => [ladders.flatMap((own, team) => placed(team, own))] };
}

/**
 * The same bundles for pairs of teams. Each team of a pair computes one at least.
 * @returns fixed shares where pairs could meet in too many ways
 */
export function claimedShares(first: number, count: number, teams: number): Shares {
  if (outcomesOf(count, teams) > OUTCOMES) return fixedShares(first, count, teams);
  const regions = regionsOf(count, teams).map((it) => ({ ...it, from: first + it.from, to: first + it.to }));
  let stride = 1;
  const pairs = regions.flatMap((it) => {
    if (!it.paired) return [];
    const pair = { team: it.team, bundles: it.to - it.from, stride };
    stride *= waysOf(it);
    return [pair];
  });
  return {
    ladders: regions
      .flatMap(({ from, to, paired }) => [ladder(from, to), paired ? ladder(from, to, true) : ladder(to, to)])
      .slice(0, teams),
    pairs,
    outcomes: () =>
      regions.reduce<readonly (readonly Placed[])[]>(
        (all, region) => meetings(region).flatMap((here) => all.map((parts) => [...parts, ...here])),
        [[]],
      ),
  };
}

/** A way to give `count` bundles from `first` on to teams. */
export type Share = (first: number, count: number, teams: number) => Shares;

/** Contributions that one team may hold at once, whatever the number of bundles with rows. */
export function slotsPerTeam(bundles: number, teams: number, share: Share): number {
  let most = 1;
  for (let count = 1; count <= bundles; count++)
    for (const { slots } of share(0, count, teams).ladders) most = Math.max(most, slots);
  return most;
}

/** What two teams, or the last one, have together. */
interface Region {
  readonly team: number;
  readonly from: number;
  readonly to: number;
  /** Two teams claim it. */
  readonly paired: boolean;
}

function regionsOf(count: number, teams: number): readonly Region[] {
  const shares = splitLeaves(count, teams);
  return Array.from({ length: Math.ceil(teams / 2) }, (_, i) => {
    const [team, from] = [2 * i, shares[2 * i]![0]];
    const to = (shares[team + 1] ?? shares[team]!)[1];
    return { team, from, to, paired: team + 1 < teams && to - from > 1 };
  });
}

const waysOf = ({ from, to, paired }: Region): number => (paired ? to - from - 1 : 1);

/** The parts of a region, for each number of bundles that its first team can come to. */
function meetings({ team, from, to, paired }: Region): readonly (readonly Placed[])[] {
  if (!paired) return [placed(team, ladder(from, to))];
  return Array.from({ length: to - from - 1 }, (_, n) => {
    const met = from + 1 + n;
    return [...placed(team, ladder(from, met)), ...placed(team + 1, ladder(met, to, true))];
  });
}

/** In how many ways pairs of teams can meet that claim so many bundles. */
export const outcomesOf = (count: number, teams: number): number =>
  regionsOf(count, teams).reduce((product, region) => product * waysOf(region), 1);

/** Outcomes of any number of bundles up to `most`, at most: as many are prepared for. */
export function mostOutcomes(most: number, teams: number): number {
  const counts = Array.from({ length: most }, (_, i) => outcomesOf(i + 1, teams));
  return Math.max(1, ...counts.filter((outcomes) => outcomes <= OUTCOMES));
}
