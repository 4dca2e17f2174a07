// registered.test.ts: what users register is known to every copy of the code in a process: `npx shoal` runs dist/, a module may import sources.
import assert from 'node:assert/strict';

describe('what users have registered', () => {
  for (const [file, name] of [
    ['layers', 'registered'],
    ['losses', 'registeredLosses'],
    ['callbacks', 'registeredCallbacks'],
  ] as const)
    it(`is known to another copy of the code: ${file}`, async () => {
      const copy = (query: string) =>
        import(`../../trainer/${file}/registered.ts${query}`) as Promise<{ [n: string]: unknown }>;
      const [one, other] = [await copy(''), await copy('?copy')];
      assert.notEqual(one, other);
      assert.ok(one[name] instanceof Map);
      assert.equal(one[name], other[name]);
    });
});
