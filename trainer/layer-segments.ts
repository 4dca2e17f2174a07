// layer-segments.ts: what a model's layers are, and which of its weights are theirs. It compiles nothing (plan.ts).
import { layerOf } from './layers/index.ts';
import type { LayerKind } from './layers/kind.ts';
import type { Model, Segment } from './model.ts';

export function layerFor(model: Model, name: string): { kind: LayerKind<unknown>; config: unknown } {
  const { className, config } = model.layers[name]!;
  return { kind: layerOf(className), config };
}

/** Segments of a layer. Layer names may hold a slash; the last one of a path comes before the weight's. */
export const segmentsOfLayer = (segments: readonly Segment[], layer: string): readonly Segment[] =>
  segments.filter(({ path }) => path.slice(0, path.lastIndexOf('/')) === layer);

/** Whether a layer has parameters that are trained. */
export const isTrained = (segments: readonly Segment[], layer: string): boolean =>
  segmentsOfLayer(segments, layer).some(({ state, frozen, resting }) => !state && !frozen && !resting);

export function segment(segments: readonly Segment[], layer: string, weight: string): Segment {
  return segments.find((s) => s.path === `${layer}/${weight}`)!;
}

/** Layers with several calls. */
export const sharedLayers = ({ layers, calls }: Model): readonly string[] =>
  Object.keys(layers).filter((layer) => calls.filter((call) => call.layer === layer).length > 1);
