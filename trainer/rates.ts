// rates.ts: what differs from weight to weight in the numbers of a step: the factor of the rate, and the epoch that training begins with.
// What a step makes of both: step-scalars.ts.
import type { Job } from './job.ts';
import { matches } from './layer-patterns.ts';
import type { Segment } from './model.ts';

export interface Pace {
  readonly factor: number;
  /** In epochs, from 0. */
  readonly since: number;
}

/** The weights, each with the factor of its layer, that of the last pattern which names it, and with the epoch up to which it rests. */
export const withPaces = (segments: readonly Segment[], job: Pick<Job, 'rates' | 'freeze'>): readonly Segment[] =>
  segments.map((segment) => {
    const layer = segment.path.slice(0, segment.path.lastIndexOf('/'));
    const rate = job.rates.findLast(({ layers }) => matches(layers, layer))?.factor ?? 1;
    const rests = job.freeze.map(({ layers, until }) => (matches(layers, layer) ? (until ?? 0) : 0));
    const since = Math.max(0, ...rests);
    return { ...segment, ...(rate !== 1 && { rate }), ...(since !== 0 && { since }) };
  });

const paceOf = ({ rate = 1, since = 0 }: Segment): Pace => ({ factor: rate, since });

/** The paces of all weights, each once; the plain one is the first. */
export function pacesOf(segments: readonly Segment[]): readonly Pace[] {
  const paces: Pace[] = [{ factor: 1, since: 0 }];
  for (const segment of segments) if (paceAt(paces, segment) < 0) paces.push(paceOf(segment));
  return paces;
}

/** The place of a weight's pace among them; -1: it has none. */
export function paceAt(paces: readonly Pace[], segment: Segment): number {
  const { factor, since } = paceOf(segment);
  return paces.findIndex((pace) => pace.factor === factor && pace.since === since);
}
