// processes-killed.slow.test.ts: whole runs whose processes are killed -9 and frozen: the bytes of one process, and a log that proves it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { auditRun } from '../../cluster/coordinator-files.ts';
import type { RunEvent } from '../../trainer/events.ts';
import { parseJob } from '../../trainer/job.ts';
import { createRun } from '../../trainer/run-folder.ts';
import { firstSnapshot, type WeightsAt } from '../../trainer/snapshot.ts';
import { PLATEAU, suiteRuns } from './support/suite-runs.ts';
import { COMMAND, same, wholeRuns } from './support/whole-runs.ts';

const CHAOS = 20;

describe('a run in several processes, some of them killed,', function () {
  const runs = suiteRuns(this);

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
    const [{ done }, ran] = await Promise.all([runs.alone(early), running]);
    assert.equal(done.reason, 'early-stopping');
    assert.equal(ran.done.reason, 'early-stopping');
    assert.deepEqual([done.restored_step, ran.done.restored_step], [4, 4]);
    same(ran.done, done);
    assert.ok((await auditRun(ran.path, early)).ok);
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
    const [phasedAlone, ran, restingAlone, rested] = await Promise.all([
      runs.alone(phased),
      running,
      runs.alone(resting),
      still,
    ]);
    same(ran.done, phasedAlone.done);
    assert.ok((await auditRun(ran.path, phased)).ok);
    same(rested.done, restingAlone.done);
    const kernel = ({ parameters }: WeightsAt) => parameters.subarray(0, 5120);
    assert.deepEqual(kernel(restingAlone.weights), kernel(firstSnapshot(resting)));
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
    await runs.holds(ran, ['worker-1']);
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
      await long.holds(ran, killed);
    } finally {
      long.remove();
    }
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
