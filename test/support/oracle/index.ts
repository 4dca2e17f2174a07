// index.ts: a model's loss and gradients in float64, by plain loops. It shares no code with kernels/, and is never fast.
import type { Call, LayerConfig, Model } from '../../../trainer/model.ts';
import { activate, activationLayer, prelu, softmaxOver } from './activations.ts';
import { type Mask, maskAfter } from './attention.ts';
import { conv2d } from './convolution.ts';
import { dense } from './dense.ts';
import { classToken, embedding, positionEmbedding } from './lookups.ts';
import { type LossName, type LossOptions, meanLoss } from './losses.ts';
import { moreLayers } from './more-layers.ts';
import { batchNorm, movingNorm, scaleAndShift } from './normalization.ts';
import { add, addBias, type DropoutDraw, flatten, times } from './pointwise.ts';
import { averagePool, maxPool, type PoolOptions } from './pooling.ts';
import { type NdArray, Tape, type Tensor, tensor } from './tape.ts';
import type { Pair } from './window.ts';

export type { LossName, LossOptions } from './losses.ts';
export { type OptimizerConfig, oracleOptimizer } from './optimizers.ts';
export type { DropoutDraw } from './pointwise.ts';
export type { NdArray } from './tape.ts';

export interface OracleRequest {
  readonly model: Model;
  /** By path: "conv2d/kernel" (kh, kw, cin / groups, cout), "dense/kernel" (in, out), ".../bias" (out). */
  readonly weights: Readonly<Record<string, NdArray>>;
  /** (B, ...input shape). */
  readonly x: NdArray;
  /** Class numbers (B) for the sparse loss, else (B, C). */
  readonly labels: ArrayLike<number>;
  readonly loss: LossName;
  /** Default false: the model's output is probabilities. */
  readonly fromLogits?: boolean;
  /** Of the loss. */
  readonly lossOptions?: LossOptions | undefined;
  /** Inputs of a model beside its first, by name. */
  readonly inputs?: Readonly<Record<string, NdArray>>;
  /** Outputs beside its first: the loss is the first's, times `weight`, plus theirs times their weights. */
  readonly outputs?: readonly Target[];
  /** Of the first output's loss. Default 1. */
  readonly weight?: number;
  /** Given when training; without it Dropout does nothing. */
  readonly dropout?: DropoutDraw;
  /** Rows of each micro-shard, given when training; without them BatchNormalization uses its moving statistics. */
  readonly shares?: readonly number[];
}

/** What an output is compared with. */
export interface Target extends Pick<OracleRequest, 'labels' | 'loss' | 'fromLogits' | 'lossOptions'> {
  /** Of the call. */
  readonly name: string;
  readonly weight: number;
}

export interface OracleResult {
  /** Mean over the samples. */
  readonly loss: number;
  readonly output: NdArray;
  /** Of the mean loss, by path. */
  readonly gradients: Record<string, Float64Array>;
  /** By path: what the step saw of each moving statistic, micro-shard by micro-shard, as the mean over the rows. */
  readonly statistics: Record<string, Float64Array>;
  /** Of the mean loss with respect to x. */
  readonly inputGradient: Float64Array;
}

type Config = Readonly<Record<string, unknown>>;
type Weights = (name: string) => Tensor;

const poolOptions = (config: Config): PoolOptions => ({
  size: config['pool_size'] as Pair,
  strides: config['strides'] as Pair,
  padding: config['padding'] as string,
});

function finish(tape: Tape, x: Tensor, config: Config, weight: Weights): Tensor {
  const biased = config['use_bias'] ? addBias(tape, x, weight('bias')) : x;
  return activate(tape, biased, config['activation'] as string);
}

/** What the layers of a request share. */
interface Ground {
  readonly tape: Tape;
  readonly request: OracleRequest;
  /** A moving statistic of the layer, as this step saw it. */
  see(name: string, values: Float64Array): void;
}

function batchNormalization({ tape, request, see }: Ground, x: Tensor, config: Config, weight: Weights): Tensor {
  const epsilon = config['epsilon'] as number;
  if (!request.shares || config['trainable'] === false)
    return movingNorm(tape, x, epsilon, weight('moving_mean'), weight('moving_variance'));
  const { y, mean, variance } = batchNorm(tape, x, epsilon, request.shares);
  see('moving_mean', mean);
  see('moving_variance', variance);
  return y;
}

