// einsum-dense.ts: a product with a kernel over the last axes of a sample, which become others: what Keras writes as "abc,cd->abd". It
// computes by the kernels of Dense. Sums over other axes than the last are refused.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { constraint } from '../constraints.ts';
import { initializerSchema } from '../initializers.ts';
import { elements, type TensorSpec } from '../model.ts';
import { regularizer } from '../regularizers.ts';
import type { Tensor } from '../tensor.ts';
import { activation, base, off, optionError, shapeError, shapeText, weight } from './common.ts';
import { dense } from './dense.ts';
import type { LayerKind } from './kind.ts';

const size = z.int().positive();
const config = strict({
  ...base,
  equation: z.string(),
  /** Behind the batch and what an ellipsis stands for; null: as long as the input's axis. */
  output_shape: z.union([size.transform((n) => [n]), z.array(size.nullable())]),
  activation,
  bias_axes: z.string().nullable().default(null),
  kernel_initializer: initializerSchema('glorot_uniform'),
  bias_initializer: initializerSchema('zeros'),
  kernel_regularizer: regularizer,
  bias_regularizer: regularizer,
  activity_regularizer: off,
  kernel_constraint: constraint,
  bias_constraint: constraint,
  lora_rank: off,
  lora_alpha: off,
  gptq_unpacked_column_size: off,
  quantization_config: off,
});
export type EinsumDenseConfig = z.infer<typeof config>;

/** What an equation says: axes that stay, axes that are summed over, axes that come. */
interface Reading {
  readonly kept: readonly number[];
  readonly summed: readonly number[];
  readonly made: readonly number[];
}

/** "abc,cde->abde", or with an ellipsis for the axes that stay. */
const EQUATION = /^(\.\.\.)?([a-zA-Z]*),([a-zA-Z]+)->(\.\.\.)?([a-zA-Z]*)$/;

/** @throws SHOAL_MODEL, SHOAL_SHAPE */
function read(c: EinsumDenseConfig, inputs: readonly TensorSpec[]): Reading {
  const { shape } = inputs[0]!;
  const refuse = () => {
    const expected =
      'an equation that sums over the last axes of the input, which the kernel begins with: "abc,cd->abd"';
    return optionError(c.name, `"${c.equation}"`, expected, 'Permute before it, so that the summed axes are the last.');
  };
  const [, dots, left, kernel, dotsOut, right] = EQUATION.exec(c.equation.replaceAll(' ', '')) ?? [];
  if (left === undefined || kernel === undefined || right === undefined || dots !== dotsOut) throw refuse();
  const count = [...left].findIndex((letter) => !right.includes(letter)); // letters that stay
  const stay = left.slice(0, count);
  const over = left.slice(count);
  const made = kernel.slice(over.length);
  const straight =
    count >= (dots ? 0 : 1) &&
    kernel.startsWith(over) &&
    right === stay + made &&
    new Set(left + made).size === (left + made).length;
  if (!straight) throw refuse();
  const hidden = dots ? shape.length - left.length : 0; // axes behind the batch that the ellipsis stands for
  const rank = dots ? Math.max(shape.length, left.length) : left.length - 1;
  if (shape.length !== rank)
    throw shapeError(c.name, inputs, `${rank} axes, as "${c.equation}" says`, 'The first letter is the batch.');
  const kept = shape.slice(0, shape.length - over.length);
  const sizes = [...shape.slice(0, hidden), ...c.output_shape.map((n, i) => n ?? shape[hidden + i])];
  const wanted = [...kept, ...sizes.slice(kept.length)] as number[];
  if (sizes.length !== kept.length + made.length || wanted.some((n, i) => n !== sizes[i]))
    throw optionError(
      c.name,
      `output_shape ${JSON.stringify(c.output_shape)}`,
      `${kept.length + made.length - hidden} sizes that begin with ${shapeText(kept.slice(hidden))}`,
      'null takes the size of the input; axes under an ellipsis are left out.',
    );
  if (c.bias_axes !== null && c.bias_axes !== made)
    throw optionError(
      c.name,
      `bias_axes "${c.bias_axes}"`,
      `null, or "${made}": the axes that come`,
      'Add it in a layer of its own.',
    );
  return { kept, summed: shape.slice(kept.length), made: wanted.slice(kept.length) };
}

export const einsumDense: LayerKind<EinsumDenseConfig> = {
  className: 'EinsumDense',
  config,
  arity: [1, 1],
  shape(c, inputs) {
    const { kept, made } = read(c, inputs);
    return { shape: [...kept, ...made] };
  },
  weights(c, inputs) {
    const { summed, made } = read(c, inputs);
    const kernel = weight(c, 'kernel', [...summed, ...made]);
    return c.bias_axes === null ? [kernel] : [kernel, weight(c, 'bias', made)];
  },
  emit(c, f) {
    const { build, spec } = f;
    const { kept, summed, made } = read(c, f.inputs);
    const [m, K, N] = [elements(kept), elements(summed), elements(made)];
    const options = {
      ...{ name: c.name, trainable: c.trainable, dtype: c.dtype, units: N, activation: c.activation },
      ...{
        use_bias: c.bias_axes !== null,
        kernel_initializer: c.kernel_initializer,
        bias_initializer: c.bias_initializer,
      },
      ...{ kernel_regularizer: null, bias_regularizer: null, activity_regularizer: null },
      ...{ kernel_constraint: null, bias_constraint: null, quantization_config: null },
    } as const;
    const output = (): Tensor => build.tensor([m, N]);
    const x = build.reshape(build.compact(f.inputs[0]!), [m, K]);
    const inner = build.tensor([m, K]); // the gradient of x
    const result = dense.emit(options, { ...f, inputs: [x], spec: { shape: [m, N] }, output });
    return {
      ...result,
      output: build.reshape(result.output, spec.shape),
      backward(g) {
        result.backward({
          ...g,
          dY: build.reshape(build.compact(g.dY), [m, N]),
          dInput: () => inner,
        });
        if (!g.wants(0)) return;
        const dX = g.dInput(0);
        build.copy(build.reshape(inner, dX.shape), dX);
      },
    };
  },
};
