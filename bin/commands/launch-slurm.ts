// launch-slurm.ts: `shoal launch --engine slurm`: its options; and what to type next. What it does: cluster/launchers/slurm.ts.
import { type SlurmOptions, scriptOf, slurm, submit } from '../../cluster/launchers/slurm.ts';
import { EXIT, type ExitCode } from '../output/exit-codes.ts';
import { typed } from '../output/usage-error.ts';
import type { Launching } from './launch.ts';
import { ownCommand, runFolderOf, runLaunched, tellResult } from './launched.ts';

export async function launchSlurm(options: Launching): Promise<ExitCode> {
  const { job, workers = 1, servers = 1, threads = null, executor, screen, view, json = false } = options;
  const more = {
    name: job.name,
    ...(options.grace !== undefined && { grace: options.grace }),
    ...(options.sbatch && { more: options.sbatch }),
    ...(options.insecure && { insecure: true }),
  };
  const how = (run: string): SlurmOptions => ({
    ...more,
    command: ownCommand(),
    run,
    workers,
    servers,
    threads,
    ...(executor !== undefined && { executor }),
    onEvent() {},
  });
  if (options.print) {
    screen.out(scriptOf(how(options.run?.path ?? `${options.out ?? 'runs'}/${job.name}`)).trimEnd());
    return EXIT.done;
  }
  if (options.wait) {
    const onSubmitted = (id: string): void => view.say(`submitted as job ${id}`);
    return tellResult(await runLaunched(options, (all) => slurm.launch({ ...all, ...more, onSubmitted })), options);
  }
  const run = await runFolderOf(options);
  const id = await submit(how(run));
  if (json) screen.out(JSON.stringify({ event: 'submitted', engine: 'slurm', job: id, run }));
  else
    screen.out(
      `${run}: submitted as job ${id}\n\n` +
        `Next:  squeue -j ${id}\n       tail -f ${typed(run)}/slurm-${id}.out\n       npx shoal status ${typed(run)}\n       scancel ${id}`,
    );
  return EXIT.done;
}
