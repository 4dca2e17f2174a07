// tfjs-own.ts: tfjs' own tests of the ops that need our kernels, as the npm package tfjs-core has them, on its WASM backend. Mocha runs them
// (verify:tfjs-wasm): of jasmine they use so little that it stands here.
import assert from 'node:assert/strict';
import { createRequire, registerHooks } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test_util } from '@tensorflow/tfjs';
import { useBackend } from '../support/tfjs-wasm.ts';

/** Files of tfjs-core's dist/ops. */
const FILES = [
  'conv1d',
  'conv2d',
  'conv2d_separable',
  'conv2d_transpose',
  'depthwise_conv2d',
  'einsum',
  'gather',
  'max_pool',
  'unsorted_segment_sum',
];
/** What is left out, by words of the title: tfjs' WASM backend has no forward convolution of channels first. */
const LEFT_OUT: readonly (readonly [file: string, words: RegExp])[] = [['conv2d', /NCHW/]];

// by require, which mocha comes in by: it does not wait
const require = createRequire(import.meta.url);
const dist = join(dirname(require.resolve('@tensorflow/tfjs-core/package.json')), 'dist');
const inside = pathToFileURL(`${dist}/`).href;

/** What the tests take from beside them: the one tfjs that there is, and mocha's place for tfjs' use of jasmine. */
const stand: Readonly<Record<string, string>> = {
  'test_util.js': 'export const { expectArraysClose, expectArraysEqual } = globalThis.tfjsTestUtil;',
  'jasmine_util.js':
    'export const ALL_ENVS = {}; export const describeWithFlags = (name, envs, tests) => globalThis.describeTfjs(name, tests);',
};

// their imports leave the endings out
const hooks = registerHooks({
  resolve(specifier, context, next) {
    if (!specifier.startsWith('.') || !context.parentURL?.startsWith(inside)) return next(specifier, context);
    const url = new URL(`${specifier}.js`, context.parentURL).href;
    const whole = [`${inside}index.js`, `${inside}ops/ops.js`].includes(url);
    return next(whole ? pathToFileURL(require.resolve('@tensorflow/tfjs-core')).href : url, context);
  },
  load(url, context, next) {
    if (!url.startsWith(inside) || url.endsWith('.node.js')) return next(url, context);
    const source = stand[url.slice(inside.length)];
    return source === undefined
      ? next(url, { ...context, format: 'module' })
      : { format: 'module', source, shortCircuit: true };
  },
});

const expectations = (value: unknown) => ({
  nothing() {},
  toBe: (expected: unknown) => assert.strictEqual(value, expected),
  toEqual: (expected: unknown) => assert.deepEqual(value, expected),
  toThrowError: (expected?: RegExp | string) =>
    assert.throws(value as () => void, (error: Error) => {
      if (expected instanceof RegExp) assert.match(error.message, expected);
      else if (expected !== undefined) assert.equal(error.message, expected);
      return true;
    }),
});

let file = '';
Object.assign(globalThis, {
  tfjsTestUtil: test_util,
  expect: expectations,
  fail: (why: string) => assert.fail(why),
  beforeAll: before,
  describeTfjs(name: string, tests: (env: object) => void) {
    const words = LEFT_OUT.find(([of]) => of === file)?.[1];
    const all = globalThis.it;
    const some = ((title: string, work: Mocha.AsyncFunc) =>
      words?.test(title) ? undefined : all(title, work)) as unknown as Mocha.TestFunction;
    describe(`tfjs' own tests of ${name}`, () => {
      before(() => useBackend('wasm'));
      globalThis.it = some;
      tests({ name: 'wasm', backendName: 'wasm', isDataSync: true });
      globalThis.it = all;
    });
  },
});
for (file of FILES) require(join(dist, `ops/${file}_test.js`));
hooks.deregister();
