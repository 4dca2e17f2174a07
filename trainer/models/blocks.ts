// blocks.ts: what image models are put together from: convolutions with normalisation, padding as PyTorch has it. No whole model.
import type { Graph, Value } from './graph.ts';

/** PyTorch's BatchNorm2d: momentum 0.1 there is 0.9 here. */
export const NORM = { epsilon: 1e-5, momentum: 0.9 } as const;

export interface ConvOptions {
  readonly filters: number;
  readonly kernel: number;
  readonly strides?: number;
  /** Zeros on each side, as PyTorch says it. Default 0. */
  readonly padding?: number;
  readonly groups?: number;
  readonly bias?: boolean;
  readonly activation?: string;
}

/**
 * A convolution with the same zeros on every side: "same" padding where that gives as many, else zeros of their own, since "same" with a
 * stride of 2 puts fewer in front.
 */
export function conv(g: Graph, name: string, x: Value, options: ConvOptions): Value {
  const { filters, kernel, strides = 1, padding = 0, groups = 1, bias = false, activation = 'linear' } = options;
  const same = padding > 0 && strides === 1 && 2 * padding === kernel - 1;
  const padded = padding > 0 && !same ? g.layer('ZeroPadding2D', `${name}.pad`, { padding }, x) : x;
  const config = { strides, padding: same ? 'same' : 'valid', use_bias: bias };
  if (groups > 1)
    return g.layer(
      'DepthwiseConv2D',
      name,
      { ...config, kernel_size: kernel, activation, ...heFor('depthwise') },
      padded,
    );
  return g.layer('Conv2D', name, { ...config, filters, kernel_size: kernel, activation, ...heFor('kernel') }, padded);
}

const he = { class_name: 'VarianceScaling', config: { scale: 2, mode: 'fan_out', distribution: 'untruncated_normal' } };
const heFor = (what: 'kernel' | 'depthwise') => ({ [`${what}_initializer`]: he });

export const norm = (g: Graph, name: string, x: Value, epsilon: number = NORM.epsilon): Value =>
  g.layer('BatchNormalization', name, { ...NORM, epsilon }, x);

export const activate = (g: Graph, name: string, x: Value, activation: string): Value =>
  g.layer('Activation', name, { activation }, x);

/** Global average, then one Dense layer; or features as they are. */
export function classifier(
  g: Graph,
  x: Value,
  { top, classes, activation }: { readonly top: boolean; readonly classes: number; readonly activation: string },
  names: { readonly pool: string; readonly dense: string; readonly dropout?: number } = {
    pool: 'avgpool',
    dense: 'fc',
  },
): Value {
  if (!top) return x;
  const pooled = g.layer('GlobalAveragePooling2D', names.pool, {}, x);
  const dropped = names.dropout ? g.layer('Dropout', 'dropout', { rate: names.dropout }, pooled) : pooled;
  return g.layer('Dense', names.dense, { units: classes, activation }, dropped);
}
