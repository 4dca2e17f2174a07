// executors.ts: the same jobs on each executor, and in a loop that someone would write by hand for tfjs-node, turn about. Judges nothing.
import { fileURLToPath } from 'node:url';
import { ask, MODEL_BENCHES, type ModelFigure } from './models.ts';
import type { Peer } from './peers/index.ts';
import { median } from './probe.ts';
import type { BenchRow } from './table.ts';
import { EXAMPLES, exampleJob, measureTraining } from './training.ts';

export interface ExecutorsOptions {
  readonly rounds: number;
  readonly seconds: number;
  /** tfjs-node trained by hand; undefined where there is none: then the `tensorflow` executor cannot run either. */
  readonly loop: Peer | undefined;
  /** Of EXECUTOR_ROWS. */
  readonly rows: readonly string[];
  readonly show: (row: BenchRow) => void;
  readonly say: (text: string) => void;
}

const LOOP = 'tfjs-node loop';
const THREADS = 2;
const RESNET = 'resnet50-b8';
/** What is measured. */
export const EXECUTOR_ROWS: readonly string[] = [...EXAMPLES, RESNET];
const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

type Measures = Readonly<Record<string, () => Promise<number>>>;

/** One row: the `tensorflow` executor, the others and the loop; the ratio is to the loop. */
async function row(name: string, measures: Measures, { rounds, show, say }: ExecutorsOptions): Promise<void> {
  const figures = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++)
    for (const [who, measure] of Object.entries(measures)) {
      if (round > 0 && who === 'tfjs-cpu') continue; // seconds over one batch: once is enough
      const figure = await measure();
      figures.set(who, [...(figures.get(who) ?? []), figure]);
      say(`${name}: ${who} ${figure.toFixed(2)} samples/s`);
    }
  const { tensorflow, ...others } = Object.fromEntries([...figures].map(([who, all]) => [who, median(all)]));
  const loop = others[LOOP];
  if (tensorflow !== undefined && loop !== undefined)
    show({
      name: `tensorflow executor, ${name}, samples/s`,
      ours: tensorflow,
      peers: others,
      ratio: tensorflow / loop,
    });
  else show({ name: `wasm executor, ${name}, samples/s`, ours: others['wasm']!, peers: others, ratio: null });
}

/** The four examples, and ResNet-50 (not on `tfjs-cpu`, which takes minutes over one batch of it). */
export async function benchExecutors(options: ExecutorsOptions): Promise<void> {
  const { seconds, loop, rows } = options;
  for (const name of EXAMPLES.filter((it) => rows.includes(it))) {
    const job = exampleJob(name);
    const on = (executor: string) => async () =>
      (await measureTraining(job, THREADS, seconds, undefined, executor)).samplesPerSecond;
    await row(
      name,
      {
        wasm: on('wasm'),
        ...(loop && {
          tensorflow: on('tensorflow'),
          [LOOP]: async () => (await loop.measure(name, seconds)).samples_per_second,
        }),
        'tfjs-wasm': on('tfjs-wasm'),
        'tfjs-cpu': on('tfjs-cpu'),
      },
      options,
    );
  }
  if (!rows.includes(RESNET)) return;
  const inProcess = (script: string, executor?: string) => async () => {
    const request = { name: RESNET, ...MODEL_BENCHES[RESNET], seconds, threads: THREADS, executor };
    const figure: ModelFigure = await ask(process.execPath, here(script), JSON.stringify(request));
    return figure.samples_per_second;
  };
  const measures = {
    wasm: inProcess('model-process.ts', 'wasm'),
    ...(loop && {
      tensorflow: inProcess('model-process.ts', 'tensorflow'),
      [LOOP]: inProcess('peers/tfjs-resnet50.ts'),
    }),
  };
  await row(RESNET, measures, options);
}
