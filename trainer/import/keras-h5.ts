// keras-h5.ts: reads .h5 files as Keras 2 and 3 write them: the configuration in an attribute, weights by layer. Not .keras (keras.ts).
import { ShoalError } from '../../base/errors.ts';
import { readSmall } from '../files.ts';
import { type Hdf5Reader, readHdf5 } from '../hdf5.ts';
import { kerasName } from '../keras-paths.ts';
import type { Model } from '../model.ts';
import { type NamedWeight, orderWeights } from '../order-weights.ts';
import { parseModel } from '../parse-model.ts';
import { ownName } from '../tfjs-names.ts';
import { chain, type LayerWeight } from '../weights.ts';
import { withAdapted } from './adapted.ts';
import { MODEL_FILE_LIMIT } from './keras.ts';
import type { ModelFormat } from './model-file.ts';
import { checkOlder } from './older.ts';

const ROOT = 'model_weights';

export const kerasH5: ModelFormat = {
  title: "Keras' .h5",
  ending: '.h5',
  async read(path, files) {
    const operation = `read the Keras model ${path}`;
    const fail = (got: string, expected: string, cause?: unknown) => {
      const hint = 'Save the whole model in Keras with model.save("model.h5"), not its weights alone.';
      return new ShoalError({ code: 'SHOAL_KERAS_FILE', operation, got, expected, hint }, { cause });
    };
    return readHdf5(await readSmall(files, path, MODEL_FILE_LIMIT), path, (file) => {
      const text = file.attribute('', 'model_config');
      if (typeof text !== 'string') throw fail('no attribute model_config', 'a whole model');
      let config: unknown;
      try {
        config = withAdapted(withoutUnused(JSON.parse(text)), (layer, of) => statisticOf(file, layer, of));
      } catch (cause) {
        throw fail('a model_config that is not JSON', 'JSON', cause);
      }
      const model = parseModel(config);
      const version = file.attribute('', 'keras_version');
      if (typeof version === 'string' && /^[12]\./.test(version))
        checkOlder(model, { code: 'SHOAL_KERAS_FILE', operation });
      const weights = chain(model).weights.map((weight, _, all) => {
        const found = find(file, weight, all, model);
        if (!found) throw fail(`no ${weight.spec.name} of "${weight.layer}"`, `it below ${ROOT}`);
        return found;
      });
      return { config, weights: orderWeights(model, weights, { code: 'SHOAL_KERAS_FILE', operation }) };
    });
  },
};

/**
 * A weight in the group of the outermost model's layer that holds it. Keras 3 lists "inner/dense/kernel" there, Keras 2
 * "dense/kernel:0", without the model that a layer is nested in; and where a layer was made twice in one session,
 * "conv2d_5/kernel:0" for the layer "stem": then the place in the list tells. It calls a depthwise kernel otherwise, too.
 */
function find(file: Hdf5Reader, weight: LayerWeight, all: readonly LayerWeight[], model: Model): NamedWeight | null {
  const { layer, spec } = weight;
  const name = kerasName(weight);
  const [outer] = layer.split('/', 1);
  const group = [outer!, layer]
    .map((top) => `${ROOT}/${top}`)
    .find((at) => file.attribute(at, 'weight_names') !== null);
  if (group === undefined) return null;
  const names = file.attribute(group, 'weight_names') as readonly string[];
  const { className } = model.layers[layer]!;
  const plain = names.map((listed) => ownName(className, listed.replace(/:\d+$/, '')));
  const matching = plain.flatMap((listed, i) => (name === listed || name.endsWith(`/${listed}`) ? [i] : []));
  const place = matching.length === 1 ? matching[0]! : inOrder(layer, spec, all, plain);
  const tensor = place === null ? null : file.tensor(`${group}/${names[place]}`);
  return tensor && { name: `${layer}/${spec.name}`, ...tensor };
}

/** A statistic of an adapted layer, which is listed as "norm/mean", "norm/mean:0" or, in a group of its own, "mean:0". */
function statisticOf(file: Hdf5Reader, layer: string, statistic: string): Float32Array | null {
  const [outer] = layer.split('/', 1);
  const names = file.attribute(`${ROOT}/${outer}`, 'weight_names') as readonly string[] | null;
  const wanted = `${layer.slice(layer.lastIndexOf('/') + 1)}/${statistic}`;
  const found = names?.find((listed) => {
    const plain = listed.replace(/:\d+$/, '');
    return `/${plain}`.endsWith(`/${wanted}`) || (outer === layer && plain === statistic);
  });
  return (found && file.tensor(`${ROOT}/${outer}/${found}`)?.data) || null;
}

/** Where the file lists as many weights as a layer has, and each ends as the layer's own, they stand in the same order. */
function inOrder(layer: string, spec: LayerWeight['spec'], all: readonly LayerWeight[], listed: readonly string[]) {
  const own = all.filter((weight) => weight.layer === layer).map((weight) => weight.spec);
  const same = own.length === listed.length && own.every(({ name }, i) => listed[i]!.endsWith(`/${name}`));
  return same ? own.indexOf(spec) : null;
}

/** Keras 2 writes options of Conv2D for its kinds too, which have no such kernel. */
const UNUSED = ['groups', 'kernel_initializer', 'kernel_regularizer', 'kernel_constraint'];
const WITHOUT = ['DepthwiseConv2D', 'SeparableConv2D'];

function withoutUnused(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUnused);
  if (typeof value !== 'object' || value === null) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutUnused(inner)]));
  if (!WITHOUT.includes(copy['class_name'] as string)) return copy;
  const options = Object.entries(copy['config'] as object).filter(([key]) => !UNUSED.includes(key));
  return { ...copy, config: Object.fromEntries(options) };
}
