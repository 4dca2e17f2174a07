// tfjs.ts: models of tfjs -> a configuration that parseModel takes, and weights in Keras' order. Does not import tfjs.

import { z } from 'zod';
import { check } from '../../base/check.ts';
import { ShoalError } from '../../base/errors.ts';
import type { Files } from '../files.ts';
import { readSmall } from '../files.ts';
import { elements } from '../model.ts';
import { nodeFiles } from '../node-files.ts';
import type { NamedWeight } from '../order-weights.ts';
import { orderWeights } from '../order-weights.ts';
import { parseModel } from '../parse-model.ts';
import { nestedNames, ownNames } from '../tfjs-names.ts';
import type { ImportedModel, ModelFormat } from './model-file.ts';
import { checkOlder, checkOtherwise } from './older.ts';

/** What is needed of tfjs' `Sequential` and `LayersModel`. */
export interface TfjsModel {
  toJSON(unused: null, returnString: false): unknown;
  readonly weights: readonly {
    readonly originalName: string;
    readonly shape: readonly (number | null)[];
    read(): { dataSync(): ArrayLike<number> };
  }[];
}

const JSON_LIMIT = 256 << 20;

const weightSchema = z.object({
  name: z.string(),
  shape: z.array(z.int().nonnegative()),
  dtype: z.literal('float32', "'float32': other types, quantized ones too, cannot be trained"),
  quantization: z.undefined('none: quantized weights cannot be trained').optional(),
});
const fileSchema = z.object({
  modelTopology: z.record(z.string(), z.unknown()),
  /** Shoal writes no activation that tfjs computes otherwise; before it looked, it wrote its own. */
  generatedBy: z.unknown().optional(),
  format: z.literal('layers-model', "'layers-model': a graph model has no layers to train").optional(),
  weightsManifest: z
    .array(
      z.object({
        paths: z.array(z.string().regex(/^(?!.*\.\.)[^/\\:][^\\:]*$/, 'a path below the folder of model.json')),
        weights: z.array(weightSchema),
      }),
    )
    .optional(),
});

/** What tfjs names otherwise than Keras. All else that the dialects differ in, parseModel reads either way. */
function normalize(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normalize);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, normalize(inner)]);
  const copy: Record<string, unknown> = Object.fromEntries(entries);
  if (copy['class_name'] === 'LeCunNormal') copy['class_name'] = 'LecunNormal';
  if (copy['class_name'] === 'LeCunUniform') copy['class_name'] = 'LecunUniform';
  return copy;
}

/** The model's own part of a topology: tfjs' converter wraps what Keras wrote. */
const configOf = (topology: Record<string, unknown>): unknown => normalize(topology['model_config'] ?? topology);

/**
 * Takes a model that lives in tfjs. It stays untouched; the weights are copies.
 * @throws SHOAL_TFJS if weights and topology do not fit, and what parseModel throws
 */
export function importTfjs(model: TfjsModel): ImportedModel {
  // Through JSON: toJSON leaves undefined values in its objects.
  const config = configOf(JSON.parse(JSON.stringify(model.toJSON(null, false))));
  const weights = model.weights.map((weight) => ({
    name: weight.originalName,
    shape: weight.shape.map((n) => n ?? 0),
    data: Float32Array.from(weight.read().dataSync()),
  }));
  const problem = { code: 'SHOAL_TFJS', operation: 'import a tfjs model' } as const;
  const parsed = parseModel(config);
  checkOlder(parsed, problem);
  checkOtherwise(parsed, problem);
  return { config, weights: orderWeights(parsed, nestedNames(parsed, ownNames(parsed, weights)), problem) };
}

/**
 * Reads a model.json and, where it names any, the weight files beside it. The content of a `model.toJSON()` is taken too.
 * @throws SHOAL_TFJS if it is no such file or its weights do not fit, what parseModel throws, the file system's errors
 */
export async function readTfjs(path: string, files: Files = nodeFiles): Promise<ImportedModel> {
  const operation = `read the tfjs model ${path}`;
  const problem = { code: 'SHOAL_TFJS', operation, hint: 'Save it in tfjs with model.save().' } as const;
  const text = new TextDecoder().decode(await readSmall(files, path, JSON_LIMIT));
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ShoalError({ ...problem, got: 'text that is not JSON', expected: 'a model.json' }, { cause });
  }
  const bare = typeof json === 'object' && json !== null && 'class_name' in json;
  const { modelTopology, weightsManifest, generatedBy } = check(
    fileSchema,
    bare ? { modelTopology: json } : json,
    problem,
  );
  const config = configOf(modelTopology);
  const model = parseModel(config);
  if (generatedBy !== 'Shoal') checkOlder(model, problem);
  // what its converter made of a model of Keras was trained in Keras
  if (`${generatedBy}`.startsWith('TensorFlow.js')) checkOtherwise(model, problem);
  if (weightsManifest === undefined) return { config, weights: undefined };

  const directory = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '.';
  const weights: NamedWeight[] = [];
  for (const group of weightsManifest) {
    const lengths = group.weights.map(({ shape }) => 4 * elements(shape));
    const total = lengths.reduce((sum, length) => sum + length, 0);
    const bytes = await readShards(files, directory, group.paths, total, operation);
    let at = 0;
    for (const [i, { name, shape }] of group.weights.entries()) {
      weights.push({ name, shape, data: new Float32Array(bytes.slice(at, at + lengths[i]!).buffer) });
      at += lengths[i]!;
    }
  }
  return { config, weights: orderWeights(model, nestedNames(model, ownNames(model, weights)), problem) };
}

/** Files of one group, joined: weights may lie across their borders. Reads no more than the weights need. */
async function readShards(
  files: Files,
  directory: string,
  paths: readonly string[],
  total: number,
  operation: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let read = 0;
  for (const path of paths) {
    const part = await readSmall(files, `${directory}/${path}`, total - read);
    parts.push(part);
    read += part.length;
  }
  if (read !== total) {
    const [got, expected] = [`${read} bytes of weights in ${paths.join(', ')}`, `${total}`];
    const hint = 'A file is cut short, or belongs to another model.';
    throw new ShoalError({ code: 'SHOAL_TFJS', operation, got, expected, hint });
  }
  const joined = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

export const tfjs: ModelFormat = { title: "tfjs' model.json", ending: '.json', read: readTfjs };
