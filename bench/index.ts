// index.ts: `npm run bench`: our figures beside each peer that this machine has, interleaved in one run. Judges nothing; its options: arguments.ts.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadKernels } from '../kernels/load.ts';
import { benchArguments } from './arguments.ts';
import { changesText, compareRows, readRows } from './compare.ts';
import { benchDistribution } from './distribution.ts';
import { benchExecutors, EXECUTOR_ROWS } from './executors.ts';
import { benchFeeder } from './feeder.ts';
import { benchGemm, benchKernels } from './gemm.ts';
import { benchImages } from './images.ts';
import { ask, benchModel, MODEL_BENCHES } from './models.ts';
import { waysOfTorch } from './peers/held.ts';
import { type Peer, startPeers, writePeerData } from './peers/index.ts';
import { type Figure, median } from './probe.ts';
import { type BenchRow, benchRow, toJsonLines, toTable } from './table.ts';
import { benchThreads } from './threads.ts';
import { dataOf, EXAMPLES, type Example, exampleJob, measureTraining } from './training.ts';
import { benchWire } from './wire.ts';

const STANDARD = [
  'gemm',
  ...EXAMPLES,
  'threads',
  'wire',
  'distribution',
  'distribution-large',
  'images',
  'feeder',
  'tfjs',
];
const NAMES = [
  ...STANDARD,
  'kernels',
  'executors',
  ...EXECUTOR_ROWS.map((row) => `executors-${row}`),
  'models',
  ...Object.keys(MODEL_BENCHES),
];
const asked = benchArguments(process.argv.slice(2), NAMES);
if ('code' in asked) {
  (asked.code === 0 ? process.stdout : process.stderr).write(asked.text);
  process.exit(asked.code);
}
const { json, only, compare, rounds, seconds } = asked;
const executorRows = EXECUTOR_ROWS.filter((row) => ['executors', `executors-${row}`].includes(only!));
const wanted = (name: string): boolean => (only === undefined ? STANDARD.includes(name) : only === name);
const say = (text: string): void => void process.stderr.write(`${text}\n`);

const rows: BenchRow[] = [];
function show(row: BenchRow): void {
  rows.push(row);
  if (json) process.stdout.write(toJsonLines([row]));
}

/** GFLOPS beside the multiply-add peak of the core, measured turn and turn about, and beside PyTorch on one thread where it is. */
async function gemm(): Promise<void> {
  const n = 1024;
  const python = process.env['SHOAL_BENCH_PYTHON'];
  const script = fileURLToPath(new URL('./peers/torch_gemm.py', import.meta.url));
  const figures: Figure[] = [];
  const ways = python ? waysOfTorch() : [];
  const others = new Map<string, number[]>(ways.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    figures.push(benchGemm(loadKernels(), n));
    for (const { name, variables } of ways) {
      const { gflops } = await ask<{ gflops: number }>(python!, script, JSON.stringify({ n, seconds: 1 }), variables);
      others.get(name)!.push(gflops);
    }
  }
  const ours = median(figures.map((f) => f.gflops));
  const share = median(figures.map((f) => f.share));
  const name = `gemm ${n}, one thread, GFLOPS`;
  show({ name, ours, peers: { 'FMA probe': ours / share }, ratio: share });
  const medians = Object.fromEntries([...others].map(([who, all]) => [who, median(all)]));
  if (python) show(benchRow(`${name}, beside PyTorch`, ours, medians));
}

/** Training samples a second, two threads, each peer in turn. */
async function example(name: Example, peers: readonly Peer[]): Promise<void> {
  const job = exampleJob(name);
  const figures = new Map<string, number[]>();
  const note = (who: string, figure: number) => figures.set(who, [...(figures.get(who) ?? []), figure]);
  const able = peers.filter((peer) => peer.jobs.includes(name));
  for (let round = 0; round < rounds; round++) {
    note('ours', (await measureTraining(job, 2, seconds)).samplesPerSecond);
    // tfjs takes seconds over one batch: once is enough
    const asked = able.filter((peer) => round === 0 || !peer.name.startsWith('tfjs'));
    for (const peer of asked) note(peer.name, (await peer.measure(name, seconds)).samples_per_second);
    say(`${name}: round ${round + 1} of ${rounds}`);
  }
  const of = (who: string) => median(figures.get(who)!);
  show(benchRow(`${name}, samples/s`, of('ours'), Object.fromEntries(able.map((peer) => [peer.name, of(peer.name)]))));
}

