// job-outputs.ts: what a job wants of each output of its model: its loss, its part in the loss that is minimised, its metrics.
import { z } from 'zod';
import { check, strict } from '../base/check.ts';
import { ShoalError } from '../base/errors.ts';
import { type LossConfig, lossSchema } from './losses/index.ts';
import type { Model } from './model.ts';

const metricName = z.enum(['accuracy', 'precision', 'recall', 'f1', 'confusion_matrix']);
const metric = z.preprocess(
  (value) => (typeof value === 'string' ? { name: value } : value),
  z.discriminatedUnion(
    'name',
    [strict({ name: metricName }), strict({ name: z.literal('top_k'), k: z.int().positive().default(5) })],
    { error: () => `one of the known metrics: ${[...metricName.options, 'top_k'].join(', ')}` },
  ),
);
export type MetricConfig = z.output<typeof metric>;

const checked = z.object({ loss: lossSchema, metrics: z.array(metric) });

/** Keys of a job. Of several outputs, objects by the outputs' names. */
export const outputKeys = {
  loss: z.unknown().optional(),
  lossWeights: z.record(z.string(), z.number().positive()).optional(),
  sampleWeights: z.union([z.string(), z.record(z.string(), z.string())], 'a field of the dataset').optional(),
  metrics: z.unknown().optional(),
} as const;

export interface OutputKeys {
  readonly loss?: unknown;
  readonly lossWeights?: Readonly<Record<string, number>> | undefined;
  readonly sampleWeights?: string | Readonly<Record<string, string>> | undefined;
  readonly metrics?: unknown;
}

export interface JobOutput {
  /** Of the call in the model. */
  readonly name: string;
  readonly loss: LossConfig;
  /** The job's loss is the sum of the outputs' losses times these. */
  readonly weight: number;
  /** The field of the dataset that has a weight for each sample, or each of its places; null: all count alike. */
  readonly sampleWeights: string | null;
  readonly metrics: readonly MetricConfig[];
}

const byName = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !('class_name' in value);

/** In the order of the model's outputs. @throws SHOAL_JOB */
export function readOutputs({ outputs }: Model, keys: OutputKeys, operation: string): readonly JobOutput[] {
  const problem = { code: 'SHOAL_JOB', operation, hint: 'docs/job.md describes every key.' } as const;
  /** What is said of one output: in an object by name, or of all in one. */
  const said = (key: string, value: unknown, name: string, fallback: unknown): unknown => {
    if (!byName(value)) return value ?? fallback;
    const unknown = Object.keys(value).find((given) => !outputs.includes(given));
    if (unknown === undefined) return value[name] ?? fallback;
    const expected = `one of the model's outputs: ${outputs.join(', ')}`;
    throw new ShoalError({ ...problem, got: `${key} of "${unknown}"`, expected });
  };
  return outputs.map((name) => ({
    name,
    weight: said('lossWeights', keys.lossWeights, name, 1) as number,
    sampleWeights: said('sampleWeights', keys.sampleWeights, name, null) as string | null,
    ...check(
      checked,
      { loss: said('loss', keys.loss, name, undefined), metrics: said('metrics', keys.metrics, name, ['accuracy']) },
      problem,
    ),
  }));
}

/** The way back: as a job would say it. */
export function writeOutputs(outputs: readonly JobOutput[]): OutputKeys {
  const [only] = outputs;
  const weighted = outputs.filter(({ sampleWeights }) => sampleWeights !== null);
  const sampleWeights = weighted.map(({ name, sampleWeights }) => [name, sampleWeights!] as const);
  const weights = weighted.length > 0 && { sampleWeights: Object.fromEntries(sampleWeights) };
  if (outputs.length === 1) return { loss: only!.loss, ...weights, metrics: only!.metrics };
  const of = <T>(value: (output: JobOutput) => T) => Object.fromEntries(outputs.map((o) => [o.name, value(o)]));
  return { loss: of((o) => o.loss), lossWeights: of((o) => o.weight), ...weights, metrics: of((o) => o.metrics) };
}

/** Names of the numbers that an evaluation gives: "loss", "accuracy", "top_5"; of several outputs each one's, too. */
export function figureNames(outputs: readonly JobOutput[]): readonly string[] {
  const of = ({ metrics }: JobOutput): readonly string[] =>
    metrics.flatMap((m) => (m.name === 'top_k' ? [`top_${m.k}`] : m.name === 'confusion_matrix' ? [] : [m.name]));
  if (outputs.length === 1) return ['loss', ...of(outputs[0]!)];
  return ['loss', ...outputs.flatMap((output) => ['loss', ...of(output)].map((name) => `${output.name}_${name}`))];
}
