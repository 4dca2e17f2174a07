// options.test.ts: options that are not known, or have values of another kind: what the parser of the command line itself refuses.
import assert from 'node:assert/strict';
import { newFolder, shoal } from './support/shoal.ts';

const cases = [
  [['train', '--epoch', '3'], /unknown option '--epoch'/],
  [['data', 'inspect', 'images', '--seed', 'x'], /--seed <n>.*'x'.*whole number from 0/],
  [['data', 'inspect', 'images', '--seed', '1.5'], /--seed <n>.*'1\.5'.*whole number from 0/],
  [['data', 'prep', 'images', '--out', 'shards', '--seed', ''], /--seed <n>.*''.*whole number from 0/],
  [['data', 'prep', 'images', '--out', 'shards', '--quality', 'high'], /--quality <n>.*'high'.*whole number from 1/],
] as const;

describe('the parser of the command line', () => {
  const folder = newFolder();

  for (const [args, says] of cases)
    it(`refuses ${JSON.stringify(args)} by SHOAL_USAGE, in a line, with a pointer to --help and exit code 2`, async () => {
      const { code, stdout, stderr } = await shoal(folder, args);
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, /^error SHOAL_USAGE: [\s\S]*\(--help tells what there is\)\n$/);
      assert.match(stderr, says);
    });
});
