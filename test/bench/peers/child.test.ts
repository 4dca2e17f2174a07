// child.test.ts: a peer that answers, complains, dies or hangs, played by a small script.
import assert from 'node:assert/strict';
import { Peer } from '../../../bench/peers/child.ts';
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
      knownPeers({ digits: 'x', environment }).map((peer) => peer.name);
    assert.deepEqual(names({}), ['tfjs-cpu', 'tfjs-wasm', 'tfjs-node']);
    const both = { SHOAL_BENCH_PYTHON: '/a/python', SHOAL_BENCH_KERAS: '/b/python' };
    assert.deepEqual(names(both), ['pytorch', 'keras', 'tfjs-cpu', 'tfjs-wasm', 'tfjs-node']);
  });
});
