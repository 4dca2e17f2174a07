// model-source.ts: models of a job that stand elsewhere: in a file, in a run, with weights of a file. What the model says is parsed by
// trainer/parse-model.ts.
import { isAbsolute, join } from 'node:path';
import { ShoalError } from '../../base/errors.ts';
import { modelToKeras } from '../../trainer/export/keras-config.ts';
import { readSafetensors } from '../../trainer/import/safetensors.ts';
import { IGNORED, weightsFromTorch } from '../../trainer/import/torch.ts';
import { nodeFiles } from '../../trainer/node-files.ts';
import { type NamedWeight, orderWeights } from '../../trainer/order-weights.ts';
import { parseModel } from '../../trainer/parse-model.ts';
import { endingOf } from '../../trainer/restore-best.ts';
import { openRun } from '../../trainer/run-folder.ts';
import { snapshotWeights } from '../../trainer/snapshot.ts';
import { isTorch } from '../../trainer/torch-names.ts';
import { chain } from '../../trainer/weights.ts';
import { BASE, cutModel, isTransfer } from '../../trainer/written-models.ts';

/** A model as a job may have it, and the weights that it begins with; undefined to begin with the seed's. */
export interface ModelSource {
  readonly config: unknown;
  readonly weights: readonly NamedWeight[] | undefined;
}

type Keys = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Keys => typeof value === 'object' && value !== null;

/**
 * `{"$file": "model.keras", "weights": true}`: a model of any format that Shoal imports. `{"$run": "runs/x"}`: the model of a run, with the weights of its newest
 * checkpoint unless `"weights": false`. `{"builder": ..., "weights": "file.safetensors"}`: a model by name, with weights under our names
 * or torchvision's. `{"base": one of these, "head": [...]}`: the base with its weights. All else: the model as it stands.
 * @param folder paths start from here
 * @throws SHOAL_JOB, and what reading throws
 */
export async function modelSource(model: unknown, folder: string, operation: string): Promise<ModelSource> {
  const place = (path: string): string => (isAbsolute(path) ? path : join(folder, path));
  if (!isObject(model)) return { config: model, weights: undefined };
  if (isTransfer(model)) return transferSource(model, folder, operation);
  if (typeof model['$file'] === 'string') return fileSource(model, place(model['$file']), operation);
  if (typeof model['$run'] === 'string') return runSource(model, place(model['$run']), operation);
  const { weights, ...config }: Keys = model;
  if (!('builder' in model) || weights === undefined) return { config: model, weights: undefined };
  if (typeof weights !== 'string') throw problem(operation, model, '"weights" with the path of a safetensors file');
  return { config, weights: await weightsOf(config, place(weights)) };
}

const problem = (
  operation: string,
  model: unknown,
  expected: string,
  hint = 'docs/job.md describes every key.',
  cause?: unknown,
) =>
  new ShoalError({ code: 'SHOAL_JOB', operation, got: `model: ${JSON.stringify(model)}`, expected, hint }, { cause });

/** Whether weights are wanted, where no other key is known. */
function wantsWeights(operation: string, model: Keys, key: string, fallback: boolean): boolean {
  const { [key]: _, weights = fallback, ...rest } = model;
  if (typeof weights === 'boolean' && Object.keys(rest).length === 0) return weights;
  throw problem(operation, model, `{"${key}": path} with "weights": true or false beside it`);
}

async function fileSource(model: Keys, path: string, operation: string): Promise<ModelSource> {
  const wanted = wantsWeights(operation, model, '$file', false);
  const { readModelFile } = await import('../../trainer/import/index.ts');
  const imported = await readModelFile(path);
  if (wanted && imported.weights === undefined) {
    throw new ShoalError({
      code: 'SHOAL_JOB',
      operation,
      got: `${String(model['$file'])} without weights`,
      expected: 'a file with weights',
      hint: 'Leave "weights" out to begin with the values that the seed gives.',
    });
  }
  return { config: imported.config, weights: wanted ? imported.weights : undefined };
}

async function runSource(model: Keys, path: string, operation: string): Promise<ModelSource> {
  const wanted = wantsWeights(operation, model, '$run', true);
  const { job, checkpoint } = await openRun(path);
  if (wanted && !checkpoint) throw problem(operation, model, 'a run with a whole checkpoint');
  // as the run wrote it, but for what it had frozen: that is a matter of each job
  const config = modelToKeras(parseModel(job.modelConfig));
  return { config, weights: wanted ? snapshotWeights(job.model, await endingOf(job, checkpoint!)) : undefined };
}

async function weightsOf(config: unknown, path: string): Promise<readonly NamedWeight[]> {
  const operation = `read the weights ${path}`;
  const { tensors } = await readSafetensors(path, nodeFiles, (name) => !IGNORED.test(name));
  const model = parseModel(config);
  if (isTorch(tensors.map(({ name }) => name))) return weightsFromTorch(model, tensors, operation);
  const floats = tensors.flatMap((t) => (t.data instanceof Float32Array ? [{ ...t, data: t.data }] : []));
  return orderWeights(model, floats, { code: 'SHOAL_WEIGHTS', operation });
}

/** The base's weights, under the names that they have in the whole: those that the head has a use for. */
async function transferSource(model: Keys, folder: string, operation: string): Promise<ModelSource> {
  const { config, weights } = await modelSource(model['base'], folder, operation);
  const whole = { ...model, base: config };
  if (!weights) return { config: whole, weights: undefined };
  const { until } = model;
  const cut = cutModel(parseModel(config), typeof until === 'string' ? until : undefined);
  const kept = new Set(chain(cut).weights.map(({ layer, spec }) => `${layer}/${spec.name}`));
  const own = weights.filter(({ name }) => kept.has(name)).map((w) => ({ ...w, name: `${BASE}/${w.name}` }));
  return { config: whole, weights: own };
}
