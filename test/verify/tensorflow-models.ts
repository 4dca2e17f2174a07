// tensorflow-models.ts: ResNet-50 and ViT-B/16 at 224 x 224 on the `tensorflow` executor beside our kernels: every tensor's gradient of the same
// contribution, and the losses of ten steps. A ResNet-50 just drawn is so chaotic that PyTorch's f32 gradients are 2e-2 from its f64 ones,
// for rectifiers have kinks: every tensor is compared with softplus for them (1e-3), and all of them as they are with what the last bit of the
// weights is worth. It is trained with the last norm of each block from 0, as is usual (Goyal et al. 2017, arXiv 1706.02677): then it is calm, and
// at the weights that the ten steps lead to all gradients with rectifiers are compared again, together, and every tensor outside of its
// farthest channel (1e-3): one rectifier at its kink turns one channel (of layer4.2.conv1/kernel, channel 381 of 512 holds all but 2e-7 of an
// error of 5.8e-3, in a gradient that is 2e-5 of the whole). Part of `npm run verify:tensorflow`; by itself it takes whichever TensorFlow
// there is, and names of models. Minutes, and some GiB.
import { seedWords } from '../../base/random.ts';
import { readerFromArrays } from '../../datasets/from-arrays.ts';
import type { Dataset } from '../../datasets/reader.ts';
import { createArena } from '../../kernels/arena.ts';
import { loadKernels } from '../../kernels/load.ts';
import { expand } from '../../trainer/contribution.ts';
import { profileOf } from '../../trainer/engine.ts';
import type { Executor } from '../../trainer/executor.ts';
import { initializeParameters, joined } from '../../trainer/initialize.ts';
import { type Job, parseJob } from '../../trainer/job.ts';
import { buildNamed } from '../../trainer/models/index.ts';
import { createPool } from '../../trainer/pool.ts';
import { prepare } from '../../trainer/prepare.ts';
import { runSession } from '../../trainer/session.ts';
import type { BackendName } from '../../trainer/tfjs/backends.ts';
import { createTfjsExecutor, executorNamed } from '../../trainer/tfjs-executor.ts';
import { rootOf, sharesOf } from '../../trainer/tree.ts';
import { createWasmExecutor } from '../../trainer/wasm-executor.ts';
import { drawn } from '../support/drawn.ts';
import { smooth } from '../support/smooth.ts';
import { apart, besideOne, each, farthest, type Sums } from './sums.ts';

/** Two micro-shards, which TensorFlow computes as one device batch. */
export const LARGE_MODELS = {
  resnet50: {
    kinked: true,
    job: { batch: 4, optimizer: { class_name: 'SGD', config: { learning_rate: 0.002, momentum: 0.9 } } },
  },
  vit_b16: { kinked: false, job: { batch: 2, optimizer: { class_name: 'Adam', config: { learning_rate: 1e-4 } } } },
} as const;
export type LargeModel = keyof typeof LARGE_MODELS;

/** Of every tensor's gradient, norm of the error over norm; of every step's loss. */
export const GRADIENT = 1e-3;
export const LOSS = 0.01;
/** Of all gradients together, times what changes when every weight's last bit does. */
const CHAOS = 2;
const STEPS = 10;
const THREADS = 2;
const CLASSES = 10;

/** Two batches of pixels around a colour of their class. */
function samplesOf(batch: number): Dataset {
  const count = 2 * batch;
  const pixels = 224 * 224 * 3;
  const label = Int32Array.from({ length: count }, (_, i) => i % CLASSES);
  const image = Uint8Array.from(drawn('pixels', count * pixels), (noise, i) => {
    const colour = 60 + 12 * ((label[Math.floor(i / pixels)]! + 3 * (i % 3)) % CLASSES);
    return colour + 90 * noise;
  });
  const reader = readerFromArrays({
    fields: { image: { shape: [224, 224, 3], dtype: 'u8' }, label: { shape: [], dtype: 'i32' } },
    data: { image, label },
    classes: CLASSES,
  });
  return { train: reader, test: reader };
}

interface KerasLayer {
  readonly class_name: string;
  readonly config: { readonly name: string };
}

/** Of a ResNet: the last norm of each block begins at 0. */
function calm(name: LargeModel): object {
  const { class_name, config } = buildNamed({ builder: name, classes: CLASSES }) as {
    readonly class_name: string;
    readonly config: { readonly layers: readonly KerasLayer[] };
  };
  const layers = config.layers.map((layer) =>
    layer.config.name.endsWith('.bn3') ? { ...layer, config: { ...layer.config, gamma_initializer: 'zeros' } } : layer,
  );
  return { class_name, config: { ...config, layers } };
}

