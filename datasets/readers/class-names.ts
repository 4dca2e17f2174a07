// class-names.ts: the classes of samples whose labels are written as numbers or as names. What a manifest says of them: locations.ts.
import { type Bad, byCodeUnits, type Entry } from '../source.ts';

/** An entry before the classes are known; without a label of its own, null. */
export interface Named {
  readonly entry: Omit<Entry, 'label'>;
  readonly label: string | null;
}

/**
 * Whole numbers: as many classes as the largest says, named by number, of which those below 0 are none. Else the sorted names. Null without
 * labels.
 */
export function classesOf(labels: readonly string[]): string[] | null {
  if (labels.length === 0) return null;
  const names = [...new Set(labels)].sort(byCodeUnits);
  if (!names.every((name) => /^-?\d{1,6}$/.test(name))) return names;
  const most = names.reduce((largest, name) => Math.max(largest, Number(name)), -1);
  return Array.from({ length: most + 1 }, (_, i) => String(i));
}

/** Entries with their labels' numbers; those whose label is no class go to `bad`. */
export function numbered(found: readonly Named[], classes: readonly string[] | null, bad: Bad[]): Entry[] {
  const labels = new Map(classes?.map((name, label) => [name, label]));
  return found.flatMap(({ entry, label }): Entry[] => {
    if (label === null || classes === null) return [{ ...entry, label: null }];
    const number = labels.get(label) ?? (/^\d{1,6}$/.test(label) ? labels.get(String(Number(label))) : undefined);
    if (number !== undefined) return [{ ...entry, label: number }];
    bad.push({ key: entry.key, code: 'SHOAL_DATA_LABEL', reason: 'a label that is no class of the dataset' });
    return [];
  });
}
