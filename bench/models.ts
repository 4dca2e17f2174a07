// models.ts: training speed and memory of large models beside PyTorch and Keras, each figure from a process of its own, turn and turn about.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Variables, waysOfTorch } from './peers/held.ts';
import { median } from './probe.ts';
import { type BenchRow, benchRow } from './table.ts';

/** How a model is trained: by us as the builder of that name, by peers as their own model of the same shape (peers/torch_models.py). */
export interface ModelBench {
  readonly builder: string;
  readonly options: object;
  readonly batch: number;
  /** [rows, columns, channels] of an image, or [length] of a sequence of ids. */
  readonly input: readonly number[];
  /** Peers that have the model. */
  readonly peers: readonly ModelPeer[];
}
type ModelPeer = 'pytorch' | 'keras';

const images = (builder: string, batch: number, peers: readonly ModelPeer[]): ModelBench => ({
  builder,
  options: {},
  batch,
  input: [224, 224, 3],
  peers,
});

/** SGD with momentum 0.9 for all: what is timed is the model. */
export const MODEL_BENCHES: Readonly<Record<string, ModelBench>> = {
  resnet18: images('resnet18', 16, ['pytorch']),
  'resnet50-b8': images('resnet50', 8, ['pytorch', 'keras']),
  'resnet50-b32': images('resnet50', 32, ['pytorch', 'keras']),
  'vit-b16': images('vit_b16', 4, ['pytorch']),
  'mobilenet-v2': images('mobilenet_v2', 16, ['pytorch', 'keras']),
  encoder: {
    builder: 'transformer_encoder',
    options: { vocabulary: 10_000, length: 256 },
    batch: 16,
    input: [256],
    peers: ['pytorch', 'keras'],
  },
};

/** What one process measured. */
export interface ModelFigure {
  readonly samples_per_second: number;
  readonly loss: number;
  /** Most memory that the process held. */
  readonly peak_bytes: number;
  readonly variant?: string;
}

export interface ModelsOptions {
  readonly rounds: number;
  /** Of training, after one step that allocates. */
  readonly seconds: number;
  readonly threads?: number;
  /** As of peers/index.ts. Default process.env. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly say: (text: string) => void;
}

/** Longest time that one process may take: a peer compiles some of its variants first. */
const LIMIT = 600_000;
const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** Two rows of a model: samples a second, and GiB of memory, where less is better: its ratio is the best peer's over ours. */
export async function benchModel(name: string, options: ModelsOptions): Promise<BenchRow[]> {
  const { rounds, seconds, threads = 2, environment = process.env, say } = options;
  const model = MODEL_BENCHES[name]!;
  const pythons = { pytorch: environment['SHOAL_BENCH_PYTHON'], keras: environment['SHOAL_BENCH_KERAS'] };
  const commands = new Map<string, [string, string, Variables]>([
    ['ours', [process.execPath, here('model-process.ts'), {}]],
  ]);
  for (const peer of model.peers) {
    const python = pythons[peer];
    if (!python) continue;
    if (peer === 'keras') commands.set(peer, [python, here('peers/keras_models.py'), {}]);
    else
      for (const { name: way, variables } of waysOfTorch())
        commands.set(way, [python, here('peers/torch_models.py'), variables]);
  }
  const figures = new Map<string, ModelFigure[]>([...commands.keys()].map((who) => [who, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [who, [command, script, variables]] of commands) {
      const variant = figures.get(who)!.at(-1)?.variant ?? '';
      const request = JSON.stringify({ name, ...model, seconds, threads, variant });
      const figure = await ask(command, script, request, variables);
      figures.get(who)!.push(figure);
      say(`${name}: ${who} ${figure.samples_per_second.toFixed(2)} samples/s ${figure.variant ?? ''}`);
    }
  }
  const of = (key: 'samples_per_second' | 'peak_bytes', scale: number) =>
    Object.fromEntries([...figures].map(([who, all]) => [who, median(all.map((figure) => figure[key])) / scale]));
  const { ours: speed, ...speeds } = of('samples_per_second', 1);
  const { ours: memory, ...memories } = of('peak_bytes', 2 ** 30);
  const least = Math.min(...Object.values(memories));
  return [
    benchRow(`${name}, samples/s`, speed!, speeds),
    { name: `${name}, GiB`, ours: memory!, peers: memories, ratio: Number.isFinite(least) ? least / memory! : null },
  ];
}

/** Runs one process, with `variables` beside those of the bench, and reads the last line that it prints. */
export async function ask<Answer = ModelFigure>(
  command: string,
  script: string,
  request: string,
  variables: Variables = {},
): Promise<Answer> {
  const env = { ...process.env, ...variables };
  const { stdout } = await promisify(execFile)(command, [script, request], { env, timeout: LIMIT, maxBuffer: 2 ** 24 });
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Answer;
}
