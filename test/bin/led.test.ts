// led.test.ts: a run that a coordinator leads is not led by a second one, nor trained by one process; when the first is gone, it is.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { newToken } from '../../cluster/token.ts';
import { type ClusterJob, clusterJob } from '../support/cluster-job.ts';
import { shoal } from './support/shoal.ts';

const env = { SHOAL_TOKEN: newToken() };
const bin = new URL('../../bin/shoal.ts', import.meta.url).pathname;

describe('a run whose coordinator is there', function () {
  this.timeout(60_000);
  let at: ClusterJob;
  let leader: ChildProcess;
  let url: string;

  before(async () => {
    at = clusterJob({ epochs: 1 });
    leader = spawn(process.execPath, [bin, 'coordinator', at.path, '--json'], {
      cwd: at.folder,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    [{ listening: url }] = (await once(leader, 'message')) as [{ listening: string }];
  });
  after(() => {
    leader.kill('SIGKILL');
    at.remove();
  });

  it('is refused to whoever would resume it, with its address, and nothing of it is touched', async () => {
    const log = () => readFileSync(`${at.folder}/runs/small/commits.jsonl`, 'utf8');
    const before = log();
    const calls = [['train'], ['train', '--workers', '2'], ['launch', '--engine', 'local'], ['coordinator']];
    for (const outcome of await Promise.all(
      calls.map((args) => shoal(at.folder, [...args, '--resume', 'runs/small'], { env })),
    )) {
      assert.equal(outcome.code, 2, outcome.stderr);
      assert.match(outcome.stderr, /^error SHOAL_RUN_LED: resume the run runs\/small\n/);
      assert.match(outcome.stderr, /at step 0 of \d+\n[\s\S]*shoal status runs\/small/);
      assert.ok(outcome.stderr.includes(url));
    }
    assert.equal(log(), before);
  });

  it('is resumed when it was killed, though its address still stands in the folder', async () => {
    const gone = once(leader, 'exit');
    leader.kill('SIGKILL');
    await gone;
    assert.equal(readFileSync(`${at.folder}/runs/small/url`, 'utf8').trim(), url);
    const { code, stderr } = await shoal(at.folder, ['train', '--resume', 'runs/small'], { env });
    assert.equal(code, 0, stderr);
  });
});
