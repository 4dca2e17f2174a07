// tfjs.ts: the oracle's question put to tfjs' `cpu` backend, in float32, where tfjs has a gradient. It knows no dropout.
import * as tf from '@tensorflow/tfjs';
import type { LayerConfig } from '../../trainer/model.ts';
import type { NdArray, OracleRequest, OracleResult } from './oracle/index.ts';

type Pair = [number, number];
type Padding = 'valid' | 'same';
type Config = Readonly<Record<string, unknown>>;

/** Zeroes between the taps, because tfjs has no gradient of a dilated convolution. kernel (kh, kw, C, N). */
function dilate(kernel: tf.Tensor4D, [dh, dw]: Pair): tf.Tensor4D {
  const [kh, kw, channels, filters] = kernel.shape;
  const inner = channels * filters;
  const wide = tf.pad(kernel.reshape([kh * kw, 1, inner]), [
    [0, 0],
    [0, dw - 1],
    [0, 0],
  ]);
  const tall = tf.pad(wide.reshape([kh, 1, kw * dw * inner]), [
    [0, 0],
    [0, dh - 1],
    [0, 0],
  ]);
  const spread = tall.reshape<tf.Tensor4D>([kh * dh, kw * dw, channels, filters]);
  return tf.slice4d(spread, [0, 0, 0, 0], [(kh - 1) * dh + 1, (kw - 1) * dw + 1, channels, filters]);
}

/** Channels of group `group`: part of the last axis. */
function part(x: tf.Tensor4D, group: number, groups: number): tf.Tensor4D {
  const [a, b, c, channels] = x.shape;
  return tf.slice4d(x, [0, 0, 0, (group * channels) / groups], [a, b, c, channels / groups]);
}

function conv2d(x: tf.Tensor4D, kernel: tf.Tensor4D, config: Config): tf.Tensor4D {
  const groups = config['groups'] as number;
  const filters = dilate(kernel, config['dilation_rate'] as Pair);
  const convolve = (image: tf.Tensor4D, filter: tf.Tensor4D) =>
    tf.conv2d(image, filter, config['strides'] as Pair, config['padding'] as Padding);
  const results = Array.from({ length: groups }, (_, i) => convolve(part(x, i, groups), part(filters, i, groups)));
  return tf.concat(results, 3);
}

/** tfjs' gradient divides by the whole window even where it hangs over the edge: so pad by hand, and correct the mean. */
function averagePool(x: tf.Tensor4D, config: Config): tf.Tensor4D {
  const size = config['pool_size'] as Pair;
  const strides = config['strides'] as Pair;
  if (config['padding'] === 'valid') return tf.avgPool(x, size, strides, 'valid');
  const pads = ([1, 2] as const).map((axis, i): Pair => {
    const total = Math.max((Math.ceil(x.shape[axis] / strides[i]!) - 1) * strides[i]! + size[i]! - x.shape[axis], 0);
    return [Math.floor(total / 2), Math.ceil(total / 2)];
  });
  const around: [Pair, Pair, Pair, Pair] = [[0, 0], pads[0]!, pads[1]!, [0, 0]];
  const mean = (of: tf.Tensor4D) => tf.avgPool(tf.pad4d(of, around), size, strides, 'valid');
  return tf.div(mean(x), mean(tf.onesLike(x)));
}

function activate(x: tf.Tensor, name: string): tf.Tensor {
  const activations: Record<string, (x: tf.Tensor) => tf.Tensor> = {
    linear: (v) => v,
    relu: tf.relu,
    sigmoid: tf.sigmoid,
    tanh: tf.tanh,
    softmax: (v) => tf.softmax(v),
  };
  return activations[name]!(x);
}

function apply(
  { className, config }: LayerConfig,
  inputs: tf.Tensor[],
  weight: (name: string) => tf.Tensor,
): tf.Tensor {
  const x = inputs[0]!;
  const image = x as tf.Tensor4D;
  const finish = (y: tf.Tensor) =>
    activate(config['use_bias'] ? tf.add(y, weight('bias')) : y, config['activation'] as string);
  switch (className) {
    case 'Conv2D':
      return finish(conv2d(image, weight('kernel') as tf.Tensor4D, config));
    case 'Dense':
      return finish(tf.matMul(x, weight('kernel')));
    case 'MaxPooling2D':
      return tf.maxPool(image, config['pool_size'] as Pair, config['strides'] as Pair, config['padding'] as Padding);
    case 'AveragePooling2D':
      return averagePool(image, config);
    case 'Activation':
      return activate(x, config['activation'] as string);
    case 'Flatten':
      return x.reshape([x.shape[0]!, -1]);
    case 'Add':
      return tf.addN(inputs);
    case 'Dropout':
      return x;
    default:
      throw new Error(`this oracle knows no layer ${className}`);
  }
}

function meanLoss({ loss, fromLogits = false, labels }: OracleRequest, output: tf.Tensor): tf.Scalar {
  const classes = output.shape.at(-1)!;
  const values = Array.from(labels);
  const t =
    loss === 'sparse_categorical_crossentropy'
      ? tf.oneHot(tf.tensor1d(values, 'int32'), classes).toFloat().reshape(output.shape)
      : tf.tensor(values, output.shape, 'float32');
  if (loss === 'mean_squared_error') return tf.mean(tf.squaredDifference(output, t));
  if (loss === 'binary_crossentropy') {
    const p = fromLogits ? tf.sigmoid(output) : output;
    const likely = tf.add(tf.mul(t, tf.log(p)), tf.mul(tf.sub(1, t), tf.log(tf.sub(1, p))));
    return tf.neg(tf.mean(likely));
  }
  const p = fromLogits ? tf.softmax(output) : tf.div(output, tf.sum(output, -1, true));
  return tf.neg(tf.mean(tf.sum(tf.mul(t, tf.log(p)), -1)));
}

const toTensor = ({ shape, data }: NdArray) => tf.tensor(Float32Array.from(data), [...shape], 'float32');

/** What `oracle` gives, by tfjs. @throws Error when asked to drop out: its masks are its own */
export async function tfjsOracle(request: OracleRequest): Promise<Pick<OracleResult, 'loss' | 'output' | 'gradients'>> {
  if (request.dropout) throw new Error('tfjs draws its own dropout masks');
  tf.env().set('IS_TEST', true); // no banner
  await tf.setBackend('cpu');
  const { model } = request;
  const paths = Object.keys(request.weights);
  let result!: Pick<OracleResult, 'loss' | 'output' | 'gradients'>;
  tf.tidy(() => {
    let output: tf.Tensor | undefined;
    const forward = (...weights: tf.Tensor[]) => {
      const values = new Map<string, tf.Tensor>([[model.inputs[0]!.name, toTensor(request.x)]]);
      for (const { name, layer, inputs } of model.calls) {
        const weight = (of: string) => weights[paths.indexOf(`${layer}/${of}`)]!;
        values.set(
          name,
          apply(
            model.layers[layer]!,
            inputs.map((from) => values.get(from)!),
            weight,
          ),
        );
      }
      output = tf.keep(values.get(model.outputs[0]!)!);
      return meanLoss(request, output);
    };
    const { value, grads } = tf.valueAndGrads(forward)(Object.values(request.weights).map(toTensor));
    result = {
      loss: value.dataSync()[0]!,
      output: { shape: output!.shape, data: Float64Array.from(output!.dataSync()) },
      gradients: Object.fromEntries(paths.map((path, i) => [path, Float64Array.from(grads[i]!.dataSync())])),
    };
    output!.dispose();
  });
  return result;
}
