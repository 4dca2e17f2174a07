// tolerance.test.ts: runs whose workers compute by tfjs and by our kernels, in several processes. The gate's decisions: coordinator-joining.test.ts.
import assert from 'node:assert/strict';
import { executorOf } from '../../bin/input/executor.ts';
import { auditRun } from '../../cluster/coordinator-files.ts';
import { runCoordinator } from '../../cluster/coordinator-process.ts';
import { runServer } from '../../cluster/server.ts';
import { newToken } from '../../cluster/token.ts';
import { runWorker } from '../../cluster/worker.ts';
import { parseJob } from '../../trainer/job.ts';
import { createRun, openRun } from '../../trainer/run-folder.ts';
import { runSession, type SessionResult } from '../../trainer/session.ts';
import type { WeightsAt } from '../../trainer/snapshot.ts';
import { closeAll } from './support/ends.ts';
import { same, type WholeRuns, wholeRuns } from './support/whole-runs.ts';

/** Norm of the difference over the norm. */
function apart(a: Float32Array, b: Float32Array): number {
  const norm = (x: Float32Array) => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0));
  return norm(a.map((x, i) => x - b[i]!)) / norm(b);
}

describe('a run under tolerance', function () {
  this.timeout(120_000); // minutes on a busy machine
  let runs: WholeRuns;
  let alone: WeightsAt;

  before(async () => {
    runs = await wholeRuns({ tolerance: 1e-4, epochs: 4, optimizer: 'sgd' });
    alone = (await runSession({ job: runs.job, dataset: runs.dataset, threads: 1, onEvent() {} })).weights;
  });
  after(() => runs.remove());
  afterEach(closeAll);

  it('of a tfjs-cpu worker and one of our kernels ends within 1e-4 of one process, each computes leaves, and the audit holds, though the tfjs worker is killed -9', async () => {
    let struck = false;
    const ran = await runs.run({
      workers: 2,
      servers: 1,
      roles: { 'worker-2': { options: { '--executor': 'tfjs-cpu' } } },
      onEvent(event, { kill }) {
        if (struck || event.event !== 'step' || event.step < 5) return;
        struck = true;
        kill('worker-2');
      },
    });
    assert.equal(ran.done.reason, 'done');
    const audit = await auditRun(ran.path, runs.job);
    assert.ok(audit.ok, JSON.stringify(audit));
    const { leaves } = audit.report;
    assert.deepEqual(Object.keys(leaves).sort(), ['worker-1', 'worker-2']);
    const { checkpoint } = await openRun(ran.path, runs.job);
    assert.ok(apart(checkpoint!.snapshot.parameters, alone.parameters) <= 1e-4);
    const restarted = ran.events.flatMap((it) => (it.event === 'restarted' ? [it.name] : []));
    assert.deepEqual(restarted, ['worker-2']);
  });

  it('refuses a worker beyond it, with the difference, the tolerance and the profile named, and goes on without it to the bytes of the job without a tolerance', async () => {
    const strict = parseJob({ ...runs.at.json, tolerance: 1e-12, epochs: 1 }, runs.at.path);
    const token = newToken();
    const path = await createRun(`${runs.at.folder}/runs`, strict);
    let coordinating: Promise<SessionResult>;
    const connect = await new Promise<string>((resolve) => {
      const workers = { min: 1, max: 2 };
      const how = { job: strict, dataset: runs.dataset, path, from: null, tool: 'test', workers, servers: 1, token };
      coordinating = runCoordinator({ ...how, onListening: resolve });
    });
    const executor = await executorOf('tfjs-cpu');
    await assert.rejects(runWorker({ connect, token, threads: 1, name: 'far', executor: executor! }), {
      code: 'SHOAL_JOIN_TOLERANCE',
      got: /"kernels":"tfjs [\d.]+ cpu"\}, that differ from the run's by \d\.\d+e-[78] of their norm/,
      expected: /1e-12/,
    });
    const others = [runServer({ connect, token }), runWorker({ connect, token, threads: 1, name: 'near' })];
    const { done } = await coordinating!;
    await Promise.all(others);
    const { tolerance: _, ...without } = runs.at.json;
    const job = parseJob({ ...without, epochs: 1 }, runs.at.path);
    same(done, (await runSession({ job, dataset: runs.dataset, threads: 1 })).done);
  });
});
