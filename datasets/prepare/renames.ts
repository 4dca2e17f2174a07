// renames.ts: samples that a plan has under a name that the source no longer knows, by their contents. It reads and writes nothing.
import type { Entry } from '../source.ts';
import type { Held } from './changes.ts';
import type { Planned } from './plan.ts';

export interface Renames {
  /** By the new key: the one that the plan has. */
  readonly from: ReadonlyMap<string, string>;
  /** With the contents of one that is gone, but another label, or other boxes or the like: the old one would stay beside it. */
  readonly otherwise: readonly Entry[];
}

/**
 * Each of `gone` is found at most once: who copies a sample has two.
 * @param held by key, of those that were added
 */
export function renamesOf(added: readonly Entry[], held: ReadonlyMap<string, Held>, gone: readonly Planned[]): Renames {
  const left = new Map<string, Planned[]>();
  for (const line of gone)
    if (line.sha256 !== null && line.shard !== null) left.set(line.sha256, [...(left.get(line.sha256) ?? []), line]);
  const from = new Map<string, string>();
  const unsure: { readonly entry: Entry; readonly sha256: string }[] = [];
  for (const entry of added) {
    const { sha256, marks } = held.get(entry.key)!;
    const lines = sha256 === null ? undefined : left.get(sha256);
    const at = lines?.findIndex((line) => line.label === entry.label && line.marks === marks) ?? -1;
    if (at >= 0) from.set(entry.key, lines!.splice(at, 1)[0]!.key);
    else if (lines) unsure.push({ entry, sha256: sha256! });
  }
  // those of the same label come first, whatever their names
  return { from, otherwise: unsure.filter(({ sha256 }) => left.get(sha256)!.length > 0).map(({ entry }) => entry) };
}
