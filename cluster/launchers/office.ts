// office.ts: one leader of a run's folder at a time, where a cluster's scheduler may start a second while the first lives on unseen (a node
// whose daemon died keeps its tasks). Who came last leads; the others are told. It needs a file system that the leaders share.
import { randomUUID } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { writeError } from '../../trainer/write-error.ts';

const LOOK_MS = 500;
/** After which an older leader that can see the file has stopped writing. */
const SETTLED_MS = 3 * LOOK_MS;

export interface Office {
  leave(): void;
}

/**
 * Takes the lead of a run's folder; resolves once an older leader has had the time to see it.
 * @param deposed called once when another has taken it: whatever is writing there must be killed at once
 */
export async function takeOffice(run: string, deposed: () => void): Promise<Office> {
  const file = `${run}/leader`;
  const own = randomUUID();
  const before = read(file);
  try {
    writeFileSync(`${file}.${own}`, own);
    renameSync(`${file}.${own}`, file);
  } catch (error) {
    throw writeError(error, `write ${file}`);
  }
  const look = setInterval(() => {
    if (read(file) === own) return;
    clearInterval(look);
    deposed();
  }, LOOK_MS);
  if (before !== null) await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
  return { leave: () => clearInterval(look) };
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
