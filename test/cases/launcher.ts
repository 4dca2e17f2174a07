// launcher.ts: what every launcher must do, whatever starts its processes: the bytes of one process, with a worker killed on the way; a run
// that is interrupted and gone on with; the run's own error; and nothing left of it afterwards.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import type { LaunchOptions } from '../../cluster/launchers/engine.ts';
import { newToken } from '../../cluster/token.ts';
import type { DoneEvent, RunEvent } from '../../trainer/events.ts';
import { parseJob } from '../../trainer/job.ts';
import { createRun } from '../../trainer/run-folder.ts';
import { COMMAND, type WholeRuns, wholeRuns } from '../cluster/support/whole-runs.ts';

export interface LauncherCase {
  readonly name: string;
  /** Launches a run of 2 workers, of one thread each, and 1 server. */
  launch(options: LaunchOptions, runs: WholeRuns): Promise<DoneEvent>;
  /** Names that workers have, of which the second is killed. */
  readonly names: readonly [string, string];
  /** Of the job, of 4 steps each: so many that it is still going on when events of its first steps are told. Default 10. */
  readonly epochs?: number;
}

/** Processes of this machine with that token in their environment: pid and command line. */
export function holders(token: string): readonly { readonly pid: number; readonly command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        if (!readFileSync(`/proc/${name}/environ`, 'utf8').includes(`SHOAL_TOKEN=${token}`)) return [];
        return [{ pid: Number(name), command: readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ') }];
      } catch {
        return []; // gone meanwhile
      }
    })
    .filter(({ pid }) => pid !== process.pid);
}

/** Waits until they are gone: a launcher may see the end of its own part before the last of the others. */
export async function nothingLeft(token: string, withinMs = 10_000): Promise<void> {
  const until = performance.now() + withinMs;
  while (holders(token).length > 0 && performance.now() < until)
    await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual(holders(token), []);
}

export function launcherCases({ name, launch, names, epochs = 10 }: LauncherCase): void {
  describe(`the launcher ${name}`, function () {
    this.timeout(120_000);
    let runs: WholeRuns;
    let token: string;
    const outer = process.env['SHOAL_TOKEN'];

    before(async () => {
      runs = await wholeRuns({ epochs });
    });
    after(() => runs.remove());
    beforeEach(() => {
      token = newToken();
      process.env['SHOAL_TOKEN'] = token;
    });
    afterEach(async () => {
      if (outer === undefined) delete process.env['SHOAL_TOKEN'];
      else process.env['SHOAL_TOKEN'] = outer;
      await nothingLeft(token);
    });

    async function run(how: Partial<LaunchOptions> & { readonly changes?: object } = {}) {
      const { changes, ...more } = how;
      const job = changes ? parseJob({ ...runs.at.json, ...changes }, runs.at.path) : runs.job;
      const path = how.run ?? (await createRun(`${runs.at.folder}/runs`, job));
      const events: RunEvent[] = [];
      const options = { command: COMMAND, run: path, workers: 2, servers: 1, threads: 1, ...more };
      const onEvent = (event: RunEvent): void => {
        events.push(event);
        how.onEvent?.(event);
      };
      return { done: await launch({ ...options, onEvent }, runs), events, path };
    }

    it('ends with the three hashes of one process and a clean audit, with a worker killed on the way', async () => {
      let killed = false;
      const ran = await run({
        onEvent(event) {
          if (event.event !== 'step' || event.step < 5 || killed) return;
          const victim = holders(token).find(
            ({ command }) => command.includes(` worker `) && command.includes(names[1]),
          );
          if (!victim) return;
          process.kill(victim.pid, 'SIGKILL');
          killed = true;
        },
      });
      assert.ok(killed);
      await runs.holds({ ...ran, events: ran.events.filter((it) => it.event !== 'killed') });
      const told = ran.events.find((it) => it.event === 'workers')!;
      assert.ok(names.some((worker) => told.leaves[worker]! > 0));
    });

    it('is interrupted after the step under way with a checkpoint, and gone on with to the same bytes', async () => {
      const stop = new AbortController();
      const first = await run({
        signal: stop.signal,
        onEvent: (it) => it.event === 'step' && it.step === 5 && stop.abort(),
      });
      assert.equal(first.done.reason, 'interrupted');
      assert.ok(first.done.steps >= 5 && first.done.steps < runs.expected.steps, `${first.done.steps} steps`);
      const second = await run({ run: first.path });
      assert.equal(second.done.parameters_sha256, runs.expected.parameters_sha256);
      assert.equal(second.done.optimizer_sha256, runs.expected.optimizer_sha256);
      assert.equal(second.done.state_sha256, runs.expected.state_sha256);
    });

    it("ends with the run's own error where the loss is not a number", async () => {
      const changes = { optimizer: { class_name: 'SGD', config: { learning_rate: 1e30 } } };
      await assert.rejects(run({ changes }), { code: 'SHOAL_NOT_FINITE' });
    });
  });
}
