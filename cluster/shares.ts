// shares.ts: how many of a step's leaves each worker is given, by how fast it has been. Whatever they are, the bytes are the same.

/** A time of late: each new one counts a quarter. */
export const smoothed = (before: number | null, now: number): number =>
  before === null ? now : 0.75 * before + 0.25 * now;

/** The most that one share may be of another: a device beside threads. */
const WIDEST = 64;
/** How much longer a step may take for shares that are whole subtrees: each node is a vector on the wire. */
const COARSEST = 1.25;

/** Speeds, told apart only where they differ by a fifth: shares that are even make few nodes. */
function weightsOf(times: readonly (number | null)[]): readonly number[] {
  const known = times.filter((it) => it !== null && it > 0).sort((a, b) => a! - b!) as number[];
  const middle = known[known.length >> 1] ?? 1;
  return times.map((ms) => {
    const speed = ms === null || ms <= 0 ? 1 : middle / ms;
    const steps = Math.round(2 * Math.log2(Math.min(WIDEST, Math.max(1 / WIDEST, speed))));
    return 2 ** (steps / 2);
  });
}

/** In proportion to weights. Nobody goes without while there are enough, or a slow one would never be measured again. */
function split(count: number, weights: readonly number[]): readonly number[] {
  const total = weights.reduce((a, b) => a + b, 0);
  const least = count >= weights.length ? 1 : 0;
  const exact = weights.map((weight) => ((count - least * weights.length) * weight) / total);
  const shares = exact.map((share) => least + Math.floor(share));
  // what is left over goes to whom the cut took most from, the first of equals
  const order = exact
    .map((share, i) => ({ i, cut: share - Math.floor(share) }))
    .sort((a, b) => b.cut - a.cut || a.i - b.i);
  const left = count - shares.reduce((a, b) => a + b, 0);
  for (const { i } of order.slice(0, left)) shares[i]!++;
  return shares;
}

/**
 * Splits `count` blocks by speed, in pieces as large as can be without making the step a quarter longer than the closest split would:
 * two workers that are about as fast get half the tree each, and send one vector.
 * @param times what a leaf takes each, in ms; null: as much as it takes the middle one (of two, the slower)
 * @returns of each its share, and where it begins: the largest first, so that they begin where subtrees do
 */
export function speedShares(
  count: number,
  times: readonly (number | null)[],
): readonly { readonly from: number; readonly to: number }[] {
  const weights = weightsOf(times);
  const longest = (shares: readonly number[]) => Math.max(...shares.map((share, i) => share / weights[i]!));
  const closest = split(count, weights);
  const most = COARSEST * longest(closest);
  for (let piece = 2 ** Math.floor(Math.log2(Math.max(1, count))); piece > 1; piece /= 2) {
    const pieces = Math.ceil(count / piece);
    if (pieces < times.length) continue;
    const coarse = split(pieces, weights).map((share) => share * piece);
    if (longest(coarse) <= most) return placed(coarse, weights, count);
  }
  return placed(closest, weights, count);
}

/** One after another, the largest first; the last piece may be cut short, which is one of the slowest. */
function placed(shares: readonly number[], weights: readonly number[], count: number) {
  const ranges = shares.map(() => ({ from: 0, to: 0 }));
  const order = shares
    .map((share, i) => ({ i, share }))
    .sort((a, b) => b.share - a.share || weights[b.i]! - weights[a.i]! || a.i - b.i);
  let at = 0;
  for (const { i, share } of order) {
    const from = Math.min(at, count);
    at += share;
    ranges[i] = { from, to: Math.min(at, count) };
  }
  return ranges;
}
