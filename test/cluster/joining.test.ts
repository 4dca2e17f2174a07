// joining.test.ts: who is let into a run and who is not: roles over real sockets, in this process. Not deaths: processes-killed.slow.test.ts.
import assert from 'node:assert/strict';
import type { ShoalError } from '../../base/errors.ts';
import { executorOf } from '../../bin/input/executor.ts';
import { runCoordinator } from '../../cluster/coordinator-process.ts';
import { fetchDataset } from '../../cluster/remote-data.ts';
import { runServer } from '../../cluster/server.ts';
import { newToken } from '../../cluster/token.ts';
import { runWorker, type WorkerOptions } from '../../cluster/worker.ts';
import type { Dataset } from '../../datasets/reader.ts';
import type { RunEvent } from '../../trainer/events.ts';
import { type Job, parseJob } from '../../trainer/job.ts';
import { createRun } from '../../trainer/run-folder.ts';
import { openJobData, runSession, type SessionResult } from '../../trainer/session.ts';
import { type ClusterJob, clusterJob } from '../support/cluster-job.ts';
import { smallDataset } from '../support/small-jobs.ts';

const token = newToken();

describe('joining a run', function () {
  this.timeout(30_000);
  let at: ClusterJob;
  let job: Job;
  let dataset: Dataset;
  let alone: SessionResult;
  const events: RunEvent[] = [];
  let coordinating: Promise<SessionResult>;
  let url: string;
  let told = (_: RunEvent): void => {};

  before(async () => {
    at = clusterJob({ optimizer: { class_name: 'SGD', config: { momentum: 0.9 } } });
    job = parseJob(at.json, at.path);
    dataset = await openJobData(job);
    alone = await runSession({ job, dataset, threads: 1 });
  });
  after(() => at.remove());

  beforeEach(async () => {
    events.length = 0;
    const path = await createRun(`${at.folder}/runs`, job);
    url = await new Promise<string>((resolve) => {
      coordinating = runCoordinator({
        job,
        dataset,
        path,
        from: null,
        tool: 'test',
        workers: { min: 1, max: 2 },
        servers: 1,
        token,
        onListening: resolve,
        onEvent(event) {
          events.push(event);
          told(event);
        },
      });
    });
  });

  it('a worker that computes by tfjs is refused where the job has no tolerance, with both profiles named', async () => {
    const executor = await executorOf('tfjs-cpu');
    const refused = await join({ name: 'stranger', executor: executor! });
    assert.equal(refused?.code, 'SHOAL_JOIN_PROFILE');
    assert.match(refused.got, /"arithmetic":"tfjs","kernels":"tfjs 4\.\d+\.\d+ cpu"/);
    assert.match(refused.expected, /"arithmetic":"(fused|strict)","kernels":"[0-9a-f]{64}"/);
    assert.match(refused.hint, /tolerance/);
    await finish();
  });

  const join = (options: Partial<WorkerOptions> = {}) =>
    runWorker({ connect: url, token, threads: 1, ...options }).then(
      () => null,
      (error: ShoalError) => error,
    );

  /** One server and one worker bring the run to its end. */
  async function finish(): Promise<void> {
    const all = [runServer({ connect: url, token, name: 'server' }), join({ name: 'worker' })];
    const { done } = await coordinating;
    assert.equal(done.parameters_sha256, alone.done.parameters_sha256);
    assert.equal(done.optimizer_sha256, alone.done.optimizer_sha256);
    await Promise.all(all);
  }

  it('a worker that fetches each block of samples when it needs it ends with the bytes of one process', async () => {
    const openData = () => fetchDataset({ url, token, whole: 0 });
    const all = [runServer({ connect: url, token, name: 'server' }), join({ name: 'worker', openData })];
    const { done } = await coordinating;
    assert.equal(done.parameters_sha256, alone.done.parameters_sha256);
    assert.deepEqual(done.metrics, alone.done.metrics);
    assert.deepEqual((await Promise.all(all)).filter(Boolean), []);
  });

  it('a worker with other data is refused, with both hashes named, and the run goes on', async () => {
    const refused = await join({ name: 'stranger', openData: async () => smallDataset(96, 40) });
    assert.equal(refused?.code, 'SHOAL_JOIN_DATA');
    assert.match(refused.got, /[0-9a-f]{64}/);
    assert.match(refused.expected, /[0-9a-f]{64}/);
    const event = events.find((it) => it.event === 'member' && it.change === 'refused');
    assert.equal(event?.event === 'member' && event.name, 'stranger');
    await finish();
  });

  it('a worker that decodes images otherwise is refused, with both decoders named', async () => {
    const { train, test } = await openJobData(parseJob(at.json, at.path));
    const openData = async () => ({ train: { ...train, decoder: 'sharp 0.1.0, libvips 8.0.0, pixels 0123' }, test });
    const refused = await join({ name: 'stranger', openData });
    assert.equal(refused?.code, 'SHOAL_JOIN_DECODER');
    assert.match(refused.got, /sharp 0\.1\.0, libvips 8\.0\.0, pixels 0123/);
    assert.match(refused.expected, /none/);
    await finish();
  });

  it('a worker without the files fetches them from the coordinator', async () => {
    const missing = { ...at.json, data: { reader: 'idx', path: `${at.folder}/nothing`, classes: 4 } };
    const server = runServer({ connect: url, token, name: 'server' });
    const { fetchDataset } = await import('../../cluster/remote-data.ts');
    await assert.rejects(openJobData(parseJob(missing, at.path)), { code: 'SHOAL_DATA_MISSING' });
    const worker = join({ name: 'remote', openData: () => fetchDataset({ url, token }) });
    const { done } = await coordinating;
    assert.equal(done.parameters_sha256, alone.done.parameters_sha256);
    assert.equal(await worker, null);
    await server;
  });

  it('nobody gets in without the token', async () => {
    const refused = await join({ token: newToken() });
    assert.equal(refused?.code, 'SHOAL_WIRE_TOKEN');
    await finish();
  });

  it('a worker leaves in the middle of the run, and another goes on with it', async () => {
    const server = runServer({ connect: url, token, name: 'server' });
    const leave = new AbortController();
    const first = join({ name: 'first', signal: leave.signal });
    let second: Promise<ShoalError | null> | null = null;
    told = (event) => {
      if (event.event === 'step' && event.step === 2) leave.abort();
      if (event.event === 'member' && event.change === 'left' && event.name === 'first')
        second = join({ name: 'second' });
    };
    const { done } = await coordinating;
    told = () => {};
    assert.equal(done.parameters_sha256, alone.done.parameters_sha256);
    const workers = events.find((it) => it.event === 'workers');
    assert.deepEqual(Object.keys(workers?.leaves ?? {}).sort(), ['first', 'second']);
    await Promise.all([server, first, second]);
  });
});
