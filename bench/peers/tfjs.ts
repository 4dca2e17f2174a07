// tfjs.ts: training speed of the example jobs in tfjs, in a process of its own. Usage: tfjs.ts DIGITS THREADS cpu|wasm|node
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import type * as tfjs from '@tensorflow/tfjs';
import { loadTensorflow } from '../../trainer/tfjs/tensorflow.ts';
import type { PeerReply, PeerRequest } from './protocol.ts';

const IMAGE = 28 * 28;
const [digits, threads, backend] = process.argv.slice(2) as [string, string, 'cpu' | 'wasm' | 'node'];
process.env['TF_NUM_INTRAOP_THREADS'] = threads;
const tf = backend === 'node' ? loadTensorflow() : await import('@tensorflow/tfjs');

const jobs = {
  digits: { batch: 32, optimizer: () => tf.train.adam(1e-3) },
  'conv-dense': { batch: 32, optimizer: () => tf.train.adam(1e-3) },
  'simple-cnn': { batch: 64, optimizer: () => tf.train.momentum(1e-3, 0.9) },
  mlp: { batch: 128, optimizer: () => tf.train.adam(1e-3) },
};
type JobName = keyof typeof jobs;

function network(name: JobName): tfjs.Sequential {
  const dense = (units: number) => tf.layers.dense({ units, activation: 'relu' });
  const convolution = (filters: number, padding: 'valid' | 'same' = 'valid') => [
    tf.layers.conv2d({ filters, kernelSize: 3, activation: 'relu', padding }),
    tf.layers.maxPooling2d({ poolSize: 2 }),
  ];
  const hidden = {
    digits: () => [...convolution(32), ...convolution(64), tf.layers.flatten()],
    'conv-dense': () => [...convolution(32), tf.layers.flatten(), dense(128)],
    'simple-cnn': () => [...convolution(32, 'same'), tf.layers.flatten(), dense(128)],
    mlp: () => [tf.layers.flatten(), dense(512), dense(512)],
  };
  const input = tf.layers.inputLayer({ inputShape: [28, 28, 1] });
  return tf.sequential({ layers: [input, ...hidden[name](), tf.layers.dense({ units: 10, activation: 'softmax' })] });
}

/** A function that trains the next batch and gives its loss. All batches lie in tensors beforehand. */
function trainer(name: JobName): () => Promise<number> {
  const { batch, optimizer } = jobs[name];
  const bytes = readFileSync(digits);
  const values = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const count = Math.floor(values.length / (IMAGE + 1));
  const labels = new Int32Array(bytes.buffer, bytes.byteOffset + count * IMAGE * 4, count);
  const images = values.subarray(0, count * IMAGE);
  const seen = name === 'simple-cnn' ? images.map((v) => (v - 0.5) / 0.5) : images;
  const batches = Array.from({ length: Math.floor(count / batch) }, (_, i) => ({
    x: tf.tensor4d(seen.slice(i * batch * IMAGE, (i + 1) * batch * IMAGE), [batch, 28, 28, 1]),
    y: tf.tensor1d(Float32Array.from(labels.subarray(i * batch, (i + 1) * batch))),
  }));
  const model = network(name);
  model.compile({ optimizer: optimizer(), loss: 'sparseCategoricalCrossentropy' });
  let at = 0;
  return async () => {
    const { x, y } = batches[at]!;
    at = (at + 1) % batches.length;
    return (await model.trainOnBatch(x, y)) as number;
  };
}

const trainers = new Map<JobName, () => Promise<number>>();

async function answer({ name, seconds }: PeerRequest): Promise<PeerReply> {
  if (!trainers.has(name)) {
    const train = trainer(name);
    await train(); // allocates
    trainers.set(name, train);
  }
  const train = trainers.get(name)!;
  const start = performance.now();
  for (let samples = 0; ; ) {
    const loss = await train();
    samples += jobs[name].batch;
    const passed = (performance.now() - start) / 1000;
    if (passed >= seconds) return { samples_per_second: samples / passed, loss };
  }
}

let version = `${tf.version.tfjs} ${backend}`;
if (backend === 'wasm') {
  const { setThreadsCount, setWasmPaths, version_wasm } = await import('@tensorflow/tfjs-backend-wasm');
  version += ` ${version_wasm}`;
  const binaries = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
  setWasmPaths(`${binaries}/`);
  setThreadsCount(Number(threads));
  await import('../../trainer/tfjs-wasm/index.ts');
}
if (!(await tf.setBackend(backend === 'node' ? 'tensorflow' : backend)))
  throw new Error(`tfjs has no backend ${backend} here`);
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
say({ ready: true, version });
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line) as PeerRequest | { quit: true };
  if ('quit' in request) break;
  try {
    say(await answer(request));
  } catch (error) {
    say({ error: String(error) });
  }
}
process.exit(0);
