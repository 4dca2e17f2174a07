// phases.ts: a run whose layers are unfrozen on the way: which rest in which epochs. A layer that rests is as a frozen one, but has its
// place among the sums and in the optimizer's state, for later. What frozen layers are: layer-patterns.ts.
import type { Job } from './job.ts';
import { freezeLayers, matches } from './layer-patterns.ts';
import type { Model, Segment } from './model.ts';
import { withPaces } from './rates.ts';
import { segmentsOf } from './weights.ts';

/** Epochs in which the same layers rest: from one, up to another. */
export interface Phase {
  readonly from: number;
  readonly to: number;
}

/** The phases of a job, in order, without a gap. */
export function phasesOf({ freeze, epochs }: Pick<Job, 'freeze' | 'epochs'>): readonly Phase[] {
  const ends = freeze.flatMap(({ until }) => (until !== null && until < epochs ? [until] : []));
  const borders = [...new Set([0, ...ends, epochs])].sort((a, b) => a - b);
  return borders.slice(1).map((to, i) => ({ from: borders[i]!, to }));
}

/** Number of the phase that an epoch, counted from 0, belongs to. */
export const phaseAt = (phases: readonly Phase[], epoch: number): number =>
  Math.max(
    0,
    phases.findLastIndex(({ from }) => from <= epoch),
  );

/** The layers that rest in an epoch, counted from 0, and are trained in a later one. */
export function restingLayers({ freeze, model }: Pick<Job, 'freeze' | 'model'>, epoch: number): ReadonlySet<string> {
  const patterns = freeze.filter(({ until }) => until !== null && until > epoch);
  return new Set(Object.keys(model.layers).filter((name) => patterns.some(({ layers }) => matches(layers, name))));
}

/** The model as it is in a phase. */
export const modelInPhase = (model: Model, resting: ReadonlySet<string>): Model =>
  resting.size === 0 ? model : freezeLayers(model, resting);

/** The weights of a job in a phase: those of resting layers keep their place. */
export const segmentsInPhase = (segments: readonly Segment[], resting: ReadonlySet<string>): readonly Segment[] =>
  segments.map((segment) => {
    const layer = segment.path.slice(0, segment.path.lastIndexOf('/'));
    return resting.has(layer) && !segment.frozen ? { ...segment, resting: true as const } : segment;
  });

/** All weights of a job as they are in an epoch, counted from 0: with their rates, those that rest marked. */
export const segmentsAt = (job: Job, epoch: number): readonly Segment[] =>
  withPaces(segmentsInPhase(segmentsOf(job.model).weights, restingLayers(job, epoch)), job);
