// image-models.ts: `node test/verify/image-models.ts [NAME...]`: image classifiers of full width with torchvision's weights and names,
// loss and every gradient beside PyTorch's in float64 (test/golden/make-image-models.py). A minute or two; not part of `npm test`.
import { readFileSync } from 'node:fs';
import { loadKernels } from '../../kernels/load.ts';
import { f32 } from '../../trainer/codecs/f32.ts';
import { createHostRunner } from '../../trainer/host-runner.ts';
import { fromTorch } from '../../trainer/import/torch-names.ts';
import { initializeWeights, joined } from '../../trainer/initialize.ts';
import { losses } from '../../trainer/losses/index.ts';
import { elements, type Model } from '../../trainer/model.ts';
import { parseModel } from '../../trainer/parse-model.ts';
import { compile } from '../../trainer/plan.ts';
import { segmentsOf } from '../../trainer/weights.ts';

interface Golden {
  readonly rows: number;
  readonly models: Readonly<Record<string, GoldenModel>>;
}
interface GoldenModel {
  readonly side: number;
  readonly loss: number;
  readonly weights: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    /** Of a normalisation. */
    readonly norm: boolean;
    /** Of the gradient, and what it is along pseudo-random vectors. */
    readonly length: number;
    readonly along: readonly number[];
  }[];
}

/** Values in [-1, 1), exact in f32: a hash of (place + site * 0x9e3779b9). The script has the same. */
function counter(count: number, site: number): Float32Array {
  const start = Math.imul(site, 0x9e3779b9);
  return Float32Array.from({ length: count }, (_, i) => {
    let x = (start + i) | 0;
    x ^= x >>> 16;
    x = Math.imul(x, 0x7feb352d);
    x ^= x >>> 15;
    x = Math.imul(x, 0x846ca68b);
    x ^= x >>> 16;
    return (x >>> 8) / 2 ** 23 - 1;
  });
}

const scaled = (values: Float32Array, factor: number): Float32Array => {
  const f = Math.fround(factor);
  return values.map((v) => v * f);
};

function weightValues({ name, shape, norm }: GoldenModel['weights'][number], site: number): Float32Array {
  const v = counter(elements(shape), site);
  if (name.endsWith('layer_scale')) return scaled(v, 0.5);
  if (shape.length === 1) return norm && name.endsWith('weight') ? v.map((x) => 0.5 + Math.abs(x)) : scaled(v, 0.3);
  return scaled(v, Math.sqrt(2 / elements(shape.slice(1))));
}

/** Nothing is left out at random: the script turns that off, too. */
const settled = (model: Model): Model => ({
  ...model,
  layers: Object.fromEntries(
    Object.entries(model.layers).map(([name, layer]) => [
      name,
      'rate' in layer.config ? { ...layer, config: { ...layer.config, rate: 0 } } : layer,
    ]),
  ),
});

/** (rows, 3, side, side) as (rows, side, side, 3). */
function channelsLast(x: Float32Array, side: number): Float32Array {
  const area = side * side;
  return Float32Array.from({ length: x.length }, (_, i) => {
    const pixel = Math.floor(i / 3);
    return x[(Math.floor(pixel / area) * 3 + (i % 3)) * area + (pixel % area)]!;
  });
}

const golden = JSON.parse(readFileSync(new URL('../golden/image-models.json', import.meta.url), 'utf8')) as Golden;
const { rows } = golden;

/** The loss's relative error, and the largest of a gradient's: of its length, or along a vector, over its length. */
function errorsOf(builder: string, { side, loss: wanted, weights }: GoldenModel) {
  const model = settled(parseModel({ builder, input: [side, side, 3] }));
  const { weights: segments, shapes } = segmentsOf(model);
  const loss = losses.SparseCategoricalCrossentropy;
  const program = compile({
    model,
    segments,
    shapes,
    rows,
    inputs: [{ field: 'image', dtype: 'f32', scale: [1], shift: [0] }],
    outputs: [{ label: { field: 'label', bytes: 4 }, loss, fromLogits: false, weight: 1, metrics: [] }],
    codec: f32,
  });
  const tensors = weights.map((w, site) => ({ name: w.name, shape: w.shape, data: weightValues(w, site) }));
  const all = joined(initializeWeights(model, 1));
  const byPath = new Map(segments.map((segment) => [segment.path, segment]));
  const found = fromTorch(model, tensors);
  for (const { name, data } of found) all.set(data, byPath.get(name)!.flat);
  if (found.length !== weights.length) throw new Error(`${builder}: ${found.length} of ${weights.length} weights`);
  const runner = createHostRunner(program, segments, loadKernels());
  const { views, at } = runner;
  runner.load(all);
  const { image, label } = program.input.fields;
  views.f32.set(channelsLast(counter(rows * 3 * side * side, 10_000), side), (at.input + image!.at) >>> 2);
  for (let i = 0; i < rows; i++) views.i32[((at.input + label!.at) >>> 2) + i] = (i * 131 + 7) % 1000;
  runner.run('train', { rows });
  const sum = views.f64[(at.contribution + program.contribution.scalarsAt) >>> 3]!;
  let worst = { error: 0, name: '' };
  weights.forEach((w, site) => {
    // where an element of PyTorch's tensor lies in ours: the places themselves, brought under our names
    const places = Float64Array.from({ length: elements(w.shape) }, (_, i) => i);
    const [own] = fromTorchPlaces(model, { ...w, data: places });
    const segment = byPath.get(own!.name)!;
    const from = (at.contribution >>> 2) + segment.at;
    const gradient = new Float64Array(segment.length);
    own!.data.forEach((place, i) => {
      gradient[place] = views.f32[from + i]! / rows;
    });
    const length = Math.sqrt(gradient.reduce((total, g) => total + g * g, 0));
    const errors = w.along.map((value, k) => {
      const along = counter(gradient.length, 20_000 + 10 * site + k);
      return Math.abs(gradient.reduce((total, g, i) => total + g * along[i]!, 0) - value);
    });
    const error = Math.max(Math.abs(length - w.length), ...errors) / w.length;
    if (error > worst.error) worst = { error, name: w.name };
  });
  return { loss: Math.abs(sum / rows / wanted - 1), worst };
}

/** fromTorch moves 32-bit floats, which hold places below 2^24 exactly: larger tensors go in two halves of their digits. */
function fromTorchPlaces(
  model: Model,
  { data, ...rest }: { name: string; shape: readonly number[]; data: Float64Array },
) {
  const half = 2 ** 12;
  const [low] = fromTorch(model, [{ ...rest, data: Float32Array.from(data, (i) => i % half) }]);
  const [high] = fromTorch(model, [{ ...rest, data: Float32Array.from(data, (i) => Math.floor(i / half)) }]);
  return [{ name: low!.name, data: Array.from(low!.data, (value, i) => value + half * high!.data[i]!) }];
}

let failed = 0;
const names = process.argv.slice(2);
for (const [name, model] of Object.entries(golden.models)) {
  if (names.length > 0 && !names.includes(name)) continue;
  const { loss, worst } = errorsOf(name, model);
  const good = loss <= 1e-5 && worst.error <= 1e-4;
  if (!good) failed++;
  console.log(
    `${good ? 'ok    ' : 'FAILED'} ${name}: loss ${loss.toExponential(1)}, gradients ${worst.error.toExponential(1)} (${worst.name})`,
  );
}
process.exitCode = failed > 0 ? 1 : 0;
