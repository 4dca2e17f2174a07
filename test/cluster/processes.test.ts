// processes.test.ts: whole runs in several processes over sockets: the bytes of one process, and a log that proves it. Those that are
// disturbed, or take other ways: processes-killed.slow.test.ts, processes-ways.slow.test.ts.
import assert from 'node:assert/strict';
import { auditRun } from '../../cluster/coordinator-files.ts';
import { local } from '../../cluster/launchers/local.ts';
import { parseJob } from '../../trainer/job.ts';
import { createRun, openRun } from '../../trainer/run-folder.ts';
import { recordRun } from '../../trainer/run-recorder.ts';
import { runSession } from '../../trainer/session.ts';
import { EPOCHS, suiteRuns } from './support/suite-runs.ts';
import { same } from './support/whole-runs.ts';

const STEPS = 4 * EPOCHS;

describe('a run in several processes', function () {
  const runs = suiteRuns(this);

  it('2 workers of 2 threads and 3 servers end with the three hashes of one process; each worker computed leaves', async () => {
    const ran = await runs.run({ workers: 2, servers: 3, threads: 2 });
    await runs.holds(ran, []);
    const told = ran.events.find((it) => it.event === 'workers');
    assert.deepEqual(Object.keys(told!.leaves).sort(), ['worker-1', 'worker-2']);
    assert.equal(ran.events.filter((it) => it.event === 'step').length, STEPS);
  });

  it('interrupted before anybody is there, it ends without a step', async () => {
    const { done, events } = await runs.run({ workers: 2, servers: 1, signal: AbortSignal.abort() });
    assert.equal(done.reason, 'interrupted');
    assert.equal(done.steps, 0);
    assert.ok(!events.some((it) => it.event === 'restarted' || it.event === 'step'));
  });

  it('goes on without a worker that is asked to end, as when its machine is taken away', async () => {
    let asked = false;
    const ran = await runs.run({
      workers: 2,
      servers: 1,
      onEvent(event, { processes }) {
        if (asked || event.event !== 'step') return;
        asked = true;
        processes.find(({ name }) => name === 'worker-1')!.signal('SIGTERM');
      },
    });
    assert.ok(asked);
    await runs.holds(ran, []);
    assert.ok(!ran.events.some((it) => it.event === 'restarted'));
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
    const audit = await auditRun(path, job);
    assert.ok(audit.ok, JSON.stringify(audit));
    assert.equal(audit.report.adopted, third.done.steps);
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
});
