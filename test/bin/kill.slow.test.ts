// kill.slow.test.ts: kill -9 of a training process: in an epoch after a checkpoint, and inside the write of one. Resumed, it ends in the
// same bytes. (What a power failure loses besides is trainer/checkpoint-write.test.ts's.)
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { each } from '../../datasets/each.ts';
import { parseJob } from '../../trainer/job.ts';
import { openRun } from '../../trainer/run-folder.ts';
import { openJobData, runSession } from '../../trainer/session.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { linesOf, newFolder, shoal } from './support/shoal.ts';

const script = fileURLToPath(new URL('./support/dying-run.ts', import.meta.url));

/** A folder whose job is saved every 3 of 8 steps. */
function folderFor(epochs: number): string {
  const folder = newFolder();
  const path = join(folder, 'job.json');
  const job = JSON.parse(readFileSync(path, 'utf8'));
  const data = { ...job.data, path: join(folder, 'data') };
  writeFileSync(path, JSON.stringify({ ...job, data, epochs, checkpoint: { everySteps: 3, keep: 2 } }));
  return folder;
}

/** Undisturbed, in this process. */
async function hashesOf(folder: string): Promise<string[]> {
  const job = parseJob(JSON.parse(readFileSync(join(folder, 'job.json'), 'utf8')), 'job.json');
  const { done } = await runSession({ job, threads: 2 });
  return [done.parameters_sha256, done.state_sha256, done.optimizer_sha256, JSON.stringify(done.metrics)];
}

describe('kill -9', () => {
  it('of `shoal train` in the middle of an epoch, after a checkpoint: resumed, it ends in the same hashes and metrics', async () => {
    const folder = folderFor(20);
    let steps = 0;
    const killed = await shoal(folder, ['train', 'job.json', '--json', '--threads', '2'], {
      onStdout(text, kill) {
        const lines = text.split('\n').slice(0, -1);
        const saved = lines.findIndex((line) => line.includes('"event":"checkpoint"') && !line.includes('"step":8,'));
        steps = saved < 0 ? 0 : lines.slice(saved).filter((line) => line.includes('"event":"step"')).length;
        if (steps > 0) kill('SIGKILL');
      },
    });
    assert.equal(killed.code, null, 'it was done before it was killed');
    assert.ok(steps > 0);
    const { checkpoint } = await openRun(join(folder, 'runs/job'));
    assert.ok(checkpoint!.manifest.step >= 3);
    const resumed = await shoal(folder, ['train', '--resume', 'runs/job', '--json', '--threads', '1']);
    assert.equal(resumed.code, 0, resumed.stderr);
    const done = linesOf(resumed.stdout).at(-1) as Record<string, string>;
    const [parameters, state, optimizer, metrics] = await hashesOf(folder);
    assert.deepEqual(
      [done['parameters_sha256'], done['state_sha256'], done['optimizer_sha256'], JSON.stringify(done['metrics'])],
      [parameters, state, optimizer, metrics],
    );
  });

  it('inside the write of the third checkpoint, at operations all along it: the one before, or it, is found whole and goes on to the same bytes', async () => {
    const folder = folderFor(2);
    const expected = await hashesOf(folder);
    const run = (cwd: string, at: number) => promisify(execFile)(process.execPath, [script, `${at}`], { cwd });
    const copy = () => {
      const to = temporaryFolder('killed');
      cpSync(folder, to, { recursive: true });
      return to;
    };
    const ends: number[] = JSON.parse((await run(copy(), 0)).stdout);
    assert.equal(ends.length, 7); // after steps 3, 6, 8, 9, 12, 15 and 16
    const [from, to] = [ends[1]! + 1, ends[2]!]; // of the third, which also removes the first
    assert.ok(to - from > 15, `${to - from} operations`);
    const found = new Set<number>();
    // the last operations rename it, sync the folder, and remove the first
    const places = Array.from({ length: 5 }, (_, i) => from + Math.floor(((to - from - 2) * i) / 5));
    const strike = async (at: number): Promise<void> => {
      const own = copy();
      await assert.rejects(run(own, at), { signal: 'SIGKILL' });
      const { job, checkpoint, problems } = await openRun(join(own, 'runs/job'));
      assert.deepEqual(problems, [], `operation ${at}`);
      const { snapshot } = checkpoint!;
      found.add(snapshot.version);
      const { done } = await runSession({ job, dataset: await openJobData(job), threads: 2, start: snapshot });
      const { parameters_sha256, state_sha256, optimizer_sha256, metrics } = done;
      const hashes = [parameters_sha256, state_sha256, optimizer_sha256, JSON.stringify(metrics)];
      assert.deepEqual(hashes, expected, `operation ${at}`);
    };
    await each([...places, to - 1, to], 2, strike);
    assert.deepEqual([...found].sort(), [6, 8]);
  });
});
