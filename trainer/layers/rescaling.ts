// rescaling.ts: fixed factors and shifts inside the model: Rescaling, and Normalization by a given mean and variance. Nothing is learned.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { PANEL } from '../../kernels/signatures/blocks.ts';
import type { TensorSpec } from '../model.ts';
import type { Tensor } from '../tensor.ts';
import { base, optionError } from './common.ts';
import type { Emitted, Forward, LayerKind } from './kind.ts';
import { pixelsOf } from './normalization.ts';

type Values = number | readonly number[];
/** A number, or one a channel. Keras writes them in as many lists as there are axes. */
const nested: z.ZodType<Values> = z.lazy(() =>
  z
    .union([z.number(), z.array(nested)])
    .transform((value): Values => (typeof value === 'number' ? value : (value.flat(4) as number[]))),
);

/** One number for each channel. @throws SHOAL_MODEL */
function perChannel(name: string, key: string, values: Values, { shape }: TensorSpec): readonly number[] {
  const C = shape.at(-1) ?? 1;
  const list = typeof values === 'number' ? [values] : values;
  if (list.length === C) return list;
  if (list.length === 1) return new Array<number>(C).fill(list[0]!);
  throw optionError(name, `${list.length} numbers as ${key}`, `one, or ${C}: one a channel`, 'The last axis is meant.');
}

/** y = x * scale + shift, channel by channel. */
function emitAffine(f: Forward, scale: readonly number[], shift: readonly number[]): Emitted {
  const { build } = f;
  const P = Math.ceil(scale.length / PANEL) * PANEL;
  const table = (shifts: readonly number[]) => {
    const norm = new Float32Array(4 * P); // as batch_normalize reads it: scale, shift
    norm.set(scale);
    norm.set(shifts, P);
    return build.tables.add(norm);
  };
  const through = (x: Tensor, y: Tensor, shifts: readonly number[]): void => {
    const strides = { xImage: x.imageStride, xRow: x.rowStride, yImage: y.imageStride, yRow: y.rowStride };
    const operands = { x: build.at(x), norm: table(shifts), y: build.at(y) };
    build.call('batch_normalize', operands, { ...pixelsOf(x, y), ...strides, relu: 0 }, {});
  };
  const y = f.output();
  through(f.inputs[0]!, y, shift);
  return {
    output: y,
    backward: (g) =>
      g.wants(0) &&
      through(
        g.dY,
        g.dInput(0),
        shift.map(() => 0),
      ),
  };
}

const config = strict({ ...base, scale: nested, offset: nested.prefault(0) });
export type RescalingConfig = z.infer<typeof config>;

export const rescaling: LayerKind<RescalingConfig> = {
  className: 'Rescaling',
  config,
  arity: [1, 1],
  passesMask: true,
  shape(c, inputs) {
    perChannel(c.name, 'scale', c.scale, inputs[0]!);
    perChannel(c.name, 'offset', c.offset, inputs[0]!);
    return inputs[0]!;
  },
  weights: () => [],
  emit(c, f) {
    const of = (key: 'scale' | 'offset') => perChannel(c.name, key, c[key], f.spec);
    return emitAffine(f, of('scale'), of('offset'));
  },
};

const given = 'given, or in the Keras file that the model is from: Shoal does not adapt to data';
const normalizationConfig = strict({
  ...base,
  axis: z.union([z.literal(-1), z.tuple([z.literal(-1)]), z.null(), z.tuple([])], 'the last, or null').prefault(-1),
  mean: z.union([nested], given),
  variance: z.union([nested], given),
  invert: z.boolean().default(false),
});
export type NormalizationConfig = z.infer<typeof normalizationConfig>;

/** (x - mean) / deviation; inverted: x * deviation + mean. Keras' least deviation is 1e-7. */
export const normalization: LayerKind<NormalizationConfig> = {
  className: 'Normalization',
  config: normalizationConfig,
  arity: [1, 1],
  passesMask: true,
  shape(c, inputs) {
    perChannel(c.name, 'mean', c.mean, inputs[0]!);
    perChannel(c.name, 'variance', c.variance, inputs[0]!);
    return inputs[0]!;
  },
  weights: () => [],
  emit(c, f) {
    const mean = perChannel(c.name, 'mean', c.mean, f.spec);
    const deviation = perChannel(c.name, 'variance', c.variance, f.spec).map((v) => Math.max(Math.sqrt(v), 1e-7));
    if (c.invert) return emitAffine(f, deviation, mean);
    const scale = deviation.map((d) => 1 / d);
    return emitAffine(
      f,
      scale,
      mean.map((m, i) => -m * scale[i]!),
    );
  },
};
