// audit.ts: `shoal audit`: what a run's commit log proves: each draw of each epoch counted exactly once. The proof: cluster/audit.ts.

import { ShoalError } from '../../base/errors.ts';
import { auditRun } from '../../cluster/coordinator-files.ts';
import { parseJob } from '../../trainer/job.ts';
import { RUN, readRunJob } from '../../trainer/run-folder.ts';
import { EXIT, type ExitCode } from '../output/exit-codes.ts';
import { count, table } from '../output/format.ts';
import type { Screen } from '../output/screen.ts';

export async function auditCommand(
  run: string,
  options: { readonly json?: boolean },
  screen: Screen,
): Promise<ExitCode> {
  const job = parseJob(await readRunJob(run), `${run}/${RUN.job}`);
  const audit = await auditLog();
  if (options.json) screen.out(JSON.stringify({ event: 'audit', ...audit }));
  else if (audit.ok) {
    const { report } = audit;
    const workers = Object.entries(report.leaves).map(([name, leaves]) => [
      `  ${name}`,
      `${count(leaves)} micro-shards`,
    ]);
    screen.out(
      table([
        [
          'steps',
          `${count(report.steps)} counted, ${count(report.cut)} computed again after ${count(report.terms - 1)} rollbacks`,
        ],
        ['draws', `${count(report.draws)}, each exactly once; ${count(report.epochs)} whole epochs`],
        ...(report.adopted > 0
          ? [['one process', `${count(report.adopted)} steps, which only its checkpoint tells of`]]
          : []),
        ...workers,
      ]),
    );
  } else screen.err(`${run}/${RUN.commits}, line ${audit.line}: ${audit.violation}`);
  return audit.ok ? EXIT.done : EXIT.failed;

  async function auditLog(): ReturnType<typeof auditRun> {
    try {
      return await auditRun(run, job);
    } catch (cause) {
      throw new ShoalError(
        {
          code: 'SHOAL_RUN_MISSING',
          operation: `audit the run ${run}`,
          got: (cause as Error).message,
          expected: `its ${RUN.commits}`,
          hint: 'Only runs of several processes keep one: shoal train --workers 3 --servers 2.',
        },
        { cause },
      );
    }
  }
}
