// weight-gradients.ts: where the gradients of weights go while a plan runs backward: of a layer with several calls, of one that a codec
// rounds, of a frozen one. Not how layers compute them.
import type { Operand } from '../kernels/abi.ts';
import { segment, segmentsOfLayer } from './layer-segments.ts';
import type { Call } from './model.ts';
import type { CompileOptions } from './plan.ts';
import { fixedAt, type Given, type PlanBuilder } from './plan-builder.ts';

/** Of one call of a layer. */
export interface CallGradients {
  /** The sums that its calls write are those of this leaf alone: `finish` adds the siblings. */
  readonly alone: boolean;
  /** Where the gradient of a weight goes. */
  of(name: string): Given;
  /** After the layer's own calls: adds to what other calls of the layer gave, and rounds. @returns full names of weights whose gradients stand */
  finish(): readonly string[];
}

/**
 * A layer with one call writes into the contribution, finished siblings added as it stores. Of several calls the first to run does so
 * without the siblings, the others add to that; the last of all, the siblings too. A codec rounds before they are added.
 */
export function weightGradients(
  build: PlanBuilder,
  { model, segments, codec: { round } }: CompileOptions,
  /** Calls that are run backward. */
  trained: ReadonlySet<string>,
): (call: Call) => CallGradients {
  const left = new Map<string, number>(); // calls of each layer that have not run yet
  for (const { layer, name } of model.calls) if (trained.has(name)) left.set(layer, (left.get(layer) ?? 0) + 1);
  const begun = new Set<string>();

  return ({ layer }) => {
    const last = left.get(layer) === 1;
    const first = !begun.has(layer);
    begun.add(layer);
    left.set(layer, left.get(layer)! - 1);
    const own = new Map<string, Given>(); // of a further call, until added
    const place = (name: string): Operand => fixedAt('contribution', 4 * segment(segments, layer, name).at);
    return {
      alone: round !== null || !(first && last),
      of(name) {
        const { frozen, resting, length } = segment(segments, layer, name);
        if (frozen || resting) return build.unwanted(4 * length);
        if (first) return place(name);
        const buffer = { buffer: build.buffer(4 * length), at: 0 };
        own.set(name, buffer);
        return buffer;
      },
      finish() {
        const tensors = segmentsOfLayer(segments, layer).filter(
          ({ state, frozen, resting }) => !state && !frozen && !resting,
        );
        let waited = false; // for the layer's own calls
        for (const { path, length } of tensors) {
          const name = path.slice(path.lastIndexOf('/') + 1);
          const values = place(name);
          const part = own.get(name);
          build.alone = !last || round !== null;
          if (part) build.call('accumulate', { part, out: values }, { count: length }, {}, { independent: waited });
          waited ||= part !== undefined;
          build.alone = false;
          if (last) round?.({ build, values, count: length });
        }
        return last ? tensors.map(({ path }) => path) : [];
      },
    };
  };
}
