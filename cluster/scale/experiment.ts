// experiment.ts: a scaling experiment: its runs one after another with probes before and after each, every result kept in its folder, so that
// an interrupted experiment goes on where it was. What the results mean: report.ts.
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { ShoalError } from '../../base/errors.ts';
import { type Grid, keyOf, processors, type Setting, type Turn, turnsOf } from './grid.ts';
import { type Measured, measureRun } from './measure.ts';
import { type Probes, startProbes } from './probes.ts';

export interface Plan {
  readonly name: string;
  /** What `shoal train` is given: the job's file, absolute, and what changes it. */
  readonly job: readonly string[];
  readonly grid: Grid;
  /** The job's own, which weak scaling multiplies. */
  readonly batch: number;
  readonly microShards: number;
  readonly seconds: number;
  readonly warmupSeconds: number;
  readonly target: number | null;
  /** Of a machine (a worker), an hour; null: unknown. */
  readonly price: number | null;
  /** Threads that the machine runs at once. */
  readonly cores: number;
}

export interface Result extends Turn, Measured {
  /** Rate of one probe process alone, and of as many as there are processors in the setting, together: before and after the run. */
  readonly probe: { readonly one: number; readonly together: number };
  /** Work that others had for the machine before the run: their share of its cores. */
  readonly others: number;
}

const FILES = { plan: 'experiment.json', results: 'results.jsonl' } as const;
const PROBE_SECONDS = 0.6;

/** A new folder for an experiment. */
export function createExperiment(parent: string, plan: Plan): string {
  mkdirSync(parent, { recursive: true });
  for (let number = 1; ; number++) {
    const folder = `${parent}/scale-${plan.name}${number > 1 ? `-${number}` : ''}`;
    if (existsSync(folder)) continue;
    mkdirSync(folder);
    writeFileSync(`${folder}/${FILES.plan}`, `${JSON.stringify(plan, null, 2)}\n`);
    return folder;
  }
}

/** @throws SHOAL_SCALE_MISSING */
export function openExperiment(folder: string): { readonly plan: Plan; readonly results: readonly Result[] } {
  try {
    const plan = JSON.parse(readFileSync(`${folder}/${FILES.plan}`, 'utf8')) as Plan;
    return { plan, results: readResults(folder) };
  } catch (cause) {
    throw new ShoalError(
      {
        code: 'SHOAL_SCALE_MISSING',
        operation: `open the experiment ${folder}`,
        got: (cause as Error).message,
        expected: `a folder with ${FILES.plan}`,
        hint: 'Give the folder that `shoal scale` named, for example runs/scale-digits.',
      },
      { cause },
    );
  }
}

function readResults(folder: string): Result[] {
  if (!existsSync(`${folder}/${FILES.results}`)) return [];
  const lines = readFileSync(`${folder}/${FILES.results}`, 'utf8').split('\n');
  lines.pop(); // what a kill cut short has no end of line
  return lines.map((line) => JSON.parse(line) as Result);
}

export interface RunOptions {
  readonly folder: string;
  readonly plan: Plan;
  /** What runs `shoal`. */
  readonly command: readonly string[];
  readonly onResult: (result: Result, done: number, all: number) => void;
  readonly signal?: AbortSignal;
}

/** Makes the runs that are missing. @returns all results @throws the signal's reason, where it was aborted: what was measured by then is kept */
export async function runExperiment({
  folder,
  plan,
  command,
  onResult,
  signal,
}: RunOptions): Promise<readonly Result[]> {
  const turns = turnsOf(plan.grid);
  const results = readResults(folder);
  if (results.length > 0)
    writeFileSync(`${folder}/${FILES.results}`, results.map((it) => `${JSON.stringify(it)}\n`).join(''));
  const named = (it: Turn): string => `${it.round} ${keyOf(it)}`;
  const known = new Set(results.map(named));
  const probes = startProbes();
  try {
    await probes.measure(1, 0.2); // starts and warms it
    for (const turn of turns) {
      if (known.has(named(turn))) continue;
      signal?.throwIfAborted();
      const result = await measureTurn(plan, command, turn, probes, signal);
      results.push(result);
      appendFileSync(`${folder}/${FILES.results}`, `${JSON.stringify(result)}\n`);
      onResult(result, results.length, turns.length);
    }
  } finally {
    await probes.close();
  }
  return results;
}

async function measureTurn(
  plan: Plan,
  command: readonly string[],
  turn: Turn,
  probes: Probes,
  signal: AbortSignal | undefined,
): Promise<Result> {
  const { seconds, warmupSeconds, target } = plan;
  const others = loadavg()[0]! / plan.cores;
  const n = Math.min(processors(turn), plan.cores);
  const probe = async (count: number) => {
    const rate = await probes.measure(count, PROBE_SECONDS);
    signal?.throwIfAborted(); // a turn is measured whole or not at all: Ctrl-C has hit its processes, too
    return rate;
  };
  const look = async () => ({ one: await probe(1), together: n === 1 ? null : await probe(n) });
  const before = await look();
  const job = [...plan.job, ...changesOf(plan, turn)];
  const run = { ...turn, command, job, seconds, warmupSeconds, target };
  const measured = await measureRun({ ...run, ...(signal && { signal }) });
  const after = await look();
  const one = (before.one + after.one) / 2;
  const together = before.together === null ? one : (before.together + after.together!) / 2;
  return { ...turn, ...measured, probe: { one, together }, others };
}

/** Long enough not to end while it is measured; weak scaling gives every processor the same work. */
function changesOf({ grid, batch, microShards, target }: Plan, setting: Setting): readonly string[] {
  const n = processors(setting);
  const weak = ['--set', `batch=${batch * n}`, '--set', `microShards=${microShards * n}`];
  return [...(target === null ? ['--epochs', '100000'] : []), ...(grid.kind === 'weak' ? weak : [])];
}
