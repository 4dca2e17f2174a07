// commands.test.ts: `shoal eval`, `predict`, `summary` and `doctor` as processes, on a run made once.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLASSES, SIDE, tinySamples } from '../support/tiny.ts';
import { linesOf, newFolder, shoal } from './support/shoal.ts';

/** What numpy.save writes, version 1.0. */
function npy(type: '|u1' | '<f4', shape: readonly number[], data: Uint8Array | Float32Array): Uint8Array {
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`;
  const header = `${text.padEnd(117)}\n`;
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return Buffer.concat([Buffer.from('\u0093NUMPY\u0001\u0000v\u0000', 'latin1'), Buffer.from(header, 'latin1'), bytes]);
}

describe('shoal, after training,', () => {
  const folder = newFolder();
  const { images, labels } = tinySamples(6, 3);
  const rows = Array.from({ length: SIDE }, (_, y) => [...images.subarray(SIDE * y, SIDE * (y + 1))]);
  let metrics: unknown;

  before(async () => {
    const settings = ['--epochs', '4', '--set', 'metrics=["accuracy","recall","confusion_matrix"]'];
    const { stdout } = await shoal(folder, ['train', 'job.json', '--json', ...settings]);
    metrics = linesOf(stdout).at(-1)!['metrics'];
    writeFileSync(join(folder, 'bytes.npy'), npy('|u1', [6, SIDE, SIDE], images));
    writeFileSync(
      join(folder, 'floats.npy'),
      npy(
        '<f4',
        [6, SIDE, SIDE, 1],
        Float32Array.from(images, (x) => x / 255),
      ),
    );
    writeFileSync(join(folder, 'one.json'), JSON.stringify(rows));
    writeFileSync(join(folder, 'one-float.json'), JSON.stringify(rows.map((row) => row.map((x) => x / 255))));
  });

  it('eval measures what training reported at its end, to the last bit', async () => {
    const { code, stdout, stderr } = await shoal(folder, ['eval', 'runs/job', '--json', '--threads', '1']);
    assert.equal(code, 0, stderr);
    const [line] = linesOf(stdout);
    assert.deepEqual(line!['metrics'], metrics);
    assert.equal(line!['samples'], 64);
    assert.equal(line!['step'], 32);
  });

  it('bench tells the speed of training, and with --layers the time of every layer in each pass', async () => {
    const [whole, { stdout }, said] = await Promise.all([
      shoal(folder, ['bench', 'job.json', '--seconds', '1', '--json', '--threads', '1']),
      shoal(folder, ['bench', 'job.json', '--layers', '--threads', '1']),
      shoal(folder, ['bench', 'job.json', '--seconds', '1', '--threads', '1']),
    ]);
    assert.deepEqual([whole.stderr, said.stderr], ['', 'training for 1 s\n']); // who waits knows how long
    const [speed] = linesOf(whole.stdout);
    assert.ok((speed!['samples_per_second'] as number) > 0 && (speed!['steps'] as number) > 1);
    assert.match(stdout, /^layer +pass +kernels +ms +of all +GFLOPS +of the peak$/m);
    assert.match(stdout, /^dense\S* +forward +gemm.* +\d+\.\d{3} +\d+\.\d % +\d+\.\d +\d+\.\d %$/m);
    assert.match(stdout, /^dense\S* +backward +gemm_tn.* %$/m);
  });

  it('eval prints a table of the classes and the confusion matrix', async () => {
    const { stdout } = await shoal(folder, ['eval', 'runs/job/']);
    assert.match(stdout, /^held out +loss \d\.\d{4} {2}accuracy 1\.0000 {2}recall 1\.0000 {2}\(64 samples\)$/m);
    assert.match(stdout, /^class +recall\n0 +1\.0000$/m);
    assert.match(stdout, /^true \\ predicted +0 +1 +2 +3$/m);
  });

  it('predict gives the classes of bytes and of floats alike, as lines of JSON (probabilities to 1e-6)', async () => {
    const predicted = async (...files: readonly string[]) =>
      linesOf((await shoal(folder, ['predict', 'runs/job', ...files, '--json'])).stdout);
    const [bytes, floats] = await Promise.all([
      predicted('bytes.npy', 'one.json'),
      predicted('floats.npy', 'one-float.json'),
    ]);
    assert.equal(bytes.length, 7);
    assert.deepEqual(
      bytes.map((line) => line['class']),
      [...labels, labels[0]],
    );
    bytes.forEach((line, i) => {
      const [a, b] = [line, floats[i]!].map((one) => one['probabilities'] as number[]) as [number[], number[]];
      assert.equal(a.length, CLASSES);
      a.forEach((p, k) => {
        assert.ok(Math.abs(p - b[k]!) < 1e-6);
      });
      assert.ok(Math.abs(a.reduce((sum, p) => sum + p, 0) - 1) < 1e-6);
    });
    assert.deepEqual(bytes[6]!['probabilities'], bytes[0]!['probabilities']);
  });

  it('predict prints a table', async () => {
    const { stdout } = await shoal(folder, ['predict', 'runs/job', 'one.json']);
    assert.match(stdout, new RegExp(`^file +class +probability +then\none\\.json +${labels[0]} +[01]\\.\\d{4} `));
  });

  it('predict names the file and what is wrong with it', async () => {
    writeFileSync(join(folder, 'wide.npy'), npy('|u1', [SIDE, SIDE + 1], new Uint8Array(SIDE * (SIDE + 1))));
    writeFileSync(join(folder, 'cut.npy'), readFileSync(join(folder, 'bytes.npy')).subarray(0, 300));
    writeFileSync(join(folder, 'uneven.json'), '[[1, 2], [3]]');
    const cases = [
      ['wide.npy', 'SHOAL_SHAPE', /\(8, 9\)[\s\S]*\(8, 8, 1\)/],
      ['cut.npy', 'SHOAL_DATA_TRUNCATED', /384 for \(6, 8, 8\)/],
      ['uneven.json', 'SHOAL_DATA_FORMAT', /lists of numbers/],
      ['notes.txt', 'SHOAL_DATA_FORMAT', /\.txt/],
      ['none.npy', 'SHOAL_DATA_MISSING', /no such file/],
    ] as const;
    const outcomes = await Promise.all(cases.map(([file]) => shoal(folder, ['predict', 'runs/job', file])));
    for (const [i, [file, code, says]] of cases.entries()) {
      const { code: exit, stderr } = outcomes[i]!;
      assert.equal(exit, 2);
      assert.ok(stderr.startsWith(`error ${code}: read ${file}`), stderr);
      assert.match(stderr, says);
    }
  });

  it('predict names the package that decodes images where it is missing, and else what is wrong with the image', async () => {
    writeFileSync(join(folder, 'picture.png'), 'no picture');
    const { code, stderr } = await shoal(folder, ['predict', 'runs/job', 'picture.png']);
    assert.ok(code === 1 || code === 2);
    assert.match(
      stderr,
      /^error SHOAL_OPTIONAL_PACKAGE: [\s\S]*npm install sharp|^error SHOAL_DATA_FORMAT: read picture.png/,
    );
  });

  it('export writes the model of a run for Keras, and a file of Keras trains on from those weights', async () => {
    const written = await shoal(folder, ['export', 'runs/job', '--format', 'keras', '--out', 'mine.keras', '--json']);
    assert.deepEqual(linesOf(written.stdout), [
      { event: 'export', from: linesOf(written.stdout)[0]!['from'], format: 'keras', written: 'mine.keras' },
    ]);
    const imported = await shoal(folder, ['import', 'mine.keras']);
    assert.match(imported.stdout, /^written +mine\.safetensors$/m);
    const model = '{"$file":"mine.safetensors","weights":true}';
    const { stdout } = await shoal(folder, ['train', 'job.json', '--json', '--epochs', '1', '--set', `model=${model}`]);
    assert.equal((linesOf(stdout).at(-1)!['metrics'] as { accuracy: number }).accuracy, 1);
  });

  it('export refuses a name by which the file could not be loaded: SHOAL_USAGE', async () => {
    const named = (format: string, out: string) =>
      shoal(folder, ['export', 'runs/job', '--format', format, '--out', out]);
    for (const { code, stderr } of await Promise.all([named('keras', 'mine.h5'), named('tfjs', 'mine.keras')])) {
      assert.equal(code, 2, stderr);
      assert.match(stderr, /^error SHOAL_USAGE: export\n {2}got +--out mine\.(h5|keras) for/);
    }
    const plain = await named('torch', 'plain.safetensors');
    assert.equal(plain.code, 0, plain.stderr);
  });

  it('train refuses another folder for a run that goes on: SHOAL_USAGE', async () => {
    const { code, stderr } = await shoal(folder, ['train', '--resume', 'runs/job', '--out', 'elsewhere']);
    assert.deepEqual([code, /SHOAL_USAGE: train\n {2}got +--out with --resume/.test(stderr)], [2, true], stderr);
  });

  it('export and import name what they do not know', async () => {
    const [format, file] = await Promise.all([
      shoal(folder, ['export', 'runs/job', '--format', 'onnx']),
      shoal(folder, ['import', 'model.onnx']),
    ]);
    assert.equal(format.code, 2);
    assert.match(format.stderr, /one of tfjs, keras, h5, safetensors, torch/);
    assert.equal(file.code, 2);
    assert.match(file.stderr, /SHOAL_MODEL_FILE[\s\S]*\.keras/);
  });

  it('export and import say where they cannot write, and leave nothing unfinished', async () => {
    mkdirSync(join(folder, 'taken.keras'));
    const [taken, nowhere, imported] = await Promise.all([
      shoal(folder, ['export', 'runs/job', '--format', 'keras', '--out', 'taken.keras']),
      shoal(folder, ['export', 'runs/job', '--format', 'tfjs', '--out', 'job.json']),
      shoal(folder, ['import', 'runs/job/model/last/model.json', '--out', 'nowhere/x.safetensors']),
    ]);
    for (const [{ code, stderr }, out] of [
      [taken, 'taken.keras'],
      [nowhere, 'job.json'],
      [imported, 'nowhere/x.safetensors'],
    ] as const) {
      assert.equal(code, 1);
      assert.match(stderr, new RegExp(`^error SHOAL_RUN_WRITE: write the model ${out}\n +got +E[A-Z]+: `));
    }
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.endsWith('.partial')),
      [],
    );
  });

  it('summary prints layers, parameters, work and memory, for people and as JSON', async () => {
    const [{ code, stdout }, asJson] = await Promise.all([
      shoal(folder, ['summary', 'job.json', '--set', 'model.config.layers.1.config.filters=6']),
      shoal(folder, ['summary', 'job.json', '--json']),
    ]);
    assert.equal(code, 0);
    assert.match(stdout, /^conv2d +Conv2D +\(6, 6, 6\) +60 +3\.9 kFLOP$/m); // 9 * 6 + 6; 2 * 9 * 6 * 36
    assert.match(stdout, /^in all +280 /m); // and 54 * 4 + 4
    assert.match(stdout, /^parameters and optimizer +\d/m);
    const [line] = linesOf(asJson.stdout);
    assert.equal(line!['parameters'], 188);
    assert.ok((line!['plan'] as { memory: { total: number } }).memory.total > 0);
  });

  it('summary does without data that are not there', async () => {
    const { code, stdout, stderr } = await shoal(folder, ['summary', 'job.json', '--set', 'data.path=nowhere']);
    assert.equal(code, 0);
    assert.match(stdout, /^in all +188 /m);
    assert.match(stderr, /no such directory/);
  });

  it('doctor tells of Node, kernels and the machine, for people and as JSON', async () => {
    const { code, stdout } = await shoal(folder, ['doctor']);
    assert.equal(code, 0);
    for (const part of [/^Node +\d+\./m, /^kernels +(relaxed|simd) SIMD/m, /^peak +\d+\.\d GFLOPS/m, /^speed +\d+ %/m])
      assert.match(stdout, part);
    const [line] = linesOf((await shoal(folder, ['doctor', '--json'], { env: { SHOAL_REVEC: '0' } })).stdout);
    assert.equal((line!['kernels'] as { revectorized: boolean }).revectorized, false);
  });
});
