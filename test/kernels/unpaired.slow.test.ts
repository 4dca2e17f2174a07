// unpaired.slow.test.ts: the suites of all kernels once more, in a process that does not fuse pairs. What fusing changes: self-test.test.ts.
import { execFileSync } from 'node:child_process';

describe('without fused pairs', () => {
  it('the suites of all kernels pass', () => {
    const suites = ['test/kernels/*.test.ts', '--ignore', 'test/kernels/{self-test,unpaired.slow}.test.ts'];
    const options = ['--no-config', '--timeout', '60000', '--reporter', 'dot'];
    execFileSync(process.execPath, ['node_modules/mocha/bin/mocha.js', ...options, ...suites], {
      env: { ...process.env, SHOAL_REVEC: '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  });
});
