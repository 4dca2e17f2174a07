// deaths.ts: processes that die at every point of their work, at random, all at once; that freeze and thaw; that come and go.
import assert from 'node:assert/strict';
import { unleash } from '../../../cluster/launchers/chaos.ts';
import type { Processes } from '../../../cluster/launchers/run.ts';
import { freePort } from '../../cluster/support/whole-runs.ts';
import { Chance, type Counts, count, every, lonelyWorker, type Scenario, seen } from './scenario.ts';

const around = (count: number, ...actions: readonly string[]): readonly string[] =>
  actions.flatMap((action) => [`before ${action}@${count}`, `after ${action}@${count}`]);

/** One of the first, one of the second, and so on: a launcher gives up who dies again and again without a step between. */
const inTurn = (starting: readonly string[], working: readonly string[]): readonly string[] =>
  Array.from({ length: Math.max(starting.length, working.length) }, (_, i) => [starting[i], working[i]])
    .flat()
    .filter((it) => it !== undefined);

/** All actions of each machine that a run must come by after any start of its process: before the first step, and in steps. */
const POINTS = {
  coordinator: inTurn(around(1, 'send welcome', 'send fence', 'send load', 'log open', 'load', 'tell'), [
    // two of each in a step: the fifth is of the third
    ...around(5, 'send lease', 'send apply'),
    ...around(2, 'log commit', 'committed'),
    ...around(1, 'send dump', 'dump', 'checkpoint', 'log checkpoint'),
    'checkpoint: log synced@1',
    ...['in a write', 'before rename', 'after rename'].map((it) => `file ${it}`),
  ]),
  'server-1': inTurn(around(1, 'send hello', 'prepare', 'reset', 'store'), [
    ...around(3, 'send applied', 'answer ack', 'apply', 'params', 'free'),
    ...around(1, 'dump'),
  ]),
  'worker-1': inTurn(
    around(1, 'send hello', 'prepare', 'servers', 'tell attach', 'send ready', 'store', 'send holding'),
    around(3, 'compute', 'push', 'release', 'send done'),
  ),
} as const;

function atPoints(name: keyof typeof POINTS): Scenario {
  const points = POINTS[name];
  return {
    name: `${name} dies just before and just after everything that it does (${points.length} points)`,
    job: { epochs: 4 * points.length },
    async run(runs) {
      // nobody goes on without a lone worker
      const workers = name === 'worker-1' ? 1 : 2;
      const ran = await runs.run({ workers, servers: 2, roles: { [name]: { points } } });
      await runs.holds(ran);
      assert.deepEqual(
        ran.struck,
        points.map((point) => `${name}: ${point}`),
      );
      return { ...seen(ran.events), 'deaths at failpoints': ran.struck.length };
    },
  };
}

const randomKills: Scenario = {
  name: 'any process is killed -9 at random, every 700 ms on average, for the whole run',
  job: { epochs: 400 },
  async run(runs, seed) {
    let calm = (): void => {};
    let begun = false;
    const ran = await runs.run({
      workers: 3,
      servers: 2,
      onEvent(event, processes) {
        if (event.event !== 'step' || begun) return;
        begun = true;
        calm = unleash(processes, { mtbfMs: 700, seed });
      },
    });
    calm();
    const killed = ran.events.flatMap((it) => (it.event === 'killed' ? [it.name] : []));
    await runs.holds(ran, killed);
    assert.ok(killed.length >= 5, `${killed.length} kills`);
    return { kills: killed.length, ...seen(ran.events) };
  },
};

const together: Scenario = {
  name: 'all workers, a server with the coordinator, and everything at once are killed -9, again and again',
  job: { epochs: 120 },
  async run(runs, seed) {
    const chance = new Chance(seed);
    const counts: Counts = {};
    const killed: string[] = [];
    let next = 5;
    const ran = await runs.run({
      workers: 3,
      servers: 2,
      onEvent(event, { processes, kill }) {
        if (event.event !== 'step' || event.step < next || event.step > 440) return;
        next = event.step + 20 + chance.below(30);
        const what = chance.pick(['all workers', 'server and coordinator', 'everything']);
        count(counts, what);
        const victims = {
          'all workers': processes.filter((it) => it.role === 'worker'),
          'server and coordinator': processes.filter((it) => it.name === 'server-1' || it.role === 'coordinator'),
          everything: processes,
        }[what]!;
        for (const { name, running } of victims) {
          if (!running) continue;
          killed.push(name);
          kill(name);
        }
      },
    });
    await runs.holds(ran, killed);
    return { ...counts, kills: killed.length, ...seen(ran.events) };
  },
};

