// multi-head-attention.ts: each query's mean of values, weighted by how its keys fit, in several heads side by side, as Keras has it.
// Its inputs are query, value and, by choice, key (default: the value). Scores are never stored (kernels/assembly/attention.ts).
import { z } from 'zod';
import { ignored, strict } from '../../base/check.ts';
import { initializerSchema } from '../initializers.ts';
import { bothMasks } from '../masks.ts';
import type { TensorSpec, WeightSpec } from '../model.ts';
import type { Tensor } from '../tensor.ts';
import { base, optionError, shapeError, weight, weighted } from './common.ts';
import type { Forward, LayerKind } from './kind.ts';
import { type Projection, project, projectBack, projectWeights } from './project.ts';

/** Widest head that the kernels take. */
const WIDEST = 512;
/** Most draws of one sample: a counter of 2^32 steps, four draws a step. */
const MOST_DRAWS = 2 ** 34;

const size = z.int().positive();
const config = strict({
  ...base,
  num_heads: size,
  key_dim: size.max(WIDEST),
  value_dim: size.max(WIDEST).nullable().default(null),
  dropout: z.number().min(0).lt(1).default(0),
  /** Keras gives it at the call. */
  use_causal_mask: z.boolean().default(false),
  output_shape: z
    .union([size.transform((n): readonly number[] => [n]), z.tuple([size]), z.null()], 'null, or one whole number')
    .default(null),
  attention_axes: z
    .union([z.literal(1), z.tuple([z.literal(1)]), z.null()], 'null: over the places')
    .default(null)
    .transform(() => null),
  flash_attention: z.boolean().nullable().default(null),
  seed: z.null("null: the job's seed decides what is dropped").default(null),
  ...weighted,
  kernel_initializer: initializerSchema('glorot_uniform'),
  bias_initializer: initializerSchema('zeros'),
  use_gate: z.literal(false, 'false: Shoal does not have gates').optional(),
  sliding_window: z.null('null: over all places').optional(),
  softmax_robust_masking: z.literal(false).optional(),
  query_shape: ignored,
  key_shape: ignored,
  value_shape: ignored,
}).transform(
  ({
    flash_attention: _,
    query_shape: _q,
    key_shape: _k,
    value_shape: _v,
    use_gate: _g,
    sliding_window: _w,
    softmax_robust_masking: _m,
    ...c
  }) => c, // nothing that decides a value
);
export type MultiHeadAttentionConfig = z.infer<typeof config>;

interface Sizes {
  readonly T: number;
  readonly S: number;
  readonly D: number;
  readonly E: number;
  readonly heads: number;
}

const PARTS = ['query', 'key', 'value'] as const;

/** Widths of query, key, value and result. */
function widths(c: MultiHeadAttentionConfig, inputs: readonly TensorSpec[]) {
  const [query, value, key = value!] = inputs;
  const width = (spec: TensorSpec) => spec.shape.at(-1)!;
  const out = c.output_shape?.[0] ?? width(query!);
  return { query: width(query!), key: width(key), value: width(value!), out };
}

