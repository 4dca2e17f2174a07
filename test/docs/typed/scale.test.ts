// scale.test.ts: docs/scale.md: what a simulation prints does not depend on the machine, so the page is held against it to the letter.
import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { resolve } from 'node:path';
import { docFolder, sessionsOf, shownBy, typeIn } from '../../support/doc-commands.ts';

describe('docs/scale.md', function () {
  this.timeout(120_000); // ten seconds where nothing else runs

  it('simulates what the page does, and prints the figures that stand there', async () => {
    const commands = sessionsOf('scale.md')
      .flat()
      .filter((it) => it.startsWith('npx shoal simulate '));
    assert.equal(commands.length, 3);
    const folder = docFolder();
    symlinkSync(resolve('examples/resnet50.json'), `${folder}/examples/resnet50.json`);
    for (const command of commands) {
      const { code, output } = await typeIn(folder, [command]);
      assert.equal(code, 0, output);
      const printed = new Set(output.split('\n'));
      const shown = shownBy('scale.md', command)
        .trimEnd()
        .split('\n')
        .filter((line) => line !== '...');
      assert.ok(shown.length >= 4);
      for (const line of shown) assert.ok(printed.has(line), `${command}\ndoes not print\n${line}\nbut\n${output}`);
    }
  });
});
