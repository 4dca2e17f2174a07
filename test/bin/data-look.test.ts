// data-look.test.ts: `shoal data verify` and `stats` broken off by a signal: what they end with, and say. What they find: data.test.ts.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import pc from 'picocolors';
import { statsCommand, verifyCommand } from '../../bin/commands/data-look.ts';
import { prepCommand } from '../../bin/commands/data-prep.ts';
import type { Screen } from '../../bin/output/screen.ts';
import { writeImages } from '../datasets/support/images.ts';
import { temporaryFolder } from '../support/temporary.ts';

describe('a look at data that is broken off', () => {
  it('ends with 130 and says that nothing was written, while hashes are compared and while samples are read', async () => {
    const home = temporaryFolder('look');
    const told: string[] = [];
    const plain = pc.createColors(false);
    const say = (text: string) => void told.push(text);
    const screen: Screen = { out: say, err: say, live: false, width: 80, outColors: plain, errColors: plain };
    await writeImages(join(home, 'images'), 4);
    const options = { out: join(home, 'out'), shuffle: true, stratify: true, threads: 1 };
    await prepCommand(join(home, 'images'), options, screen);
    for (const look of [
      () => verifyCommand(options.out, {}, screen), // its hashes come first
      () => verifyCommand(join(home, 'images'), {}, screen),
      () => statsCommand(join(home, 'images'), {}, screen),
    ]) {
      told.length = 0;
      const looking = look();
      process.emit('SIGTERM');
      assert.equal(await looking, 130);
      assert.deepEqual(told, ['Interrupted. Nothing was written; the same command begins anew.']);
    }
    assert.equal(await verifyCommand(options.out, {}, screen), 0);
  });
});
