// hold-run.ts: word in a run's folder of the one process that trains it, so that no second one writes there. A coordinator's: nobody-leads.ts.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { z } from 'zod';
import { ShoalError } from '../../base/errors.ts';
import { RUN } from '../../trainer/run-folder.ts';
import { writeError } from '../../trainer/write-error.ts';

const holderSchema = z.strictObject({ host: z.string(), pid: z.int().positive(), began: z.string().nullable() });
type Holder = z.output<typeof holderSchema>;

/**
 * Leaves word of this process in a run's folder.
 * @returns takes it back. Who is killed cannot: it is seen that it is gone
 * @throws SHOAL_RUN_LED, SHOAL_RUN_WRITE
 */
export function holdRun(run: string): () => void {
  const file = `${run}/${RUN.holder}`;
  const holder: Holder = { host: hostname(), pid: process.pid, began: beganAt(process.pid) };
  for (let again = false; ; again = true) {
    try {
      writeFileSync(file, `${JSON.stringify(holder)}\n`, { flag: 'wx' }); // of two at once one makes it
      break;
    } catch (error) {
      nobodyHolds(run);
      if (again || (error as NodeJS.ErrnoException).code !== 'EEXIST') throw writeError(error, `write into ${run}`);
      rmSync(file, { force: true }); // of somebody who was killed
    }
  }
  return () => {
    try {
      rmSync(file, { force: true });
    } catch {} // a disk that takes no more: what the run came to is told, and that this process is gone is seen
  };
}

/** Of another machine nothing is known: a process of it is taken for one that is gone. @throws SHOAL_RUN_LED */
export function nobodyHolds(run: string): void {
  const holder = holderOf(run);
  if (holder?.host !== hostname() || !lives(holder)) return;
  throw new ShoalError({
    code: 'SHOAL_RUN_LED',
    operation: `resume the run ${run}`,
    got: `process ${holder.pid}, which trains it`,
    expected: 'a run that nobody trains',
    hint: `End it with Ctrl-C where it was started. If that process is none of Shoal's, remove ${run}/${RUN.holder}.`,
  });
}

/** Null where there is none, or where it was killed before it had written. */
function holderOf(run: string): Holder | null {
  try {
    return holderSchema.parse(JSON.parse(readFileSync(`${run}/${RUN.holder}`, 'utf8')));
  } catch {
    return null;
  }
}

/** Whether that process is there, and no later one that has its number now. */
function lives({ pid, began }: Holder): boolean {
  try {
    process.kill(pid, 0); // no signal: whether there is one
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return beganAt(pid) === began;
}

/** When a process began, as Linux counts; null elsewhere, and of one that has ended and that nobody has asked after. */
function beganAt(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // from the third on: its name may hold anything
    return fields[0] === 'Z' ? null : fields[19]!;
  } catch {
    return null;
  }
}
