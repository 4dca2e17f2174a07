// marked.ts: samples of shards whose boxes or pixels have the classes: which classes those are, and which samples lack them. It reads no format.
import { each } from '../each.ts';
import {
  type Bad,
  type Boxes,
  byCodeUnits,
  type Entry,
  isDataProblem,
  type Loader,
  type Places,
  type Source,
} from '../source.ts';

/** Boxes as shards have them: with the names of their classes, perhaps. */
export interface NamedBoxes extends Boxes {
  readonly names: readonly string[] | null;
}

/** A sample before the classes are known. */
export interface Marked {
  readonly entry: Omit<Entry, 'label' | 'boxes'>;
  /** Null without a label of its own. */
  readonly label: string | null;
  readonly boxes: NamedBoxes | null;
  readonly mask: boolean;
}

/** What has the classes, where no manifest says it: where a sample has a label of its own, that counts. */
export function placesOf(found: readonly Marked[]): Places | undefined {
  if (found.some(({ label }) => label !== null)) return undefined;
  return found.some(({ boxes }) => boxes) ? 'boxes' : found.some(({ mask }) => mask) ? 'mask' : undefined;
}

/** @param about the source, but for its samples. @param known classes that the manifest tells. @returns it with the good ones */
export async function withPlaces(
  about: Omit<Source, 'entries' | 'classes'>,
  found: readonly Marked[],
  places: Places,
  known: readonly string[] | null,
): Promise<Source> {
  const bad: Bad[] = [...about.bad];
  const refuse = (key: string, reason: string) => void bad.push({ key, code: 'SHOAL_DATA_LABEL', reason });
  const marked = found.filter(({ entry, boxes, mask }) => {
    const has = places === 'boxes' ? boxes !== null : mask;
    if (!has) refuse(entry.key, `a sample without ${places === 'boxes' ? 'boxes' : 'a mask'}, where others have them`);
    return has;
  });
  const plain = marked.map(({ entry }): Entry => ({ ...entry, label: null }));
  if (places === 'mask')
    return { ...about, entries: plain, classes: known ?? (await classesOfMasks(about, plain)), places, bad };
  const { classes, boxes } = classesOfBoxes(
    marked.map((one) => one.boxes!),
    known,
  );
  const entries = plain.flatMap((entry, i): Entry[] => {
    const own = boxes[i]!;
    const good = own.labels.every((label) => label >= 0 && label < classes.length);
    if (good && own.labels.length === own.boxes.length) return [{ ...entry, boxes: own }];
    refuse(entry.key, good ? 'not as many labels as boxes' : 'a box whose label is no class of the dataset');
    return [];
  });
  return { ...about, entries, classes, places, bad };
}

/** Those of the manifest, else the names where all have some, else as many as the largest number says. */
function classesOfBoxes(
  all: readonly NamedBoxes[],
  known: readonly string[] | null,
): { readonly classes: readonly string[]; readonly boxes: readonly Boxes[] } {
  const plain = all.map(({ names: _, ...own }) => own);
  if (known !== null) return { classes: known, boxes: plain };
  if (all.some(({ names }) => names === null))
    return { classes: numbered(plain.map(({ labels }) => largest(labels))), boxes: plain };
  const classes = [...new Set(all.flatMap(({ names }) => names!))].sort(byCodeUnits);
  const labels = new Map(classes.map((name, label) => [name, label]));
  const boxes = plain.map((own, i) => ({ ...own, labels: all[i]!.names!.map((name) => labels.get(name)!) }));
  return { classes, boxes };
}

/** Every mask is read. What cannot be read is told of when it is loaded. */
async function classesOfMasks(loader: Loader, entries: readonly Entry[]): Promise<string[]> {
  const most: number[] = [];
  await each(entries, 8, async (entry) => {
    try {
      most.push(largest((await loader.mask!(entry)).label));
    } catch (error) {
      if (!isDataProblem(error)) throw error;
    }
  });
  return numbered(most);
}

function largest(labels: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < labels.length; i++) if (labels[i]! > most) most = labels[i]!;
  return most;
}

const numbered = (most: readonly number[]): string[] => Array.from({ length: 1 + largest(most) }, (_, i) => String(i));
