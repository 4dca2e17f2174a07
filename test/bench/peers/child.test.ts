// child.test.ts: a peer that answers, complains, dies or hangs, played by a small script.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Peer } from '../../../bench/peers/child.ts';
import { hasAvx512 } from '../../../bench/peers/held.ts';
import { knownPeers } from '../../../bench/peers/index.ts';

const script = `
  const say = (line) => console.log(JSON.stringify(line));
  console.log('some banner');
  say({ ready: true, version: '1.2' });
  require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
    const { quit, name, seconds } = JSON.parse(line);
    if (quit) process.exit(0);
    if (name === 'digits') say({ samples_per_second: seconds * 100, loss: 2 });
    if (name === 'mlp') say({ error: 'no such kernel' });
    if (name === 'simple-cnn' && seconds > 0) console.log('{ "loss": NaN }');
    if (name === 'conv-dense') { console.error('out of memory'); process.exitCode = 3; process.stdin.destroy(); }
  });`;
const start = (code: string) =>
  Peer.start({
    name: 'fake',
    command: process.execPath,
    arguments: ['-e', code],
    jobs: ['digits'],
    readyWithin: 20_000,
  });

describe('bench peer', () => {
  it('is asked again and again, and says when it cannot', async () => {
    const peer = await start(script);
    assert.equal(peer.version, '1.2');
    assert.deepEqual(await peer.measure('digits', 2), { samples_per_second: 200, loss: 2 });
    await assert.rejects(peer.measure('mlp', 1), { code: 'SHOAL_BENCH_PEER', got: 'no such kernel' });
    assert.deepEqual(await peer.measure('digits', 3), { samples_per_second: 300, loss: 2 });
    await peer.close();
    await assert.rejects(peer.measure('digits', 1), { code: 'SHOAL_BENCH_PEER' });
  });

  it('that dies gives its exit code and last words', async () => {
    const peer = await start(script);
    await assert.rejects(peer.measure('conv-dense', 1), { code: 'SHOAL_BENCH_PEER', got: 'exit 3: out of memory' });
    await peer.close();
  });

  it('that answers with what is no JSON is an error, and goes on', async () => {
    const peer = await start(script);
    await assert.rejects(peer.measure('simple-cnn', 1), { code: 'SHOAL_BENCH_PEER', got: 'no JSON: { "loss": NaN }' });
    assert.deepEqual(await peer.measure('digits', 2), { samples_per_second: 200, loss: 2 });
    await peer.close();
  });

  it('that hangs is ended at the deadline', async () => {
    const peer = await start(script);
    await assert.rejects(peer.measure('simple-cnn', 0, 50), { code: 'SHOAL_BENCH_PEER', got: 'nothing for 50 ms' });
    await peer.close();
  });

  it('that does not start is an error', async () => {
    await assert.rejects(start('process.exit(4)'), { got: 'exit 4: ' });
    const missing = { name: 'fake', command: '/no/such/python', arguments: [], jobs: [] };
    await assert.rejects(Peer.start(missing), { code: 'SHOAL_BENCH_PEER', got: /ENOENT/ });
  });

  it('is known when the environment names its Python', () => {
    const names = (environment: Record<string, string>) =>
      knownPeers({ digits: 'x', environment, wide: false }).map((peer) => peer.name);
    assert.deepEqual(names({}), ['tfjs-cpu', 'tfjs-wasm', 'tfjs-node']);
    const both = { SHOAL_BENCH_PYTHON: '/a/python', SHOAL_BENCH_KERAS: '/b/python' };
    assert.deepEqual(names(both), ['pytorch', 'keras', 'tfjs-cpu', 'tfjs-wasm', 'tfjs-node']);
  });

  it('of PyTorch is known held to 256-bit vectors too where the processor has wider ones', async () => {
    const environment = { SHOAL_BENCH_PYTHON: process.execPath, SHOAL_BENCH_KERAS: process.execPath };
    const known = knownPeers({ digits: 'x', environment, wide: true }).slice(0, 3);
    assert.deepEqual(
      known.map(({ name }) => name),
      ['pytorch', 'pytorch-avx2', 'keras'],
    );
    const versions: string[] = [];
    for (const way of known) {
      const code = `console.log(JSON.stringify({ ready: true, version: process.env.ONEDNN_MAX_CPU_ISA ?? 'as it comes' }))`;
      const peer = await Peer.start({ ...way, arguments: ['-e', code] });
      versions.push(peer.version);
      await peer.close();
    }
    assert.deepEqual(versions, ['as it comes', 'AVX2', 'as it comes']);
  });
});

describe('hasAvx512', () => {
  it('reads the flags of a processor, and is false where there are none', () => {
    const folder = mkdtempSync(join(tmpdir(), 'shoal-cpuinfo-'));
    const told = (text: string) => {
      writeFileSync(join(folder, 'cpuinfo'), text);
      return hasAvx512(join(folder, 'cpuinfo'));
    };
    assert.equal(told('model name\t: A\nflags\t\t: fpu avx2 avx512f avx512bw\n'), true);
    assert.equal(told('model name\t: avx512f\nflags\t\t: fpu avx2\n'), false);
    assert.equal(hasAvx512(join(folder, 'missing')), false);
    rmSync(folder, { recursive: true });
  });
});
