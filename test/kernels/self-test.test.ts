// self-test.test.ts: the kernel module's shape, the report of the self-test, and the same bytes with and without fused pairs.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { viewsOf } from '../../kernels/abi.ts';
import { type Build, bestTile, instantiate, type KernelModule, kernelBytes, loadKernels } from '../../kernels/load.ts';
import { testKernels } from '../../kernels/self-test.ts';
import { CASE_BYTES, runCase } from '../../kernels/self-test-cases.ts';
import { ownKernels } from '../../kernels/signatures.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const builds: readonly Build[] = ['simd', 'relaxed'];
const memory = new WebAssembly.Memory({ initial: Math.ceil(CASE_BYTES / 65536), maximum: 65536, shared: true });

/** sha256 of what every kernel of a build leaves in memory. */
export function digest(build: Build): string {
  const kernels = instantiate(loadKernels(build), memory);
  const hash = createHash('sha256');
  for (const name of ownKernels)
    if (kernels[name])
      for (const rows of [1, 4, 11]) hash.update(runCase(name, kernels[name], memory, viewsOf(memory.buffer), rows));
  return hash.digest('hex');
}

/** Ids of a module's sections (WebAssembly core specification 5.5.2). */
function sections(bytes: Uint8Array): number[] {
  const ids: number[] = [];
  for (let at = 8; at < bytes.length; ) {
    ids.push(bytes[at++]!);
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      size |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    at += size;
  }
  return ids;
}

/** What a script, or a program with arguments, prints in a process of its own with this SHOAL_REVEC. */
const inChild = (revec: '0' | '1', args: string | readonly string[]): string =>
  execFileSync(process.execPath, typeof args === 'string' ? ['--input-type=module', '-e', args] : args, {
    cwd: root,
    env: { ...process.env, SHOAL_REVEC: revec },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });

describe('the kernel module', () => {
  for (const build of builds)
    it(`${build}: holds no data and no start function, and imports only its memory, its tile and the host of custom layers`, () => {
      const ids = sections(kernelBytes(build));
      assert.ok(!ids.includes(11) && !ids.includes(12), 'a data section');
      assert.ok(!ids.includes(8), 'a start function');
      const imports = WebAssembly.Module.imports(loadKernels(build).module).map(
        (i) => `${i.module}.${i.name} ${i.kind}`,
      );
      assert.deepEqual(imports.sort(), [
        'env.custom function',
        'env.memory memory',
        'env.tileRows global',
        'env.tileVectors global',
      ]);
    });

  it('crosses threads by postMessage', () => {
    const { port1, port2 } = new MessageChannel();
    port1.postMessage(loadKernels());
    const { message } = receiveMessageOnPort(port2) as { message: KernelModule };
    port1.close();
    assert.equal(typeof instantiate(message, memory).gemm, 'function');
    assert.deepEqual({ ...message, module: 0 }, { ...loadKernels(), module: 0 });
  });
});

describe('the self-test of the kernels', () => {
  it('finds fused multiply-adds in the relaxed build only', () => {
    assert.equal(testKernels(loadKernels('relaxed')).report.fused, true);
    assert.equal(testKernels(loadKernels('simd')).report.fused, false);
  });

  it('finds the same bytes in fused pairs of all kernels, and keeps the tile that suits them', () => {
    const { kernels, report } = testKernels(loadKernels(), true);
    assert.equal(report.revectorized, report.asked, report.advice);
    assert.equal(report.bitsEqual, report.asked ? true : undefined);
    assert.deepEqual(report.differing, []);
    assert.deepEqual(kernels.tile, bestTile(kernels.build, report.revectorized));
    assert.ok(report.gflops > 0 && report.speed > 0 && report.speed <= 1);
  });

  it('reports unfused pairs, the narrow tile and the loss when SHOAL_REVEC is 0', () => {
    const script = `
      const { testKernels } = await import('./kernels/self-test.ts');
      console.log(JSON.stringify(testKernels(undefined, true).report));`;
    const report = JSON.parse(inChild('0', script));
    assert.equal(report.asked, false);
    assert.equal(report.revectorized, false);
    assert.ok(report.pairRatio < 1.25, `ratio ${report.pairRatio}`);
    assert.equal(report.tile.vectors, 2);
    assert.ok(report.speed < 1);
  });
});

describe('fused pairs', () => {
  it('are gone once stopRevectorizing has compiled the kernels anew', () => {
    const script = `
      const { loadKernels, stopRevectorizing } = await import('./kernels/load.ts');
      const { testKernels } = await import('./kernels/self-test.ts');
      const { kernels } = testKernels();
      console.log(JSON.stringify(testKernels(stopRevectorizing(kernels)).report));`;
    const report = JSON.parse(inChild('1', script));
    assert.equal(report.revectorized, false);
    assert.ok(report.pairRatio < 1.25, `ratio ${report.pairRatio}`);
    assert.equal(report.tile.vectors, 2);
  });

  it('leave every kernel of both builds with the bytes that it has without them', () => {
    const script = `
      globalThis.describe = () => {};
      const { digest } = await import('./test/kernels/self-test.test.ts');
      console.log(digest('simd'), digest('relaxed'));`;
    const [simd, relaxed] = inChild('0', script).trim().split(' ');
    assert.equal(digest('simd'), simd);
    assert.equal(digest('relaxed'), relaxed);
  });
});