export const multiHeadAttention: LayerKind<MultiHeadAttentionConfig> = {
  className: 'MultiHeadAttention',
  config,
  arity: [2, 3],
  shape(c, inputs) {
    const [query, value, key = value!] = inputs;
    const sequences = inputs.every(({ shape }) => shape.length === 2);
    if (!sequences || value!.shape[0] !== key.shape[0])
      throw shapeError(
        c.name,
        inputs,
        'query, value and key: (places, features), the last two as long',
        'Reshape them.',
      );
    const weights = c.num_heads * query!.shape[0]! * (Math.ceil(value!.shape[0]! / 32) * 32);
    if (c.dropout > 0 && weights > MOST_DRAWS)
      throw optionError(
        c.name,
        `dropout ${c.dropout} of ${weights} weights a sample: heads x queries x keys, these in 32s`,
        `at most ${MOST_DRAWS}`,
        'Set dropout to 0 here, or cut the sample into shorter ones.',
      );
    return { shape: [query!.shape[0]!, widths(c, inputs).out] };
  },
  weights(c, inputs) {
    const { query, key, value, out } = widths(c, inputs);
    const [H, D, E] = [c.num_heads, c.key_dim, c.value_dim ?? c.key_dim];
    const pair = (part: string, kernel: readonly number[], bias: readonly number[]): readonly WeightSpec[] => [
      weight(c, 'kernel', kernel, `${part}_kernel`),
      ...(c.use_bias ? [weight(c, 'bias', bias, `${part}_bias`)] : []),
    ];
    return [
      ...pair('query', [query, H, D], [H, D]),
      ...pair('key', [key, H, D], [H, D]),
      ...pair('value', [value, H, E], [H, E]),
      ...pair('attention_output', [H, E, out], [out]),
    ];
  },
  emit(c, f) {
    const { build } = f;
    const { inputs } = f; // (places, features)
    const from = { query: 0, value: 1, key: inputs.length > 2 ? 2 : 1 } as const;
    const [H, D, E] = [c.num_heads, c.key_dim, c.value_dim ?? c.key_dim];
    const sizes = { T: inputs[0]!.shape[0]!, S: inputs[1]!.shape[0]!, D, E, heads: H };
    const projection = (part: string, K: number, N: number): Projection => {
      return { kernel: `${part}_kernel`, bias: c.use_bias ? `${part}_bias` : null, K, N };
    };
    const heads = PARTS.map((part) => {
      const x = inputs[from[part]]!;
      const p = projection(part, x.shape[1]!, H * (part === 'value' ? E : D));
      const y = build.tensor([x.shape[0]!, p.N]);
      project(p, f, x, y);
      return { p, x, y, input: from[part] };
    });
    const values = build.tensor([sizes.T, H * E]);
    const [q, k, v] = heads.map(({ y }) => y) as [Tensor, Tensor, Tensor];
    // keys that are padding in the value's mask or the key's; the query's own mask only passes on
    const mask = bothMasks(build, f.masks.slice(1));
    const attend = attention(c, f, sizes, { q, k, v, o: values }, mask);
    const p = projection('attention_output', H * E, f.spec.shape[1]!);
    const output = f.output();
    project(p, f, values, output);
    return {
      output,
      ...(f.masks[0] ? { mask: f.masks[0] } : {}),
      backward(g) {
        projectWeights(p, f, g, values, g.dY);
        const dO = build.tensor(values.shape);
        projectBack(p, f, g.dY, dO);
        const gradients = attend(dO);
        heads.forEach(({ p, x, input }, i) => {
          projectWeights(p, f, g, x, gradients[i]!);
          if (g.wants(input)) projectBack(p, f, gradients[i]!, g.dInput(input));
        });
      },
    };
  },
};

interface Parts {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
  readonly o: Tensor;
}

/** o = softmax(q k^T / sqrt D) v; gives what emits the gradients of q, k and v from that of o. */
function attention(c: MultiHeadAttentionConfig, f: Forward, sizes: Sizes, { q, k, v, o }: Parts, mask: Tensor | null) {
  const { build } = f;
  const { heads, T, S, D, E } = sizes;
  const lse = build.tensor([heads, T]);
  const ints = {
    ...{ ...sizes, ldq: heads * D, ldk: heads * D, ldv: heads * E, ldo: heads * E },
    ...{ causal: c.use_causal_mask ? 1 : 0, hasMask: mask ? 1 : 0, site: f.site },
  };
  const floats = { scale: 1 / Math.sqrt(D), rate: f.training ? c.dropout : 0 };
  const operands = {
    ...{ q: build.at(q), k: build.at(k), v: build.at(v), o: build.at(o), lse: build.at(lse) },
    mask: build.at(mask ?? q),
  };
  const flops = 2 * heads * T * S * (D + E);
  build.call('attention', operands, ints, floats, { flops });
  return (dO: Tensor): readonly [Tensor, Tensor, Tensor] => {
    const [dq, dk, dv] = [build.tensor(q.shape), build.tensor(k.shape), build.tensor(v.shape)];
    const results = { dy: build.at(dO), dq: build.at(dq), dk: build.at(dk), dv: build.at(dv) };
    build.call('attention_backward', { ...operands, ...results }, ints, floats, { flops: 2.5 * flops });
    return [dq, dk, dv];
  };
}
