// network.ts: a model on tfjs: its weights on the device, forward, and backward to the sums of its gradients. It knows no file and no thread.
import { draws, type Seed, unit } from '../../base/random.ts';
import type { Call, Model, Segment, TensorSpec } from '../model.ts';
import { elements } from '../model.ts';
import type { InputField, Program } from '../plan.ts';
import { deferredCalls } from '../plan-forward.ts';
import type { Lowered } from './kind.ts';
import { lowerings } from './lowerings/index.ts';
import { tape } from './tape.ts';
import type { Tensor, Tf } from './tf.ts';

/** Plain data: crosses threads. */
export interface NetworkOptions {
  readonly model: Model;
  readonly shapes: Readonly<Record<string, TensorSpec>>;
  /** Of all weights. */
  readonly segments: readonly Segment[];
  /** As the model's inputs. */
  readonly inputs: readonly InputField[];
  /** Outputs whose activation the loss contains. */
  readonly deferred: ReadonlySet<string>;
  readonly seed: Seed;
}

/** What of a compiled job a network needs. */
export function networkOptions({ options }: Program, segments: readonly Segment[], seed: Seed): NetworkOptions {
  const { model, shapes, inputs } = options;
  return { model, shapes, segments, inputs, deferred: deferredCalls('train', options), seed };
}

export interface DeviceBatch {
  readonly mode: 'train' | 'evaluate';
  readonly rows: number;
  /** Place in the global batch of the first row; the step. What draws are keyed by. */
  readonly slot: number;
  readonly step: number;
  /** The row after each micro-shard's last. */
  readonly leafEnds: readonly number[];
  readonly inputs: Uploaded;
}

/** As the model's inputs, on the device: the rows, scaled. (rows, ...shape) */
export type Uploaded = readonly Tensor[];

/** Given the outputs: of each its gradient. */
export type Losses = (outputs: readonly Float32Array[]) => readonly Float32Array[];

export interface RunOptions {
  readonly losses: Losses;
  /** Receives the gradients' sums, and those of moving statistics, as in memory. */
  readonly sums: Float32Array;
  /** To what `sums` has; else they take its place. */
  readonly adds: boolean;
  /** Called when the device has been given all that it is to compute, before its results are waited for. Default: nothing. */
  readonly meanwhile?: () => void;
}

export interface Network {
  /** Takes a version's weights, as in memory: each at its segment's `at`. */
  load(weights: Float32Array): void;
  /** Brings rows, as read, to the device, where a `run` of this network takes them. */
  upload(rows: number, inputs: readonly (Uint8Array | Float32Array | Int32Array)[]): Uploaded;
  /** Computes, and frees the batch's inputs. One at a time. */
  run(batch: DeviceBatch, options: RunOptions): Promise<void>;
  dispose(): void;
}

const changes = ({ frozen, resting }: Segment): boolean => !frozen && !resting;

