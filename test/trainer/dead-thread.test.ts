// dead-thread.test.ts: what a run does when a compute thread is killed: it ends soon, with its reason, and what it saved resumes to the same
// bytes. What the store knows of it: torn-update.test.ts; other faults: faults.test.ts.
import assert from 'node:assert/strict';
import type { Job } from '../../trainer/job.ts';
import type { SessionOptions } from '../../trainer/session.ts';
import { heavyMlp, smallJob } from '../support/small-jobs.ts';
import { JOBS, outcome, type SmallRun, smallRun } from '../support/small-run.ts';
import { leavesNothing } from '../support/watch-threads.ts';

describe('a compute thread that is killed in the middle of a step', () => {
  const watch = leavesNothing();

  interface Kill {
    readonly victim: number;
    /** The step that the host has just heard of. */
    readonly step: number;
    /** For so many milliseconds before, the host is held up while the threads run ahead of what it knows to be committed. */
    readonly after: number;
  }
  /** A run that ends of it within 5 s. @returns what it saved, and whether what the optimizer keeps was being changed */
  async function killed(job: Job, { victim, step, after }: Kill, options: Partial<SessionOptions> = {}) {
    const saved: SmallRun['saved'][number][] = [];
    const first = watch().started.length;
    let at = 0;
    let torn = false;
    const run = smallRun(job, {
      ...options,
      onEvent(event) {
        if (event.event === 'problem') torn ||= event.problem.code === 'SHOAL_UPDATE_TORN';
        if (event.event !== 'step' || event.step !== step) return;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, after);
        at = performance.now();
        void watch().started[first + victim]!.terminate();
      },
      onSave: async (snapshot) => {
        saved.push(snapshot);
      },
    });
    await assert.rejects(run, { code: 'SHOAL_THREAD_DIED', got: new RegExp(`compute thread ${victim} ended`) });
    assert.ok(performance.now() - at < 5000);
    return { saved, torn };
  }

  const job = { ...JOBS.convolutional, epochs: 8 };
  let whole: Promise<SmallRun>;
  /** The run that nothing disturbs. */
  const undisturbed = () => {
    whole ??= smallRun(job);
    return whole;
  };
  for (const [threads, teamSize, victim, step] of [
    [1, 1, 0, 3],
    [2, 1, 1, 5],
    [2, 2, 0, 12],
    [3, 1, 0, 17],
    [4, 2, 3, 20],
  ] as const) {
    it(`ends the run within 5 s with a whole checkpoint: thread ${victim} of ${threads} in teams of ${teamSize}, step ${step}`, async () => {
      const { saved, torn } = await killed(job, { victim, step, after: 30 }, { threads, teamSize });
      const start = saved.at(-1);
      // rarely torn: the checkpoint before stays the newest
      if (!torn) assert.ok(start!.version >= step, `saved ${saved.map((s) => s.version)}`);
      assert.deepEqual(outcome(await smallRun(job, start && { start })), outcome(await undisturbed()));
    });
  }

  it('leaves nothing torn behind: 6 runs whose updates take long, each with a thread killed, resume to the same bytes', async () => {
    const of = smallJob(heavyMlp, { batch: 4, microShards: 2, epochs: 3 });
    const expected = outcome(await smallRun(of));
    for (let turn = 0; turn < 6; turn++) {
      const { saved, torn } = await killed(of, { victim: turn % 2, step: 14, after: 1 + turn / 4 });
      const start = saved.at(-1)!;
      assert.ok(torn ? start.version === 11 : start.version >= 14, `saved ${start.version}, torn: ${torn}`);
      assert.deepEqual(outcome(await smallRun(of, { start })), expected);
    }
  });
});
