// torch-names.ts: weights under the names of a PyTorch module -> ours, transposed as needed. Layers must have the modules' names, as
// those of trainer/models/ have torchvision's. Not the file (safetensors.ts).
import { elements, type Model } from '../model.ts';
import type { NamedWeight } from '../order-weights.ts';
import { chain } from '../weights.ts';

/** The module's tensor of each weight. */
const SUFFIX: Readonly<Record<string, string>> = {
  kernel: '.weight',
  bias: '.bias',
  gamma: '.weight',
  beta: '.bias',
  moving_mean: '.running_mean',
  moving_variance: '.running_var',
};

/** Whether names look like those of a PyTorch state dict rather than ours. */
export const isTorch = (names: readonly string[]): boolean =>
  names.some((name) => name.endsWith('.weight')) && !names.some((name) => name.includes('/'));

/** The axes of `data` in another order: axis i of the result is axis order[i]. */
function transposed(data: Float32Array, shape: readonly number[], order: readonly number[]): Float32Array {
  const strides = shape.map((_, axis) => elements(shape.slice(axis + 1)));
  const sizes = order.map((axis) => shape[axis]!);
  const steps = order.map((axis) => strides[axis]!);
  const result = new Float32Array(data.length);
  const index = sizes.map(() => 0);
  let from = 0;
  for (let to = 0; to < result.length; to++) {
    result[to] = data[from]!;
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      from += steps[axis]!;
      if (++index[axis]! < sizes[axis]!) break;
      from -= steps[axis]! * sizes[axis]!;
      index[axis] = 0;
    }
  }
  return result;
}

/**
 * The model's weights, as far as the tensors have them. Of a Dense layer behind a Flatten, PyTorch orders the inputs channel first.
 * Tensors that no layer asks for are passed over.
 */
export function fromTorch(model: Model, tensors: readonly NamedWeight[]): NamedWeight[] {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const { shapes, weights } = chain(model);
  return weights.flatMap(({ layer, spec }) => {
    const found = byName.get(`${layer}${SUFFIX[spec.name] ?? ''}`) ?? byName.get(layer);
    if (!found || found.data.length !== elements(spec.shape)) return [];
    const { data, shape } = found;
    const to = (order: readonly number[], of = shape) => transposed(data, of, order);
    const weight = (values: Float32Array) => [{ name: `${layer}/${spec.name}`, shape: spec.shape, data: values }];
    const { className } = model.layers[layer]!;
    if (className === 'DepthwiseConv2D' && shape.length === 4) {
      const [, , C, m] = spec.shape as [number, number, number, number];
      return weight(to([2, 3, 0, 1], [C, m, shape[2]!, shape[3]!]));
    }
    if (spec.name !== 'kernel') return weight(data);
    if (className === 'Conv2D' && shape.length === 4) return weight(to([2, 3, 1, 0]));
    if (className !== 'Dense') return weight(data);
    const image = flattened(model, layer, shapes);
    if (!image) return weight(to([1, 0], [spec.shape[1]!, spec.shape[0]!]));
    const [H, W, C] = image;
    return weight(to([2, 3, 1, 0], [spec.shape[1]!, C, H, W]));
  });
}

/** The shape of the image that a Dense layer gets as one row, through layers that keep its order. */
function flattened(
  { calls, layers }: Model,
  layer: string,
  shapes: ReturnType<typeof chain>['shapes'],
): readonly [number, number, number] | null {
  let call = calls.find((each) => each.layer === layer);
  while (call) {
    const [from] = call.inputs;
    const before = calls.find(({ name }) => name === from);
    const className = before && layers[before.layer]!.className;
    if (className === 'Flatten') {
      const { shape } = shapes[before!.inputs[0]!]!;
      return shape.length === 3 ? (shape as readonly [number, number, number]) : null;
    }
    if (className !== 'Dropout' && className !== 'Activation') return null;
    call = before;
  }
  return null;
}
