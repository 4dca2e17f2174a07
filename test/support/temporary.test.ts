// temporary.test.ts: temporary folders are gone when a process has ended, whichever way it ends.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const module = JSON.stringify(new URL('./temporary.ts', import.meta.url).href);

/** Runs a script that has two, one of them `folder`; returns those that are still there once the process has ended. */
function leftBy(script: string): readonly string[] {
  const before = `import { spawn } from 'node:child_process';
    import { mkdirSync, writeFileSync } from 'node:fs';
    const { temporaryFolder } = await import(${module});
    const [other, folder] = [temporaryFolder('other'), temporaryFolder('test')];
    mkdirSync(folder + '/data');
    writeFileSync(folder + '/data/file', '');
    process.stdout.write([other, folder].join('\\n'));`;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', `${before}\n${script}`], {
    encoding: 'utf8',
  });
  assert.match(child.stdout, /shoal-other-\w+\n.*shoal-test-\w+$/, child.stderr);
  return child.stdout.split('\n').filter((folder) => existsSync(folder));
}

describe('a temporary folder is removed', () => {
  it('when the process ends by itself, by process.exit or by an error', () => {
    for (const end of ['', 'process.exit(3)', 'throw new Error("of the test")']) assert.deepEqual(leftBy(end), [], end);
  });

  it('while another process still writes into it', () => {
    const writes = `const { mkdirSync, writeFileSync } = require('node:fs');
      const until = Date.now() + 500;
      process.send('at work');
      for (let i = 0; Date.now() < until; i++) {
        try {
          mkdirSync('data', { recursive: true });
          writeFileSync('data/' + i, '');
        } catch {}
      }`;
    const left = leftBy(`const options = { cwd: folder, stdio: ['ignore', 'ignore', 'ignore', 'ipc'], detached: true };
      const child = spawn(process.execPath, ['-e', ${JSON.stringify(writes)}], options);
      await new Promise((resolve) => child.once('message', resolve));
      process.exit();`);
    assert.deepEqual(left, []);
  });
});