function apply(
  ground: Ground,
  layer: LayerConfig,
  inputs: readonly Tensor[],
  masks: readonly Mask[],
  weight: Weights,
  site: number,
): Tensor {
  const { tape } = ground;
  const draw = ground.request.dropout;
  const { className, config } = layer;
  const x = inputs[0]!;
  const scaled = (y: Tensor): Tensor =>
    scaleAndShift(tape, y, config['scale'] ? weight('gamma') : null, config['center'] ? weight('beta') : null);
  switch (className) {
    case 'BatchNormalization':
      return scaled(batchNormalization(ground, x, config, weight));
    case 'Conv2D': {
      const options = {
        strides: config['strides'] as Pair,
        dilation: config['dilation_rate'] as Pair,
        padding: config['padding'] as string,
        groups: config['groups'] as number,
      };
      return finish(tape, conv2d(tape, x, weight('kernel'), options), config, weight);
    }
    case 'Dense':
      return finish(tape, dense(tape, x, weight('kernel')), config, weight);
    case 'LayerScale':
      return scaleAndShift(tape, x, weight('gamma'), null);
    case 'MaxPooling2D':
      return maxPool(tape, x, poolOptions(config));
    case 'AveragePooling2D':
      return averagePool(tape, x, poolOptions(config));
    case 'Activation':
      return activate(tape, x, config['activation'] as string);
    case 'Embedding':
      return embedding(tape, x, weight('embeddings'));
    case 'PositionEmbedding':
      return positionEmbedding(tape, x, weight('position_embeddings'));
    case 'ClassToken':
      return classToken(tape, x, weight('class_token'));
    case 'Softmax': {
      const axis = config['axis'] as number;
      return softmaxOver(tape, x, axis < 0 ? axis + x.shape.length : axis);
    }
    case 'ELU':
    case 'LeakyReLU':
    case 'ReLU':
      return activationLayer(tape, x, className, config);
    case 'PReLU':
      return prelu(tape, x, weight('alpha'));
    case 'Flatten':
      return flatten(tape, x);
    default: {
      const layer = moreLayers[className];
      if (!layer) throw new Error(`the oracle knows no layer ${className}`);
      const end = (y: Tensor) => finish(tape, y, config, weight);
      return layer({ tape, inputs, masks, config, weight, site, draw, finish: end });
    }
  }
}

/** The tape of a forward pass, and what stands at its ends. */
function forward(request: OracleRequest) {
  const { model, x, labels, loss: name, fromLogits = false } = request;
  const tape = new Tape();
  const weights = new Map(Object.entries(request.weights).map(([path, w]) => [path, tensor(w.shape, w.data)]));
  const input = tensor(x.shape, x.data);
  const values = new Map([[model.inputs[0]!.name, input]]);
  for (const [name, more] of Object.entries(request.inputs ?? {})) values.set(name, tensor(more.shape, more.data));
  const masks = new Map<string, Mask>();
  const statistics: Record<string, Float64Array> = {};
  const weightsOf = (layer: string) => (weight: string) => {
    const found = weights.get(`${layer}/${weight}`);
    if (!found) throw new Error(`no weight ${layer}/${weight}`);
    return found;
  };
  model.calls.forEach((call: Call, site) => {
    const inputs = call.inputs.map((from) => values.get(from)!);
    const layer = model.layers[call.layer]!;
    const see = (name: string, seen: Float64Array): void => {
      statistics[`${call.layer}/${name}`] = seen;
    };
    const given = call.inputs.map((from) => masks.get(from) ?? null);
    masks.set(call.name, maskAfter(layer, inputs, given));
    values.set(call.name, apply({ tape, request, see }, layer, inputs, given, weightsOf(call.layer), site));
  });
  const output = values.get(model.outputs[0]!)!;
  const first: Target = {
    name: model.outputs[0]!,
    labels,
    loss: name,
    fromLogits,
    weight: request.weight ?? 1,
    lossOptions: request.lossOptions,
  };
  const terms = [first, ...(request.outputs ?? [])].map((t) =>
    times(tape, meanLoss(tape, values.get(t.name)!, t.labels, t.loss, t.fromLogits ?? false, t.lossOptions), t.weight),
  );
  return { tape, weights, statistics, input, output, loss: terms.length === 1 ? terms[0]! : add(tape, terms) };
}

/** The mean loss alone: for central differences. Throws as `oracle` does. */
export const oracleLoss = (request: OracleRequest): number => forward(request).loss.data[0]!;

/**
 * Forward and backward pass of a model whose configurations have all of Keras' defaults filled in.
 * @throws Error when a weight is missing, or sizes do not fit
 */
export function oracle(request: OracleRequest): OracleResult {
  const { tape, weights, statistics, input, output, loss } = forward(request);
  tape.backward(loss);
  const gradients = Object.fromEntries([...weights].map(([path, w]) => [path, w.gradient]));
  return { loss: loss.data[0]!, output, gradients, statistics, inputGradient: input.gradient };
}
