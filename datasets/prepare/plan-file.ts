// plan-file.ts: the plan of a preparation on disk: plan.jsonl, the job in its first line, then a line for each entry. Who plans: plan.ts.
import { existsSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { check } from '../../base/check.ts';
import { ShoalError } from '../../base/errors.ts';
import { canonicalJson } from '../../base/hash.ts';
import { parseJsonLines } from '../formats/json-lines.ts';
import type { Bad, Places } from '../source.ts';
import { type PrepareJob, prepareSchema } from './job.ts';
import { PARTS, type Planned } from './plan.ts';
import { writeWhole } from './whole-file.ts';

export const FILES = {
  plan: 'plan.jsonl',
  manifest: 'manifest.json',
  bad: 'bad.jsonl',
  near: 'near-duplicates.jsonl',
} as const;

const headSchema = z.object({
  job: prepareSchema,
  tool: z.record(z.string(), z.string()),
  classes: z.array(z.string()).nullable(),
  places: z.enum(['boxes', 'mask']).optional(),
  bad: z.array(z.object({ key: z.string(), code: z.custom<`SHOAL_${string}`>(), reason: z.string() })),
});

export interface PlanFile {
  readonly job: PrepareJob;
  readonly tool: Readonly<Record<string, string>>;
  readonly classes: readonly string[] | null;
  /** What has the classes, where it is not the samples. */
  readonly places?: Places | undefined;
  /** What the scan met. */
  readonly scanBad: readonly Bad[];
  readonly lines: readonly Planned[];
}

/** One file, so that a crash leaves the old plan or the new one. @param asOf when the source was read, in ms */
export function writePlan(out: string, { job, tool, classes, places, scanBad, lines }: PlanFile, asOf: number): void {
  const head = { job, tool, classes, places, bad: scanBad };
  writeWhole(join(out, FILES.plan), [head, ...lines].map((line) => `${canonicalJson(line)}\n`).join(''));
  utimesSync(join(out, FILES.plan), asOf / 1000, asOf / 1000);
}

/** When what is planned was read, in ms: the time of the file, so that equal plans have equal bytes. */
export const plannedAsOf = (out: string): number => statSync(join(out, FILES.plan)).mtimeMs;

export const hasPlan = (out: string): boolean => existsSync(join(out, FILES.plan));

/** What its use depends on: a schema for each of a million lines would take long. */
const isPlanned = (value: unknown): value is Planned => {
  const { key, part, shard } = (value ?? {}) as Partial<Planned>;
  return typeof key === 'string' && PARTS.includes(part!) && (shard === null || typeof shard === 'string');
};

/** @throws {ShoalError} SHOAL_DATA_MISSING, SHOAL_DATA_CORRUPT */
export function readPlan(out: string): PlanFile {
  if (!hasPlan(out)) {
    throw new ShoalError({
      code: 'SHOAL_DATA_MISSING',
      operation: `read the plan of ${out}`,
      got: existsSync(out) ? `no ${FILES.plan}` : 'no such folder',
      expected: 'a folder that `shoal data prep` has begun',
      hint: 'Prepare it: shoal data prep SOURCE -o FOLDER.',
    });
  }
  const path = join(out, FILES.plan);
  const values = parseJsonLines(readFileSync(path, 'utf8'));
  const problem = {
    code: 'SHOAL_DATA_CORRUPT',
    operation: `read ${path}`,
    hint: 'Prepare again with --mode overwrite.',
  } as const;
  const head = check(headSchema, values[0]?.value, problem);
  const lines = values.slice(1).map(({ line, value }) => {
    if (isPlanned(value)) return value;
    throw new ShoalError({ ...problem, got: `line ${line}, which is no sample`, expected: 'a sample a line' });
  });
  const { job, tool, classes, places, bad: scanBad } = head;
  return { job, tool, classes, places, scanBad, lines };
}
