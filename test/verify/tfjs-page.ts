// tfjs-page.ts: a page that trains with `shoal/tfjs-wasm` in a real, headless Chromium, with each of the three builds of tfjs' WASM backend.
// Mocha runs it (verify:tfjs-wasm). Without Chromium it fails, and says how to install it.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];
/** A page that says nothing for so long has failed. */
const DEADLINE_MS = 120_000;

interface Report {
  readonly error?: string;
  readonly losses: readonly number[];
  readonly left: number;
  readonly shared: boolean;
}

const tfjs = '/node_modules/@tensorflow';
const imports = {
  '@tensorflow/tfjs-core': `${tfjs}/tfjs-core/dist/tf-core.fesm.js`,
  '@tensorflow/tfjs-layers': `${tfjs}/tfjs-layers/dist/tf-layers.fesm.js`,
  '@tensorflow/tfjs-backend-wasm': `${tfjs}/tfjs-backend-wasm/dist/tf-backend-wasm.fesm.js`,
  'shoal/tfjs-wasm': '/trainer/tfjs-wasm/index.ts',
  ...Object.fromEntries(['fs', 'path', 'perf_hooks', 'os'].map((name) => [name, '/empty.js'])),
};

/** What the page does. `plain`: tfjs' build without SIMD. */
const script = (plain: boolean) => `
  try {
    const tf = await import('@tensorflow/tfjs-core');
    const layers = await import('@tensorflow/tfjs-layers');
    const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
    await import('shoal/tfjs-wasm');
    const names = ['', '-simd', '-threaded-simd'].map((kind) => 'tfjs-backend-wasm' + kind + '.wasm');
    const folder = '${tfjs}/tfjs-backend-wasm/dist/';
    setWasmPaths(${plain} ? Object.fromEntries(names.map((name) => [name, folder + names[0]])) : folder);
    await tf.setBackend('wasm');
    const { layers: make } = { layers: layers.layers ?? layers };
    const model = layers.sequential({ layers: [
      make.conv2d({ inputShape: [12, 12, 1], filters: 8, kernelSize: 3, activation: 'relu' }),
      make.maxPooling2d({ poolSize: 2 }),
      make.separableConv2d({ filters: 8, kernelSize: 3, activation: 'relu' }),
      make.flatten(),
      make.dense({ units: 3, activation: 'softmax' }),
    ] });
    model.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy' });
    const x = tf.randomUniform([30, 12, 12, 1], 0, 1, 'float32', 3);
    const y = tf.tensor1d(Array.from({ length: 30 }, (_, i) => i % 3));
    const fit = () => model.fit(x, y, { epochs: 10, batchSize: 10, verbose: 0 });
    const first = await fit();
    const before = tf.memory().numTensors;
    const second = await fit();
    const left = tf.memory().numTensors - before;
    const { wasmMemory } = tf.backend().wasm;
    const shared = typeof SharedArrayBuffer !== 'undefined' && wasmMemory?.buffer instanceof SharedArrayBuffer;
    const losses = [...first.history.loss, ...second.history.loss];
    await fetch('/report', { method: 'POST', body: JSON.stringify({ losses, left, shared }) });
  } catch (error) {
    await fetch('/report', { method: 'POST', body: JSON.stringify({ error: String(error && error.stack || error) }) });
  }`;

const TYPES: Readonly<Record<string, string>> = {
  '.ts': 'text/javascript',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** Serves the repository, its TypeScript as JavaScript, and a page at /page; `onReport` hears what the page says. */
async function serve(isolated: boolean, plain: boolean, onReport: (report: Report) => void): Promise<Server> {
  const page = `<!doctype html><script type="importmap">${JSON.stringify({ imports })}</script><script type="module">${script(plain)}</script>`;
  const server = createServer((request, response) => {
    const path = new URL(request.url!, 'http://x').pathname;
    if (isolated) {
      response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
      response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    }
    if (path === '/report') {
      let body = '';
      request.on('data', (text) => {
        body += text;
      });
      request.on('end', () => {
        response.end();
        onReport(JSON.parse(body) as Report);
      });
      return;
    }
    const send = (type: string, body: string | Buffer) => response.setHeader('Content-Type', type).end(body);
    if (path === '/page') return void send('text/html', page);
    if (path === '/empty.js') return void send('text/javascript', 'export default {};');
    try {
      const bytes = readFileSync(join(root, path));
      const isSource = extname(path) === '.ts';
      send(TYPES[extname(path)] ?? 'text/plain', isSource ? stripTypeScriptTypes(bytes.toString()) : bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** Opens the page and waits for what it reports. */
async function train(options: { readonly isolated: boolean; readonly plain: boolean }): Promise<Report> {
  const command = NAMES.find((name) => spawnSync(name, ['--version']).status === 0);
  if (!command) throw new Error(`no ${NAMES.join(' or ')} here: apt-get install chromium`);
  let hear: (report: Report) => void = () => {};
  let fail: (error: Error) => void = () => {};
  const report = new Promise<Report>((resolve, reject) => {
    hear = resolve;
    fail = reject;
  });
  const server = await serve(options.isolated, options.plain, hear);
  const folder = mkdtempSync(join(tmpdir(), 'shoal-page-'));
  const { port } = server.address() as AddressInfo;
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${folder}`];
  const browser = spawn(command, [...flags, `http://127.0.0.1:${port}/page`], { stdio: 'ignore' });
  const closed = new Promise((done) => browser.once('close', done));
  const late = setTimeout(() => fail(new Error(`the page said nothing for ${DEADLINE_MS} ms`)), DEADLINE_MS);
  try {
    return await report;
  } finally {
    clearTimeout(late);
    browser.kill('SIGKILL');
    await closed;
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
    await rm(folder, { recursive: true, force: true, maxRetries: 5 }); // not rmSync, which does not wait between its tries
  }
}

describe('a page in Chromium', () => {
  for (const { build, ...options } of [
    { build: 'SIMD', isolated: false, plain: false },
    { build: 'threaded', isolated: true, plain: false },
    { build: 'plain', isolated: false, plain: true },
  ])
    it(`trains on tfjs' ${build} build: the loss falls, and no tensor stays behind`, async () => {
      const { error, losses, left, shared } = await train(options);
      assert.equal(error, undefined);
      assert.equal(shared, build === 'threaded');
      assert.equal(left, 0);
      assert.ok(losses.every(Number.isFinite) && losses.at(-1)! < losses[0]!, `${losses}`);
    }).timeout(DEADLINE_MS + 60_000);
});
