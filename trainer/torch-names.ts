// torch-names.ts: which tensor of a PyTorch state dict holds which weights, and how its axes stand. A layer whose name is a module's
// ("layer1.0.conv1") has that module's tensors: named models have torchvision's and timm's names. Reads no file.
import { ShoalError } from '../base/errors.ts';
import { elements, type LayerConfig, type Model, type TensorSpec } from './model.ts';
import type { NamedWeight } from './order-weights.ts';
import { chain, type LayerWeight } from './weights.ts';

/** One weight of ours in a tensor of theirs: taken as `view`, its axes then in the order `axes`. */
interface Part {
  readonly name: string;
  readonly view: readonly number[];
  readonly axes: readonly number[];
}

export interface TorchTensor {
  /** "layer1.0.conv1.weight" */
  readonly name: string;
  readonly shape: readonly number[];
  /** One behind another along its first axis. */
  readonly parts: readonly Part[];
}

/** What a weight is called in PyTorch's module of the same kind. */
const NAMES: Readonly<Record<string, string>> = {
  kernel: 'weight',
  embeddings: 'weight',
  gamma: 'weight',
  alpha: 'weight',
  bias: 'bias',
  beta: 'bias',
  moving_mean: 'running_mean',
  moving_variance: 'running_var',
};

/** Layers of another structure there: (the layer's weights by name) -> tensors, by their name after the module's. */
const SPECIAL: Readonly<Record<string, (shape: (weight: string) => readonly number[]) => readonly TorchTensor[]>> = {
  // the three projections are one matrix, heads side by side
  MultiHeadAttention(shape) {
    const inner = (weight: string) => elements(shape(`${weight}_bias`));
    const stacked = ['query', 'key', 'value'] as const;
    const rows = stacked.reduce((sum, weight) => sum + inner(weight), 0);
    const width = shape('query_kernel')[0]!;
    const out = shape('attention_output_kernel');
    const product = elements(out) / out.at(-1)!;
    const kernels = stacked.map((w) => ({ name: `${w}_kernel`, view: [width, inner(w)], axes: [1, 0] }));
    const biases = stacked.map((w) => ({ name: `${w}_bias`, view: [inner(w)], axes: [0] }));
    const [weight, bias] = ['attention_output_kernel', 'attention_output_bias'];
    return [
      { name: 'qkv.weight', shape: [rows, width], parts: kernels },
      { name: 'qkv.bias', shape: [rows], parts: biases },
      {
        name: 'proj.weight',
        shape: [out.at(-1)!, product],
        parts: [{ name: weight, view: [product, out.at(-1)!], axes: [1, 0] }],
      },
      { name: 'proj.bias', shape: shape(bias), parts: [{ name: bias, view: shape(bias), axes: [0] }] },
    ];
  },
  // (channels, 1, 1) there
  LayerScale: (shape) => [alone('', 'gamma', shape('gamma'), [shape('gamma')[0]!, 1, 1])],
  ClassToken: (shape) => [alone('', 'class_token', shape('class_token'), shape('class_token'))],
  PositionEmbedding: (shape) => [
    alone('', 'position_embeddings', shape('position_embeddings'), [1, ...shape('position_embeddings')]),
  ],
};

const alone = (name: string, weight: string, view: readonly number[], shape: readonly number[]): TorchTensor => ({
  name,
  shape,
  parts: [{ name: weight, view, axes: view.map((_, axis) => axis) }],
});

/** A weight that has a tensor of its own. `flattened`: (H, W, C) of what a Flatten before it was given; PyTorch's is (C, H, W). */
function plain(layer: LayerConfig, { spec }: LayerWeight, flattened: readonly number[] | null): TorchTensor | null {
  const name = NAMES[spec.name];
  if (name === undefined) return null;
  const { shape } = spec;
  if (layer.className === 'DepthwiseConv2D' && shape.length === 4) {
    const [rows, columns, channels, multiplier] = shape as [number, number, number, number];
    const view = [rows, columns, channels * multiplier, 1];
    return { name, shape: [view[2]!, 1, rows, columns], parts: [{ name: spec.name, view, axes: [2, 3, 0, 1] }] };
  }
  if (spec.name !== 'kernel') return alone(name, spec.name, shape, shape);
  const view = flattened && layer.className === 'Dense' ? [...flattened, shape[1]!] : shape;
  const last = view.length - 1; // (...places, in, out) -> (out, in, ...places)
  const axes = [last, last - 1, ...view.slice(0, -2).map((_, axis) => axis)];
  const turned = axes.map((axis) => view[axis]!);
  const flat = view === shape ? turned : [turned[0]!, elements(turned.slice(1))];
  return { name, shape: flat, parts: [{ name: spec.name, view, axes }] };
}

