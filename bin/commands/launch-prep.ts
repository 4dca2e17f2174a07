// launch-prep.ts: `shoal launch --prep`: `shoal data prep` as tasks that an engine starts, and their shards made one dataset. What a task does:
// datasets/prepare/.
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { fill } from '../../cluster/launchers/hostfile.ts';
import { here, type Place } from '../../cluster/launchers/place.ts';
import { tool } from '../../cluster/launchers/slurm.ts';
import { slurmTasks } from '../../cluster/launchers/slurm-tasks.ts';
import { sshPlace } from '../../cluster/launchers/ssh-place.ts';
import { runTasks } from '../../cluster/launchers/tasks.ts';
import { availableThreads } from '../../trainer/pool.ts';
import { untilInterrupted } from '../interrupt.ts';
import { EXIT, type ExitCode } from '../output/exit-codes.ts';
import { count } from '../output/format.ts';
import type { Screen } from '../output/screen.ts';
import { typed, usageError } from '../output/usage-error.ts';
import { FINISHED_STAY, mergeCommand } from './data-prep.ts';
import type { LaunchCommandOptions } from './launch.ts';
import { hostsOf, remoteOf } from './launch-ssh.ts';
import { ownCommand } from './launched.ts';

const LIKE = 'For example: shoal launch --prep --engine local --workers 4 -- photos -o prepared.';
const wrong = (got: string, expected: string, hint = LIKE) => usageError('launch --prep', got, expected, hint);

/** @param words as after `shoal data prep` */
export async function launchPrep(
  words: readonly string[],
  options: LaunchCommandOptions,
  screen: Screen,
): Promise<ExitCode> {
  const out = folderOf(words);
  const args = ['data', 'prep', ...words];
  if (options.engine === 'slurm') return onSlurm(args, out, options, screen);
  const places = placesOf(options);
  const each = options.threads ?? Math.max(1, Math.floor(availableThreads() / places.length));
  const threads = options.engine === 'local' || options.threads !== undefined ? ['--threads', String(each)] : [];
  const ended = await untilInterrupted(FINISHED_STAY, screen, async (signal) => {
    await runTasks({
      places,
      args: [...args, ...threads, '--json'],
      signal,
      onLine: (task, line) => tellTask(task, places.length, line, options.json ?? false, screen),
      onSaid: (place, task, text) => screen.err(`${place === 'here' ? '' : `${place} `}task-${task}: ${text}`),
    });
    return EXIT.done;
  });
  return ended === EXIT.done ? mergeCommand(out, options, screen) : ended;
}

/** Where the shards go. @throws SHOAL_USAGE for what tasks cannot be told */
function folderOf(words: readonly string[]): string {
  const { values } = parseArgs({
    args: [...words],
    options: { out: { type: 'string', short: 'o' }, task: { type: 'string' }, mode: { type: 'string' } },
    strict: false,
    allowPositionals: true,
  });
  const { out, task, mode } = values;
  if (task !== undefined) throw wrong(`--task ${task}`, 'none: each process is given its own');
  if (mode === 'overwrite')
    throw wrong('--mode overwrite', 'incremental or extend', 'Tasks would remove what others write: remove it first.');
  if (typeof out !== 'string') throw wrong('no folder for the shards', 'what `shoal data prep` takes, behind --');
  return out;
}

function placesOf(options: LaunchCommandOptions): readonly Place[] {
  const { engine, workers } = options;
  if (engine === 'local') return Array.from({ length: workers ?? 1 }, () => here(ownCommand()));
  if (engine !== 'ssh')
    throw wrong(
      `the engine ${engine}`,
      'local, ssh or slurm',
      'In an indexed Job of Kubernetes each pod runs shoal data prep --task auto/TASKS: docs/data.md.',
    );
  const hosts = hostsOf(options);
  const seats = fill(hosts, workers ?? hosts.reduce((sum, { slots }) => sum + slots, 0));
  const remote = remoteOf(options);
  return seats.map((host) => sshPlace(remote, host, {}));
}

function tellTask(task: number, tasks: number, line: string, json: boolean, screen: Screen): void {
  let event: Readonly<Record<string, unknown>>;
  try {
    event = JSON.parse(line);
  } catch {
    return; // cut short by a kill
  }
  if (json) screen.out(JSON.stringify({ ...event, task, of_tasks: tasks }));
  else
    screen.err(
      `task ${task} of ${tasks}: shards ${event['shards']} of ${event['of_shards']}  samples ${count(Number(event['samples']))}  bad ${event['bad']}`,
    );
}

async function onSlurm(
  args: readonly string[],
  out: string,
  options: LaunchCommandOptions,
  screen: Screen,
): Promise<ExitCode> {
  const { workers = 1, threads = null, sbatch = [], print = false, wait = false, json = false } = options;
  // beside the folder, which holds nothing but its dataset
  const beside = resolve(out);
  const script = slurmTasks({
    name: 'prep',
    command: ownCommand(),
    cwd: process.cwd(),
    tasks: workers,
    threads,
    args,
    after: ['data', 'merge', out],
    output: `${beside}.slurm-%j.out`,
    more: sbatch,
  });
  if (print) {
    screen.out(script.trimEnd());
    return EXIT.done;
  }
  writeFileSync(`${beside}.slurm.sh`, script);
  const submitted = await tool('sbatch', ['--parsable', ...(wait ? ['--wait'] : []), `${beside}.slurm.sh`], 'prepare');
  const id = submitted.trim().split(';')[0]!;
  if (wait) return mergeCommand(out, options, screen);
  if (json) screen.out(JSON.stringify({ event: 'submitted', engine: 'slurm', job: id, out }));
  else
    screen.out(`submitted as job ${id}\n\nNext:  squeue -j ${id}\n       tail -f ${typed(`${out}.slurm-${id}.out`)}`);
  return EXIT.done;
}
