// nobody-leads.ts: before a run is resumed: whether anyone trains it still, a coordinator by asking. Two that write one folder would spoil its log.
import { ShoalError } from '../../base/errors.ts';
import { askStatus } from '../../cluster/ask-status.ts';
import type { Status } from '../../cluster/status.ts';
import { findRun } from './find-run.ts';
import { nobodyHolds } from './hold-run.ts';

/** Who does not answer in so long is not there, or has been stopped. */
const PATIENCE_MS = 3000;

/**
 * @param run to be resumed; undefined: none is
 * @throws SHOAL_RUN_LED
 */
export async function nobodyLeads(run: string | undefined, insecure = false): Promise<void> {
  if (run === undefined) return;
  let url: string;
  let status: Status;
  try {
    const reach = await findRun(run, {});
    url = reach.url;
    status = await askStatus({ ...reach, insecure, idleMs: PATIENCE_MS });
  } catch {
    nobodyHolds(run); // no coordinator, one of another run at the port that it had, or one that does not answer
    return;
  }
  if (status.phase === 'stopped') return; // it writes its end: who is to hold the run waits for that
  throw new ShoalError({
    code: 'SHOAL_RUN_LED',
    operation: `resume the run ${run}`,
    got: `its coordinator at ${url}, at step ${status.step} of ${status.steps}`,
    expected: 'a run that nobody leads',
    hint: `See how it fares: shoal status ${run}. End it with Ctrl-C where it was started.`,
  });
}
