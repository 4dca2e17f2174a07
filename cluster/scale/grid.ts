// grid.ts: the settings of a scaling experiment and their order: pure. What one setting gives is measured by measure.ts.
import { ShoalError } from '../../base/errors.ts';

export const AXES = ['threads', 'workers', 'servers', 'codec'] as const;
export type Axis = (typeof AXES)[number];

export interface Grid {
  readonly threads: readonly number[];
  /** Empty: one process, without workers and servers of their own. */
  readonly workers: readonly number[];
  readonly servers: readonly number[];
  /** Empty: the job's own. */
  readonly codec: readonly string[];
  /** weak: the batch grows with the processors, at the same work for each. */
  readonly kind: 'strong' | 'weak';
  readonly repeat: number;
}

export interface Setting {
  /** Of each worker. */
  readonly threads: number;
  readonly workers: number | null;
  readonly servers: number | null;
  readonly codec: string | null;
}

/** One run to be made. */
export interface Turn extends Setting {
  /** From 0. */
  readonly round: number;
}

/** Threads that compute, over all processes. */
export const processors = ({ threads, workers }: Setting): number => threads * (workers ?? 1);

export const keyOf = ({ threads, workers, servers, codec }: Setting): string =>
  [
    `threads=${threads}`,
    ...(workers === null ? [] : [`workers=${workers}`, `servers=${servers}`]),
    ...(codec === null ? [] : [`codec=${codec}`]),
  ].join(' ');

/** Every combination, the fewest processors first. */
export function settingsOf({ threads, workers, servers, codec }: Grid): readonly Setting[] {
  const or = <T>(list: readonly T[]): readonly (T | null)[] => (list.length > 0 ? list : [null]);
  const settings: Setting[] = [];
  for (const c of or(codec))
    for (const s of workers.length > 0 ? (servers.length > 0 ? servers : [1]) : [null])
      for (const w of or(workers))
        for (const t of threads) settings.push({ threads: t, workers: w, servers: s, codec: c });
  return settings.toSorted((a, b) => processors(a) - processors(b));
}

/** Round by round, so that what changes on the machine meets every setting; each second round backwards, so that no setting is always first. */
export function turnsOf(grid: Grid): readonly Turn[] {
  const settings = settingsOf(grid);
  return Array.from({ length: grid.repeat }, (_, round) =>
    (round % 2 === 0 ? settings : settings.toReversed()).map((setting) => ({ ...setting, round })),
  ).flat();
}

/** The axis that a grid is about: the first along which it has several values. */
export function axisOf(grid: Grid): Axis {
  return AXES.find((axis) => grid[axis].length > 1) ?? 'threads';
}

const MOST = 4096;

/** "1,2,4" @throws SHOAL_SCALE_GRID */
export function parseCounts(text: string, axis: Axis): readonly number[] {
  const values = text.split(',').map(Number);
  if (values.every((it) => Number.isInteger(it) && it >= 1 && it <= MOST) && new Set(values).size === values.length)
    return values;
  throw new ShoalError({
    code: 'SHOAL_SCALE_GRID',
    operation: `read --${axis}`,
    got: text,
    expected: `whole numbers from 1 to ${MOST} with commas, each once`,
    hint: `For example --${axis} 1,2,4.`,
  });
}
