// status.test.ts: a run of real processes as it is seen from outside: shoal status, /metrics, /health, the logs. Not the run itself.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { askStatus } from '../../cluster/ask-status.ts';
import { statusSchema } from '../../cluster/status.ts';
import { newToken } from '../../cluster/token.ts';
import { connect } from '../../cluster/transport.ts';
import type { RunEvent } from '../../trainer/events.ts';
import { type ClusterJob, clusterJob } from '../support/cluster-job.ts';
import { linesOf, shoal } from './support/shoal.ts';

const TOKEN = newToken();
const env = { SHOAL_TOKEN: TOKEN };
const bin = new URL('../../bin/shoal.ts', import.meta.url).pathname;

/** Asks again until it holds: the runner's time limit ends it otherwise. */
async function until<T>(look: () => Promise<T>, holds: (it: T) => boolean): Promise<T> {
  for (;;) {
    const it = await look();
    if (holds(it)) return it;
    await wait(50);
  }
}

describe('a run seen from outside', function () {
  this.timeout(60_000);
  let at: ClusterJob;
  let run: string;
  let url: string;
  let leader: ChildProcess;
  const children: ChildProcess[] = [];
  const events: RunEvent[] = [];
  let printed = '';

  function start(...args: readonly string[]): ChildProcess {
    const child = spawn(process.execPath, [bin, ...args], {
      cwd: at.folder,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [child.stdout!, child.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => {
        printed += text;
      });
    children.push(child);
    return child;
  }
  const member = (role: 'server' | 'worker', name: string) =>
    start(
      role,
      '--connect',
      url,
      '--name',
      name,
      '--log',
      `${name}.log`,
      ...(role === 'worker' ? ['--threads', '1'] : []),
    );
  const get = (path: string, headers = {}) => fetch(url.replace('ws', 'http') + path, { headers });
  const told = (change: string, name: string) =>
    until(
      async () => events.some((it) => it.event === 'member' && it.change === change && it.name === name),
      (is) => is,
    );
  const log = (name: string) => linesOf(readFileSync(`${at.folder}/${name}.log`, 'utf8'));
  const status = (...args: readonly string[]) => shoal(at.folder, ['status', ...args], { env });

  before(async () => {
    at = clusterJob({ epochs: 100_000, checkpoint: { everySteps: 20 } });
    run = `${at.folder}/runs/small`;
    leader = start('coordinator', at.path, '--json', '--log', 'coordinator.log');
    createInterface({ input: leader.stdout! }).on('line', (line) => events.push(JSON.parse(line)));
    const ended = once(leader, 'exit').then(() => {
      throw new Error(printed);
    });
    [{ listening: url }] = (await Promise.race([once(leader, 'message'), ended])) as [{ listening: string }];
  });
  after(async () => {
    for (const child of children) child.kill('SIGKILL');
    at.remove();
  });

  it('before anybody has come: alive, not ready and why; status for the token alone; metrics for this machine', async () => {
    assert.equal((await get('/health/live')).status, 200);
    const ready = await get('/health/ready');
    assert.equal(ready.status, 503);
    assert.equal(await ready.text(), 'waiting for servers: 0 of 1\n');
    assert.equal((await get('/health/other')).status, 404);
    assert.equal((await get('/status')).status, 401);
    assert.equal((await get('/status', { authorization: `Bearer ${newToken()}` })).status, 401);
    assert.equal((await get(`/status?token=${TOKEN}`)).status, 401);
    const metrics = await get('/metrics');
    assert.match(metrics.headers.get('content-type')!, /^text\/plain; version=0\.0\.4/);
    assert.match(await metrics.text(), /^shoal_steps_total 0$/m);
    const { code, stdout } = await status(run);
    assert.equal(code, 0);
    assert.match(stdout, /waiting for servers: 0 of 1/);
    assert.match(stdout, /no workers/);
  });

  it('under way: ready; each worker and server with what it carried; counters that agree with the events', async () => {
    member('server', 'server-1');
    member('worker', 'worker-1');
    member('worker', 'worker-2');
    const seen = await until(
      () => askStatus({ url, token: TOKEN }),
      ({ workers, servers }) =>
        workers.length === 2 &&
        workers.every((it) => it.data_wait !== null) &&
        [...workers, ...servers].every((it) => it.bytes_out !== null && it.bytes_out > 50_000),
    );
    assert.equal(seen.phase, 'running');
    assert.ok(seen.step > 0 && seen.loss !== null && seen.samples_per_second > 0 && seen.eta_s! > 0);
    assert.deepEqual(
      seen.workers.map((it) => it.name),
      ['worker-1', 'worker-2'],
    );
    for (const { state, lag, leases_done, samples_per_second, memory, last_seen_s } of seen.workers) {
      assert.ok(state === 'computing' || state === 'idle', state);
      assert.ok(lag === 0 || lag === 1, `lag ${lag}`);
      assert.ok(leases_done > 0 && samples_per_second > 0 && memory! > 2 ** 20 && last_seen_s < 5);
    }
    for (const { data_wait } of seen.workers) assert.ok(data_wait! >= 0 && data_wait! <= 1, `waited ${data_wait}`);
    const fed = await until(
      async () => events.filter((it) => it.event === 'data'),
      (all) => all.some(({ wall_s, stages }) => wall_s > 0 && stages.read > 0),
    );
    for (const { workers, share, data_threads } of fed) {
      assert.deepEqual([workers, data_threads], [true, 1]);
      assert.ok(share >= 0 && share <= 1);
    }
    assert.equal(seen.servers[0]?.state, 'connected');
    assert.equal((await get('/health/ready')).status, 200);

    const first = events.filter((it) => it.event === 'step').length;
    const text = await (await get('/metrics')).text();
    const value = (name: string) => Number(new RegExp(`^shoal_${name} (\\S+)$`, 'm').exec(text)?.[1]);
    assert.ok(value('steps_total') >= first && value('step_duration_seconds_count') === value('steps_total'));
    assert.ok(value('samples_total') > value('steps_total'));
    assert.ok(value('leases_granted_total{kind="first"}') >= value('leases_done_total'));
    assert.ok(value('wire_bytes_total{role="worker",direction="out"}') > 100_000);
    assert.ok(value('wire_bytes_total{role="server",direction="in"}') > 50_000);
    assert.equal(value('workers{state="computing"}') + value('workers{state="idle"}'), 2);
    assert.ok(value('commit_log_bytes') > 1000 && value('checkpoint_duration_seconds_count') > 0);

    const json = await status(url, '--json');
    assert.equal(statusSchema.parse(JSON.parse(json.stdout)).name, 'small');
    const table = (await status()).stdout; // the newest run here
    assert.match(
      table,
      /^small {2}step [\d,]+ of 400,000, epoch \d+ of 100000 {2}loss \S+ {2}[\d,]+ samples\/s {2}ETA /,
    );
    assert.match(table, /^worker-2 +(computing|idle) +[\d,]+ +\d+ +[\d,]+ +[01] +[\d.]+ % +[\d.]+ (KiB|MiB)/m);
  });

  it('somebody without the token, and another process of a name, are told of in counters and logs', async () => {
    const wrong = await shoal(at.folder, ['status', url], { env: { SHOAL_TOKEN: newToken() } });
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /SHOAL_WIRE_TOKEN[\s\S]*SHOAL_TOKEN=\$\(cat runs\/NAME\/token\)/);
    const silent = { message() {}, bulk() {}, close() {} };
    await assert.rejects(connect({ url, token: newToken(), handlers: silent }), { code: 'SHOAL_WIRE_TOKEN' });
    assert.match(await (await get('/metrics')).text(), /^shoal_refused_peers_total\{code="SHOAL_WIRE_TOKEN"\} 1$/m);

    const [, server, worker] = children as [ChildProcess, ChildProcess, ChildProcess];
    worker.kill('SIGKILL');
    await told('left', 'worker-1');
    const { workers } = await askStatus({ url, token: TOKEN });
    assert.deepEqual(
      workers.map((it) => [it.name, it.state === 'gone']),
      [
        ['worker-2', false],
        ['worker-1', true],
      ],
    );
    server.kill('SIGKILL');
    await told('left', 'server-1');
    assert.match(await (await get('/health/ready')).text(), /^waiting for servers: 0 of 1$/m);
    member('server', 'server-1');
    await told('restarted', 'server-1');
    assert.equal(
      (
        await until(
          () => get('/health/ready'),
          (it) => it.status === 200,
        )
      ).status,
      200,
    );
  });

  it('ends: status says so with the way to go on; logs have a line for each thing that happened, and nobody wrote the token', async () => {
    const gone = children
      .slice(1)
      .map((child) => child.exitCode === null && child.signalCode === null && once(child, 'exit'));
    leader.kill('SIGINT');
    await once(leader, 'close');
    await Promise.all(gone);
    assert.match(printed, /^Go on with: {2}npx shoal coordinator --resume runs\/small$/m);
    const { code, stderr } = await status(run);
    assert.equal(code, 1);
    assert.match(stderr, /SHOAL_ENDED[\s\S]*interrupted after \d+ steps[\s\S]*shoal coordinator --resume/);
    const late = await status(url);
    assert.equal(late.code, 1);
    assert.match(late.stderr, /SHOAL_WIRE_CONNECT[\s\S]*ECONNREFUSED/);
    const said = log('coordinator').map((it) => `${it['level']} ${it['msg']} ${it['member'] ?? ''}`.trim());
    for (const line of [
      'info listening',
      'info run begins',
      'info server joined server-1',
      'info worker joined worker-1',
      'info term begins',
      'info checkpoint written',
      'warn turned away',
      'warn worker left worker-1',
      'warn server left server-1',
      'warn server restarted server-1',
      'warn term begins',
      'info run ends',
      'info ended',
    ])
      assert.ok(said.includes(line), `${line}\n${said.join('\n')}`);
    const worker = log('worker-2').map((it) => `${it['role']} ${it['name']} ${it['msg']}`);
    assert.deepEqual([worker[0], worker.at(-1)], ['worker worker-2 connected', 'worker worker-2 ended']);
    assert.ok(log('server-1').every((it) => typeof it['time'] === 'string' && typeof it['pid'] === 'number'));

    const written = [run, at.folder].flatMap((folder) =>
      readdirSync(folder).flatMap((file) => (/\.(log|jsonl|json)$|^url$/.test(file) ? [`${folder}/${file}`] : [])),
    );
    assert.ok(written.length >= 6, String(written));
    for (const file of written) assert.ok(!readFileSync(file, 'utf8').includes(TOKEN), file);
    assert.ok(printed.length > 1000 && !printed.includes(TOKEN));
  });
});
