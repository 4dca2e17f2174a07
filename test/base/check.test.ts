// check.test.ts: what a person is told about a value that does not fit its schema.
import assert from 'node:assert/strict';
import { z } from 'zod';
import { check, ignored, strict } from '../../base/check.ts';
import { choice } from '../../base/choice.ts';
import { canonicalJson, sha256 } from '../../base/hash.ts';

const schema = strict({
  size: z.int().positive().default(3),
  inner: strict({ mode: z.enum(['a', 'b']).default('a'), old: ignored }).prefault({}),
  pet: choice('pets', { FastDog: { speed: z.number().default(9) }, Cat: {} }).prefault('cat'),
  either: z.union([z.string(), z.number()]).optional(),
});
const read = (value: unknown) => check(schema, value, { code: 'SHOAL_JOB', operation: 'read it', hint: 'Look.' });

describe('checking values from outside', () => {
  it('fills in defaults, and reads a name or {class_name, config} as one thing', () => {
    assert.deepEqual(read({}), { size: 3, inner: { mode: 'a' }, pet: { class_name: 'Cat', config: {} } });
    const dog = { class_name: 'FastDog', config: { speed: 9 } };
    for (const pet of ['fast_dog', 'FastDog', { class_name: 'FastDog' }, dog, { ...dog, module: 'keras' }]) {
      assert.deepEqual(read({ pet }).pet, dog);
    }
  });

  const cases: readonly [title: string, value: unknown, got: string, expected: string][] = [
    ['an unknown key', { sise: 3 }, 'the unknown key "sise"', 'one of the known keys: size, inner, pet, either'],
    [
      'a nested unknown key',
      { inner: { mod: 1 } },
      'the unknown key "mod" in inner',
      'one of the known keys: mode, old',
    ],
    [
      'a misspelt option',
      { pet: { class_name: 'Cat', config: { x: 1 } } },
      'the unknown key "x" in pet.config',
      'one of the known keys: none',
    ],
    ['a wrong value', { inner: { mode: 'c' } }, 'inner.mode: "c"', 'one of "a"|"b"'],
    ['a number out of range', { size: -1 }, 'size: -1', 'a value >0'],
    ['an unknown name', { pet: 'cow' }, 'pet.class_name: "cow"', 'one of the known pets: FastDog, Cat'],
    ['none of a union', { either: [] }, 'either: []', 'string or number'],
    ['something else altogether', 7, '7', 'object'],
  ];
  for (const [title, value, got, expected] of cases) {
    it(`names the place, the value and what fits: ${title}`, () => {
      assert.throws(() => read(value), {
        name: 'ShoalError',
        code: 'SHOAL_JOB',
        operation: 'read it',
        hint: 'Look.',
        got,
        expected,
      });
    });
  }
});

describe('hashes', () => {
  it('sha256 gives the known answer of FIPS 180-2 for "abc", as text, bytes and shared bytes', async () => {
    const expected = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    const shared = new Uint8Array(new SharedArrayBuffer(5)).subarray(1, 4);
    shared.set([97, 98, 99]);
    assert.equal(await sha256('abc'), expected);
    assert.equal(await sha256(new Uint8Array([97, 98, 99])), expected);
    assert.equal(await sha256(shared), expected);
  });

  it('canonical JSON sorts keys at every level and keeps the order of lists', () => {
    assert.equal(canonicalJson({ b: [{ z: 1, a: null }, 2], a: 1e-7 }), '{"a":1e-7,"b":[{"a":null,"z":1},2]}');
  });
});