/** Peers, started for as long as `work` takes, with the digits in a file that they read. */
async function withPeers(
  of: (name: string) => boolean,
  work: (peers: readonly Peer[]) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-bench-'));
  const digits = join(folder, 'digits.bin');
  const { train } = await dataOf(exampleJob('digits'));
  const images = new Float32Array(train.length * 784);
  const labels = new Int32Array(train.length);
  const row = { image: new Uint8Array(784), label: new Uint8Array(4) };
  for (let i = 0; i < train.length; i++) {
    train.read(i, row);
    images.set(
      Float32Array.from(row.image, (v) => v / 255),
      i * 784,
    );
    labels[i] = new DataView(row.label.buffer).getInt32(0, true);
  }
  writePeerData(digits, images, labels);
  const peers = await startPeers({ digits, of, warn: (error) => say(`left out: ${error.message}`) });
  try {
    await work(peers);
  } finally {
    await Promise.all(peers.map((peer) => peer.close()));
    rmSync(folder, { recursive: true });
  }
}

const examples = (): Promise<void> =>
  withPeers(
    () => true,
    async (peers) => {
      for (const name of EXAMPLES) if (wanted(name)) await example(name, peers);
    },
  );

/** The same model, by tfjs alone: its WASM backend with our gradients beside tfjs-node and its `cpu` backend, which takes seconds over one batch. */
const tfjs = (): Promise<void> =>
  withPeers(
    (name) => name.startsWith('tfjs'),
    async (peers) => {
      const figures = new Map<string, number[]>();
      for (let round = 0; round < rounds; round++)
        for (const peer of peers.filter(({ name }) => round === 0 || name !== 'tfjs-cpu')) {
          const { samples_per_second } = await peer.measure('digits', seconds);
          figures.set(peer.name, [...(figures.get(peer.name) ?? []), samples_per_second]);
        }
      const ours = median(figures.get('tfjs-wasm')!);
      for (const [who, all] of figures)
        if (who !== 'tfjs-wasm')
          show(
            benchRow(`tfjs-wasm with our gradients, digits, samples/s, beside ${who}`, ours, { [who]: median(all) }),
          );
    },
  );

if (wanted('gemm')) await gemm();
if (EXAMPLES.some(wanted)) await examples();
if (only === 'tfjs') await tfjs();
if (executorRows.length > 0)
  await withPeers(
    (name) => name === 'tfjs-node',
    ([loop]) => benchExecutors({ rounds, seconds, loop, rows: executorRows, show, say }),
  );
if (wanted('threads')) {
  for (const name of EXAMPLES) {
    const { ours, probe, ratio } = await benchThreads(name, rounds, seconds);
    show({ name: `two threads over one, ${name}`, ours, peers: { 'two processes': probe }, ratio });
  }
}
if (wanted('wire')) for (const row of await benchWire(rounds)) show(row);
if (wanted('images')) for (const row of await benchImages(rounds)) show(row);
if (wanted('feeder')) for (const row of await benchFeeder(rounds, seconds)) show(row);
for (const size of ['distribution', 'distribution-large'] as const)
  if (wanted(size)) await benchDistribution(size, { rounds, show, say });
for (const name of Object.keys(MODEL_BENCHES)) {
  if (wanted(name) || wanted('models')) for (const row of await benchModel(name, { rounds, seconds, say })) show(row);
}
if (wanted('kernels')) {
  for (const { name, gflops, share } of benchKernels())
    show({ name, ours: gflops, peers: { 'FMA probe': gflops / share }, ratio: share });
}
if (!json) process.stdout.write(toTable(rows));
if (compare !== undefined) {
  const changes = compareRows(readRows(readFileSync(compare, 'utf8')), rows);
  process.stderr.write(changesText(changes));
  if (changes.some(({ verdict }) => verdict === 'SLOWER')) process.exitCode = 1;
}
