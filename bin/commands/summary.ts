// summary.ts: `shoal summary`: a job's layers, shapes, parameters, work and memory, without training.
import { ShoalError, toWire } from '../../base/errors.ts';
import { availableThreads } from '../../trainer/pool.ts';
import { type Prepared, prepare } from '../../trainer/prepare.ts';
import { openJobData } from '../../trainer/session.ts';
import { summarize } from '../../trainer/summary.ts';
import { type JobOptions, readJob } from '../input/read-job.ts';
import { EXIT, type ExitCode } from '../output/exit-codes.ts';
import { layersText, memoryText } from '../output/plan-text.ts';
import type { Screen } from '../output/screen.ts';

export interface SummaryOptions extends JobOptions {
  readonly threads?: number;
  readonly json?: boolean;
}

export async function summaryCommand(path: string, options: SummaryOptions, screen: Screen): Promise<ExitCode> {
  const { job } = await readJob(path, options);
  const summary = summarize(job.model);
  let prepared: Prepared | null = null;
  let absent: ShoalError | null = null;
  try {
    prepared = prepare(job, await openJobData(job), {
      threads: options.threads ?? availableThreads(),
      local: true,
    });
  } catch (error) {
    // a model can be looked at where its data are not
    if (!(error instanceof ShoalError) || error.code !== 'SHOAL_DATA_MISSING') throw error;
    absent = error;
  }
  if (options.json) {
    const plan = prepared && {
      memory: { ...prepared.memory, total: prepared.bytes },
      flops_per_sample: prepared.program.plans.train.flops,
      threads: prepared.machine.threads,
      team_size: prepared.machine.teamSize,
      micro_shards: job.microShards,
    };
    screen.out(JSON.stringify({ event: 'summary', ...summary, plan, ...(absent && { problem: toWire(absent) }) }));
    return EXIT.done;
  }
  screen.out(layersText(job));
  if (prepared) screen.out(`\n${memoryText(job, prepared)}`);
  else
    screen.err(
      `\nMemory depends on the data, which are not here: ${absent!.operation}: ${absent!.got}. ${absent!.hint}`,
    );
  return EXIT.done;
}