/** Whether names look like those of a PyTorch state dict rather than ours. */
export const isTorch = (names: readonly string[]): boolean =>
  names.some((name) => name.endsWith('.weight')) && !names.some((name) => name.includes('/'));

/** All tensors of a model as PyTorch names and shapes them. @throws SHOAL_EXPORT_UNSUPPORTED for a weight that it has no like of */
export function torchTensors(model: Model): readonly TorchTensor[] {
  const { shapes, weights } = chain(model);
  const flattened = flattenedBefore(model, shapes);
  return Object.entries(model.layers).flatMap(([layer, config]) => {
    const own = weights.filter((weight) => weight.layer === layer);
    const special = SPECIAL[config.className];
    const tensors = special
      ? special((name) => own.find(({ spec }) => spec.name === name)!.spec.shape)
      : own.map((weight) => plain(config, weight, flattened.get(layer) ?? null) ?? refuse(layer, weight.spec.name));
    return tensors.map(({ name, shape, parts }) => ({
      name: name === '' ? layer : `${layer}.${name}`,
      shape,
      parts: parts.map((part) => ({ ...part, name: `${layer}/${part.name}` })),
    }));
  });
}

/** By layer: the shape (H, W, C) that a Flatten before it was given. Dropout between them changes nothing. */
function flattenedBefore(
  { calls, layers }: Model,
  shapes: Readonly<Record<string, TensorSpec>>,
): ReadonlyMap<string, readonly number[]> {
  const flattened = new Map<string, readonly number[]>(); // by call
  const found = new Map<string, readonly number[]>();
  for (const { name, layer, inputs } of calls) {
    const before = inputs[0]!;
    const { className } = layers[layer]!;
    const shape = className === 'Flatten' ? shapes[before]!.shape : flattened.get(before);
    if (shape?.length !== 3) continue;
    if (className === 'Flatten' || className === 'Dropout') flattened.set(name, shape);
    else found.set(layer, shape);
  }
  return found;
}

function refuse(layer: string, weight: string): never {
  throw new ShoalError({
    code: 'SHOAL_EXPORT_UNSUPPORTED',
    operation: `name the ${weight} of the layer "${layer}" as PyTorch does`,
    got: 'a weight that none of its modules has',
    expected: `one of ${Object.keys(NAMES).join(', ')}`,
    hint: 'Export to another format.',
  });
}

/** Our weights, from a tensor of theirs. */
export function fromTorch({ parts }: TorchTensor, data: Float32Array): readonly Pick<NamedWeight, 'name' | 'data'>[] {
  let at = 0;
  return parts.map(({ name, view, axes }) => {
    const length = elements(view);
    const turned = axes.map((axis) => view[axis]!);
    const back = axes.map((_, axis) => axes.indexOf(axis));
    const part = transpose(data.subarray(at, at + length), turned, back);
    at += length;
    return { name, data: part };
  });
}

/** A tensor of theirs, from our weights by name. */
export function toTorch({ shape, parts }: TorchTensor, weight: (name: string) => Float32Array): Float32Array {
  const data = new Float32Array(elements(shape));
  let at = 0;
  for (const { name, view, axes } of parts) {
    data.set(transpose(weight(name), view, axes), at);
    at += elements(view);
  }
  return data;
}

/** y[i_axes] = x[i]: axis k of the result is axis axes[k] of x. */
function transpose(x: Float32Array, shape: readonly number[], axes: readonly number[]): Float32Array {
  const strides = shape.map((_, axis) => elements(shape.slice(axis + 1)));
  const y = new Float32Array(x.length);
  const index = axes.map(() => 0);
  let from = 0;
  for (let to = 0; to < y.length; to++) {
    y[to] = x[from]!;
    for (let k = axes.length - 1; k >= 0; k--) {
      const axis = axes[k]!;
      from += strides[axis]!;
      if (++index[k]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!;
      index[k] = 0;
    }
  }
  return y;
}
