// device-batches.ts: which bundles of a piece of work are computed side by side. Bookkeeping alone.
import { ShoalError } from '../../base/errors.ts';
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

/** What layers of a device batch may hold between them, in GiB, unless SHOAL_DEVICE_GIB says otherwise. Gradients take as much again. */
const DEVICE_GIB = 2;

/**
 * The most rows of a device batch: of the job and that number alone, so that the same work is always cut in the same way.
 * @throws SHOAL_USAGE for a SHOAL_DEVICE_GIB that is no positive number
 */
export function mostRows(shapes: Readonly<Record<string, TensorSpec>>, env: NodeJS.ProcessEnv = process.env): number {
  const given = env['SHOAL_DEVICE_GIB'];
  const gib = given ? Number(given) : DEVICE_GIB;
  if (!(gib > 0))
    throw new ShoalError({
      code: 'SHOAL_USAGE',
      operation: 'cut batches for the device',
      got: `SHOAL_DEVICE_GIB=${given}`,
      expected: 'a number of GiB above 0',
      hint: 'Leave it out for 2 GiB, and as much again for gradients.',
    });
  const numbers = Object.values(shapes).reduce((sum, { shape }) => sum + elements(shape), 0);
  return Math.max(1, Math.floor((gib * 2 ** 28) / numbers));
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
