// made.ts: what a map has for a key, made the first time that it is asked for. Nothing is ever dropped: weak keys, or few.

interface Keeper<K, V> {
  get(key: K): V | undefined;
  set(key: K, value: V): unknown;
}

/** What `map` has for the key, and keeps from now on. @param make never gives undefined */
export function made<K, V>(map: Keeper<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const value = make();
  map.set(key, value);
  return value;
}
