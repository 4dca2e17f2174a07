// processes-ways.slow.test.ts: whole runs whose sums and data take other ways, or come damaged: the bytes of one process nevertheless.
import assert from 'node:assert/strict';
import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { keepIdentity } from '../../cluster/certificate.ts';
import { local } from '../../cluster/launchers/local.ts';
import type { RunEvent } from '../../trainer/events.ts';
import { parseJob } from '../../trainer/job.ts';
import { createRun } from '../../trainer/run-folder.ts';
import { wideMlp } from '../support/small-jobs.ts';
import { suiteRuns } from './support/suite-runs.ts';
import { COMMAND, same } from './support/whole-runs.ts';

describe('a run in several processes', function () {
  const runs = suiteRuns(this);

  it('with the codec f16, leaves sent as halves and subtrees as floats end with the bytes of one process', async () => {
    const halves = parseJob({ ...runs.at.json, codec: 'f16', epochs: 3 }, runs.at.path);
    const path = await createRun(`${runs.at.folder}/runs`, halves);
    // of 8 leaves, 3 workers hold subtrees and single ones
    const [{ done }, ran] = await Promise.all([runs.alone(halves), runs.run({ workers: 3, servers: 2, path })]);
    assert.notEqual(done.parameters_sha256, runs.expected.parameters_sha256);
    same(ran.done, done);
  });

  it('sums that leave while a worker runs backward, of one thread and of two, end with the bytes of one process', async () => {
    const model = { class_name: 'Sequential', config: { name: 'wide', layers: wideMlp } };
    const wide = parseJob({ ...runs.at.json, model, epochs: 2 }, runs.at.path);
    const path = await createRun(`${runs.at.folder}/runs`, wide);
    const roles = { 'worker-2': { options: { '--threads': '2' } } };
    const [{ done }, ran] = await Promise.all([runs.alone(wide), runs.run({ workers: 2, servers: 2, path, roles })]);
    same(ran.done, done);
    const told = ran.events.find((it) => it.event === 'workers');
    assert.deepEqual(Object.keys(told!.leaves).sort(), ['worker-1', 'worker-2']);
  });

  it('on a disk that takes no more, tells of SHOAL_RUN_WRITE or SHOAL_CHECKPOINT_WRITE and goes on to the same bytes', async () => {
    const path = await createRun(`${runs.at.folder}/runs`, runs.job);
    const problems: RunEvent[] = [];
    const done = await local.launch({
      command: ['bash', '-c', 'ulimit -f 4; exec "$0" "$@"', ...COMMAND], // files of 4 KiB at most: fewer lines than steps
      run: path,
      workers: 2,
      servers: 1,
      threads: 1,
      onEvent: (event) => event.event === 'problem' && problems.push(event),
    });
    same(done, runs.expected);
    const told = problems.map(
      (it) => it.event === 'problem' && `${it.problem.code} ${it.problem.operation} ${it.fatal}`,
    );
    for (const line of told) assert.match(String(line), /^SHOAL_(RUN|CHECKPOINT)_WRITE write .* false$/);
    for (const file of [`the events of ${path}`, `${path}/commits.jsonl`])
      assert.ok(told.includes(`SHOAL_RUN_WRITE write ${file} false`), told.join('\n'));
  });

  it('takes contributions that come twice and out of order, and refuses NaN and names whose it was', async () => {
    const meddling = (seed: number) => ({ meddle: { seed, twice: 0.3, later: 0.3 } });
    const ran = await runs.run({
      workers: 3,
      servers: 2,
      roles: {
        'server-1': meddling(1),
        'server-2': meddling(2),
        'worker-1': meddling(3),
        'worker-2': { meddle: { ...meddling(4).meddle, spoil: 7 } },
        'worker-3': meddling(5),
      },
    });
    await runs.holds(ran);
    const { twice, later, spoilt } = ran.meddled;
    assert.ok(twice! > 50 && later! > 50 && spoilt === 1, JSON.stringify(ran.meddled));
    const refused = ran.events.find((it) => it.event === 'member' && it.change === 'refused');
    assert.ok(refused?.event === 'member' && refused.name === 'worker-2');
    assert.equal(refused.problem?.code, 'SHOAL_PUSH_NOT_FINITE');
    assert.match(refused.problem.got, /node .* of step \d/);
  });

  it('roles that share no folder: over TLS in both directions, started by hand, the data fetched from the coordinator', async () => {
    const [here, there] = [`${runs.at.folder}/here`, `${runs.at.folder}/there`];
    mkdirSync(here);
    mkdirSync(there);
    cpSync(`${runs.at.folder}/data`, `${here}/data`, { recursive: true });
    writeFileSync(
      `${here}/job.json`,
      JSON.stringify({ ...runs.at.json, data: { reader: 'idx', path: 'data', classes: 4 } }),
    );
    const env = { ...process.env, SHOAL_TOKEN: 'a-token-of-the-test' };
    const start = (cwd: string, ...args: readonly string[]) =>
      promisify(execFile)(COMMAND[0]!, [resolve(COMMAND[1]!), ...args], { cwd, env });
    // who connects must show a certificate too: servers and workers have one between them
    const peers = keepIdentity(there, ['127.0.0.1']);
    writeFileSync(`${here}/peers.pem`, peers.cert);
    const tls = ['--tls', '127.0.0.1', '--client-ca', 'peers.pem'];
    const args = ['coordinator', 'job.json', '--listen', '127.0.0.1:0', ...tls, '--json'];
    const leader = fork(resolve(COMMAND[1]!), args, { cwd: here, env, silent: true });
    const led = text(leader.stdout!);
    const [{ listening: url }] = (await once(leader, 'message')) as [{ listening: string }];
    writeFileSync(`${there}/trust.pem`, readFileSync(`${here}/runs/small/tls/cert.pem`, 'utf8') + peers.cert);
    const own = ['--cert', 'cert.pem', '--key', 'key.pem'];
    const trust = ['--connect', url, '--ca', 'trust.pem'];
    const joined = [
      start(there, 'server', ...trust, ...own, '--client-ca', 'cert.pem'),
      start(there, 'worker', ...trust, ...own, '--threads', '1', '--cache', 'cache'),
    ];
    const stdout = await led;
    await Promise.all(joined);
    same(JSON.parse(stdout.trim().split('\n').at(-1)!), runs.expected);
    assert.equal(readdirSync(`${there}/cache`).length, 4);
  });
});
