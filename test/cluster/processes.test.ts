// processes.test.ts: whole runs in several processes over sockets, disturbed and not: the bytes of one process, and a log that proves it.
import assert from 'node:assert/strict';
import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { keepIdentity } from '../../cluster/certificate.ts';
import { auditRun } from '../../cluster/coordinator-files.ts';
import { local } from '../../cluster/launchers/local.ts';
import type { RunEvent } from '../../trainer/events.ts';
import { type Job, parseJob } from '../../trainer/job.ts';
import { createRun, openRun } from '../../trainer/run-folder.ts';
import { recordRun } from '../../trainer/run-recorder.ts';
import { runSession } from '../../trainer/session.ts';
import { firstSnapshot, type WeightsAt } from '../../trainer/snapshot.ts';
import { wideMlp } from '../support/small-jobs.ts';
import { closeAll } from './support/ends.ts';
import { COMMAND, same, type WholeRuns, wholeRuns } from './support/whole-runs.ts';

const EPOCHS = 6;
const CHAOS = 20;
const STEPS = 4 * EPOCHS;
/** Every evaluation after the first lowers the learning rate: a decision that is lost or taken twice changes every byte after it. */
const PLATEAU = { class_name: 'ReduceLROnPlateau', config: { patience: 1, factor: 0.7, min_delta: 100 } };

