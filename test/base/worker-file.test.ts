// worker-file.test.ts: threads start from the kind of file that their starter is.
import assert from 'node:assert/strict';
import { workerFile } from '../../base/worker-file.ts';

describe("a worker's file", () => {
  it('ends as its caller does: .ts in the sources, .js in dist', () => {
    assert.equal(workerFile('./worker', 'file:///a%20b/trainer/pool.ts'), 'file:///a%20b/trainer/worker.ts');
    assert.equal(workerFile('./worker', 'file:///a/dist/trainer/pool.js'), 'file:///a/dist/trainer/worker.js');
  });
});
