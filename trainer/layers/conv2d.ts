// conv2d.ts: two-dimensional convolution over (rows, columns, channels). Not depthwise or transposed convolution.
import { z } from 'zod';
import { strict } from '../../base/check.ts';
import { initializerSchema } from '../initializers.ts';
import { activated } from './activate.ts';
import { activation, base, channelsLast, optionError, padding, pair, shapeError, weight, weighted } from './common.ts';
import { type Convolution, direct } from './conv-direct.ts';
import type { Backward, Forward, LayerKind } from './kind.ts';
import { type Padding, type WindowGeometry, windowGeometry } from './window.ts';
import { winograd, winogradFits } from './winograd.ts';

const config = strict({
  ...base,
  filters: z.int().positive(),
  kernel_size: pair,
  strides: pair.prefault(1),
  padding,
  data_format: channelsLast,
  dilation_rate: pair.prefault(1),
  groups: z.int().positive().default(1),
  activation,
  ...weighted,
  kernel_initializer: initializerSchema('glorot_uniform'),
  bias_initializer: initializerSchema('zeros'),
});
/** Conv1D brings a padding of its own. */
export type Conv2DConfig = Omit<z.infer<typeof config>, 'padding'> & { readonly padding: Padding };

/** Where the windows of a convolution lie. @throws SHOAL_SHAPE, SHOAL_MODEL */
export function conv2dGeometry(c: Conv2DConfig, inputs: Parameters<typeof windowGeometry>[1]): WindowGeometry {
  const { name, kernel_size: size, strides, dilation_rate: dilation, groups } = c;
  if (Math.max(...strides) > 1 && Math.max(...dilation) > 1) {
    const got = `strides ${strides.join(' x ')} with dilation_rate ${dilation.join(' x ')}`;
    throw optionError(name, got, 'strides or dilation_rate above 1, not both', 'Keras refuses it too.');
  }
  if (c.filters % groups !== 0) {
    throw optionError(
      name,
      `${c.filters} filters in ${groups} groups`,
      'a multiple of the groups',
      'Change one of them.',
    );
  }
  const geometry = windowGeometry({ name, size, strides, dilation, padding: c.padding }, inputs);
  if (geometry.channels % groups !== 0) {
    const expected = `(rows, columns, channels) with a multiple of ${groups} channels, one share for each group`;
    throw shapeError(name, inputs, expected, 'Change groups.');
  }
  return geometry;
}

/** How the layer is computed: its shape decides, so it is the same everywhere. */
const wayOf = (c: Conv2DConfig, channels: number): Convolution => (winogradFits(c, channels) ? winograd : direct);

export const conv2d: LayerKind<Conv2DConfig> = {
  className: 'Conv2D',
  config,
  arity: [1, 1],
  shape(c, inputs) {
    const { rows, columns } = conv2dGeometry(c, inputs);
    return { shape: [rows.output, columns.output, c.filters] };
  },
  weights(c, inputs) {
    const { channels } = conv2dGeometry(c, inputs);
    const kernel = weight(c, 'kernel', [...c.kernel_size, channels / c.groups, c.filters]);
    return c.use_bias ? [kernel, weight(c, 'bias', [c.filters])] : [kernel];
  },
  inputHalo: (c, input) => wayOf(c, input.shape[2]!).inputHalo(c, conv2dGeometry(c, [input])),
  gradientHalo(c, input, wanted = true) {
    const [height, width, channels] = input.shape as [number, number, number];
    return wayOf(c, channels).gradientHalo(c, conv2dGeometry(c, [input]), height, width, wanted);
  },
  emit(c, f) {
    const x = f.inputs[0]!; // (H, W, channels)
    const y = f.output(); // (OH, OW, filters)
    const way = wayOf(c, x.shape[2]!);
    const geometry = conv2dGeometry(c, [{ shape: x.shape }]);
    way.forward(c, geometry, f, x, y);
    const { output, relu, undo } = activated(c.activation, f, y);
    return {
      output,
      relu,
      backward(g) {
        undo(g);
        way.weightGradient(c, geometry, f, g, x);
        if (c.use_bias) biasGradient(c, f, g);
        if (g.wants(0)) way.inputGradient(c, geometry, f, g, x);
      },
    };
  },
};

/** db = sum over pixels of dY. */
function biasGradient(c: Conv2DConfig, f: Forward, { dY, gradient }: Backward): void {
  const [H, W] = dY.shape as [number, number, number];
  const ints = { H, W, C: c.filters, dyImage: dY.imageStride, dyRow: dY.rowStride };
  f.build.call('bias_gradient', { dy: f.build.at(dY), out: gradient('bias') }, ints, {}, { independent: true });
}