/** Longer than a lease may take (5 s). */
const FROZEN_MS = 6500;

const frozen: Scenario = {
  name: 'workers freeze past their leases; one thaws, the other is fenced, thaws and comes back; servers and the coordinator freeze',
  job: { epochs: 60 },
  async run(runs, seed) {
    const chance = new Chance(seed);
    const counts: Counts = {};
    const timers: NodeJS.Timeout[] = [];
    const signal = ({ processes }: Processes, name: string, what: 'SIGSTOP' | 'SIGCONT'): void => {
      processes.find((it) => it.name === name)!.signal(what);
      if (what === 'SIGSTOP') count(counts, `froze a ${name.split('-')[0]}`);
    };
    const ran = await runs.run({
      workers: 2,
      servers: 2,
      onEvent(event, local) {
        const freeze = (name: string, ms: number): void => {
          signal(local, name, 'SIGSTOP');
          timers.push(setTimeout(() => signal(local, name, 'SIGCONT'), ms));
        };
        if (event.event === 'step' && event.step % 100 === 40) {
          freeze('worker-1', FROZEN_MS);
          signal(local, 'worker-2', 'SIGSTOP');
        }
        // one that froze between two leases has none to be fenced for
        if (event.event === 'step' && event.step % 100 === 90) signal(local, 'worker-2', 'SIGCONT');
        if (event.event === 'step' && event.step % 30 === 5)
          freeze(chance.pick(['server-1', 'server-2', 'coordinator']), 1500);
        if (event.event === 'member' && event.change === 'fenced') signal(local, event.name, 'SIGCONT');
      },
    });
    for (const timer of timers) clearTimeout(timer);
    await runs.holds(ran);
    const happened = seen(ran.events);
    assert.ok(happened['fenced']! >= 1, JSON.stringify(happened));
    return { ...counts, ...happened };
  },
};

const elastic: Scenario = {
  name: 'workers join and leave in the middle of epochs (SIGTERM, SIGKILL), one is started twice; below the minimum it waits',
  job: { epochs: 150 },
  async run(runs, seed) {
    const chance = new Chance(seed);
    const counts: Counts = {};
    const port = await freePort();
    const url = `ws://127.0.0.1:${port}`;
    const extra = new Map<string, ReturnType<typeof lonelyWorker>>();
    let begun = false;
    let turn = 0;
    function churn(): void {
      if (!begun) return;
      turn++;
      for (const [name, child] of extra) if (child.exitCode !== null || child.signalCode) extra.delete(name);
      const name = `guest-${turn}`;
      if (extra.size < 2) {
        count(counts, 'joined of its own');
        extra.set(name, lonelyWorker(url, name));
      } else {
        const [victim, child] = chance.pick([...extra]);
        const signal = chance.pick(['SIGTERM', 'SIGKILL'] as const);
        count(counts, `left by ${signal}`);
        child.kill(signal);
        extra.delete(victim);
      }
      if (turn % 5 === 2 && counts['started twice'] !== 3) {
        count(counts, 'started twice');
        extra.set('worker-1', lonelyWorker(url, 'worker-1'));
      }
    }
    const stop = every(700, churn);
    const killed: string[] = [];
    const ran = await runs.run({
      workers: 2,
      servers: 1,
      roles: { coordinator: { options: { '--listen': `127.0.0.1:${port}`, '--workers': '2:8' } } },
      onEvent(event, { kill, processes }) {
        if (event.event !== 'step') return;
        begun = true;
        if (event.step === 10 || event.step === 300)
          for (const { role, name } of processes)
            if (role === 'worker') {
              killed.push(name);
              kill(name);
            }
      },
    });
    stop();
    await runs.holds(ran, killed);
    const happened = seen(ran.events);
    assert.ok(happened['waited for a worker']! >= 1, JSON.stringify(happened));
    assert.ok(happened['refused SHOAL_REPLACED']! >= 1 || happened['left']! >= 1, JSON.stringify(happened));
    return { ...counts, ...happened };
  },
};

export const DEATHS: readonly Scenario[] = [
  atPoints('coordinator'),
  atPoints('server-1'),
  atPoints('worker-1'),
  randomKills,
  together,
  frozen,
  elastic,
];
