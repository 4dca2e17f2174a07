// tensorflow.test.ts: `shoal tensorflow setup` and `shoal doctor` where no TensorFlow is, and what is wrong is told. That setup works from
// nothing: test/verify/tensorflow.ts.
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { executableOf, wheelFor } from '../../bin/tensorflow/python.ts';
import { findOrdinary, findTensorflow, loadTensorflow, tensorflowFolder } from '../../trainer/tfjs/tensorflow.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { shoal } from './support/shoal.ts';

describe('shoal tensorflow setup', () => {
  let folder: string;
  before(() => {
    folder = temporaryFolder('tensorflow');
  });

  it('names a Python without TensorFlow before it installs anything, and the command that mends it', async () => {
    const env = { SHOAL_TENSORFLOW: join(folder, 'new') };
    const python = join(folder, 'no-python');
    const { code, stderr } = await shoal(folder, ['tensorflow', 'setup', '--python', python], { env });
    assert.equal(code, 2);
    assert.match(stderr, /error SHOAL_TENSORFLOW: find the TensorFlow of a Python environment/);
    assert.match(stderr, /no-python -m pip install 'tensorflow/);
  });

  it('is what doctor advises where there is none, and where one does not work', async () => {
    const [none, broken] = [join(folder, 'none'), join(folder, 'broken')];
    const absent = await shoal(folder, ['doctor'], { env: { SHOAL_TENSORFLOW: none } });
    assert.match(absent.stdout, /^tensorflow +not here, .*: npx shoal tensorflow setup$/m);
    assert.match(absent.stdout, /^webgpu +.*for --executor webgpu/m);
    plant(broken);
    const wrong = await shoal(folder, ['doctor'], { env: { SHOAL_TENSORFLOW: broken } });
    assert.equal(wrong.code, 0);
    assert.match(wrong.stdout, /^tensorflow +does not work, .*npx shoal tensorflow setup .*no native part/m);
  });

  it('is what an error names when a tfjs-node does not load', () => {
    const broken = join(folder, 'other');
    plant(broken);
    assert.throws(() => loadTensorflow(findTensorflow(broken)), { code: 'SHOAL_TENSORFLOW', hint: /tensorflow setup/ });
    assert.throws(() => loadTensorflow(null), { code: 'SHOAL_TENSORFLOW', hint: /tensorflow setup/ });
  });

  it('is what an error names when what it made was removed or spoilt', async () => {
    const [removed, spoilt] = [join(folder, 'removed'), join(folder, 'spoilt')];
    plant(removed);
    rmSync(join(removed, 'node_modules'), { recursive: true });
    assert.throws(() => loadTensorflow(findTensorflow(removed)), {
      code: 'SHOAL_TENSORFLOW',
      hint: /tensorflow setup/,
    });
    const { code, stdout } = await shoal(folder, ['doctor'], { env: { SHOAL_TENSORFLOW: removed } });
    assert.equal(code, 0);
    assert.match(stdout, /^tensorflow +does not work, .*npx shoal tensorflow setup/m);
    plant(spoilt);
    writeFileSync(join(spoilt, 'shoal.json'), '{"tensorflow":');
    assert.equal(findTensorflow(spoilt), findOrdinary());
  });

  it('says so where its folder cannot be made', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const { code, stderr } = await shoal(folder, ['tensorflow', 'setup'], { env: { SHOAL_TENSORFLOW: file } });
    assert.equal(code, 2);
    assert.match(stderr, /error SHOAL_TENSORFLOW: make the folder .*\n.*EEXIST/);
  });

  it('installs the wheel with CUDA on a GPU, and takes an environment or its executable', () => {
    assert.match(wheelFor(true), /^tensorflow\[and-cuda\]==/);
    assert.match(wheelFor(false, 'linux'), /^tensorflow-cpu==/);
    assert.match(wheelFor(false, 'darwin'), /^tensorflow==/);
    assert.equal(executableOf(folder), join(folder, 'bin', 'python'));
    assert.equal(executableOf('/usr/bin/python3'), '/usr/bin/python3');
    assert.equal(tensorflowFolder({ XDG_CACHE_HOME: '/cache' }), join('/cache', 'shoal', 'tensorflow'));
    assert.equal(tensorflowFolder({ SHOAL_TENSORFLOW: '/own', XDG_CACHE_HOME: '/cache' }), '/own');
  });
});

/** A folder as setup leaves it, whose package throws as tfjs-node does where its native part is missing. */
function plant(folder: string): void {
  const at = join(folder, 'node_modules', '@tensorflow', 'tfjs-node');
  mkdirSync(at, { recursive: true });
  writeFileSync(
    join(folder, 'shoal.json'),
    JSON.stringify({ tensorflow: '0', python: '', libraries: '', compiler: '' }),
  );
  writeFileSync(join(at, 'package.json'), JSON.stringify({ name: '@tensorflow/tfjs-node', main: 'index.js' }));
  writeFileSync(join(at, 'index.js'), "throw new Error('no native part');\n");
}
