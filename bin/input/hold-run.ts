// hold-run.ts: word in a run's folder of the one process that writes there, so that no second one does. Whether a coordinator answers:
// nobody-leads.ts.
//
// Each process has a file of its own name, which nobody else ever makes: holder.<pid>.<when it began>.<host>. It holds the run if no other's is
// there once its own is: of any two, who comes later sees the other. Files of those who are gone can be removed by anyone, at any time.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { ShoalError } from '../../base/errors.ts';
import { isAlive } from '../../base/is-alive.ts';
import { RUN } from '../../trainer/run-folder.ts';
import { writeError } from '../../trainer/write-error.ts';

interface Holder {
  readonly file: string;
  readonly host: string;
  readonly pid: number;
  readonly began: string | null;
}

const AGAIN_MS = 20;

/**
 * Leaves word of this process in a run's folder. Of several that come at once one does, the others are refused.
 * @param patienceMs how long it waits for one that is about to end
 * @returns takes it back. Who is killed cannot: it is seen that it is gone
 * @throws SHOAL_RUN_LED, SHOAL_RUN_WRITE
 */
export async function holdRun(run: string, patienceMs = 3000): Promise<() => void> {
  const own = `${RUN.holder}.${process.pid}.${beganAt(process.pid) ?? ''}.${hostname()}`;
  const others = (): readonly Holder[] => holdersOf(run).filter((it) => it.file !== own);
  const release = (): void => {
    try {
      rmSync(`${run}/${own}`, { force: true });
    } catch {} // a disk that takes no more: what the run came to is told, and that this process is gone is seen
  };
  if (holdersOf(run).some((it) => it.file === own)) nobodyHolds(run);
  for (const since = performance.now(); ; await wait(AGAIN_MS)) {
    if (others().length === 0) {
      try {
        clear(run);
        writeFileSync(`${run}/${own}`, '');
      } catch (error) {
        throw writeError(error, `write into ${run}`);
      }
      const [first] = others()
        .map((it) => it.file)
        .toSorted();
      if (first === undefined) return release;
      if (first < own) release(); // of those who came at once the first by name stays, and waits until the others have left
    }
    if (performance.now() - since < patienceMs) continue;
    release();
    nobodyHolds(run);
  }
}

/** Of another machine nothing is known: a process of it is taken for one that is gone. @throws SHOAL_RUN_LED */
export function nobodyHolds(run: string): void {
  const [holder] = holdersOf(run);
  if (!holder) return;
  throw new ShoalError({
    code: 'SHOAL_RUN_LED',
    operation: `resume the run ${run}`,
    got: `process ${holder.pid}, which trains it`,
    expected: 'a run that nobody trains',
    hint: `End it with Ctrl-C where it was started. If that process is none of Shoal's, remove ${run}/${holder.file}.`,
  });
}

/** Who holds a run, or is about to. */
const holdersOf = (run: string): readonly Holder[] => wordsOf(run).filter(isHeld);

const isHeld = (word: Holder): boolean => word.host === hostname() && lives(word);

/** Removes what those who are gone have left. */
function clear(run: string): void {
  for (const word of wordsOf(run)) if (!isHeld(word)) rmSync(`${run}/${word.file}`, { force: true });
}

function wordsOf(run: string): readonly Holder[] {
  let files: readonly string[];
  try {
    files = readdirSync(run);
  } catch {
    return []; // there is no run: whoever opens it says so
  }
  return files.flatMap((file) => {
    const [word, pid, began, host] = /^(.*?)\.([1-9]\d*)\.(\d*)\.(.*)$/.exec(file)?.slice(1) ?? [];
    return word === RUN.holder ? [{ file, host: host!, pid: Number(pid), began: began || null }] : [];
  });
}

/** Whether that process is there, and no later one that has its number now. */
const lives = ({ pid, began }: Holder): boolean => isAlive(pid) && beganAt(pid) === began;

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