describe('a run in several processes', function () {
  this.timeout(180_000); // minutes on a busy machine
  let runs: WholeRuns;

  before(async () => {
    runs = await wholeRuns({ epochs: EPOCHS, callbacks: [PLATEAU] });
  });
  after(() => runs.remove());
  afterEach(closeAll);

  /** The job in this process, beside its run in several. */
  const alone = (job: Job) => runSession({ job, dataset: runs.dataset, threads: 1 });

  it('2 workers of 2 threads and 3 servers end with the three hashes of one process; each worker computed leaves', async () => {
    const ran = await runs.run({ workers: 2, servers: 3, threads: 2 });
    runs.holds(ran, []);
    const told = ran.events.find((it) => it.event === 'workers');
    assert.deepEqual(Object.keys(told!.leaves).sort(), ['worker-1', 'worker-2']);
    assert.equal(ran.events.filter((it) => it.event === 'step').length, STEPS);
  });

  it('with the codec f16, leaves sent as halves and subtrees as floats end with the bytes of one process', async () => {
    const halves = parseJob({ ...runs.at.json, codec: 'f16', epochs: 3 }, runs.at.path);
    const path = await createRun(`${runs.at.folder}/runs`, halves);
    // of 8 leaves, 3 workers hold subtrees and single ones
    const [{ done }, ran] = await Promise.all([alone(halves), runs.run({ workers: 3, servers: 2, path })]);
    assert.notEqual(done.parameters_sha256, runs.expected.parameters_sha256);
    same(ran.done, done);
  });

  it('sums that leave while a worker runs backward, of one thread and of two, end with the bytes of one process', async () => {
    const model = { class_name: 'Sequential', config: { name: 'wide', layers: wideMlp } };
    const wide = parseJob({ ...runs.at.json, model, epochs: 2 }, runs.at.path);
    const path = await createRun(`${runs.at.folder}/runs`, wide);
    const roles = { 'worker-2': { options: { '--threads': '2' } } };
    const [{ done }, ran] = await Promise.all([alone(wide), runs.run({ workers: 2, servers: 2, path, roles })]);
    same(ran.done, done);
    const told = ran.events.find((it) => it.event === 'workers');
    assert.deepEqual(Object.keys(told!.leaves).sort(), ['worker-1', 'worker-2']);
  });

  it('ends early with the weights of its best epoch, with the bytes of one process, though the coordinator and a server are killed -9 after that epoch, and with decisions that stand in the log', async () => {
    const config = { patience: 2, min_delta: 100, restore_best_weights: true };
    const callbacks = [{ class_name: 'EarlyStopping', config }];
    const early = parseJob({ ...runs.at.json, callbacks, checkpoint: { keep: 1 } }, runs.at.path);
    const path = await createRun(`${runs.at.folder}/runs`, early);
    let struck = false;
    const running = runs.run({
      workers: 1,
      servers: 1,
      threads: 3,
      path,
      onEvent(event, { kill }) {
        if (struck || event.event !== 'step' || event.step < 10) return;
        struck = true;
        for (const name of ['coordinator', 'server-1']) kill(name);
      },
    });
    const [{ done }, ran] = await Promise.all([alone(early), running]);
    assert.equal(done.reason, 'early-stopping');
    assert.equal(ran.done.reason, 'early-stopping');
    assert.deepEqual([done.restored_step, ran.done.restored_step], [4, 4]);
    same(ran.done, done);
    assert.ok(auditRun(ran.path, early).ok);
    const log = readFileSync(`${ran.path}/commits.jsonl`, 'utf8').trim().split('\n');
    const decisions = log.map((line) => JSON.parse(line)).filter((it) => it.record === 'decision');
    // some are taken again: the same ones
    const taken = new Set(decisions.map(({ epoch, rate, stop }) => JSON.stringify([epoch, rate, stop])));
    assert.deepEqual([...taken].sort(), ['[1,null,false]', '[2,null,false]', '[3,null,true]']);
  });

  it('layers that are unfrozen at epochs, with clipped norms and gathered gradients: the bytes of one process, though a worker, a server and the coordinator are killed -9 between two of those epochs', async () => {
    const changes = {
      epochs: 4,
      freeze: [
        { layers: 'dense', until: 2 },
        { layers: 'dense_1', until: 3 },
      ],
      optimizer: { class_name: 'AdamW', config: { global_clipnorm: 0.5, gradient_accumulation_steps: 3 } },
    };
    const phased = parseJob({ ...runs.at.json, callbacks: [], ...changes }, runs.at.path);
    const path = await createRun(`${runs.at.folder}/runs`, phased);
    let struck = false;
    const running = runs.run({
      workers: 2,
      servers: 2,
      threads: 2,
      path,
      onEvent(event, { kill }) {
        if (struck || event.event !== 'step' || event.step < 9) return;
        struck = true;
        for (const name of ['worker-1', 'server-2', 'coordinator']) kill(name);
      },
    });
    // what rests to the end is as it began
    const resting = parseJob(
      { ...runs.at.json, callbacks: [], epochs: 1, freeze: [{ layers: 'dense', until: 2 }] },
      'x',
    );
    const other = await createRun(`${runs.at.folder}/runs`, resting);
    const still = runs.run({ workers: 1, servers: 1, path: other });
    const [phasedAlone, ran, restingAlone, rested] = await Promise.all([alone(phased), running, alone(resting), still]);
    same(ran.done, phasedAlone.done);
    assert.ok(auditRun(ran.path, phased).ok);
    same(rested.done, restingAlone.done);
    const kernel = ({ parameters }: WeightsAt) => parameters.subarray(0, 5120);
    assert.deepEqual(kernel(restingAlone.weights), kernel(firstSnapshot(resting)));
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

  it('below the least number of workers it waits, and says so, until the one that was killed is back', async () => {
    let struck = false;
    const ran = await runs.run({
      workers: 2,
      servers: 1,
      allowed: { min: 2, max: 8 },
      onEvent(event, { kill }) {
        if (struck || event.event !== 'step' || event.step < 8) return;
        struck = true;
        kill('worker-1');
      },
    });
    runs.holds(ran, ['worker-1']);
    const killed = ran.events.findIndex((it) => it.event === 'killed');
    const waits = ran.events.slice(killed).filter((it) => it.event === 'waiting');
    assert.deepEqual(waits, [{ event: 'waiting', role: 'worker', have: 1, need: 2 }]);
  });

  it('ends with the same bytes when a worker freezes for twelve steps and thaws, and then a worker, a server, the coordinator, a server with it, all workers and at last every process are killed -9', async () => {
    const long = await wholeRuns({ epochs: 20, callbacks: [PLATEAU] });
    try {
      const workers = ['worker-1', 'worker-2'];
      /** What happens from a step on, to whom. Far enough apart that those killed before are back, though steps are computed again. */
      const due: (readonly [number, 'SIGSTOP' | 'SIGCONT' | 'kill', readonly string[]])[] = [
        [8, 'SIGSTOP', ['worker-2']],
        [20, 'SIGCONT', ['worker-2']],
        [24, 'kill', ['worker-1']],
        [32, 'kill', ['server-1']],
        [40, 'kill', ['coordinator']],
        [48, 'kill', ['server-2', 'coordinator']],
        [56, 'kill', workers],
        [64, 'kill', [...workers, 'server-1', 'server-2', 'coordinator']],
      ];
      const killed = due.flatMap(([, what, names]) => (what === 'kill' ? names : []));
      const ran = await long.run({
        workers: 2,
        servers: 2,
        onEvent(event, { processes, kill }) {
          if (event.event !== 'step' || event.step < (due[0]?.[0] ?? Number.POSITIVE_INFINITY)) return;
          const [, what, names] = due.shift()!;
          for (const name of names)
            if (what === 'kill') kill(name);
            else processes.find((it) => it.name === name)!.signal(what);
        },
      });
      long.holds(ran, killed);
    } finally {
      long.remove();
    }
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
    runs.holds(ran);
    const { twice, later, spoilt } = ran.meddled;
    assert.ok(twice! > 50 && later! > 50 && spoilt === 1, JSON.stringify(ran.meddled));
    const refused = ran.events.find((it) => it.event === 'member' && it.change === 'refused');
    assert.ok(refused?.event === 'member' && refused.name === 'worker-2');
    assert.equal(refused.problem?.code, 'SHOAL_PUSH_NOT_FINITE');
    assert.match(refused.problem.got, /node .* of step \d/);
  });

  it('interrupted before anybody is there, it ends without a step', async () => {
    const { done, events } = await runs.run({ workers: 2, servers: 1, signal: AbortSignal.abort() });
    assert.equal(done.reason, 'interrupted');
    assert.equal(done.steps, 0);
    assert.ok(!events.some((it) => it.event === 'restarted' || it.event === 'step'));
  });

  it('is interrupted, and one process goes on with it to the same bytes; and the other way round', async () => {
    const { dataset, job, expected } = runs;
    const stop = new AbortController();
    const running = runs.run({
      workers: 2,
      servers: 1,
      signal: stop.signal,
      onEvent: (event) => event.event === 'step' && event.step === 5 && stop.abort(),
    });
    // meanwhile the other way round begins, in this process
    const path = await createRun(`${runs.at.folder}/runs`, job);
    const halt = new AbortController();
    const data = { train: dataset.train.hash, test: dataset.test.hash };
    const recorder = await recordRun({
      path,
      job,
      tool: 'test',
      data,
      from: null,
      emit: (event) => recorder.note(event),
    });
    const third = await runSession({
      job,
      dataset,
      threads: 1,
      signal: halt.signal,
      onEvent(event) {
        recorder.note(event);
        if (event.event === 'step' && event.step === 6) halt.abort();
      },
      onSave: (snapshot, info) => recorder.save(snapshot, info),
    });
    await recorder.close();
    assert.equal(third.done.reason, 'interrupted');

    const first = await running;
    assert.equal(first.done.reason, 'interrupted');
    assert.ok(first.done.steps < STEPS);
    const opened = await openRun(first.path, job);
    assert.equal(opened.checkpoint?.snapshot.version, first.done.steps);
    const [second, fourth] = await Promise.all([
      runSession({ job, dataset, threads: 1, start: opened.checkpoint!.snapshot }),
      runs.run({ workers: 1, servers: 2, path }),
    ]);
    same(second.done, expected);
    same(fourth.done, expected);
    const audit = auditRun(path, job);
    assert.ok(audit.ok, JSON.stringify(audit));
    assert.equal(audit.report.adopted, third.done.steps);
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

  it('a loss that is not a number ends it with one error, and so does a process that cannot start', async () => {
    const path = await createRun(
      `${runs.at.folder}/runs`,
      parseJob({ ...runs.at.json, optimizer: { class_name: 'SGD', config: { learning_rate: 1e30 } } }, runs.at.path),
    );
    await Promise.all([
      assert.rejects(runs.run({ workers: 2, servers: 1, path }), { code: 'SHOAL_NOT_FINITE' }),
      assert.rejects(runs.run({ workers: 1, servers: 50 }), { code: 'SHOAL_SERVERS' }),
    ]);
    const nothing = { run: path, workers: 1, servers: 1, threads: 1, onEvent() {} };
    const command = [process.execPath, '-e', 'console.error("no disk"); process.exit(2)'];
    await assert.rejects(local.launch({ ...nothing, command }), { code: 'SHOAL_PROCESS', got: /code 2:\nno disk/ });
  });

  it('shoal chaos lists what it killed, and finds the bytes of one undisturbed process', async () => {
    const crew = ['--mtbf', '2s', '--workers', '2', '--servers', '1', '--epochs', String(CHAOS), '--json'];
    const args = ['chaos', runs.at.path, ...crew];
    const { stdout } = await promisify(execFile)(COMMAND[0]!, [
      COMMAND[1]!,
      ...args,
      '--out',
      `${runs.at.folder}/chaos`,
    ]);
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as RunEvent);
    const compared = events.at(-1)!;
    assert.ok(compared.event === 'compared' && compared.equal);
    assert.ok(events.some((it) => it.event === 'killed'));
    const { stdout: audit } = await promisify(execFile)(COMMAND[0]!, [
      COMMAND[1]!,
      'audit',
      `${runs.at.folder}/chaos/small`,
      '--json',
    ]);
    const { ok, report } = JSON.parse(audit);
    assert.ok(ok);
    assert.equal(report.draws, CHAOS * 96);
  });
});
