// coordinator-setup.test.ts: jobs that a coordinator does not begin with, before it listens for anybody. Those that it runs: processes.test.ts.
import assert from 'node:assert/strict';
import { runCoordinator } from '../../cluster/coordinator-process.ts';
import { newToken } from '../../cluster/token.ts';
import { parseJob } from '../../trainer/job.ts';
import { createRun } from '../../trainer/run-folder.ts';
import { openJobData } from '../../trainer/session.ts';
import { clusterJob } from '../support/cluster-job.ts';

describe('a coordinator', () => {
  const at = clusterJob();
  after(at.remove);

  async function begin(changes: object): Promise<unknown> {
    const job = parseJob({ ...at.json, ...changes }, at.path);
    const path = await createRun(`${at.folder}/runs`, job);
    return runCoordinator({
      ...{ job, path, dataset: await openJobData(job), from: null, tool: 'test', token: newToken() },
      ...{ workers: { min: 1, max: 1 }, servers: 1 },
      onListening: () => assert.fail('it listens'),
    });
  }

  it('refuses a job that is too large for one message, and says how large it is', async () => {
    const config = (at.json['model'] as { config: object }).config;
    const model = { class_name: 'Sequential', config: { ...config, name: 'x'.repeat(983_040) } };
    await assert.rejects(begin({ model }), { code: 'SHOAL_JOB', got: /^a job of 98\d{4} bytes/, expected: /983040/ });
  });

  it('refuses a sampler whose draws an audit cannot compute again', async () => {
    await assert.rejects(begin({ sampler: 'stratified' }), { code: 'SHOAL_JOB', got: /stratified/ });
  });
});
