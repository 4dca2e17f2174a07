// split.ts: which samples are held out: stratified by label, whole groups together, by the seed and the keys alone. Reads no data.
import { createHash } from 'node:crypto';
import type { Entry, Part } from './source.ts';
import { byCodeUnits } from './source.ts';

/** Shares of what is not yet in a part; what is left is for training. */
export interface Shares {
  readonly validation: number;
  readonly test: number;
}

interface Unit {
  readonly rank: string;
  readonly label: number | null;
  readonly members: number[];
}

/**
 * The part of each entry. Entries that have a part keep it. The others are ranked by SHA-256 of (seed, group or key), so that neither
 * their order nor the arrival of new ones reshuffles them; each class gives its share, rounding carried from class to class.
 */
export function splitEntries(entries: readonly Entry[], shares: Shares, seed: number, stratify = true): Part[] {
  const parts = entries.map(({ part }) => part ?? 'train');
  const byClass = new Map<number | null, Unit[]>();
  for (const unit of unitsOf(entries, seed)) {
    const stratum = stratify ? unit.label : null;
    const units = byClass.get(stratum);
    if (units) units.push(unit);
    else byClass.set(stratum, [unit]);
  }
  const carry = { test: 0, validation: 0 };
  for (const [, units] of [...byClass].sort(([a], [b]) => (a ?? -1) - (b ?? -1))) {
    const size = units.reduce((sum, { members }) => sum + members.length, 0);
    units.sort((a, b) => byCodeUnits(a.rank, b.rank));
    let next = 0;
    for (const part of ['test', 'validation'] as const) {
      const wanted = shares[part] * size + carry[part];
      let taken = 0;
      // a group is taken while that comes nearer to what is wanted
      while (next < units.length && taken + units[next]!.members.length / 2 <= wanted && shares[part] > 0) {
        for (const member of units[next]!.members) parts[member] = part;
        taken += units[next++]!.members.length;
      }
      carry[part] = wanted - taken;
    }
  }
  return parts;
}

/** Groups, and entries that belong to none; of those that have no part. A group's label is its first entry's. */
function unitsOf(entries: readonly Entry[], seed: number): Unit[] {
  const units = new Map<string, Unit>();
  entries.forEach(({ key, part, label, group }, i) => {
    if (part !== null) return;
    const name = group === undefined ? `key ${key}` : `group ${group}`;
    const unit = units.get(name);
    if (unit) unit.members.push(i);
    else units.set(name, { rank: rankOf(seed, name), label, members: [i] });
  });
  return [...units.values()];
}

/** A random place in the order of all names, that no other name changes. */
export const rankOf = (seed: number, name: string): string =>
  createHash('sha256').update(`${seed} ${name}`).digest('hex');
