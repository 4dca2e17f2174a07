// simulate.test.ts: simulated clusters: replayed to the letter, bytes counted exactly as real runs push and pull them, and time where the
// model is plain arithmetic.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { simulatePage } from '../../bin/output/simulate-text.ts';
import type { CoordinatorConfig } from '../../cluster/coordinator-types.ts';
import { local } from '../../cluster/launchers/local.ts';
import { modelled } from '../../cluster/simulate/machines.ts';
import { arrival, createNic, parseRate } from '../../cluster/simulate/network.ts';
import { simulateJob, sizesTo } from '../../cluster/simulate/report.ts';
import { type SimulateOptions, simulateRun } from '../../cluster/simulate/run.ts';
import { createRun } from '../../trainer/run-folder.ts';
import { COMMAND, wholeRuns } from './support/whole-runs.ts';

const FLOATS = 100_000;

function options(changes: Partial<SimulateOptions> = {}, schedule: object = {}, servers = 1): SimulateOptions {
  const part = FLOATS / servers;
  const job: Omit<CoordinatorConfig, 'workers'> = {
    schedule: {
      samples: 6400,
      evaluationSamples: 0,
      batch: 64,
      microShards: 16,
      epochs: 1000,
      evaluateEvery: 1,
      saveEvery: 10,
      depth: 1,
      from: 0,
      onlyEvaluate: false,
      ...schedule,
    },
    job: {},
    jobHash: '',
    seed: 1,
    ...modelled,
    ranges: Array.from({ length: servers }, (_, i) => ({ from: i * part, to: (i + 1) * part })),
    scalars: () => [1],
    votes: { rounds: () => 1, join: () => [] },
    draws: () => '',
    leaseFloorMs: 5000,
    bugs: new Set(),
  };
  return {
    job,
    vectors: 3,
    workers: 4,
    link: { rate: 125_000, latencyMs: 0.1 },
    times: { leafMs: 5, early: [], spread: 0.1, addMs: 0, restartMs: 1000, mtbfMs: Number.POSITIVE_INFINITY },
    seed: 1,
    steps: 20,
    ...changes,
  };
}

