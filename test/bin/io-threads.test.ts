// io-threads.test.ts: how many threads a command keeps for files and images.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

const module = new URL('../../bin/io-threads.ts', import.meta.url).href;

function threadsWith(wanted: string | undefined): string {
  const { UV_THREADPOOL_SIZE: _, ...env } = process.env;
  const script = `await import(${JSON.stringify(module)}); process.stdout.write(process.env.UV_THREADPOOL_SIZE)`;
  const options = { env: { ...env, ...(wanted && { UV_THREADPOOL_SIZE: wanted }) }, encoding: 'utf8' } as const;
  return execFileSync(process.execPath, ['--input-type=module', '-e', script], options);
}

describe("threads for files and images are as many as the machine's, at least four", () => {
  it('where nobody has asked for another number', () => {
    assert.equal(threadsWith(undefined), String(Math.max(4, availableParallelism())));
    assert.equal(threadsWith('7'), '7');
  });
});