export function createNetwork(tf: Tf, options: NetworkOptions): Network {
  const { model, shapes, segments, seed } = options;
  const weights = new Map<string, Tensor>();
  const place = new Map(segments.map((segment) => [segment.path, segment]));
  const changing = segments.filter(changes);
  const trained = changing.filter(({ state }) => !state);
  const statistics = changing.filter(({ state }) => state);
  const sites = new Map(model.calls.map((call, site) => [call.name, site]));
  const scales = options.inputs.map(({ scale, shift }) =>
    scale.every((s) => s === 1) && shift.every((s) => s === 0)
      ? null
      : [tf.tensor1d([...scale], 'float32'), tf.tensor1d([...shift], 'float32')],
  );

  /** 0, or 1 / (1 - share): as the kernels draw, by place in the global batch. */
  function kept(batch: DeviceBatch, call: Call, share: number, shape: readonly number[], apart: number): Tensor {
    const size = elements(shape);
    const L = shape.at(-1)!;
    const values = new Float32Array(batch.rows * size);
    const scale = Math.fround(1 / Math.fround(1 - share));
    const least = Math.fround(share);
    for (let row = 0; row < batch.rows; row++) {
      const draw = draws(seed, batch.slot + row, sites.get(call.name)!, batch.step);
      for (let at = 0, i = 0; at < size; at += L, i += apart)
        for (let l = 0; l < L; l++) if (unit(draw(i + l)) >= least) values[row * size + at + l] = scale;
    }
    return tf.tensor(values, [batch.rows, ...shape]);
  }

  function forward(batch: DeviceBatch, see: (path: string, sum: Tensor) => void): readonly Tensor[] {
    const values = new Map<string, Tensor>();
    model.inputs.forEach(({ name }, i) => {
      values.set(name, batch.inputs[i]!);
    });
    for (const call of model.calls) {
      const { className, config } = model.layers[call.layer]!;
      const l: Lowered = {
        tf,
        inputs: call.inputs.map((name) => values.get(name)!),
        spec: shapes[call.name]!,
        weight: (name) => weights.get(`${call.layer}/${name}`)!,
        training: batch.mode === 'train',
        deferActivation: options.deferred.has(call.name),
        leafEnds: batch.leafEnds,
        see: (name, sum) => see(`${call.layer}/${name}`, sum),
        kept: (share, shape, apart = shape.at(-1)!) => kept(batch, call, share, shape, apart),
      };
      values.set(call.name, lowerings[className]!(config as never, l));
    }
    return model.outputs.map((name) => values.get(name)!);
  }

  /** All at once: a device is waited for once. */
  const read = (tensors: readonly (Tensor | null)[]) =>
    Promise.all(tensors.map((tensor) => tensor && (tensor.data() as Promise<Float32Array>)));
  const readOutputs = (outputs: readonly Tensor[]) => read(outputs) as Promise<Float32Array[]>;

  /** Adds a tensor's values to the sums, or puts them in their place. */
  function put({ at, length }: Segment, values: Float32Array | null, sums: Float32Array, adds: boolean): void {
    if (values === null) {
      if (!adds) sums.fill(0, at, at + length);
    } else if (adds) for (let i = 0; i < length; i++) sums[at + i]! += values[i]!;
    else sums.set(values, at);
  }

  async function evaluate(batch: DeviceBatch, { losses, meanwhile = () => {} }: RunOptions): Promise<void> {
    const outputs = tf.tidy(() => forward(batch, () => {}) as Tensor[]);
    meanwhile();
    losses(await readOutputs(outputs));
  }

  async function train(batch: DeviceBatch, { losses, sums, adds, meanwhile = () => {} }: RunOptions): Promise<void> {
    const seen: { readonly segment: Segment; readonly sum: Tensor }[] = [];
    const see = (path: string, sum: Tensor): void => {
      const segment = place.get(path)!;
      if (changes(segment)) seen.push({ segment, sum: tf.keep(sum) });
    };
    const { outputs, gradients, close } = tape(tf, () => forward(batch, see));
    try {
      const of = trained.map(({ path }) => weights.get(path)!);
      const grads = gradients(losses(await readOutputs(outputs)), of);
      meanwhile();
      const values = await read([...grads, ...seen.map(({ sum }) => sum)]);
      for (const [i, segment] of trained.entries()) put(segment, values[i]!, sums, adds);
      for (const segment of statistics) put(segment, null, sums, adds);
      for (const [i, { segment }] of seen.entries()) put(segment, values[trained.length + i]!, sums, true);
    } finally {
      close();
      for (const { sum } of seen) sum.dispose();
    }
  }

  function dispose(): void {
    for (const tensor of weights.values()) tensor.dispose();
    weights.clear();
  }

  return {
    load(memory) {
      dispose();
      for (const { path, at, length, shape } of segments)
        weights.set(path, tf.tensor(memory.slice(at, at + length), [...shape]));
    },
    upload: (rows, inputs) =>
      tf.tidy(() =>
        model.inputs.map(({ spec }, i) => {
          const x = tf.tensor(new Float32Array(inputs[i]!), [rows, ...spec.shape]);
          const scaled = scales[i];
          // an op in any case: with the first that reads it a tensor goes to the device
          return tf.keep(scaled ? tf.add(tf.mul(x, scaled[0]!), scaled[1]!) : tf.add(x, 0)); // kept: it may be called inside of a run
        }),
      ),
    async run(batch, given) {
      const engine = tf.engine();
      engine.startScope('run'); // as tidy does, which cannot wait
      try {
        await (batch.mode === 'train' ? train : evaluate)(batch, given);
      } finally {
        engine.endScope();
      }
      for (const input of batch.inputs) input.dispose();
    },
    dispose() {
      dispose();
      for (const pair of scales) for (const tensor of pair ?? []) tensor.dispose();
    },
  };
}
