// tfjs-layers.ts: a layer's configuration as tfjs-layers reads it, and the options that it would pass over without a word. Classes that tfjs
// has not at all stay as they are: it names them when it loads the model.

import { ShoalError } from '../../base/errors.ts';
import type { KerasLayer } from './keras-config.ts';

function unsupported(layer: string, got: string, expected: string): ShoalError {
  const operation = `export the layer "${layer}" to tfjs`;
  const hint = 'tfjs has no such thing: export to another format.';
  return new ShoalError({ code: 'SHOAL_EXPORT_UNSUPPORTED', operation, got, expected, hint });
}

/** Names that tfjs and Keras write differently. An initializer does nothing in a loaded model, but must be known. */
function tfjsInitializer(value: unknown): unknown {
  const { class_name: name, config } = value as { class_name: string; config: Record<string, unknown> };
  const normal = typeof config['distribution'] === 'string' && config['distribution'].endsWith('normal');
  return {
    class_name: name.replace(/^Lecun/, 'LeCun'),
    config: normal ? { ...config, distribution: 'normal' } : config,
  };
}

/** tfjs has one class for all regularizers, and reads their options as Keras writes them. */
function tfjsRegularizer(value: unknown): unknown {
  const { config } = value as { config: { l1?: number; l2?: number } };
  return { class_name: 'L1L2', config: { l1: config.l1 ?? 0, l2: config.l2 ?? 0 } };
}

/** What tfjs calls the value of a key of a layer's configuration. */
function tfjsValue(key: string, value: unknown): unknown {
  if (key.endsWith('_initializer')) return tfjsInitializer(value);
  if (key === 'activation' && value === 'silu') return 'swish';
  return key.endsWith('_regularizer') && value !== null ? tfjsRegularizer(value) : value;
}

/** An option that tfjs does not read, and the one value of it by which tfjs computes; by class. */
const UNREAD: Readonly<Record<string, readonly (readonly [option: string, only: string | number | null])[]>> = {
  Conv1D: [['groups', 1]],
  Conv2D: [['groups', 1]],
  Conv2DTranspose: [
    ['output_padding', null],
    ['dilation_rate', 1],
  ],
  DepthwiseConv2D: [['dilation_rate', 1]],
  ReLU: [
    ['negative_slope', 0],
    ['threshold', 0],
  ],
  UpSampling2D: [['interpolation', 'nearest']], // the other one has its pixels' centres elsewhere
};

/** What of a layer tfjs computes otherwise without saying so, and what it would compute alike. */
export function otherwiseInTfjs({
  class_name,
  config,
}: Pick<KerasLayer, 'class_name' | 'config'>): readonly [got: string, expected: string] | null {
  if (class_name === 'Resizing') return ["Resizing, whose pixels' centres tfjs has elsewhere", 'another layer'];
  if (class_name === 'CenterCrop') return ['CenterCrop, which takes other pixels in tfjs', 'Cropping2D'];
  for (const [option, only] of UNREAD[class_name] ?? []) {
    const values = [config[option]].flat();
    if (values.some((value) => value !== only))
      return [`${option} ${values.join(' x ')}`, only === null ? `no ${option}` : `${option} ${only}`];
  }
  // tfjs' is Keras 2's: x / 5 + 1 / 2, where Keras 3 has x / 6 + 1 / 2
  return config['activation'] === 'hard_sigmoid' ? ['hard_sigmoid', 'another activation'] : null;
}

/** tfjs' ReLU has no slope: what is no more than a slope becomes the class that has one. */
function plainer(layer: KerasLayer): KerasLayer {
  const { negative_slope, alpha: _, max_value, threshold, ...rest } = layer.config;
  const sloped = layer.class_name === 'ReLU' && negative_slope !== 0 && max_value === null && threshold === 0;
  if (!sloped && layer.class_name !== 'LeakyReLU') return layer;
  return { ...layer, class_name: 'LeakyReLU', config: { ...rest, alpha: negative_slope } };
}

/** @throws SHOAL_EXPORT_UNSUPPORTED for what tfjs would compute otherwise without saying so */
export function tfjsLayer(layer: KerasLayer): KerasLayer {
  const plain = plainer(layer);
  const otherwise = otherwiseInTfjs(plain);
  if (otherwise) throw unsupported(plain.name, ...otherwise);
  const { class_name, config } = plain;
  const entries = Object.entries(config)
    .filter(([key]) => key !== 'groups' || class_name === 'GroupNormalization')
    .map(([key, value]) => [key === 'batch_shape' ? 'batch_input_shape' : key, tfjsValue(key, value)]);
  const { module: _, ...written } = plain;
  return { ...written, config: Object.fromEntries(entries) };
}
