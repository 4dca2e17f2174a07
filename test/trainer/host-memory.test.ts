// host-memory.test.ts: what a run holds beside the memory that its plan counts: no copies of the weights while it trains, one at its end.
import { strict as assert } from 'node:assert';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { HostMemory } from '../support/host-memory.ts';

describe('the memory of the host', () => {
  let memory: HostMemory;
  before(async () => {
    const script = fileURLToPath(new URL('../support/host-memory.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', script]);
    memory = JSON.parse(stdout);
  });

  it('holds less than a tenth of the weights while a run trains, and them once when it has ended', () => {
    const { weights, during, after } = memory;
    assert.ok(weights > 15, `${weights} MiB`);
    assert.ok(during.length >= 3, `${during.length} events`);
    // the call that began the run may still be on its way out at the first
    assert.ok(Math.max(...during.slice(1)) < weights / 10, `${during} MiB beside weights of ${weights} MiB`);
    assert.ok(after > 0.9 * weights && after < 1.1 * weights, `${after} MiB beside weights of ${weights} MiB`);
  });

  it('forgets the steps of earlier epochs where nothing is saved: a step leaves less than 50 bytes', () => {
    assert.ok(memory.growth < 50, `${memory.growth} bytes a step`);
  });
});
