// weights.ts: which weights a model has and where each lies; the shape of every tensor. Not their values (initialize.ts).
import { ShoalError } from '../base/errors.ts';
import { shapeText } from './layers/common.ts';
import { layerOf } from './layers/index.ts';
import { elements, type Model, type Segment, type TensorSpec, type WeightSpec } from './model.ts';

/** Elements that a tensor's place in memory is a multiple of: 64 bytes. */
export const ALIGNMENT = 16;

/** A weight with the name of its layer. */
export interface LayerWeight {
  readonly layer: string;
  readonly spec: WeightSpec;
}

/** Elements of one of the two flat vectors. */
export interface Counts {
  /** In the compact vector. */
  readonly flat: number;
  /** In memory, where every tensor starts at ALIGNMENT and the end is padded to it. */
  readonly memory: number;
}

export interface Segments {
  /** In Keras' order: by layer, then by the layer's own order. Segment i is slot i of initialization. */
  readonly parameters: readonly Segment[];
  readonly state: readonly Segment[];
  /** Both as one vector, the parameters first: what a store updates, and what a plan reads. */
  readonly weights: readonly Segment[];
  /** By name of the call, and of the input. */
  readonly shapes: Readonly<Record<string, TensorSpec>>;
  readonly counts: { readonly parameters: Counts; readonly state: Counts };
}

/**
 * The shape of every call's result, and every weight, ordered by layer.
 * @throws SHOAL_SHAPE where shapes do not chain, SHOAL_MODEL for a wrong number of inputs
 */
export function chain(model: Model): { shapes: Record<string, TensorSpec>; weights: readonly LayerWeight[] } {
  const shapes: Record<string, TensorSpec> = { [model.input.name]: model.input.spec };
  const weights = new Map<string, readonly WeightSpec[]>();
  for (const call of model.calls) {
    const { className, config } = model.layers[call.layer]!;
    const layer = layerOf(className);
    const inputs = call.inputs.map((name) => shapes[name]!);
    const [least, most] = layer.arity;
    if (inputs.length < least || inputs.length > most) {
      throw new ShoalError({
        code: 'SHOAL_MODEL',
        operation: `chain the layer "${call.layer}"`,
        got: `${inputs.length} inputs (${call.inputs.join(', ')})`,
        expected: least === most ? `${least}` : `at least ${least}`,
        hint: `That is what ${className} takes.`,
      });
    }
    shapes[call.name] = layer.shape(config, inputs);
    const specs = layer.weights(config, inputs);
    const before = weights.get(call.layer) ?? specs;
    const different = before.findIndex((spec, i) => shapeText(spec.shape) !== shapeText(specs[i]!.shape));
    if (different >= 0) {
      const [name, first, second] = [before[different]!.name, before[different]!.shape, specs[different]!.shape];
      throw new ShoalError({
        code: 'SHOAL_SHAPE',
        operation: `share the layer "${call.layer}"`,
        got: `inputs that need a ${name} of shape ${shapeText(second)}`,
        expected: `the ${name} of its first use, of shape ${shapeText(first)}`,
        hint: 'All uses of a layer share its weights: give it inputs of one shape.',
      });
    }
    weights.set(call.layer, before);
  }
  const ordered = Object.keys(model.layers).flatMap((layer) =>
    (weights.get(layer) ?? []).map((spec) => ({ layer, spec })),
  );
  return { shapes, weights: ordered };
}

/** Lays out both flat vectors of a model. Throws as `chain` does. */
export function segmentsOf(model: Model): Segments {
  const { shapes, weights } = chain(model);
  const parameters = layOut(weights.filter(({ spec }) => spec.role === 'parameter'));
  const state = layOut(weights.filter(({ spec }) => spec.role === 'state'));
  const counts = { parameters: count(parameters), state: count(state) };
  const behind = ({ flat, at, ...rest }: Segment): Segment => ({
    ...rest,
    flat: counts.parameters.flat + flat,
    at: counts.parameters.memory + at,
  });
  return { parameters, state, weights: [...parameters, ...state.map(behind)], shapes, counts };
}

const aligned = (n: number): number => Math.ceil(n / ALIGNMENT) * ALIGNMENT;

function layOut(weights: readonly LayerWeight[]): readonly Segment[] {
  let flat = 0;
  let at = 0;
  return weights.map(({ layer, spec: { name, shape, role, momentum = null } }) => {
    const length = elements(shape);
    const state = role === 'state' ? { state: { momentum } } : {};
    const segment: Segment = { path: `${layer}/${name}`, shape, length, flat, at, ...state };
    flat += length;
    at = aligned(at + length);
    return segment;
  });
}

function count(segments: readonly Segment[]): Counts {
  const last = segments.at(-1);
  return last ? { flat: last.flat + last.length, memory: aligned(last.at + last.length) } : { flat: 0, memory: 0 };
}
