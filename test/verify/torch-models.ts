// torch-models.ts: `npm run verify:models`: every named model at full size with torchvision's and timm's names, and the encoder, beside what PyTorch gave
// (golden/make-torch-models.py): outputs, losses, and every gradient by its norm and random projections. Minutes; not part of `npm test`.
import { readFileSync } from 'node:fs';
import { lengthOf } from '../../trainer/contribution.ts';
import type { Model } from '../../trainer/model.ts';
import { parseModel } from '../../trainer/parse-model.ts';
import { flatWeights } from '../../trainer/snapshot.ts';
import { fromTorch, torchTensors, toTorch } from '../../trainer/torch-names.ts';
import { chain, segmentsOf } from '../../trainer/weights.ts';
import { relativeError } from '../support/compare.ts';
import { drawn, drawnWeight } from '../support/drawn.ts';
import { createHost } from '../support/host-plan.ts';

interface Case {
  readonly builder: string;
  readonly options: object;
  /** Softplus stands for rectifiers: near their kinks f32 and f64 part. */
  readonly smooth: boolean;
  readonly size: number;
  readonly rows: number;
  readonly y: readonly number[];
  readonly loss?: number;
  /** Norm, then projections on drawn directions. */
  readonly gradients?: Readonly<Record<string, readonly number[]>>;
}

const [OUTPUT, LOSS, GRADIENT] = [1e-4, 1e-5, 1e-4];
/** Variance of a direction's elements, uniform in [-0.5, 0.5). */
const VARIANCE = 1 / 12;
/** Of the encoder. */
const VOCABULARY = 10_000;

const { classes, cases } = JSON.parse(
  readFileSync(new URL('../golden/torch-models.json', import.meta.url), 'utf8'),
) as {
  classes: number;
  cases: readonly Case[];
};
const only = process.argv[2];
let failed = 0;
let passed = 0;
for (const of of cases.filter(({ builder }) => only === undefined || builder === only)) {
  const lines = check(of);
  for (const { what, error, most } of lines) {
    const good = error <= most;
    if (good) passed++;
    else failed++;
    console.log(`${good ? 'ok    ' : 'FAILED'} ${of.builder}: ${what}: ${error.toExponential(1)} (at most ${most})`);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

function check({
  builder,
  options,
  smooth,
  size,
  rows,
  y,
  loss,
  gradients,
}: Case): { what: string; error: number; most: number }[] {
  const ids = builder === 'transformer_encoder';
  const images = ids ? {} : { input: [size, size, 3], classes, activation: 'linear' };
  const written = parseModel({ builder, ...images, ...options });
  const model = settled(written, smooth);
  const tensors = torchTensors(model);
  const { weights: segments } = segmentsOf(model);
  const known = new Map(chain(model).weights.map(({ layer, spec }) => [`${layer}/${spec.name}`, spec.shape]));
  const weights = tensors.flatMap((tensor) => fromTorch(tensor, drawnWeight(tensor)));
  const named = weights.map(({ name, data }) => ({ name, data, shape: known.get(name)! }));
  const { parameters, state } = flatWeights(model, named);
  const all = new Float32Array(lengthOf(segments));
  all.set(parameters);
  all.set(state, parameters.length);
  const samples = ids
    ? Float32Array.from(drawn('ids', rows * size), (u) => Math.floor(u * VOCABULARY))
    : Float32Array.from(drawn('input', rows * size * size * 3), (u) => (Math.fround(u) - 0.5) * 2);
  const labels = Int32Array.from({ length: rows }, (_, i) => (ids ? i % 2 : (5 * i + 2) % classes));
  const host = createHost({ model, loss: 'SparseCategoricalCrossentropy', fromLogits: true, rows });
  const batch = { parameters: all, images: samples, labels, shares: [rows] };
  const lines = [{ what: 'outputs', error: relativeError(host.run('predict', batch).output, y), most: OUTPUT }];
  if (loss === undefined) return lines;
  const trained = host.run('train', batch);
  lines.push({ what: 'loss', error: relativeError([trained.loss / rows], [loss]), most: LOSS });
  const byName = new Map(segments.map((s) => [s.path, trained.gradients.subarray(s.flat, s.flat + s.length)]));
  let worst = { what: '', error: 0, most: GRADIENT };
  const least = 1e-3 * Math.max(...Object.values(gradients!).map(([norm]) => norm!)); // of what a normalisation takes away, noise is left
  for (const tensor of tensors) {
    const wanted = gradients![tensor.name];
    if (!wanted) continue; // a moving statistic
    const data = toTorch(tensor, (name) => byName.get(name)!);
    const errors = wanted.slice(1).map((projection, k) => {
      const direction = drawn(`${tensor.name}:${k}`, data.length);
      return data.reduce((sum, g, i) => sum + (g / rows) * (direction[i]! - 0.5), 0) - projection;
    });
    const distance = Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / errors.length / VARIANCE);
    const error = distance / Math.max(wanted[0]!, least);
    if (error > worst.error) worst = { ...worst, error, what: `gradients, the worst: ${tensor.name}` };
  }
  return [...lines, worst];
}

/** Nothing is left out at random, classifiers give logits, and rectifiers are smooth where asked for: as the script has it. */
function settled(model: Model, smooth: boolean): Model {
  const layers = Object.entries(model.layers).map(([name, { className, config }]) => {
    const random = className === 'Dropout' || className === 'DropPath';
    const kinked = smooth && (config['activation'] === 'relu' || config['activation'] === 'relu6');
    return [
      name,
      {
        className,
        config: {
          ...config,
          ...(random && { rate: 0 }),
          ...('dropout' in config && { dropout: 0 }),
          ...(config['activation'] === 'softmax' && { activation: 'linear' }),
          ...(kinked && { activation: 'softplus' }),
        },
      },
    ];
  });
  return { ...model, layers: Object.fromEntries(layers) };
}
