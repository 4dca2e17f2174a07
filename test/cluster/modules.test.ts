// modules.test.ts: layers and losses of users in a run of several processes, here of several roles in one process: the bytes of a run alone,
// and files that are not those of the run.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readJob } from '../../bin/input/read-job.ts';
import { runCoordinator } from '../../cluster/coordinator-process.ts';
import { runServer } from '../../cluster/server.ts';
import { newToken } from '../../cluster/token.ts';
import { runWorker } from '../../cluster/worker.ts';
import type { Job } from '../../trainer/job.ts';
import { createRun } from '../../trainer/run-folder.ts';
import { openJobData, runSession } from '../../trainer/session.ts';
import { type ClusterJob, clusterJob } from '../support/cluster-job.ts';
import { useModules } from '../support/own-modules.ts';
import { mlp } from '../support/small-jobs.ts';

const token = newToken();
const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const modules = [file('../trainer/fixtures/own-losses.ts'), file('../../examples/own-layer/scaled-tanh.ts')];
const layers = [...mlp.slice(0, -1), { class_name: 'ScaledTanh', config: {} }, mlp.at(-1)!];

describe('modules of a run of several processes', function () {
  this.timeout(30_000);
  useModules(...modules);
  let at: ClusterJob;
  let job: Job;
  before(async () => {
    const model = { class_name: 'Sequential', config: { name: 'small', layers } };
    at = clusterJob({ epochs: 1, loss: 'OwnSquares', metrics: [], modules, model });
    writeFileSync(at.path, JSON.stringify(at.json));
    job = (await readJob(at.path, {})).job;
  });
  after(() => at.remove());

  /** A coordinator of the job, and where it listens. */
  async function coordinate(job: Job, signal: AbortSignal) {
    const dataset = await openJobData(job);
    const path = await createRun(`${at.folder}/runs`, job);
    let coordinating: ReturnType<typeof runCoordinator> | undefined;
    const connect = await new Promise<string>((onListening, reject) => {
      const workers = { min: 1, max: 1 };
      const options = { job, dataset, path, from: null, tool: 'test', workers, servers: 1, token, signal };
      coordinating = runCoordinator({ ...options, onListening });
      coordinating.catch(reject);
    });
    return { connect, coordinating: coordinating! };
  }

  it('are imported by a server and a worker, which end with the bytes of a run alone', async () => {
    const alone = await runSession({ job, dataset: await openJobData(job), threads: 1 });
    const { connect, coordinating } = await coordinate(job, new AbortController().signal);
    const peers = [runServer({ connect, token }), runWorker({ connect, token, threads: 1 })];
    const { done } = await coordinating;
    await Promise.all(peers);
    assert.equal(done.parameters_sha256, alone.done.parameters_sha256);
    assert.deepEqual(done.metrics, alone.done.metrics);
  });

  it('are refused where the file is another one, with both hashes named', async () => {
    const other = { ...job, modules: job.modules.map(({ path }) => ({ path, sha256: '0'.repeat(64) })) };
    const controller = new AbortController();
    const { connect, coordinating } = await coordinate(other, controller.signal);
    const refusal = { code: 'SHOAL_MODULE', got: new RegExp(job.modules[0]!.sha256!), expected: /0{64}/ };
    await assert.rejects(runServer({ connect, token }), refusal);
    await assert.rejects(runWorker({ connect, token, threads: 1 }), refusal);
    controller.abort();
    assert.equal((await coordinating).done.reason, 'interrupted');
  });
});
