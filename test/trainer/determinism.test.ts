// determinism.test.ts: the same bytes however many threads, teams, ranges and leaves side by side, resumed or not, with the revectorizer on and off.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { stepsPerEpoch } from '../../trainer/step-machine.ts';
import { sharesOf } from '../../trainer/tree.ts';
import { dataset, lastEvent, outcome, POOL_JOBS, type SmallRun, smallRun } from '../support/small-run.ts';

/** Threads, threads of a team, ranges, level of bundles: pairwise varied, with a bundle for every team. */
const MACHINES = [
  [1, 1, 2, 2],
  [2, 1, 3, 1],
  [2, 2, 1, 0],
  [3, 1, 2, 0],
  [3, 3, 3, 2],
  [4, 1, 1, 0],
  [4, 2, 2, 1],
  [4, 4, 3, 1],
] as const;

const first = new Map<string, Promise<SmallRun>>();
/** The run that all others are held against: made once. */
function expectedOf(name: keyof typeof POOL_JOBS): Promise<SmallRun> {
  const known = first.get(name) ?? smallRun(POOL_JOBS[name], { threads: 1, teamSize: 1, ranges: 1, level: 0 });
  first.set(name, known);
  return known;
}

/** Leaves that all batches of a run have, empty ones not counted. */
function leavesOf({ batch, microShards, epochs }: (typeof POOL_JOBS)[keyof typeof POOL_JOBS]): number {
  const active = (samples: number) => {
    let leaves = 0;
    for (let from = 0; from < samples; from += batch)
      leaves += sharesOf(Math.min(batch, samples - from), microShards).filter((rows) => rows > 0).length;
    return leaves;
  };
  return epochs * (active(dataset.train.length) + active(dataset.test.length));
}

for (const name of Object.keys(POOL_JOBS) as (keyof typeof POOL_JOBS)[]) {
  const job = POOL_JOBS[name];
  describe(`the ${name} job gives the same hashes and metrics`, () => {
    for (const [threads, teamSize, ranges, level] of MACHINES) {
      it(`with ${threads} threads in teams of ${teamSize}, ${ranges} ranges and bundles of ${2 ** level}, each thread computing leaves`, async () => {
        const expected = await expectedOf(name);
        const run = await smallRun(job, { threads, teamSize, ranges, level });
        assert.deepEqual(outcome(run), outcome(expected));
        const losses = (of: SmallRun) => of.events.flatMap((e) => (e.event === 'step' ? [e.loss, e.metrics] : []));
        assert.deepEqual(losses(run), losses(expected));
        const { leaves } = lastEvent(run.events, 'threads');
        assert.equal(leaves.length, threads);
        for (let team = 0; team < threads; team += teamSize)
          assert.equal(new Set(leaves.slice(team, team + teamSize)).size, 1, 'a team shares its leaves');
        const byTeam = leaves.filter((_, thread) => thread % teamSize === 0);
        assert.ok(Math.min(...byTeam) > 0, `${leaves}`);
        assert.equal(
          byTeam.reduce((a, b) => a + b, 0),
          leavesOf(job),
        );
      });
    }

    it('when it is run again, and others with another seed', async () => {
      const expected = outcome(await expectedOf(name));
      assert.deepEqual(outcome(await smallRun(job, { threads: 1, teamSize: 1, ranges: 1 })), expected);
      const other = outcome(await smallRun({ ...job, seed: 2 }));
      assert.notEqual(other.parameters_sha256, expected.parameters_sha256);
      assert.notEqual(other.optimizer_sha256, expected.optimizer_sha256);
    });

    it('when it is resumed from checkpoints within and at the ends of epochs, on another machine', async () => {
      const expected = await expectedOf(name);
      const { saved } = await smallRun({ ...job, checkpoint: { everySteps: 1, keep: 3 } });
      assert.deepEqual(
        saved.map((snapshot) => snapshot.version),
        Array.from({ length: expected.done.steps }, (_, i) => i + 1),
      );
      for (const start of saved.filter(({ version }) => name === 'convolutional' || version % 3 === 0)) {
        const run = await smallRun(job, { start, threads: 1 + (start.version % 3) });
        assert.deepEqual(outcome(run), outcome(expected), `from step ${start.version}`);
      }
    });

    it('when it is interrupted and resumed: in the first step, at the end of an epoch, at the end', async () => {
      const expected = await expectedOf(name);
      const perEpoch = stepsPerEpoch({ samples: dataset.train.length, batch: job.batch } as never);
      for (const at of [1, perEpoch, expected.done.steps]) {
        const stop = new AbortController();
        const part = await smallRun(job, {
          signal: stop.signal,
          onEvent: (event) => event.event === 'step' && event.step === at && stop.abort(),
        });
        assert.ok(part.done.steps >= at);
        const ended = at === expected.done.steps && part.done.reason === 'done'; // nothing was left to interrupt
        if (!ended) assert.equal(part.done.reason, 'interrupted');
        assert.equal(part.saved.at(-1)!.version, part.done.steps);
        assert.ok(part.done.steps <= Math.ceil(at / perEpoch) * perEpoch, 'went on into the next epoch');
        const rest = await smallRun(job, { start: part.saved.at(-1)!, threads: 3 });
        assert.deepEqual(outcome(rest), outcome(expected), `interrupted after step ${at}`);
      }
    });
  });
}

describe('with the revectorizer off', () => {
  it('all jobs give the same hashes and metrics', async () => {
    const script = fileURLToPath(new URL('../support/small-run.ts', import.meta.url));
    const env = { ...process.env, SHOAL_REVEC: '0' };
    const { stdout } = await promisify(execFile)(process.execPath, [script], { env });
    const expected = [];
    for (const name of Object.keys(POOL_JOBS) as (keyof typeof POOL_JOBS)[])
      expected.push(outcome(await expectedOf(name)));
    assert.deepEqual(JSON.parse(stdout), { revectorizes: false, outcomes: expected });
  });
});
