// errors.test.ts: docs/errors.md against the sources: every code that is thrown is explained, with its exit code, and no other is.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ShoalError } from '../../base/errors.ts';
import { exitCodeOf } from '../../bin/output/exit-codes.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const ROOMS = ['base', 'kernels', 'datasets', 'trainer', 'cluster', 'bin'];

/** Codes as they stand in code: quoted, and not a variable of the environment. */
const thrown = new Set(
  globSync(
    ROOMS.map((room) => `${room}/**/*.ts`),
    { cwd: root },
  ).flatMap((file) =>
    [...readFileSync(`${root}/${file}`, 'utf8').matchAll(/(?<!env\[|\?\.\[)'(SHOAL_[A-Z_]+)'/g)].map(
      ([, code]) => code!,
    ),
  ),
);
const rows = [...readFileSync(`${root}/docs/errors.md`, 'utf8').matchAll(/^\| `(SHOAL_[A-Z_]+)` *\| (\d+) /gm)];

describe('docs/errors.md', () => {
  it('explains every code that the sources throw, and no other', () => {
    const explained = rows.map(([, code]) => code!);
    assert.ok(thrown.size > 40);
    assert.deepEqual(explained.toSorted(), [...thrown].toSorted());
  });

  it('gives each the exit code that the command line ends with', () => {
    for (const [, code, exit] of rows) {
      const error = new ShoalError({ code: code as `SHOAL_${string}`, operation: '', got: '', expected: '', hint: '' });
      assert.equal(Number(exit), exitCodeOf(error), code);
    }
  });
});
