// stale.test.ts: in a checkout, modules that were built from other sources than those that stand there are refused.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../../', import.meta.url));
const LOAD =
  "import('./kernels/load.ts').then((it) => it.kernelBytes('simd').length > 0).catch((e) => e.code).then(console.log)";

describe('kernels of other sources', () => {
  it('are refused by a code of their own once a source, the signatures or a generator has changed by one byte', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'shoal-stale-'));
    try {
      for (const name of ['kernels', 'base', 'build', 'package.json', 'asconfig.json'])
        cpSync(join(root, name), join(folder, name), { recursive: true });
      const load = async () =>
        (await promisify(execFile)(process.execPath, ['-e', LOAD], { cwd: folder })).stdout.trim();
      assert.equal(await load(), 'true');
      for (const changed of ['assembly/add.ts', 'signatures.ts', 'signatures/matrices.ts', 'generate/micro.ts']) {
        const path = join(folder, 'kernels', changed);
        appendFileSync(path, '\n');
        assert.equal(await load(), 'SHOAL_KERNELS_STALE', changed);
        cpSync(join(root, 'kernels', changed), path);
      }
      assert.equal(await load(), 'true');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
