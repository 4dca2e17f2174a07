// permutation.ts: numbers in order, and in a uniformly random order, from counter-based words. Not which is used when: sampler.ts.

/** (size) The numbers from `first` on. A loop: `Uint32Array.from` takes several times as long. */
export function consecutive(first: number, size: number): Uint32Array {
  const numbers = new Uint32Array(size);
  for (let i = 0; i < size; i++) numbers[i] = first + i;
  return numbers;
}

/**
 * The numbers 0 to n - 1 in random order (Fisher and Yates' shuffle).
 * A word w picks one of k by floor(w k / 2^32): exact in doubles for k < 2^21, the same on every machine for any k,
 * and off from uniform by at most k / 2^32.
 * @param word draws by index, as base/random.ts gives them
 */
export function permutation(n: number, word: (index: number) => number): Uint32Array {
  const order = consecutive(0, n);
  for (let last = n - 1; last > 0; last--) {
    const other = Math.floor((word(last) * (last + 1)) / 2 ** 32);
    const kept = order[last]!;
    order[last] = order[other]!;
    order[other] = kept;
  }
  return order;
}
