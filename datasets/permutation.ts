// permutation.ts: a uniformly random order, from counter-based words. Not which one is used when: sampler.ts.

/**
 * The numbers 0 to n - 1 in random order (Fisher and Yates' shuffle).
 * A word w picks one of k by floor(w k / 2^32): exact in doubles for k < 2^21, the same on every machine for any k,
 * and off from uniform by at most k / 2^32.
 * @param word draws by index, as base/random.ts gives them
 */
export function permutation(n: number, word: (index: number) => number): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let last = n - 1; last > 0; last--) {
    const other = Math.floor((word(last) * (last + 1)) / 2 ** 32);
    const kept = order[last]!;
    order[last] = order[other]!;
    order[other] = kept;
  }
  return order;
}