const jobOf = (name: LargeModel, model: object = { builder: name, classes: CLASSES }): Job =>
  parseJob(
    {
      model,
      data: { reader: 'arrays' }, // the samples above stand for it
      loss: 'sparse_categorical_crossentropy',
      ...LARGE_MODELS[name].job,
      microShards: 2,
      epochs: STEPS / 2,
      evaluateEvery: STEPS / 2,
      metrics: [],
    },
    name,
  );

/** Sums of gradients and of moving statistics over the first batch, by path. Without weights: at the first ones. */
async function sumsOf(
  job: Job,
  dataset: Dataset,
  backend: BackendName | 'wasm',
  weights = initializeParameters(job.model, job.seed),
): Promise<Sums> {
  const prepared = prepare(job, dataset, { threads: THREADS, level: 0 });
  const { program, segments, machine } = prepared;
  const { contribution, input, plans } = program;
  const arena = createArena(prepared.bytes);
  const { u8, f32 } = arena.views;
  const take = (bytes: number) => {
    const at = arena.take(bytes);
    return u8.subarray(at, at + bytes);
  };
  const parameters = take(contribution.scalarsAt);
  const memory = f32.subarray(parameters.byteOffset / 4, (parameters.byteOffset + parameters.length) / 4);
  expand(segments, weights, memory);
  const batch = take(job.microShards * input.leafBytes);
  const shares = sharesOf(job.batch, job.microShards);
  let sample = 0;
  for (const [leaf, rows] of shares.entries())
    for (let row = 0; row < rows; row++) {
      const field = (name: string) => {
        const { at, rowBytes } = input.fields[name]!;
        const from = leaf * input.leafBytes + at + row * rowBytes;
        return batch.subarray(from, from + rowBytes);
      };
      dataset.train.read(sample++, { image: field('image'), label: field('label') });
    }
  const closing: (() => Promise<unknown>)[] = [];
  function open(): Executor {
    if (backend !== 'wasm') return createTfjsExecutor({ backend, job, prepared });
    const { threads, teamSize, depth, level } = machine;
    const kernels = loadKernels();
    const arenaBytes = Math.max(...Object.values(plans).map((plan) => plan.arenaBytes));
    const pool = createPool({ arena, kernels, threads, teamSize, arenaBytes });
    closing.push(() => pool.close());
    const { microShards } = job;
    const profile = profileOf(kernels);
    return createWasmExecutor({ pool, program, profile, seed: seedWords(job.seed), microShards, depth, level });
  }
  const executor = open();
  closing.unshift(() => executor.close());
  try {
    const { parts, ready } = await executor.compute(
      { kind: 'gradient', step: 0, epoch: 0, node: rootOf(job.microShards), version: 0, shares },
      { bytes: batch, release() {} },
      { version: 0, bytes: parameters, ready: Promise.resolve(), release() {} },
      new AbortController().signal,
    );
    await ready;
    const sums = parts.map(({ bytes }) => new Float32Array(bytes.buffer, bytes.byteOffset, contribution.scalarsAt / 4));
    const sumOf = (at: number, length: number) =>
      Float32Array.from({ length }, (_, i) => sums.reduce((sum, part) => sum + part[at + i]!, 0));
    return new Map(contribution.segments.map(({ path, at, length }) => [path, sumOf(at, length)]));
  } finally {
    for (const close of closing) await close();
  }
}

/** The loss of every step, the weights behind the last, and the samples of a second. */
async function train(job: Job, dataset: Dataset, backend: BackendName | 'wasm') {
  const losses: number[] = [];
  const executor = executorNamed(backend, job);
  const { done, weights } = await runSession({
    ...{ job, dataset, threads: THREADS, ...(executor && { executor }) },
    onEvent: (event) => event.event === 'step' && losses.push(event.loss),
  });
  return { losses, weights: joined(weights), speed: done.samples_per_second };
}

/** Of gradients with kinks. */
interface Kinked {
  /** Of all together. */
  readonly error: number;
  /** What the last bits of our own weights are worth in it. */
  readonly floor: number;
  /** Of each tensor by itself, by path; and outside of the channel that is farthest. */
  readonly besides: ReadonlyMap<string, number>;
  readonly errors: ReadonlyMap<string, number>;
  readonly floors: ReadonlyMap<string, number>;
}

export interface Comparison {
  /** By path: the error of every tensor whose gradient is not zero by its nature, without kinks. */
  readonly gradients: ReadonlyMap<string, number>;
  /** Where there are kinks: at the first weights, and at those behind ten steps. */
  readonly kinked: { readonly first: Kinked; readonly trained: Kinked } | null;
  /** Of ten steps: ours, theirs. */
  readonly losses: readonly (readonly [ours: number, theirs: number])[];
  /** Samples a second, ours and theirs, start-up left out. */
  readonly speeds: readonly [ours: number, theirs: number];
}

