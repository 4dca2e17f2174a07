// gpu.ts: `npm run verify:gpu`: for whoever has an NVIDIA GPU: sets TensorFlow up, trains ResNet-50 and ViT-B/16 on it, compares with our
// kernels on the CPU, measures, trains a mixed cluster, and writes a report to send back. docs/gpu.md.
//   --out FILE     the report (default: gpu-report.json)       --python DIR   an environment that has tensorflow[and-cuda]
//   --batch N      images of a step (default: 128)             --seconds N    of each measurement (default: 30)
//   --allow-cpu    where there is no GPU: the same steps with small models, to try this command. It shows nothing of a GPU.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { setUpTensorflow } from '../../bin/tensorflow/setup.ts';
import { version } from '../../bin/version.ts';
import type { Compared, GpuRequest, Measured } from './gpu-process.ts';

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'gpu-report.json' },
    python: { type: 'string' },
    batch: { type: 'string', default: '128' },
    seconds: { type: 'string', default: '30' },
    'allow-cpu': { type: 'boolean', default: false },
  },
});
/** Sums and losses in f32 on both sides, with softplus for rectifiers (gpu-process.ts); TF32, which keeps 10 bits of factors, is turned off for this and told of apart. */
const MOST_DIFFERENCE = 1e-3;
const MOST_LOSS = 0.01;
const EXACT = { NVIDIA_TF32_OVERRIDE: '0' };

const setup = await setUpTensorflow({
  say: console.log,
  ...(values.python !== undefined && { python: values.python }),
});
if (!setup.gpu && !values['allow-cpu']) {
  console.error(
    `TensorFlow ${setup.tensorflow} sees no GPU here${smi('name') === null ? ', and nvidia-smi answers nothing: is the driver loaded?' : ': was it set up with --gpu?'}`,
    '\nNothing was verified. --allow-cpu tries this command with small models on the CPU.',
  );
  process.exit(1);
}
const large = setup.gpu;
const models: Readonly<Record<string, GpuRequest['model'] & object>> = large
  ? {
      'ResNet-50': { builder: 'resnet50', input: [224, 224, 3] },
      'ViT-B/16': { builder: 'vit_b16', input: [224, 224, 3] },
    }
  : {
      'ResNet-50, narrow, 64 x 64': { builder: 'resnet50', input: [64, 64, 3], ...{ width: 0.25 } },
      'ViT, small, 64 x 64': {
        builder: 'vit_b16',
        input: [64, 64, 3],
        ...{ width: 96, depth: 2, heads: 3, inner: 384 },
      },
    };
const batch = large ? Number(values.batch) : 32;
const seconds = large ? Number(values.seconds) : 3;

const failures: string[] = [];
const rows: object[] = [];
for (const [name, model] of Object.entries(models)) {
  const request = { model, batch: 32, steps: 10, seconds };
  console.log(`${name}: comparing with our kernels`);
  const exact = (await ask({ ...request, what: 'compare' }, EXACT)) as Compared;
  const apart = Math.max(...exact.losses.wasm.map((loss, i) => Math.abs(exact.losses.tensorflow[i]! / loss - 1)));
  check(`${name}: gradients`, exact.difference, MOST_DIFFERENCE);
  check(`${name}: losses of ten steps`, apart, MOST_LOSS);
  const row = {
    model: name,
    ...model,
    gradients_differ_by: exact.difference,
    losses_differ_by: apart,
    losses: exact.losses,
  };
  console.log(`${name}: training at batch ${batch} for ${seconds} s`);
  const fast = await watched({ ...request, batch, what: 'measure' }, {});
  if (!large) rows.push({ ...row, batch, ...fast });
  else {
    const tf32 = (await ask({ ...request, steps: 1, what: 'compare' }, {})) as Compared;
    const f32 = await watched({ ...request, batch, what: 'measure' }, EXACT);
    rows.push({ ...row, batch, as_it_comes: { ...fast, gradients_differ_by: tf32.difference }, without_tf32: f32 });
  }
  console.log(`${name}: ${fast.samples_per_second.toFixed(1)} images a second`);
}
if (large) {
  console.log('A cluster of one worker on TensorFlow and two on our kernels');
  const mixed = spawnSync(process.execPath, ['test/verify/mixed.ts', '0.01'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  console.log(mixed.stdout);
  if (mixed.status !== 0) failures.push('the mixed cluster: npm run verify:mixed');
  rows.push({ cluster: mixed.stdout.trim().split('\n') });
}
const report = {
  what: large ? 'npm run verify:gpu' : 'a trial of verify:gpu without a GPU: small models on the CPU',
  shoal: version,
  commit: commit(),
  node: process.version,
  cpu: `${cpus().length} x ${cpus()[0]?.model.trim()}`,
  memory_bytes: totalmem(),
  gpus: smi('name,driver_version,memory.total,compute_cap'),
  tensorflow: setup,
  failures,
  rows,
};
writeFileSync(values.out, `${JSON.stringify(report, null, 2)}\n`);
for (const failure of failures) console.log(`FAIL  ${failure}`);
console.log(
  `${failures.length === 0 ? 'All holds. ' : ''}The report is ${values.out}${large ? ': please send it back in an issue.' : ': of a CPU.'}`,
);
process.exitCode = failures.length === 0 ? 0 : 1;

function check(what: string, got: number, most: number): void {
  console.log(`${what} differ by ${got.toExponential(2)} (at most ${most})`);
  if (!(got <= most)) failures.push(`${what} differ by ${got.toExponential(2)}, more than ${most}`);
}

/** A process of its own: TensorFlow is loaded once in a process, and reads its environment then. */
function ask(request: GpuRequest, env: Readonly<Record<string, string>>): Promise<Compared | Measured> {
  const args = [new URL('gpu-process.ts', import.meta.url).pathname, JSON.stringify(request)];
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  return new Promise((resolve, reject) => {
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(out.trim().split('\n').at(-1)!));
      else reject(new Error(`${request.what} ${request.model.builder} ended with ${code}:\n${err.slice(-4000)}`));
    });
  });
}

/** What nvidia-smi sees meanwhile: the middle of its utilisation, the most of its memory. */
async function watched(request: GpuRequest, env: Readonly<Record<string, string>>) {
  const seen: [number, number][] = [];
  const look = (): void => {
    const [line] = smi('utilization.gpu,memory.used', 'nounits') ?? [];
    if (line) seen.push(line.split(',').map(Number) as [number, number]);
  };
  const timer = setInterval(look, 1000);
  try {
    const measured = (await ask(request, env)) as Measured;
    const busy = seen.map(([percent]) => percent).sort((a, b) => a - b);
    const most = Math.max(0, ...seen.map(([, mebibytes]) => mebibytes));
    return { ...measured, ...(busy.length > 0 && { gpu_percent: busy[busy.length >> 1], gpu_mebibytes: most }) };
  } finally {
    clearInterval(timer);
  }
}

/** A line for each GPU; null where there is no nvidia-smi. */
function smi(fields: string, ...format: string[]): readonly string[] | null {
  const args = [`--query-gpu=${fields}`, `--format=${['csv', 'noheader', ...format].join(',')}`];
  const { status, stdout } = spawnSync('nvidia-smi', args, { encoding: 'utf8' });
  return status === 0 ? stdout.trim().split('\n') : null;
}

function commit(): string | null {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return null;
  }
}
