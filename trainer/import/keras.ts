// keras.ts: reads Keras 3's .keras files: a zip of config.json and model.weights.h5. Not the older .h5 (keras-h5.ts).
import { unzipSync } from 'fflate';
import { ShoalError } from '../../base/errors.ts';
import { readSmall } from '../files.ts';
import { readHdf5 } from '../hdf5.ts';
import { byLayer, kerasDatasets, kerasGroups } from '../keras-paths.ts';
import { type NamedWeight, orderWeights } from '../order-weights.ts';
import { parseModel } from '../parse-model.ts';
import { chain } from '../weights.ts';
import { withAdapted } from './adapted.ts';
import type { ModelFormat } from './model-file.ts';

/** What is held at once: weights beyond 4 GiB do not fit a plan either. */
export const MODEL_FILE_LIMIT = 8 * 1024 ** 3;

export const keras: ModelFormat = {
  title: "Keras 3's .keras",
  ending: '.keras',
  async read(path, files) {
    const operation = `read the Keras model ${path}`;
    const fail = (got: string, expected: string, cause?: unknown) => {
      const hint = 'Save it in Keras 3 with model.save("model.keras").';
      return new ShoalError({ code: 'SHOAL_KERAS_FILE', operation, got, expected, hint }, { cause });
    };
    const parts = unzip(await readSmall(files, path, MODEL_FILE_LIMIT), fail);
    const [json, h5] = [parts['config.json'], parts['model.weights.h5']];
    if (!json || !h5)
      throw fail(`a zip of ${Object.keys(parts).join(', ') || 'nothing'}`, 'config.json and model.weights.h5');
    let config: unknown;
    try {
      config = JSON.parse(new TextDecoder().decode(json));
    } catch (cause) {
      throw fail('a config.json that is not JSON', 'JSON', cause);
    }
    const groups = kerasGroups((config as { config: object }).config);
    return readHdf5(h5, `model.weights.h5 of ${path}`, (file) => {
      const adapted = withAdapted(
        config,
        (layer, of) => file.tensor(`${groups.get(layer)}/vars/${of === 'mean' ? 0 : 1}`)?.data ?? null,
      );
      const model = parseModel(adapted);
      const weights = byLayer(chain(model).weights).flatMap(([layer, own]) =>
        kerasDatasets(own).map((dataset, i): NamedWeight => {
          const at = `${groups.get(layer)}/${dataset}`;
          const tensor = file.tensor(at);
          if (!tensor) throw fail(`no ${at}`, `the ${own[i]!.spec.name} of "${layer}"`);
          return { name: `${layer}/${own[i]!.spec.name}`, ...tensor };
        }),
      );
      return { config: adapted, weights: orderWeights(model, weights, { code: 'SHOAL_KERAS_FILE', operation }) };
    });
  },
};

function unzip(
  bytes: Uint8Array,
  fail: (got: string, expected: string, cause?: unknown) => ShoalError,
): Record<string, Uint8Array> {
  try {
    return unzipSync(bytes, { filter: ({ name }) => name === 'config.json' || name === 'model.weights.h5' });
  } catch (cause) {
    throw fail(`what is no whole zip (${(cause as Error).message})`, 'a .keras file', cause);
  }
}
