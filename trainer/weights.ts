// weights.ts: which weights a model has and where each lies; the shape of every tensor. Not their values (initialize.ts).
import { ShoalError } from '../base/errors.ts';
import { boundsOf } from './constraints.ts';
import { shapeText } from './layers/common.ts';
import { layerOf } from './layers/index.ts';
import { type Constraint, elements, type Model, type Segment, type TensorSpec, type WeightSpec } from './model.ts';

/** Elements that a tensor's place in memory is a multiple of: 64 bytes. */
export const ALIGNMENT = 16;

/** A weight with the name of its layer. */
export interface LayerWeight {
  readonly layer: string;
  readonly spec: WeightSpec;
  readonly bounds: Constraint | null;
}

export interface Segments {
  /** In Keras' order: by layer, then by the layer's own order. Segment i is slot i of initialization. */
  readonly parameters: readonly Segment[];
  /** `flat` counts from the first of these. */
  readonly state: readonly Segment[];
  /** Both as one vector, the parameters first: what a store updates, and what a plan reads. */
  readonly weights: readonly Segment[];
  /** By name of the call, and of the inputs. */
  readonly shapes: Readonly<Record<string, TensorSpec>>;
  /** Elements of each vector. */
  readonly counts: { readonly parameters: number; readonly state: number };
}

/**
 * The shape of every call's result, and every weight, ordered by layer.
 * @throws SHOAL_SHAPE where shapes do not chain, SHOAL_MODEL for a wrong number of inputs
 */
export function chain(model: Model): { shapes: Record<string, TensorSpec>; weights: readonly LayerWeight[] } {
  const shapes: Record<string, TensorSpec> = Object.fromEntries(model.inputs.map(({ name, spec }) => [name, spec]));
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
    (weights.get(layer) ?? []).map((spec) => ({ layer, spec, bounds: boundsOf(spec, `${layer}/${spec.name}`) })),
  );
  return { shapes, weights: ordered };
}

/** Lays out both flat vectors of a model. Throws as `chain` does. */
export function segmentsOf(model: Model): Segments {
  const { shapes, weights } = chain(model);
  const frozen = (layer: string): boolean => model.layers[layer]!.config['trainable'] === false;
  const vector = (role: 'parameter' | 'state') => weights.filter(({ spec }) => spec.role === role);
  const both = layOut(vector('parameter'), vector('state'), frozen);
  const parameters = both.filter((segment) => !segment.state);
  const counts = { parameters: lengthOf(parameters), state: lengthOf(both) - lengthOf(parameters) };
  const state = both
    .slice(parameters.length)
    .map((segment) => ({ ...segment, flat: segment.flat - counts.parameters }));
  return { parameters, state, weights: both, shapes, counts };
}

const lengthOf = (segments: readonly Segment[]): number => segments.reduce((sum, { length }) => sum + length, 0);
const aligned = (n: number): number => Math.ceil(n / ALIGNMENT) * ALIGNMENT;

/** In memory what moves comes first: sums and optimizer state are as long as that. */
function layOut(
  parameters: readonly LayerWeight[],
  state: readonly LayerWeight[],
  frozen: (layer: string) => boolean,
): readonly Segment[] {
  let flat = 0;
  const segments = [...parameters, ...state].map(({ layer, spec, bounds }) => {
    const { name, shape, role, momentum = null, penalty } = spec;
    const segment = {
      path: `${layer}/${name}`,
      shape,
      length: elements(shape),
      flat,
      ...(role === 'state' && { state: { momentum } }),
      ...(penalty && { penalty }),
      ...(bounds && { constraint: bounds }),
      ...((frozen(layer) || (role === 'state' && momentum === null)) && { frozen: true as const }),
    };
    flat += segment.length;
    return segment;
  });
  let end = 0;
  const places = new Map<string, number>();
  for (const { path, length } of [...segments.filter((s) => !s.frozen), ...segments.filter((s) => s.frozen)]) {
    places.set(path, end);
    end = aligned(end + length);
  }
  return segments.map((segment) => ({ ...segment, at: places.get(segment.path)! }));
}