describe('a simulated cluster', () => {
  it('gives the same report for the same seed, and another for another', () => {
    const times = { ...options().times, mtbfMs: 5000 };
    const run = (seed: number) => simulateRun(options({ times, seed, steps: 60 }));
    assert.deepEqual(run(3), run(3));
    assert.notDeepEqual(run(3), run(4));
  });

  it('counts deaths, leases that go to others and steps that are computed again, and gets through', () => {
    const times = { ...options().times, mtbfMs: 3000 };
    const ran = simulateRun(options({ times, steps: 100 }, {}, 2));
    assert.equal(ran.steps, 100);
    assert.ok(ran.deaths > 5 && ran.leases_lost > 0 && ran.steps_again > 0, JSON.stringify(ran));
    assert.equal(simulateRun(options()).deaths, 0);
  });

  it('that gets nowhere is an error which says so: a message is under way for an hour', () => {
    const link = { ...options().link, latencyMs: 3_600_000 };
    const got = /^\d of \d+ steps in 17\d{4} simulated seconds/;
    assert.throws(() => simulateRun(options({ link })), { code: 'SHOAL_SIMULATE_STUCK', got });
  });

  it('takes the time of the arithmetic where one thing alone takes time, within 3 %', () => {
    const times = { ...options().times, spread: 0 };
    const alone = simulateRun(options({ workers: 1, times, link: { rate: 1e9, latencyMs: 0 } }));
    assert.ok(Math.abs(alone.step_ms / (16 * 5) - 1) < 0.03, String(alone.step_ms));
    // a server's link: sums in, versions out, each way by itself or one after the other
    const narrow = simulateRun(
      options({ workers: 4, times: { ...times, leafMs: 0.01 }, link: { rate: 1000, latencyMs: 0 } }),
    );
    const [into, out] = [narrow.pushed_bytes / 1000, narrow.params_bytes / 1000];
    assert.equal(out, (4 * 4 * FLOATS) / 1000);
    const { step_ms } = narrow;
    assert.ok(step_ms > Math.max(into, out) && step_ms < 1.03 * (into + out), `${step_ms} beside ${into} and ${out}`);
  });

  it('sends what stands before its node is computed while it computes the rest: 200 ms of 1200, within 1 %', () => {
    const half = { from: FLOATS / 2, to: FLOATS };
    const times = { ...options().times, spread: 0, leafMs: 400 };
    const of = (early: SimulateOptions['times']['early']) => {
      const link = { rate: 1000, latencyMs: 0 };
      return simulateRun(options({ workers: 1, link, times: { ...times, early } }, { microShards: 1, saveEvery: null }))
        .step_ms;
    };
    // computing, sums to the server, parameters back: 400 ms each
    assert.ok(Math.abs(of([]) / 1200 - 1) < 0.01, String(of([])));
    const early = of([{ share: 0.25, ranges: [half] }]);
    assert.ok(Math.abs(early / 1000 - 1) < 0.01, String(early));
  });

  it('shares a link among messages: each waits for those before it', () => {
    const [a, b, c] = [createNic(), createNic(), createNic()];
    const link = { rate: 10, latencyMs: 1 };
    assert.equal(arrival(0, a, b, 100, link), 11);
    assert.equal(arrival(0, a, b, 100, link), 21);
    assert.equal(arrival(0, c, b, 100, link), 31);
    assert.equal(b.received, 300);
    assert.equal(parseRate('100Mbit'), 12_500);
    assert.equal(parseRate('1GB'), 1e6);
    assert.equal(parseRate('fast'), null);
  });

  it('names where a job stops scaling and why: too few micro-shards, or the links of the servers; its page has the same figures', () => {
    const base = options({ workers: 64 });
    const of = (link: SimulateOptions['link'], leafMs: number) =>
      simulateJob({ ...base, name: 'x', parameters: FLOATS, link, times: { ...base.times, leafMs } });
    const fast = of({ rate: 1e7, latencyMs: 0.01 }, 20);
    assert.equal(fast.stops_at, 16);
    assert.match(fast.because, /16 micro-shards for 32 workers/);
    const slow = of({ rate: 1000, latencyMs: 0.01 }, 20);
    assert.ok(slow.stops_at < 16);
    assert.match(slow.because, /links out of the servers/);
    const page = simulatePage(slow);
    const data = /id="data">(.*?)<\/script>/s.exec(page)![1]!;
    assert.deepEqual(JSON.parse(data), JSON.parse(JSON.stringify(slow)));
    assert.deepEqual(sizesTo(10_000), [1, 2, 4, 8, 16, 32, 64, 128, 256, 1024, 4096, 10_000]);
  });

  it('counts the bytes of sums and of parameters exactly as a real run of one worker has them in its log', async () => {
    const runs = await wholeRuns({ epochs: 2 });
    try {
      const path = await createRun(`${runs.at.folder}/runs`, runs.job);
      await local.launch({ command: COMMAND, run: path, workers: 1, servers: 1, threads: 1, onEvent() {} });
      const commits = readFileSync(`${path}/commits.jsonl`, 'utf8')
        .split('\n')
        .flatMap((line) => (line.includes('"record":"commit"') ? [JSON.parse(line) as { nodes: unknown[] }] : []));
      const pushes = commits.reduce((sum, it) => sum + it.nodes.length, 0) / commits.length;
      const { batch, microShards } = runs.job;
      const ran = simulateRun(options({ workers: 1, steps: 16 }, { batch, microShards, samples: 96 }));
      assert.equal(ran.pushed_bytes, pushes * 4 * FLOATS);
      assert.equal(ran.params_bytes, 4 * FLOATS);
    } finally {
      runs.remove();
    }
  });
});
