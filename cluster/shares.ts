// shares.ts: how many of a step's leaves each worker is given, by how fast it has been. Whatever they are, the bytes are the same.

/** A time of late: each new one counts a quarter. */
export const smoothed = (before: number | null, now: number): number =>
  before === null ? now : 0.75 * before + 0.25 * now;

/** The most that one share may be of another. */
const WIDEST = 8;

/**
 * Splits `count` blocks, in proportion to speeds that are told apart only where they differ by a fifth: shares that are even make few
 * nodes. Nobody goes without while there are as many blocks as workers, or a slow one would never be measured again.
 * @param times what a leaf takes each, in ms; null: as much as it takes the middle one (of two, the slower)
 */
export function speedShares(count: number, times: readonly (number | null)[]): readonly number[] {
  const known = times.filter((it) => it !== null && it > 0).sort((a, b) => a! - b!) as number[];
  const middle = known[known.length >> 1] ?? 1;
  const weights = times.map((ms) => {
    const speed = ms === null || ms <= 0 ? 1 : middle / ms;
    const steps = Math.round(2 * Math.log2(Math.min(WIDEST, Math.max(1 / WIDEST, speed))));
    return 2 ** (steps / 2);
  });
  const total = weights.reduce((a, b) => a + b, 0);
  const least = count >= times.length ? 1 : 0;
  const exact = weights.map((weight) => ((count - least * times.length) * weight) / total);
  const shares = exact.map((share) => least + Math.floor(share));
  // what is left over goes to whom the cut took most from, the first of equals
  const order = exact
    .map((share, i) => ({ i, cut: share - Math.floor(share) }))
    .sort((a, b) => b.cut - a.cut || a.i - b.i);
  const left = count - shares.reduce((a, b) => a + b, 0);
  for (const { i } of order.slice(0, left)) shares[i]!++;
  return shares;
}
