// device-batches.ts: which bundles of a piece of work are computed side by side. Bookkeeping alone.
import { elements, type TensorSpec } from '../model.ts';
import { bundlesOf, type Work } from '../work.ts';

/** Bundles (work.ts) computed as one device batch. */
export interface DeviceBundles {
  /** Number of the first, counted from the work's first. */
  readonly first: number;
  /** Rows of each. */
  readonly bundles: readonly number[];
  readonly rows: number;
  /** Place in the global batch of the first row. */
  readonly slot: number;
  /** The row after each micro-shard's last. */
  readonly leafEnds: readonly number[];
}

/** Numbers between layers that a device batch may hold: 2^29 are 2 GiB, and gradients take as much again. */
const MOST_NUMBERS = 2 ** 29;

/** The most rows of a device batch: of the job alone, so that the same work is always cut in the same way. */
export function mostRows(shapes: Readonly<Record<string, TensorSpec>>): number {
  const numbers = Object.values(shapes).reduce((sum, { shape }) => sum + elements(shape), 0);
  return Math.max(1, Math.floor(MOST_NUMBERS / numbers));
}

/** The bundles of a piece of work, in order, as many at once as have at most so many rows; at least one. */
export function deviceBatches(work: Work, level: number, most: number): readonly DeviceBundles[] {
  const batches: DeviceBundles[] = [];
  for (const [first, { rows, slot, leafEnds }] of bundlesOf(work, level).entries()) {
    const last = batches.at(-1);
    if (!last || last.rows + rows > most) batches.push({ first, bundles: [rows], rows, slot, leafEnds });
    else
      batches[batches.length - 1] = {
        ...last,
        bundles: [...last.bundles, rows],
        rows: last.rows + rows,
        leafEnds: [...last.leafEnds, ...leafEnds.map((end) => last.rows + end)],
      };
  }
  return batches;
}
