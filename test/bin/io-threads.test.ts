// io-threads.test.ts: how many threads a command keeps for files and images. Counted where Linux tells.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';

const module = new URL('../../bin/io-threads.ts', import.meta.url).href;

/** Threads of `shoal <command>` on a machine of 9 processors, and the number that processes started by it would find. */
function threadsOf(command: string, wanted?: string): readonly [threads: number, passedOn: string | null] {
  const { UV_THREADPOOL_SIZE: _, ...env } = process.env;
  const script = `
    const { readdirSync, stat } = require('node:fs');
    const count = () => (process.platform === 'linux' ? readdirSync('/proc/self/task').length : 0);
    require('node:os').availableParallelism = () => 9;
    require('node:module').syncBuiltinESMExports();
    process.argv = ['node', 'shoal', ${JSON.stringify(command)}];
    const before = count();
    import(${JSON.stringify(module)}).then(() =>
      stat('/', () => process.stdout.write(JSON.stringify([count() - before, process.env.UV_THREADPOOL_SIZE ?? null]))));`;
  const options = { env: { ...env, ...(wanted && { UV_THREADPOOL_SIZE: wanted }) }, encoding: 'utf8' } as const;
  return JSON.parse(execFileSync(process.execPath, ['-e', script], options));
}
const linux = (threads: number): number => (process.platform === 'linux' ? threads : 0);

describe('threads for files and images', () => {
  it("are as many as the machine's where one process decodes, and its own processes do not inherit that", () => {
    for (const command of ['data', 'train']) assert.deepEqual(threadsOf(command), [linux(9), null], command);
  });

  it('are four in the roles of a run and in what decodes nothing', () => {
    for (const command of ['worker', 'server', 'coordinator', 'status', '--help'])
      assert.deepEqual(threadsOf(command), [linux(4), null], command);
  });

  it('are as many as somebody has asked for, there and in processes that it starts', () => {
    for (const command of ['data', 'worker']) assert.deepEqual(threadsOf(command, '7'), [linux(7), '7'], command);
  });
});
