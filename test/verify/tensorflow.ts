// tensorflow.ts: `npm run verify:tensorflow`: `shoal tensorflow setup` in a fresh folder, then again, which changes nothing; a step of the
// digits with it; then large models with it (tensorflow-models.ts). It installs some hundred megabytes from npm, and as much from PyPI
// unless `-- --python DIR` names an environment that has TensorFlow.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'shoal-tensorflow-'));
const env = { ...process.env, SHOAL_TENSORFLOW: folder };
const shoal = (...args: string[]) =>
  execFileSync(process.execPath, [resolve('bin/shoal.ts'), ...args], { env, encoding: 'utf8' });
const setUp = () => JSON.parse(shoal('tensorflow', 'setup', '--json', ...process.argv.slice(2)));
const binding = join(folder, 'node_modules/@tensorflow/tfjs-node/lib/napi-v8/tfjs_binding.node');
try {
  const first = setUp();
  const made = statSync(binding);
  const again = setUp();
  assert.equal(statSync(binding).mtimeMs, made.mtimeMs, 'the second setup compiled again');
  for (const { by, losses } of [first, again]) {
    assert.equal(by, 'setup');
    assert.ok(losses[1] < losses[0], `losses ${losses}`);
  }
  assert.match(shoal('doctor'), new RegExp(`^tensorflow +${first.tensorflow.replaceAll('.', '\\.')} on the .PU`, 'm'));
  const trained = shoal('train', 'examples/digits.json', '--executor', 'tensorflow', '--dry-run', '--json');
  assert.match(trained, /"event":"done","reason":"done"/);
  console.log(
    `TensorFlow ${first.tensorflow} on Node ${process.version}: set up, trains, and a second setup changes nothing`,
  );
  execFileSync(process.execPath, [resolve('test/verify/tensorflow-models.ts')], { env, stdio: 'inherit' });
} finally {
  rmSync(folder, { recursive: true });
}
