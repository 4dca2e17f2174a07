// each.ts: something done for each item, some at a time, begun in their order: for work that waits, as reading files does. No threads, no results.

/** @param lanes how many are under way at once. @throws what `one` throws first; those under way end by themselves */
export async function each<T>(
  items: readonly T[],
  lanes: number,
  one: (item: T, i: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let i = next++; i < items.length; i = next++) await one(items[i]!, i);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