export async function compareLarge(name: LargeModel, backend: BackendName): Promise<Comparison> {
  const job = jobOf(name);
  const { kinked } = LARGE_MODELS[name];
  const dataset = samplesOf(job.batch);
  const even = kinked ? smooth(job) : job;
  const [ours, theirs] = [await sumsOf(even, dataset, 'wasm'), await sumsOf(even, dataset, backend)];
  const gradients = each(theirs, ours);
  async function withKinks(weights: Float32Array): Promise<Kinked> {
    const ours = await sumsOf(job, dataset, 'wasm', weights);
    const nudged = await sumsOf(
      job,
      dataset,
      'wasm',
      weights.map((w) => w * (1 + 2 ** -23)),
    );
    const theirs = await sumsOf(job, dataset, backend, weights);
    const [error, floor] = [apart(theirs, ours), apart(nudged, ours)];
    const besides = besideOne(theirs, ours, prepare(job, dataset, { threads: THREADS, level: 0 }).segments);
    return { error, floor, errors: each(theirs, ours), floors: each(nudged, ours), besides };
  }
  const first = kinked ? await withKinks(initializeParameters(job.model, job.seed)) : null;
  const trained = jobOf(name, calm(name));
  const [we, they] = [await train(trained, dataset, 'wasm'), await train(trained, dataset, backend)];
  return {
    gradients,
    kinked: first && { first, trained: await withKinks(we.weights) },
    losses: we.losses.map((loss, i) => [loss, they.losses[i]!]),
    speeds: [we.speed, they.speed],
  };
}

/** @returns whether all bars are kept */
export function tell(name: string, { gradients, kinked, losses, speeds }: Comparison): boolean {
  let all = true;
  const say = (good: boolean, text: string): void => {
    console.log(`${good ? 'ok    ' : 'FAILED'} ${name}: ${text}`);
    all &&= good;
  };
  const [path, most] = farthest(gradients);
  say(
    most <= GRADIENT,
    `${gradients.size} tensors' gradients${kinked ? ', softplus for rectifiers' : ''}: ${path} is the farthest: ${most.toExponential(1)} (at most ${GRADIENT})`,
  );
  if (kinked) {
    const { first, trained } = kinked;
    const bar = Math.max(GRADIENT, CHAOS * first.floor);
    say(
      first.error <= bar,
      `all gradients with rectifiers: ${first.error.toExponential(1)} (at most ${bar.toExponential(1)}: the last bit of the weights is worth ${first.floor.toExponential(1)})`,
    );
    say(
      trained.error <= GRADIENT,
      `all gradients with rectifiers, at the weights behind the steps: ${trained.error.toExponential(1)} (at most ${GRADIENT}; the last bit is worth ${trained.floor.toExponential(1)})`,
    );
    const [worst, beside] = farthest(trained.besides);
    say(
      beside <= GRADIENT,
      `there ${trained.besides.size} tensors' gradients, each outside of its farthest channel: ${worst} is the farthest: ${beside.toExponential(1)} (at most ${GRADIENT})`,
    );
    const [path, most] = farthest(trained.errors);
    const own = Math.max(GRADIENT, CHAOS * farthest(trained.floors)[1]);
    const within = (of: ReadonlyMap<string, number>): number => [...of.values()].filter((it) => it <= GRADIENT).length;
    say(
      most <= own,
      `there each tensor by itself: ${within(trained.errors)} of ${trained.errors.size} within ${GRADIENT}, ${within(trained.floors)} by the last bit; ${path} is the farthest: ${most.toExponential(1)} (at most ${own.toExponential(1)})`,
    );
  }
  const apart = Math.max(...losses.map(([ours, theirs]) => Math.abs(theirs - ours) / ours));
  const [first, last] = [losses[0]!, losses.at(-1)!].map(([ours]) => ours.toFixed(4));
  say(
    apart <= LOSS && losses.length === STEPS,
    `losses of ${losses.length} steps, ${first} to ${last}: ${(100 * apart).toFixed(3)} % apart (at most ${100 * LOSS} %)`,
  );
  console.log(`       samples a second: ${speeds[0].toFixed(2)} by our kernels, ${speeds[1].toFixed(2)} by the other`);
  return all;
}

if (import.meta.main) {
  const names = process.argv.slice(2);
  for (const name of Object.keys(LARGE_MODELS) as LargeModel[])
    if (names.length === 0 || names.includes(name))
      if (!tell(name, await compareLarge(name, 'tensorflow'))) process.exitCode = 1;
}
