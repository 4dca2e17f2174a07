// frozen.test.ts: a run of several roles that begins with given weights, some of them frozen: the bytes of the same run alone.
import assert from 'node:assert/strict';
import { keepStart } from '../../bin/input/keep-start.ts';
import { runCoordinator } from '../../cluster/coordinator-process.ts';
import { runServer } from '../../cluster/server.ts';
import { newToken } from '../../cluster/token.ts';
import { runWorker } from '../../cluster/worker.ts';
import { parseJob } from '../../trainer/job.ts';
import { createRun } from '../../trainer/run-folder.ts';
import { openJobData, runSession } from '../../trainer/session.ts';
import { firstSnapshot } from '../../trainer/snapshot.ts';
import { clusterJob } from '../support/cluster-job.ts';

describe('frozen layers with weights of their own, in a run of several roles', function () {
  this.timeout(30_000);

  for (const [title, changes] of [
    ['come to the workers from the coordinator', { epochs: 1, freeze: ['dense_1'] }],
    ['may be trained from the second epoch on', { epochs: 2, freeze: [{ layers: 'dense_1', until: 1 }] }],
  ] as const)
    it(`${title}: the bytes of a run alone, and not those of the seed`, async () => {
      const at = clusterJob(changes);
      try {
        const job = parseJob(at.json, at.path);
        const dataset = await openJobData(job);
        const first = firstSnapshot(job);
        const start = { ...first, parameters: first.parameters.map((value, i) => value + Math.sin(i) / 9) };
        const alone = await runSession({ job, dataset, threads: 1, start });
        const seed = await runSession({ job, dataset, threads: 1 });
        const path = await createRun(`${at.folder}/runs`, job);
        const from = await keepStart(path, job, dataset, start);
        const token = newToken();
        const options = { job, dataset, path, from, tool: 'test', workers: { min: 1, max: 2 }, servers: 2, token };
        const peers: Promise<void>[] = [];
        const { done, weights } = await runCoordinator({
          ...options,
          onListening(connect) {
            for (const name of ['a', 'b']) peers.push(runServer({ connect, token, name }));
            peers.push(runWorker({ connect, token, threads: 1 }));
          },
        });
        await Promise.all(peers);
        assert.deepEqual(weights.parameters, alone.weights.parameters);
        assert.equal(done.optimizer_sha256, alone.done.optimizer_sha256);
        assert.notEqual(done.parameters_sha256, seed.done.parameters_sha256);
      } finally {
        at.remove();
      }
    });
});
