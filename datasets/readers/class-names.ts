// class-names.ts: the classes of samples whose labels are written as numbers or as names. It reads no manifest: locations.ts.
import { type Bad, byCodeUnits, type Entry, type Source } from '../source.ts';

/** An entry before the classes are known; without a label of its own, null. */
export interface Named {
  readonly entry: Omit<Entry, 'label'>;
  readonly label: string | null;
}

/**
 * Whole numbers: as many classes as the largest says, named by number, of which those below 0 are none. Else the sorted names. Null without
 * labels.
 */
function classesOf(labels: readonly string[]): string[] | null {
  if (labels.length === 0) return null;
  const names = [...new Set(labels)].sort(byCodeUnits);
  if (!names.every((name) => /^-?\d{1,6}$/.test(name))) return names;
  const most = names.reduce((largest, name) => Math.max(largest, Number(name)), -1);
  return Array.from({ length: most + 1 }, (_, i) => String(i));
}

/**
 * Entries with their labels' numbers, and the classes; those whose label is no class go to `bad`.
 * @param known of a manifest, whose shards number them: there a number counts before a name, which may be "3" itself. Else a name counts first.
 */
export function labelled(
  found: readonly Named[],
  known: readonly string[] | null,
  bad: Bad[],
): { readonly entries: Entry[]; readonly classes: readonly string[] | null } {
  const classes = known ?? classesOf(found.flatMap(({ label }) => label ?? []));
  const labels = new Map(classes?.map((name, label) => [name, label]));
  const numberOf = (label: string): number | undefined => {
    if (!/^\d{1,6}$/.test(label)) return labels.get(label);
    const number = Number(label);
    if (known === null) return labels.get(label) ?? labels.get(String(number));
    return number < known.length ? number : labels.get(label);
  };
  const entries = found.flatMap(({ entry, label }): Entry[] => {
    if (label === null || classes === null) return [{ ...entry, label: null }];
    const number = numberOf(label);
    if (number !== undefined) return [{ ...entry, label: number }];
    bad.push({ key: entry.key, code: 'SHOAL_DATA_LABEL', reason: 'a label that is no class of the dataset' });
    return [];
  });
  return { entries, classes };
}

/** A source that has named its classes by what stands in it, with those of the manifest. */
export function withClasses(source: Source, known: readonly string[] | null): Source {
  const { classes, entries } = source;
  if (known === null || classes === null) return source;
  const found = entries.map((entry) => ({ entry, label: entry.label === null ? null : classes[entry.label]! }));
  const bad = [...source.bad];
  return { ...source, ...labelled(found, known, bad), bad };
}
